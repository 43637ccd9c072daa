#pragma once
// topk and bottomk, and the groups that aggregations make.

#include "promql/eval_context.h"

namespace tocsin::promql {

struct Groups {
  std::vector<uint32_t> of_row;  // group of each row
  std::vector<Identity> ids;     // in order of appearance
  bool nameless = true;
};
Groups group_rows(const Aggregate& aggregate, const Rows& rows, Context& context);

// The k highest (lowest) values of each group at each step; an instant vector is ordered by them.
Result<Rows> top(bool lowest, const Scalars& k, Rows rows, const Groups& groups, const Scope& scope,
                 Context& context);

// A value of a row, at one step.
struct Ranked {
  double value = 0;
  uint32_t row = 0;
};
// Ascending, or descending; NaN last. Equal values are in the order that Prometheus' sort leaves.
void rank(std::vector<Ranked>& entries, bool ascending);

}  // namespace tocsin::promql
