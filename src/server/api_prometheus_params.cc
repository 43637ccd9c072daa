#include "server/api_prometheus_params.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "net/url.h"
#include "promql/parse.h"

namespace tocsin::server::prometheus {
namespace {

// A float as Go's ParseFloat reads one, without its hexadecimal and its infinities.
std::optional<double> parse_float(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.starts_with('+') || failed != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

bool digits(std::string_view text, size_t at, size_t count) {
  for (size_t i = at; i < at + count; ++i)
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return false;
  return true;
}

// "2026-01-01T00:00:00.5Z": date and time in full, unlike parse_time(), which takes less.
bool has_rfc3339_shape(std::string_view text) {
  if (!digits(text, 0, 4) || !digits(text, 5, 2) || !digits(text, 8, 2) || !digits(text, 11, 2) ||
      !digits(text, 14, 2) || !digits(text, 17, 2) || text[4] != '-' || text[7] != '-' ||
      text[10] != 'T' || text[13] != ':' || text[16] != ':')
    return false;
  return text.ends_with('Z') || (text[text.size() - 3] == ':' &&
                                 (text[text.size() - 6] == '+' || text[text.size() - 6] == '-'));
}

}  // namespace

Error wrong_parameter(std::string_view name, std::string_view why) {
  return {ErrorCode::kInvalid, fmt::format("invalid parameter \"{}\": {}", name, why), ""};
}

net::Params values_of(const net::Request& request) {
  std::string_view type = request.headers.get("Content-Type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (request.body.empty() || type != "application/x-www-form-urlencoded") return request.query;
  net::Params values = net::parse_query(request.body);
  for (const auto& [name, value] : request.query.pairs()) values.add(name, value);
  return values;
}

std::optional<TimeMs> parse_instant(std::string_view text) {
  if (const auto seconds = parse_float(text)) {
    double whole = 0;
    const double part = std::modf(*seconds, &whole);
    if (std::abs(whole) > static_cast<double>(kTimeMax.ms / 1000)) return std::nullopt;
    return TimeMs{static_cast<int64_t>(whole) * 1000 +
                  static_cast<int64_t>(std::round(part * 1000))};
  }
  if (!has_rfc3339_shape(text)) return std::nullopt;
  return parse_time(text);
}

Result<TimeMs> time_of(const net::Params& values, std::string_view name) {
  const std::string_view text = values.get(name);
  if (const auto time = parse_instant(text)) return *time;
  return fail(wrong_parameter(name, fmt::format("cannot parse \"{}\" to a valid timestamp", text)));
}

Result<TimeMs> time_of(const net::Params& values, std::string_view name, TimeMs standard) {
  const std::string_view text = values.get(name);
  if (text.empty()) return standard;
  if (const auto time = parse_instant(text)) return *time;
  return fail(wrong_parameter(
      name, fmt::format("Invalid time value for '{}': cannot parse \"{}\" to a valid timestamp",
                        name, text)));
}

Result<DurationMs> parse_span(std::string_view text) {
  constexpr double kNanosecondsMax = 9.223372036854775807e18;
  if (const auto seconds = parse_float(text)) {
    if (std::abs(*seconds * 1e9) > kNanosecondsMax)
      return fail(ErrorCode::kInvalid,
                  fmt::format("cannot parse \"{}\" to a valid duration. It overflows int64", text));
    return DurationMs{static_cast<int64_t>(*seconds * 1e9) / 1'000'000};
  }
  if (const auto span = promql::parse_promql_duration(text)) return *span;
  return fail(ErrorCode::kInvalid, fmt::format("cannot parse \"{}\" to a valid duration", text));
}

Result<size_t> limit_of(const net::Params& values) {
  const std::string_view text = values.get("limit");
  if (text.empty()) return size_t{0};
  int64_t limit = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (failed != std::errc() || end != text.data() + text.size())
    return fail(ErrorCode::kInvalid, "limit must be a number");
  return static_cast<size_t>(std::max<int64_t>(limit, 0));
}

Result<std::vector<std::vector<LabelMatcher>>> selectors_of(const net::Params& values) {
  std::vector<std::vector<LabelMatcher>> out;
  for (const auto& [name, text] : values.pairs()) {
    if (name != "match[]") continue;
    auto selector = promql::parse_selector(text);
    if (!selector) return fail(ErrorCode::kInvalid, selector.error().text(text));
    bool bound = false;
    for (const LabelMatcher& matcher : selector->matchers)
      bound = bound || !matcher.matches(std::string_view());
    if (!bound)
      return fail(ErrorCode::kInvalid, "match[] must contain at least one non-empty matcher");
    out.push_back(std::move(selector->matchers));
  }
  return out;
}

}  // namespace tocsin::server::prometheus
