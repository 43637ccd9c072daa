#include "vocabulary/frequency.h"

#include <cmath>

#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::string_view kPer = " per ";

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<DurationMs> span_of(std::string_view text) {
  if (text == "hour") return hours(1);
  if (text == "day") return days(1);
  if (text == "week") return days(7);
  if (text == "month") return days(30);
  return parse_duration(text);
}

std::string span_text(DurationMs span) {
  if (span == hours(1)) return "hour";
  if (span == days(1)) return "day";
  if (span == days(7)) return "week";
  return to_text(span);
}

}  // namespace

std::optional<Frequency> Frequency::parse(std::string_view text) {
  const size_t middle = text.find(kPer);
  if (middle == std::string_view::npos) return std::nullopt;
  const auto count = parse_double(trimmed(text.substr(0, middle)));
  const auto span = span_of(trimmed(text.substr(middle + kPer.size())));
  if (!count || !std::isfinite(*count) || *count < 0) return std::nullopt;
  if (!span || *span < minutes(1)) return std::nullopt;
  return Frequency{*count, *span};
}

std::string to_text(const Frequency& frequency) {
  return number_text(frequency.count) + std::string(kPer) + span_text(frequency.span);
}

}  // namespace tocsin
