#pragma once
// Selectors: which points they read, and the value that each step sees.

#include "promql/eval_context.h"

namespace tocsin::promql {

// `at` of a selector or subquery, resolved: nullopt if there is none.
std::optional<TimeMs> resolve(const Shift& shift, const Scope& scope);

// What a selector or subquery looks at when the evaluation is at the grid's first instant. Every
// further step of the grid is a step further, also with `@`: parts that `@` fixes are evaluated on
// a grid of one instant.
int64_t first_reference(const Shift& shift, const Scope& scope);

// Reads the points of a selector for all steps, a series at a time, in any order. `range` is zero
// for an instant vector.
Result<void> read(const VectorSelector& selector, DurationMs range, const Scope& scope,
                  Context& context, const Source::Visit& visit);

// Do all series that match have one metric name?
bool names_one_metric(const VectorSelector& selector);

}  // namespace tocsin::promql
