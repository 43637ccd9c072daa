#pragma once
// Instants and spans, in milliseconds UTC. Distinct types, so that they cannot be swapped.

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

struct DurationMs {
  int64_t count = 0;  // milliseconds
  friend constexpr auto operator<=>(DurationMs, DurationMs) = default;
  constexpr double seconds() const { return static_cast<double>(count) / 1000.0; }
};
constexpr DurationMs milliseconds(int64_t n) { return {n}; }
constexpr DurationMs seconds(int64_t n) { return {n * 1000}; }
constexpr DurationMs minutes(int64_t n) { return {n * 60'000}; }
constexpr DurationMs hours(int64_t n) { return {n * 3'600'000}; }
constexpr DurationMs days(int64_t n) { return {n * 86'400'000}; }
constexpr DurationMs operator+(DurationMs a, DurationMs b) { return {a.count + b.count}; }
constexpr DurationMs operator-(DurationMs a, DurationMs b) { return {a.count - b.count}; }
constexpr DurationMs operator*(DurationMs a, int64_t n) { return {a.count * n}; }

struct TimeMs {
  int64_t ms = 0;  // since 1970-01-01T00:00:00Z
  friend constexpr auto operator<=>(TimeMs, TimeMs) = default;
};
constexpr TimeMs operator+(TimeMs t, DurationMs d) { return {t.ms + d.count}; }
constexpr TimeMs operator-(TimeMs t, DurationMs d) { return {t.ms - d.count}; }
constexpr DurationMs operator-(TimeMs a, TimeMs b) { return {a.ms - b.ms}; }
inline constexpr TimeMs kTimeMin{std::numeric_limits<int64_t>::min() / 4};
inline constexpr TimeMs kTimeMax{std::numeric_limits<int64_t>::max() / 4};

// "2026-11-23T14:32:45.120Z"; whole seconds are written without a fraction.
std::string to_iso(TimeMs time);
// ISO 8601 with Z or an offset, a date alone (midnight UTC), or unix seconds; nullopt if neither.
std::optional<TimeMs> parse_time(std::string_view text);
// "250ms", "10s", "2m", "1h30m", "4w", "0"; nullopt if not a span or beyond 100 years.
std::optional<DurationMs> parse_duration(std::string_view text);
// Shortest exact form that parse_duration reads: "1m30s".
std::string to_text(DurationMs span);

}  // namespace tocsin
