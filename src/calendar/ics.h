#pragma once
// The days of an iCalendar file (RFC 5545): one entry per event, or per repetition of one. Dates
// are taken as they are written; an event with times counts for every day that it touches.

#include <string_view>
#include <vector>

#include "base/result.h"
#include "calendar/calendar.h"

namespace tocsin::calendar {

// All entries are of `day_class`; `source` says where they are written. Cancelled events are left
// out. What repeats is written out until kYearMax. kInvalid: it is none, or goes beyond a bound.
Result<std::vector<DayEntry>> read_ics(std::string_view text, std::string_view day_class,
                                       std::string_view source);

// What an RRULE says, from `first` on: "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH".
Result<std::vector<Day>> days_of_rule(std::string_view rule, Day first);

}  // namespace tocsin::calendar
