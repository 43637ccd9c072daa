#pragma once
// Who is on call when, from the roster and the overrides alone: pure functions, for the past as for
// the future (what really was, is in record.h).

#include <string>
#include <vector>

#include "base/time.h"
#include "oncall/overrides.h"
#include "oncall/roster.h"

namespace tocsin::oncall {

// A stretch in which the same people are on call. Two turns that follow each other are two shifts,
// also if they are of the same person.
struct Shift {
  TimeMs begin;
  TimeMs end;
  std::vector<std::string> people;  // sorted
  bool overridden = false;          // an override changed who it is
  friend bool operator==(const Shift&, const Shift&) = default;
};

inline constexpr size_t kShiftsMax = 20'000;  // of one answer

// Whole shifts (not cut at the ends) of one layer that overlap [from, to), by begin; those of a
// calendar may overlap each other. Names in a calendar that nobody has are left out.
std::vector<Shift> layer_shifts(const Roster& roster, const Layer& layer, TimeMs from, TimeMs to);

// Whom an event of a calendar means: its attendees, else the names in its title ("Ana", "On call:
// ana, bob"). Empty: nobody of the roster.
std::vector<std::string> people_of_entry(const Roster& roster,
                                         const calendar::Calendar::Entry& entry);

// What counts: for every instant the last layer that has somebody, changed by the overrides. Whole
// shifts that overlap [from, to), by begin, none overlapping another; without those where nobody is
// on call. `overrides` may hold those of other schedules.
std::vector<Shift> final_shifts(const Roster& roster, const Schedule& schedule,
                                const std::vector<Override>& overrides, TimeMs from, TimeMs to);

// Stretches of [from, to) in which somebody should be on call and nobody is.
struct Gap {
  TimeMs begin;
  TimeMs end;
  friend bool operator==(const Gap&, const Gap&) = default;
};
std::vector<Gap> gaps(const Schedule& schedule, const std::vector<Shift>& final, TimeMs from,
                      TimeMs to);

}  // namespace tocsin::oncall
