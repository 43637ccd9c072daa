#include "calendar/day.h"

#include <fmt/format.h>

namespace tocsin::calendar {

Day day_of_wall(int64_t wall_ms) { return {season_position(Season::kDay, wall_ms).period}; }

MonthDay month_day(Day day) {
  const CivilDate date = date_of_day(day.number);
  return {static_cast<uint8_t>(date.month), static_cast<uint8_t>(date.day)};
}

std::optional<Day> parse_day(std::string_view text) {
  const auto date = parse_date(text);
  if (!date || date->year < kYearMin || date->year > kYearMax) return std::nullopt;
  return Day{day_number(*date)};
}

std::optional<MonthDay> parse_month_day(std::string_view text) {
  // A leap year has every day that there is.
  const auto day = parse_day(fmt::format("2024-{}", text));
  return day ? std::optional(month_day(*day)) : std::nullopt;
}

std::optional<uint8_t> parse_weekdays(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = parse_weekday(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_weekday(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  uint8_t out = 0;
  for (int day = *first;; day = (day + 1) % 7) {
    out = static_cast<uint8_t>(out | 1U << day);
    if (day == *last) return out;
  }
}

std::string weekdays_text(uint8_t weekdays) {
  for (int first = 0; first < 7; ++first)
    for (int length = 2; length < 7; ++length) {
      const std::string span =
          fmt::format("{}-{}", weekday_word(first), weekday_word((first + length - 1) % 7));
      if (parse_weekdays(span) == weekdays) return span;
    }
  std::string out;
  for (int day = 0; day < 7; ++day)
    if (weekdays >> day & 1) out += (out.empty() ? "" : ", ") + std::string(weekday_word(day));
  return out;
}

}  // namespace tocsin::calendar
