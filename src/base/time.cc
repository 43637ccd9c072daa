#include "base/time.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

namespace tocsin {
namespace {

struct Unit {
  std::string_view name;
  int64_t ms;
};
constexpr std::array<Unit, 6> kUnits{{{"w", 604'800'000},
                                      {"d", 86'400'000},
                                      {"h", 3'600'000},
                                      {"m", 60'000},
                                      {"s", 1'000},
                                      {"ms", 1}}};
constexpr int64_t kSpanMax = int64_t{100} * 366 * 86'400'000;

// Reads exactly `digits` digits at `at` and moves it on.
std::optional<int> digits_at(std::string_view text, size_t& at, size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char c = text[at + i];
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  at += digits;
  return value;
}

bool take(std::string_view text, size_t& at, char c) {
  if (at >= text.size() || text[at] != c) return false;
  ++at;
  return true;
}

// Milliseconds of ".123456"; further digits are dropped.
int64_t fraction_ms(std::string_view text, size_t& at) {
  int64_t ms = 0;
  int64_t scale = 100;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    ms += (text[at++] - '0') * scale;
    scale /= 10;
  }
  return ms;
}

std::optional<int64_t> zone_offset_ms(std::string_view text, size_t& at) {
  if (take(text, at, 'Z') || at == text.size()) return 0;
  const int sign = text[at] == '-' ? -1 : 1;
  if (text[at] != '+' && text[at] != '-') return std::nullopt;
  ++at;
  const auto hour = digits_at(text, at, 2);
  take(text, at, ':');
  const auto minute = digits_at(text, at, 2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  return sign * (*hour * 3'600'000LL + *minute * 60'000LL);
}

std::optional<TimeMs> parse_unix_seconds(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(value) || std::fabs(value) > 1e12) return std::nullopt;
  return TimeMs{static_cast<int64_t>(std::llround(value * 1000.0))};
}

std::optional<int64_t> time_of_day_ms(std::string_view text, size_t& at) {
  const auto hour = digits_at(text, at, 2);
  if (!take(text, at, ':')) return std::nullopt;
  const auto minute = digits_at(text, at, 2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  int64_t ms = *hour * 3'600'000LL + *minute * 60'000LL;
  if (take(text, at, ':')) {
    const auto second = digits_at(text, at, 2);
    if (!second || *second > 60) return std::nullopt;
    ms += *second * 1000LL;
    if (take(text, at, '.')) ms += fraction_ms(text, at);
  }
  return ms;
}

}  // namespace

std::string to_iso(TimeMs time) {
  using namespace std::chrono;
  const sys_time<std::chrono::milliseconds> instant{std::chrono::milliseconds{time.ms}};
  const auto day = floor<std::chrono::days>(instant);
  const year_month_day date{day};
  const int64_t rest = (instant - day).count();
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  rest / 3'600'000, rest / 60'000 % 60, rest / 1000 % 60);
  if (rest % 1000 != 0) out += fmt::format(".{:03}", rest % 1000);
  return out + "Z";
}

std::optional<TimeMs> parse_time(std::string_view text) {
  size_t at = 0;
  const auto year = digits_at(text, at, 4);
  if (!year || !take(text, at, '-')) return parse_unix_seconds(text);
  const auto month = digits_at(text, at, 2);
  if (!month || !take(text, at, '-')) return std::nullopt;
  const auto day = digits_at(text, at, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  int64_t ms = std::chrono::sys_days{date}.time_since_epoch().count() * 86'400'000LL;
  if (at == text.size()) return TimeMs{ms};
  if (!take(text, at, 'T') && !take(text, at, ' ')) return std::nullopt;
  const auto rest = time_of_day_ms(text, at);
  if (!rest) return std::nullopt;
  const auto offset = zone_offset_ms(text, at);
  if (!offset || at != text.size()) return std::nullopt;
  return TimeMs{ms + *rest - *offset};
}

std::optional<DurationMs> parse_duration(std::string_view text) {
  if (text == "0") return DurationMs{0};
  if (text.empty()) return std::nullopt;
  int64_t total = 0;
  while (!text.empty()) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    size_t letters = 0;
    while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
    const std::string_view name = text.substr(0, letters);
    text.remove_prefix(letters);
    const Unit* unit = nullptr;
    for (const Unit& known : kUnits)
      if (known.name == name) unit = &known;
    if (unit == nullptr || number > kSpanMax / unit->ms) return std::nullopt;
    total += number * unit->ms;
    if (total > kSpanMax) return std::nullopt;
  }
  return DurationMs{total};
}

std::string to_text(DurationMs span) {
  if (span.count == 0) return "0";
  std::string out = span.count < 0 ? "-" : "";
  int64_t rest = span.count < 0 ? -span.count : span.count;
  for (const Unit& unit : kUnits) {
    if (rest < unit.ms || unit.name == "w") {
      if (unit.name != "w" || rest % unit.ms != 0) continue;
    }
    out += fmt::format("{}{}", rest / unit.ms, unit.name);
    rest %= unit.ms;
    if (rest == 0) break;
  }
  return out;
}

}  // namespace tocsin
