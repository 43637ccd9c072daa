#pragma once
// Shifts as a calendar that Google, Outlook and others subscribe to (RFC 5545). Pure.

#include <string>
#include <string_view>
#include <vector>

#include "oncall/on_call.h"

namespace tocsin::oncall {

inline constexpr DurationMs kFeedBehind = days(31);
inline constexpr DurationMs kFeedAhead = days(366);

struct FeedShift {
  std::string schedule;
  Shift shift;
};

// One event per shift and person. The UID is made of schedule, person and begin, so a shift that
// stays is the same event in every copy. Transparent, and free to Outlook: being on call is no
// meeting. `person` empty: everybody.
std::string feed(const Roster& roster, std::string_view title, const std::vector<FeedShift>& shifts,
                 std::string_view person, TimeMs now);

}  // namespace tocsin::oncall
