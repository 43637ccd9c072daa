#pragma once
// A day of a wall clock's calendar as one number, of its own type.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "calendar/wall_clock.h"

namespace tocsin::calendar {

struct Day {
  int64_t number = 0;  // days since 1970-01-01
  friend constexpr auto operator<=>(Day, Day) = default;
};
constexpr Day operator+(Day day, int64_t n) { return {day.number + n}; }
constexpr Day operator-(Day day, int64_t n) { return {day.number - n}; }

inline constexpr int kYearMin = 1970, kYearMax = 2099;  // of what is written down

// A day of every year. 29 February is one of leap years only.
struct MonthDay {
  uint8_t month = 1, day = 1;  // from 1
  friend constexpr auto operator<=>(MonthDay, MonthDay) = default;
};

// The day that the wall clock shows; wall_ms as Zone::wall_ms() says it.
Day day_of_wall(int64_t wall_ms);
inline int weekday(Day day) { return weekday_of_day(day.number); }  // 0 is Monday
MonthDay month_day(Day day);
inline std::string to_text(Day day) { return date_text(date_of_day(day.number)); }

// "2026-12-25"; nothing for a date of a year outside of kYearMin to kYearMax.
std::optional<Day> parse_day(std::string_view text);
std::optional<MonthDay> parse_month_day(std::string_view text);  // "12-25"
// "mon-fri", "sun-thu", "sat": one bit per weekday, Monday lowest; nothing if it is none of these.
std::optional<uint8_t> parse_weekdays(std::string_view text);
std::string weekdays_text(uint8_t weekdays);  // "mon-fri", "mon, wed"

}  // namespace tocsin::calendar
