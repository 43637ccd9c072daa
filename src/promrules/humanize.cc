#include "promrules/humanize.h"

#include <fmt/format.h>

#include <cmath>

#include "promql/literals.h"
#include "promrules/template_value.h"

namespace tocsin::promrules {
namespace {

std::string four_digits(double value) {
  if (!std::isfinite(value)) return promql::number_literal(value);
  return fmt::format("{:.4g}", value);
}

constexpr std::string_view kSmall[] = {"m", "u", "n", "p", "f", "a", "z", "y"};

// Of a value below one.
std::string small(double value) {
  std::string_view prefix;
  for (const std::string_view next : kSmall) {
    if (std::abs(value) >= 1) break;
    prefix = next;
    value *= 1000;
  }
  return four_digits(value) + std::string(prefix);
}

}  // namespace

std::string humanize(double value) {
  if (value == 0 || !std::isfinite(value)) return four_digits(value);
  if (std::abs(value) < 1) return small(value);
  std::string_view prefix;
  for (const std::string_view next : {"k", "M", "G", "T", "P", "E", "Z", "Y"}) {
    if (std::abs(value) < 1000) break;
    prefix = next;
    value /= 1000;
  }
  return four_digits(value) + std::string(prefix);
}

std::string humanize1024(double value) {
  if (std::abs(value) <= 1 || !std::isfinite(value)) return four_digits(value);
  std::string_view prefix;
  for (const std::string_view next : {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"}) {
    if (std::abs(value) < 1024) break;
    prefix = next;
    value /= 1024;
  }
  return four_digits(value) + std::string(prefix);
}

std::string humanize_duration(double seconds) {
  if (!std::isfinite(seconds)) return four_digits(seconds);
  if (seconds == 0) return four_digits(seconds) + "s";
  if (std::abs(seconds) < 1) return small(seconds) + "s";
  const std::string sign = seconds < 0 ? "-" : "";
  const double size = std::abs(seconds);
  if (size >= 9e18) return four_digits(seconds) + "s";
  const auto whole = static_cast<int64_t>(size);
  const int64_t s = whole % 60, m = whole / 60 % 60, h = whole / 3600 % 24, d = whole / 86'400;
  if (d != 0) return fmt::format("{}{}d {}h {}m {}s", sign, d, h, m, s);
  if (h != 0) return fmt::format("{}{}h {}m {}s", sign, h, m, s);
  if (m != 0) return fmt::format("{}{}m {}s", sign, m, s);
  return sign + four_digits(size) + "s";
}

std::string humanize_percentage(double share) { return four_digits(share * 100) + "%"; }

Result<TimeMs> instant_of(double seconds) {
  constexpr double kMax = 9223372036.0;  // nanoseconds fit into 63 bits
  if (!(std::abs(seconds) < kMax))
    return fail(ErrorCode::kInvalid,
                fmt::format("{} cannot be represented as a nanoseconds timestamp since it "
                            "overflows int64",
                            promql::number_literal(seconds)));
  return TimeMs{static_cast<int64_t>(std::floor(seconds * 1000))};
}

Result<std::string> humanize_timestamp(double seconds) {
  if (!std::isfinite(seconds)) return four_digits(seconds);
  const auto time = instant_of(seconds);
  if (!time) return fail(time.error());
  return Value{*time}.text();
}

}  // namespace tocsin::promrules
