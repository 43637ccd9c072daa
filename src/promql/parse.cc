#include "promql/parse.h"

#include <fmt/format.h>

#include "base/text.h"
#include "promql/check_types.h"
#include "promql/literals.h"
#include "promql/parser.h"
#include "promql/quote.h"

namespace tocsin::promql {
namespace {

std::optional<ParseError> too_long(std::string_view text) {
  if (text.size() <= kTextMax) return std::nullopt;
  return ParseError{
      fmt::format("expression has {} bytes; at most {} are read", text.size(), kTextMax), {}};
}

}  // namespace

std::string ParseError::text(std::string_view expression) const {
  const std::string_view before = expression.substr(0, span.begin);
  const size_t breaks = before.rfind('\n');
  size_t line = 1;
  for (const char c : before) line += c == '\n';
  const size_t column =
      breaks == std::string_view::npos ? before.size() + 1 : before.size() - breaks;
  return fmt::format("{}:{}: parse error: {}", line, column, message);
}

Parsed parse(std::string_view text) {
  if (auto error = too_long(text)) return tl::unexpected(std::move(*error));
  Parser parser(text);
  ExprPtr expr = parser.expression();
  if (!expr) return tl::unexpected(*parser.error());
  if (auto error = check_types(*expr, text)) return tl::unexpected(std::move(*error));
  return expr;
}

tl::expected<VectorSelector, ParseError> parse_selector(std::string_view text) {
  if (auto error = too_long(text)) return tl::unexpected(std::move(*error));
  Parser parser(text);
  auto selector = parser.selector();
  if (!selector) return tl::unexpected(*parser.error());
  return std::move(*selector);
}

tl::expected<DurationMs, ParseError> parse_promql_duration(std::string_view text) {
  const Span whole{0, static_cast<uint32_t>(text.size())};
  constexpr double kSecondsMax = 9.2e9;  // 292 years, as far as Prometheus counts
  if (const auto number = parse_double(text)) {
    if (number && *number >= -kSecondsMax && *number <= kSecondsMax)
      return DurationMs{static_cast<int64_t>(*number * 1000)};
    return tl::unexpected(ParseError{
        fmt::format("cannot parse {} to a valid duration. It overflows int64", quoted(text)),
        whole});
  }
  auto read = read_duration(text);
  if (read) return *read;
  return tl::unexpected(
      ParseError{fmt::format("cannot parse {} to a valid duration", quoted(text)), whole});
}

}  // namespace tocsin::promql
