#pragma once
// Days from iCalendar files and from rules, written out until the zones' tables end (2100).

#include <string_view>
#include <vector>

#include "base/result.h"
#include "calendar/day_calendar.h"

namespace tocsin::calendar {

// The days of an .ics file: one entry per event, or per repetition of one, all of `day_class`;
// `source` says where they are written. An event with times counts for every day that it touches on
// its own clock. Cancelled events are left out. kInvalid: it is none, an event of it cannot be
// used, or it goes beyond a bound.
Result<std::vector<DayEntry>> days_of_file(std::string_view text, std::string_view day_class,
                                           std::string_view source);

// What an RRULE of RFC 5545 says, from `first` on: "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH".
Result<std::vector<Day>> days_of_rule(std::string_view rule, Day first);

}  // namespace tocsin::calendar
