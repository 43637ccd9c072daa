#include "calendar/day.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "calendar/zone.h"

namespace tocsin::calendar {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

year_month_day date_of(Day day) { return sys_days{std::chrono::days{day.number}}; }

// Two digits, as they stand in a date.
std::optional<int> two_digits(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 2 || !digit(text[0]) || !digit(text[1])) return std::nullopt;
  return (text[0] - '0') * 10 + (text[1] - '0');
}

std::optional<size_t> weekday_of(std::string_view word) {
  const auto found = std::find(kWeekdays.begin(), kWeekdays.end(), word);
  if (found == kWeekdays.end()) return std::nullopt;
  return static_cast<size_t>(found - kWeekdays.begin());
}

}  // namespace

std::optional<Day> day_of(int year, int month, int day) {
  if (year < kYearMin || year > kYearMax || month < 1 || month > 12 || day < 1) return std::nullopt;
  const year_month_day date{std::chrono::year{year},
                            std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return Day{sys_days{date}.time_since_epoch().count()};
}

Day day_of_wall(int64_t wall_ms) { return {season_position(Season::kDay, wall_ms).period}; }

int weekday(Day day) {
  constexpr int64_t kThursday = 3;  // 1970-01-01 was one
  const int64_t out = (day.number + kThursday) % 7;
  return static_cast<int>(out < 0 ? out + 7 : out);
}

MonthDay month_day(Day day) {
  const year_month_day date = date_of(day);
  return {static_cast<uint8_t>(static_cast<unsigned>(date.month())),
          static_cast<uint8_t>(static_cast<unsigned>(date.day()))};
}

std::string to_text(Day day) {
  const year_month_day date = date_of(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::optional<Day> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-') return std::nullopt;
  const auto century = two_digits(text.substr(0, 2));
  const auto year = two_digits(text.substr(2, 2));
  const auto date = parse_month_day(text.substr(5));
  if (!century || !year || !date) return std::nullopt;
  return day_of(*century * 100 + *year, date->month, date->day);
}

std::optional<MonthDay> parse_month_day(std::string_view text) {
  if (text.size() != 5 || text[2] != '-') return std::nullopt;
  const auto month = two_digits(text.substr(0, 2));
  const auto day = two_digits(text.substr(3));
  constexpr int kLeapYear = 2024;  // has every day of a year
  if (!month || !day || !day_of(kLeapYear, *month, *day)) return std::nullopt;
  return MonthDay{static_cast<uint8_t>(*month), static_cast<uint8_t>(*day)};
}

std::optional<uint8_t> parse_weekdays(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = weekday_of(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : weekday_of(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  uint8_t out = 0;
  for (size_t day = *first;; day = (day + 1) % 7) {
    out = static_cast<uint8_t>(out | 1U << day);
    if (day == *last) return out;
  }
}

std::string weekdays_text(uint8_t weekdays) {
  for (size_t first = 0; first < 7; ++first)
    for (size_t length = 2; length < 7; ++length) {
      const std::string span =
          fmt::format("{}-{}", kWeekdays[first], kWeekdays[(first + length - 1) % 7]);
      if (parse_weekdays(span) == weekdays) return span;
    }
  std::string out;
  for (size_t day = 0; day < 7; ++day)
    if (weekdays >> day & 1) out += (out.empty() ? "" : ", ") + std::string(kWeekdays[day]);
  return out;
}

}  // namespace tocsin::calendar
