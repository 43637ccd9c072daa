#pragma once
// What is wrong with a rota before it matters. Pure: the same words for `tocsin check`, API and
// page.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "oncall/on_call.h"

namespace tocsin::oncall {

struct Finding {
  enum class Kind : uint8_t {
    kGap,               // somebody should be on call and nobody is
    kNoContact,         // a person on a schedule who cannot be told
    kOnLeave,           // on call while on leave
    kShadowedOverride,  // an override that changes nothing
    kClockChange,       // a shift that is longer or shorter because the clocks change
    kUnknownPerson,     // an override or a calendar names somebody who is not there (any more)
    kCutHours,          // a hand-off in the middle of restricted hours
    kUnusedSchedule,    // nothing leads to it
  };
  Kind kind = Kind::kGap;
  std::string schedule;  // empty: of no schedule
  std::string person;
  TimeMs from;  // 0: not about a time
  TimeMs to;
  std::string text;  // one sentence
  // A note is worth knowing; a warning wants something done.
  bool warning() const { return kind != Kind::kClockChange && kind != Kind::kCutHours; }
};
std::string_view to_text(Finding::Kind kind);  // "gap", "no contact", ...

struct LintFacts {
  // Ways to reach people that cannot work: name of the receiver ("alice/sms"), why.
  std::map<std::string, std::string> unreachable;
  // Schedules that something leads to; a schedule with a team counts as used.
  std::set<std::string> used;
};

inline constexpr DurationMs kLintSpan = days(60);
inline constexpr size_t kFindingsMax = 500;

// What will be wrong in [now, now + span), by time.
std::vector<Finding> lint(const OnCall& on_call, const LintFacts& facts, TimeMs now,
                          DurationMs span = kLintSpan);

}  // namespace tocsin::oncall
