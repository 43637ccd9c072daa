#pragma once
// Who is on call, and how they are reached: an immutable snapshot of people, teams, schedules and
// overrides. Cheap to copy; any thread may ask. A change of any of them makes a new one.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "oncall/overrides.h"
#include "oncall/roster.h"
#include "oncall/shifts.h"

namespace tocsin::oncall {

class OnCall {
 public:
  OnCall() = default;
  OnCall(std::shared_ptr<const Roster> roster, std::vector<Override> overrides)
      : roster_(std::move(roster)),
        overrides_(std::make_shared<const std::vector<Override>>(std::move(overrides))) {}

  const Roster& roster() const { return *roster_; }
  std::shared_ptr<const Roster> shared_roster() const { return roster_; }
  const std::vector<Override>& overrides() const { return *overrides_; }  // by creation
  OnCall with_overrides(std::vector<Override> overrides) const {
    return OnCall(roster_, std::move(overrides));
  }

  // Names of people, sorted. Empty: nobody, or no such schedule, team.
  std::vector<std::string> on_call(std::string_view schedule, TimeMs at) const;
  std::vector<std::string> people_of(std::string_view team) const;
  // Ways to reach a person for an alert of that severity, soonest first.
  struct Contact {
    std::string receiver;  // name of a receiver: "alice/mail"
    DurationMs after;      // since it is the person's turn
  };
  std::vector<Contact> contacts(std::string_view person, Severity severity) const;
  // When other people are on call than at `after`: the first such instant; kTimeMax if none within
  // two years.
  TimeMs next_change(std::string_view schedule, TimeMs after) const;

  // shifts.h for a schedule of this roster; empty if there is none.
  std::vector<Shift> shifts(std::string_view schedule, TimeMs from, TimeMs to) const;

 private:
  std::shared_ptr<const Roster> roster_ = std::make_shared<const Roster>();
  std::shared_ptr<const std::vector<Override>> overrides_ =
      std::make_shared<const std::vector<Override>>();
};

}  // namespace tocsin::oncall
