#include "calendar/wall_clock.h"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"

namespace tocsin::calendar {
namespace {

constexpr std::array<std::string_view, 7> kWeekdays{"mon", "tue", "wed", "thu",
                                                    "fri", "sat", "sun"};
constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kHourMs = 3'600'000;
// The tz database's offsets lie within ±16 h (Manila was at -15:56, Juneau at +15:02).
constexpr int64_t kOffsetMaxMs = 16 * kHourMs;

int64_t floor_divide(int64_t value, int64_t by) {
  const int64_t quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

// "07" to 7; nullopt unless all are digits and there are 1 to `digits_max` of them.
std::optional<int> parse_digits(std::string_view text, size_t digits_max) {
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

bool valid(const CivilDate& date) {
  return date.year >= 1 && date.year <= 9999 &&
         date::year_month_day{date::year{date.year}, date::month{static_cast<unsigned>(date.month)},
                              date::day{static_cast<unsigned>(date.day)}}
             .ok();
}

int64_t day_number(const CivilDate& date) {
  const date::year_month_day day{date::year{date.year},
                                 date::month{static_cast<unsigned>(date.month)},
                                 date::day{static_cast<unsigned>(date.day)}};
  return date::sys_days{day}.time_since_epoch().count();
}

CivilDate date_of_day(int64_t day_number) {
  const date::year_month_day day{date::sys_days{date::days{static_cast<int>(day_number)}}};
  return {static_cast<int>(day.year()), static_cast<int>(static_cast<unsigned>(day.month())),
          static_cast<int>(static_cast<unsigned>(day.day()))};
}

int weekday_of_day(int64_t day_number) {
  const int64_t since_monday = day_number + 3;  // 1970-01-01 was a Thursday
  return static_cast<int>(since_monday - floor_divide(since_monday, 7) * 7);
}

std::optional<int> parse_weekday(std::string_view text) {
  for (size_t i = 0; i < kWeekdays.size(); ++i)
    if (std::equal(text.begin(), text.end(), kWeekdays[i].begin(), kWeekdays[i].end(),
                   [](char a, char b) { return (a | 0x20) == b; }))
      return static_cast<int>(i);
  return std::nullopt;
}

std::string_view weekday_word(int weekday) { return kWeekdays[static_cast<size_t>(weekday)]; }

TimeMs instant_of_wall(const Zone& zone, int64_t wall_ms, WallPolicy policy) {
  // Walks the spans of equal offset around it; in each the wall time is one instant, which counts
  // if it lies in the span.
  std::optional<TimeMs> last;
  Zone::Cursor cursor;
  TimeMs at{wall_ms - kOffsetMaxMs};
  while (true) {
    zone.wall_ms(at, cursor);
    const int64_t instant = wall_ms - cursor.offset_ms;
    if (instant >= cursor.from_ms && instant < cursor.until_ms) {
      last = TimeMs{instant};
      if (policy.doubled == Doubled::kFirst) return *last;
    }
    const int64_t jump = cursor.until_ms;
    if (jump > wall_ms + kOffsetMaxMs) break;
    const int64_t before = cursor.offset_ms;
    zone.wall_ms(TimeMs{jump}, cursor);
    const bool skipped = wall_ms >= jump + before && wall_ms < jump + cursor.offset_ms;
    if (skipped && policy.missing == Missing::kAtJump) return TimeMs{jump};
    if (skipped) return TimeMs{wall_ms - before};
    at = TimeMs{jump};
  }
  // Every wall time lies in a span or in a jump; this is for times beyond all reason.
  return last.value_or(TimeMs{wall_ms - cursor.offset_ms});
}

int64_t wall_of_instant(const Zone& zone, TimeMs at) { return at.ms + zone.offset(at).count; }

std::optional<CivilDate> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = parse_digits(text.substr(0, 4), 4);
  const auto month = parse_digits(text.substr(5, 2), 2);
  const auto day = parse_digits(text.substr(8, 2), 2);
  if (!year || !month || !day) return std::nullopt;
  const CivilDate date{*year, *month, *day};
  if (!valid(date)) return std::nullopt;
  return date;
}

std::optional<int64_t> parse_wall(std::string_view text) {
  const auto date = parse_date(text.substr(0, 10));
  if (!date) return std::nullopt;
  const int64_t midnight = day_number(*date) * kDayMs;
  if (text.size() == 10) return midnight;
  if (text.size() < 16 || (text[10] != 'T' && text[10] != ' ')) return std::nullopt;
  const auto minutes = parse_time_of_day(text.substr(11, 5));
  if (!minutes || *minutes == kDayMs) return std::nullopt;
  if (text.size() == 16) return midnight + *minutes;
  if (text.size() != 19 || text[16] != ':') return std::nullopt;
  const auto seconds = parse_digits(text.substr(17), 2);
  if (!seconds || *seconds > 59) return std::nullopt;
  return midnight + *minutes + *seconds * 1000;
}

std::string date_text(const CivilDate& date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string wall_text(int64_t wall_ms) {
  const int64_t in_day = wall_ms - floor_divide(wall_ms, kDayMs) * kDayMs;
  std::string text = date_text(date_of_wall(wall_ms)) + "T" + time_of_day_text(in_day);
  const int64_t in_minute = in_day % kMinuteMs;
  if (in_minute != 0) text += fmt::format(":{:02}", in_minute / 1000);
  return text;
}

std::optional<int64_t> parse_time_of_day(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.size() - colon != 3) return std::nullopt;
  const auto hour = parse_digits(text.substr(0, colon), 2);
  const auto minute = parse_digits(text.substr(colon + 1), 2);
  if (!hour || !minute || *minute > 59) return std::nullopt;
  if (*hour > 24 || (*hour == 24 && *minute > 0)) return std::nullopt;
  return *hour * kHourMs + *minute * kMinuteMs;
}

std::string time_of_day_text(int64_t ms) {
  return fmt::format("{:02}:{:02}", ms / kHourMs, ms % kHourMs / kMinuteMs);
}

}  // namespace tocsin::calendar
