#pragma once
// How an alerting rule goes from what its expression gives to alerts. Internal to the room.

#include "promrules/group_state.h"

namespace tocsin::promrules {

struct AlertingRun {
  TimeMs at;
  int64_t limit = 0;
  promql::Source& source;
  const Surroundings& surroundings;
};

// Points to write, or why the rule fails. `result` is what the expression gave.
Result<std::vector<Made>> run_alerting(RuleState& state, const promql::Vector& result,
                                       const AlertingRun& run);
// What the queries of templates and rules give: a vector, or a scalar as one.
Result<promql::Vector> query_vector(const promql::Expr& expr, TimeMs at, promql::Source& source,
                                    const promql::Options& options);
// Series of `name` that the label `with` tells apart, with their last points since `from`.
Result<std::vector<std::pair<Labels, Sample>>> last_points(std::vector<LabelMatcher> matchers,
                                                           TimeMs from, TimeMs to,
                                                           promql::Source& source);
TextMap text_map(const Labels& labels);
LabelMatcher equal_matcher(std::string_view label, std::string_view value);
double stale_marker();

}  // namespace tocsin::promrules
