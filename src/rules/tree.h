#pragma once
// Three-valued evaluation of a rule's tree over one scope. Internal to src/rules.

#include <vector>

#include "rules/state.h"
#include "vocabulary/series_table.h"

namespace tocsin::rules {

// What evaluation reads: the scope and the pools its indices point into.
struct ScopeView {
  const Rule& rule;
  const Scope& scope;
  const std::vector<Entry>& entries;
  const std::vector<Live>& live;
  const std::vector<Test>& tests;
  const SeriesTable& table;
};

enum class Nots : uint8_t {
  kSettled,  // `not` counts as soon as its condition does not hold
  kPending,  // a `not` that would hold is unknown: what is true does not rest on it
};

Truth evaluate(const ScopeView& view, uint32_t node, Nots nots);
Truth leaf_truth(const LeafState& leaf);

// Entries that make the tree true; empty when it is not. Sorted by index: a set, not an order.
std::vector<uint32_t> lights(const ScopeView& view);

// What an `at_least` node counts and has; `values` names them for people.
struct Count {
  uint32_t held = 0;
  uint32_t possible = 0;            // held, and what is unknown
  std::vector<std::string> values;  // of `distinct` or series, sorted; empty for conditions
};
Count count_held(const ScopeView& view, const RuleNode& node, Nots nots);

// When a child of `then` opened, in event time: one per violation of a leaf.
struct Opening {
  TimeMs at;
  DurationMs cadence{};
};
std::vector<Opening> openings(const ScopeView& view, uint32_t node);

}  // namespace tocsin::rules
