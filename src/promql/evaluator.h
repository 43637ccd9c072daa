#pragma once
// An expression's node -> its values at all steps. Each call evaluates the nodes below first.

#include "promql/eval_context.h"

namespace tocsin::promql {

Result<Scalars> eval_scalar(const Expr& expr, const Scope& scope, Context& context);
Result<Rows> eval_vector(const Expr& expr, const Scope& scope, Context& context);

// The parts, by kind of node.
Result<Rows> eval_call(const Call& call, const Scope& scope, Context& context);
Result<Rows> eval_range_call(const Call& call, size_t range_argument, const Scope& scope,
                             Context& context);
Result<Rows> eval_aggregate(const Aggregate& aggregate, const Scope& scope, Context& context);
Result<Rows> eval_binary(const Binary& binary, const Scope& scope, Context& context);
Result<Scalars> eval_scalar_binary(const Binary& binary, const Scope& scope, Context& context);
// The rows are on the inner grid, which is written to `inner`.
Result<Rows> eval_subquery(const Subquery& subquery, const Scope& scope, Context& context,
                           Grid& inner);

// Without the parentheses around it.
const Expr& inside(const Expr& expr);
// A range vector selector or a subquery, parentheses or not.
bool is_range(const Expr& expr);

}  // namespace tocsin::promql
