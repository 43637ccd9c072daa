#pragma once
// What people are told about their shifts: pure words.

#include <string>
#include <vector>

#include "oncall/on_call.h"
#include "oncall/record.h"

namespace tocsin::oncall {

struct PersonMessage {
  std::string key;  // the same message has the same key: it is told once
  std::string person;
  std::string subject;  // one sentence
  std::string text;
};

inline constexpr DurationMs kMovedAhead = days(30);

// To those who came and those who went. `open`: a line for each open alert.
std::vector<PersonMessage> hand_over_messages(const OnCall& on_call, const HandOver& hand_over,
                                              const std::vector<std::string>& open);
// "Your shift starts in 15m": to those who come within the schedule's `remind_before`.
std::vector<PersonMessage> reminders(const OnCall& on_call, TimeMs now);
// To those whose shifts of the next 30 days another plan moves. What is under way is left to the
// hand-over. `by`: who did it, and need not be told; empty: a change of files.
std::vector<PersonMessage> moved_messages(const OnCall& before, const OnCall& after, TimeMs now,
                                          std::string_view by);

}  // namespace tocsin::oncall
