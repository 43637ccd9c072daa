#pragma once
// Text -> checked expression. The grammar and the words of errors are those of Prometheus 2.x, so
// that what people have keeps working and what they know how to read keeps reading.

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "promql/ast.h"

namespace tocsin::promql {

struct ParseError {
  std::string message;  // without the position
  Span span;            // of the text that is wrong
  // "1:5: parse error: unexpected ..." (line:column from 1), as Prometheus says it.
  std::string text(std::string_view expression) const;
};

// Bounded: text of at most kTextMax bytes, a tree of at most kDepthMax levels (a + b + c has
// three).
inline constexpr size_t kTextMax = 64 * 1024;
inline constexpr size_t kDepthMax = 500;

using Parsed = tl::expected<ExprPtr, ParseError>;
Parsed parse(std::string_view text);
// Only a selector, as match[] takes it: `up{job="x"}`.
tl::expected<VectorSelector, ParseError> parse_selector(std::string_view text);
// "1h30m", "5m", "90s", "1500ms": units y w d h m s ms in that order. Also plain seconds ("15",
// "0.5") where the HTTP API takes them: parse_duration of base/time.h does not know these.
tl::expected<DurationMs, ParseError> parse_promql_duration(std::string_view text);

}  // namespace tocsin::promql
