#include "server/params.h"

#include <fmt/format.h>

#include "base/text.h"
#include "server/restrict.h"

namespace tocsin::server {

namespace {

constexpr size_t kWidthMax = 10'000;  // pixels
constexpr DurationMs kRangeMax = days(3660);

tl::unexpected<Error> wrong(std::string_view name, std::string_view value,
                            std::string_view expected) {
  return fail(ErrorCode::kInvalid, fmt::format("reading the parameter {} failed: \"{}\" is not {}",
                                               name, cut_text(value, 100), expected));
}

Result<size_t> count_param(const net::Request& request, std::string_view name, size_t standard,
                           size_t max) {
  const std::string* text = request.query.find(name);
  if (!text || text->empty()) return standard;
  const auto value = parse_int(*text);
  if (!value || *value < 1 || *value > static_cast<int64_t>(max))
    return wrong(name, *text, fmt::format("a number from 1 to {}", max));
  return static_cast<size_t>(*value);
}

}  // namespace

Result<size_t> limit_param(const net::Request& request, size_t standard, size_t max) {
  return count_param(request, "limit", standard, max);
}

Result<std::vector<Labels::Pair>> label_params(const net::Request& request) {
  std::vector<Labels::Pair> out;
  for (const auto& [name, value] : request.query.pairs()) {
    if (name != "label") continue;
    const size_t equals = value.find('=');
    if (equals == 0 || equals == std::string::npos)
      return fail(ErrorCode::kInvalid,
                  "reading the parameter label failed: it is name=value, such as customer=7");
    out.emplace_back(value.substr(0, equals), value.substr(equals + 1));
  }
  return out;
}

Result<uint32_t> width_param(const net::Request& request) {
  const auto width = count_param(request, "width", 800, kWidthMax);
  if (!width) return fail(width.error());
  return static_cast<uint32_t>(*width);
}

Result<TimeMs> time_param(const net::Request& request, std::string_view name, TimeMs standard) {
  const std::string* text = request.query.find(name);
  if (!text || text->empty()) return standard;
  std::optional<TimeMs> time;
  if (const auto ms = parse_int(*text))
    time = TimeMs{*ms};
  else
    time = parse_time(*text);
  if (!time || *time < kTimeMin || *time > kTimeMax)
    return wrong(name, *text, "unix milliseconds or a time as 2026-11-23T14:32:45Z");
  return *time;
}

Result<TimeRange> range_params(const net::Request& request, TimeMs now) {
  const auto to = time_param(request, "to", now);
  if (!to) return fail(to.error());
  const auto from = time_param(request, "from", *to - hours(1));
  if (!from) return fail(from.error());
  if (*from >= *to)
    return fail(ErrorCode::kInvalid, "reading the range failed: from has to be before to");
  if (*to - *from > kRangeMax)
    return fail(ErrorCode::kInvalid, "reading the range failed: it is longer than ten years");
  return TimeRange{*from, *to};
}

Result<SeriesSelector> selector_param(const net::Request& request) {
  auto selector = SeriesSelector::parse(request.query.get("match"));
  if (!selector) return selector;
  return narrowed(*selector, view_of(request));
}

Result<Labels> series_param(const net::Request& request) {
  const std::string_view text = request.query.get("series");
  const auto selector = SeriesSelector::parse(text);
  if (!selector) return fail(selector.error());
  std::vector<Labels::Pair> pairs;
  for (const LabelMatcher& matcher : selector->matchers()) {
    if (matcher.op() != LabelMatcher::Op::kEqual)
      return wrong("series", text, "one series with all of its labels: name{site=\"madrid\"}");
    pairs.emplace_back(matcher.label(), matcher.value());
  }
  Labels labels(std::move(pairs));
  if (labels.name().empty())
    return wrong("series", text, "one series with all of its labels: name{site=\"madrid\"}");
  return labels;
}

Result<std::optional<Severity>> severity_param(const net::Request& request) {
  const std::string_view text = request.query.get("severity");
  if (text.empty()) return std::optional<Severity>();
  for (const Severity severity : {Severity::kCritical, Severity::kHigh, Severity::kLow})
    if (text == to_text(severity)) return std::optional(severity);
  return wrong("severity", text, "critical, high or low");
}

std::optional<Id128> id_param(const net::Request& request) { return parse_id(request.param("id")); }

}  // namespace tocsin::server
