#include "promql/literals.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "promql/quote.h"

namespace tocsin::promql {
namespace {

bool same_word(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if ((a[i] | 0x20) != lower[i]) return false;
  return true;
}

std::string number_problem(std::string_view text, std::string_view why) {
  return fmt::format("error parsing number: strconv.ParseFloat: parsing {}: {}", quoted(text), why);
}

// Hexadecimal and octal; false if the whole text is no such number that fits.
bool read_integer(std::string_view text, int64_t& value) {
  int base = 10;
  std::string_view digits = text;
  if (text.size() > 1 && text[0] == '0') {
    const bool hex = (text[1] | 0x20) == 'x';
    base = hex ? 16 : 8;
    digits.remove_prefix(hex ? 2 : 1);
  }
  if (digits.empty() || digits[0] == '-') return false;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  return error == std::errc{} && end == digits.data() + digits.size();
}

struct Unit {
  std::string_view name;
  int64_t milliseconds;
};
constexpr std::array<Unit, 7> kUnits{{
    {"y", 365 * 86'400'000LL},
    {"w", 7 * 86'400'000LL},
    {"d", 86'400'000},
    {"h", 3'600'000},
    {"m", 60'000},
    {"s", 1000},
    {"ms", 1},
}};
// Prometheus counts in nanoseconds.
constexpr int64_t kDurationMax = std::numeric_limits<int64_t>::max() / 1'000'000;

}  // namespace

tl::expected<double, std::string> read_number(std::string_view text) {
  int64_t whole = 0;
  if (read_integer(text, whole)) return static_cast<double>(whole);
  if (same_word(text, "inf")) return std::numeric_limits<double>::infinity();
  if (same_word(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const char* const last = text.data() + text.size();
  const bool decimal = text.find_first_of("xX") == std::string_view::npos;
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (!decimal || end != last || error == std::errc::invalid_argument)
    return tl::unexpected(number_problem(text, "invalid syntax"));
  if (error != std::errc::result_out_of_range) return value;
  // from_chars says the same of what is too small, which is zero or denormal to others.
  value = std::strtod(std::string(text).c_str(), nullptr);
  if (std::isinf(value)) return tl::unexpected(number_problem(text, "value out of range"));
  return value;
}

tl::expected<DurationMs, std::string> read_duration(std::string_view text) {
  if (text == "0") return DurationMs{};
  if (text.empty()) return tl::unexpected(std::string("empty duration string"));
  int64_t total = 0;
  size_t unit = 0;
  bool overflow = false;
  for (std::string_view rest = text; !rest.empty();) {
    int64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (end == rest.data() || rest[0] == '-')
      return tl::unexpected("not a valid duration string: " + quoted(text));
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    const std::string_view name = rest.substr(0, rest.find_first_of("0123456789"));
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (unit == kUnits.size())
      return tl::unexpected("not a valid duration string: " + quoted(text));
    rest.remove_prefix(name.size());
    const int64_t size = kUnits[unit++].milliseconds;
    overflow |= error != std::errc{} || count > (kDurationMax - total) / size;
    if (!overflow) total += count * size;
  }
  if (overflow) return tl::unexpected(std::string("duration out of range"));
  return DurationMs{total};
}

std::string number_literal(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 400> buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                           std::chars_format::scientific)
                 .ptr;
  const std::string_view scientific(buffer.data(), static_cast<size_t>(end - buffer.data()));
  int exponent = 0;
  const size_t at = scientific.find('e') + 1;
  std::from_chars(buffer.data() + at + (scientific[at] == '+'), end, exponent);
  if (exponent < -4 || exponent >= 6) return std::string(scientific);
  end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed)
            .ptr;
  return {buffer.data(), end};
}

}  // namespace tocsin::promql
