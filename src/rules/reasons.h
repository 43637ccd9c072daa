#pragma once
// A rule's tree with the truth and the reason of every branch, in words and numbers.
// Internal to src/rules.

#include "rules/engine.h"
#include "rules/tree.h"

namespace tocsin::rules {

// `now` is decision time; `settle` what `not` waits in this scope.
std::vector<BranchValue> branch_values(const ScopeView& view, const WorkerNames& workers,
                                       TimeMs now, DurationMs settle);

}  // namespace tocsin::rules
