#pragma once
// A day of a wall clock's calendar (Gregorian), and its arithmetic.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::calendar {

struct Day {
  int64_t number = 0;  // days since 1970-01-01
  friend constexpr auto operator<=>(Day, Day) = default;
};
constexpr Day operator+(Day day, int64_t n) { return {day.number + n}; }
constexpr Day operator-(Day day, int64_t n) { return {day.number - n}; }

inline constexpr int kYearMin = 1970, kYearMax = 2100;  // of what is written down
inline constexpr std::array<std::string_view, 7> kWeekdays{"mon", "tue", "wed", "thu",
                                                           "fri", "sat", "sun"};

// A day of every year. 29 February is one of leap years only.
struct MonthDay {
  uint8_t month = 1, day = 1;  // from 1
  friend constexpr auto operator<=>(MonthDay, MonthDay) = default;
};

// Nothing for a date that does not exist, or of a year outside of kYearMin to kYearMax.
std::optional<Day> day_of(int year, int month, int day);
// The day that the wall clock shows; wall_ms as Zone::wall_ms() says it.
Day day_of_wall(int64_t wall_ms);
int weekday(Day day);  // 0 is Monday
MonthDay month_day(Day day);
std::string to_text(Day day);  // "2026-12-25"

std::optional<Day> parse_day(std::string_view text);             // "2026-12-25"
std::optional<MonthDay> parse_month_day(std::string_view text);  // "12-25"
// "mon-fri", "sun-thu", "sat": one bit per weekday, Monday lowest; nothing if it is none of these.
std::optional<uint8_t> parse_weekdays(std::string_view text);
std::string weekdays_text(uint8_t weekdays);  // "mon-fri", "mon, wed"

}  // namespace tocsin::calendar
