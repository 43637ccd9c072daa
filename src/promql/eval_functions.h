#pragma once
// Functions of instant vectors, one value or one vector at a time.

#include "promql/eval_context.h"

namespace tocsin::promql {

// abs, ln, sgn, hour, ...: of each value alone. Null for other functions.
using ValueFunction = double (*)(double);
ValueFunction value_function(FunctionId id);

// Parts of dates in UTC, of unix seconds; null for other functions.
ValueFunction date_function(FunctionId id);

// Rows of `le` buckets -> the quantile of each histogram.
Result<Rows> histogram_quantile(const Scalars& q, const Rows& buckets, Context& context);

Result<Rows> label_replace(const Call& call, Rows rows, Context& context);
Result<Rows> label_join(const Call& call, Rows rows, Context& context);
// The labels that absent() gives: those the selector fixes by `=`, each once.
Labels labels_of_absent(const Expr& argument);
bool valid_label_name(std::string_view name);

// Order of an instant vector by value, NaN last.
void sort_by_value(Rows& rows, bool descending);

// The shortest decimal that reads back as the same double, never with an exponent: "0.00001".
std::string decimal_text(double value);
// As C's %f: "0.500000", "NaN", "+Inf".
std::string six_decimals(double value);

}  // namespace tocsin::promql
