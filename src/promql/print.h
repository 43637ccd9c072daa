#pragma once
// Expression -> text that parses to the same expression. What format_query answers is `pretty`.

#include <string>

#include "promql/ast.h"

namespace tocsin::promql {

std::string print(const Expr& expr);   // one line
std::string pretty(const Expr& expr);  // lines of at most 100 characters, as Prometheus formats
std::string print(const VectorSelector& selector);
std::string print_duration(DurationMs duration);  // "1h30m"

}  // namespace tocsin::promql
