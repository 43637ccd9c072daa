#pragma once
// Second half of parsing: what each part of an expression may be made of.

#include <optional>
#include <string_view>

#include "promql/parse.h"

namespace tocsin::promql {

// The first thing that is wrong. Settles what depends on types: the cardinality of `and`, `or` and
// `unless`, and drops matching that is not between two vectors.
std::optional<ParseError> check_types(Expr& expr, std::string_view text);

}  // namespace tocsin::promql
