#pragma once
// Arithmetic on what the clock on the wall shows: dates, times of day, and the way back from a wall
// clock to an instant. Wall times are milliseconds since 1970-01-01T00:00 on that clock, as
// Zone::wall_ms gives them. Pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "calendar/zone.h"

namespace tocsin::calendar {

inline constexpr int64_t kDayMs = 86'400'000;

// Proleptic Gregorian.
struct CivilDate {
  int year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;    // 1 to 31
  friend constexpr auto operator<=>(const CivilDate&, const CivilDate&) = default;
};
bool valid(const CivilDate& date);
int64_t day_number(const CivilDate& date);  // days since 1970-01-01
CivilDate date_of_day(int64_t day_number);
inline CivilDate date_of_wall(int64_t wall_ms) {
  return date_of_day(wall_ms >= 0 ? wall_ms / kDayMs : -((kDayMs - 1 - wall_ms) / kDayMs));
}
// 0 = Monday to 6 = Sunday.
int weekday_of_day(int64_t day_number);
std::optional<int> parse_weekday(std::string_view text);  // "mon" to "sun", any case
std::string_view weekday_word(int weekday);               // "mon"

// The wall clock shows some times twice (autumn) and others never (spring).
// Doubled: the first or the second of the two instants.
// Missing: the instant at which the clock jumps over it, so that the order of wall times is the
// order of their instants; or shifted by as much as it jumps (RFC 5545 reads a single date-time
// so).
enum class Doubled : uint8_t { kFirst, kSecond };
enum class Missing : uint8_t { kAtJump, kShifted };
struct WallPolicy {
  Doubled doubled = Doubled::kFirst;
  Missing missing = Missing::kAtJump;
};
TimeMs instant_of_wall(const Zone& zone, int64_t wall_ms, WallPolicy policy = {});
int64_t wall_of_instant(const Zone& zone, TimeMs at);

// "2026-03-29", "2026-03-29T02:30", "2026-03-29 02:30:15": no zone, no offset.
std::optional<int64_t> parse_wall(std::string_view text);
std::optional<CivilDate> parse_date(std::string_view text);
std::string date_text(const CivilDate& date);  // "2026-03-29"
std::string wall_text(int64_t wall_ms);        // "2026-03-29T02:30:15", without zero seconds
// "09:00", "9:30", "24:00"; milliseconds since midnight.
std::optional<int64_t> parse_time_of_day(std::string_view text);
std::string time_of_day_text(int64_t ms);  // "09:00"

}  // namespace tocsin::calendar
