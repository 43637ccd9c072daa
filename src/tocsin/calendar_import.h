#pragma once
// A calendar file taken into the rota: a schedule whose layer it is, people's leave, or overrides.
// Pure functions; what cannot be taken is named with its line.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "calendar/icalendar.h"
#include "oncall/roster.h"

namespace tocsin {

struct CalendarImport {
  enum class As : uint8_t { kSchedule, kLeave, kOverrides };
  As as = As::kSchedule;
  std::string file;      // its name, as messages give it
  std::string schedule;  // of kSchedule and kOverrides
  calendar::Zone zone;   // of times without one
  TimeMs from, to;       // what is taken of leave and overrides: overlaps this
};

struct ImportedCalendar {
  // Who is on call instead of whoever would be. Of a begun occurrence only what is left.
  struct Turn {
    TimeMs from, to;
    std::string person, reason;
  };
  std::string yaml;                // of kSchedule and kLeave
  std::vector<Turn> turns;         // of kOverrides, by begin
  std::vector<std::string> notes;  // "rota.ics:12: ..."
  size_t taken = 0;                // events, or occurrences
};

// kInvalid: not a calendar. Occurrences are those of calendar::Calendar: rules on the wall clock of
// their zone, in winter and summer.
Result<ImportedCalendar> take_over_calendar(const CalendarImport& wanted, std::string_view text,
                                            const oncall::Roster& roster);

}  // namespace tocsin
