// Which rules a test feeds: resolved once per test, when it is first heard of.
#include <algorithm>

#include "base/check.h"
#include "rules/core.h"

namespace tocsin::rules {

void Engine::Core::index_leaves() {
  const std::vector<Rule>& rules = rules_->rules();
  for (uint32_t rule = 0; rule < rules.size(); ++rule)
    for (uint32_t leaf = 0; leaf < rules[rule].leaves.size(); ++leaf) {
      const std::string& name = rules[rule].leaves[leaf].name;
      const bool exact =
          !name.empty() && !name.starts_with('~') && name.find('*') == std::string::npos;
      (exact ? leaves_by_name_[name] : leaves_by_pattern_).push_back({rule, leaf});
    }
}

std::string_view Engine::Core::worker_id(WorkerRef worker) const {
  return worker.index < workers_.size() ? std::string_view(workers_[worker.index].id)
                                        : std::string_view{};
}

uint32_t Engine::Core::test_of(SeriesRef series, WorkerRef worker, Tier tier) {
  if (series.index >= first_test_.size())
    first_test_.resize(std::max<size_t>(series.index + 1, first_test_.size() * 3 / 2), kNoIndex);
  for (uint32_t at = first_test_[series.index]; at != kNoIndex; at = tests_[at].next)
    if (tests_[at].worker == worker) return at;
  const auto index = static_cast<uint32_t>(tests_.size());
  Test test;
  test.series = series;
  test.worker = worker;
  test.tier = worker.index < workers_.size() ? workers_[worker.index].tier : tier;
  test.next = first_test_[series.index];
  tests_.push_back(test);
  first_test_[series.index] = index;
  bind(index);
  return index;
}

std::vector<Engine::Core::LeafPlace> Engine::Core::leaves_for(const Test& test) const {
  const Labels& labels = table_.labels(test.series);
  const std::string_view worker = worker_id(test.worker);
  std::vector<LeafPlace> out;
  const auto add_matching = [&](const std::vector<LeafPlace>& places) {
    for (const LeafPlace& place : places)
      if (rules_->rules()[place.rule].leaves[place.leaf].selects(labels, worker, test.tier))
        out.push_back(place);
  };
  const auto exact = leaves_by_name_.find(std::string(labels.name()));
  if (exact != leaves_by_name_.end()) add_matching(exact->second);
  add_matching(leaves_by_pattern_);
  std::sort(out.begin(), out.end());
  return out;
}

void Engine::Core::bind(uint32_t index) {
  Test& test = tests_[index];
  test.bindings = static_cast<uint32_t>(bindings_.size());
  uint32_t rule = kNoIndex, scope = kNoIndex;
  for (const LeafPlace& place : leaves_for(test)) {
    if (place.rule != rule)
      scope =
          scope_of(place.rule, rules_->rules()[place.rule].scope_of(table_.labels(test.series)));
    rule = place.rule;
    if (scope == kNoIndex) continue;
    bindings_.push_back({place.rule, place.leaf, scope});
    LeafState& leaf = scopes_[scope].leaves[place.leaf];
    leaf.tests.push_back(index);
    leaf.cadence = std::max(leaf.cadence, test.cadence);
    leaf.unknown += test.unknown;
  }
  test.bindings_count = static_cast<uint32_t>(bindings_.size()) - test.bindings;
}

uint32_t Engine::Core::scope_of(uint32_t rule, Labels labels) {
  std::map<Labels, uint32_t>& known = scopes_by_labels_[rule];
  const auto found = known.find(labels);
  if (found != known.end()) return found->second;
  if (known.size() >= limits_.scopes_per_rule) {
    ++counts_.scopes_refused;
    return kNoIndex;
  }
  const auto index = static_cast<uint32_t>(scopes_.size());
  Scope scope;
  scope.rule = rule;
  scope.key = alert_key(rules_->rules()[rule].id, labels);
  scope.leaves.resize(rules_->rules()[rule].leaves.size());
  scope.labels = labels;
  scopes_.push_back(std::move(scope));
  known.emplace(std::move(labels), index);
  return index;
}

std::vector<std::string> Engine::Core::rules_for(SeriesRef series) const {
  std::vector<uint32_t> found;
  if (series.index < first_test_.size())
    for (uint32_t at = first_test_[series.index]; at != kNoIndex; at = tests_[at].next)
      for (uint32_t i = 0; i < tests_[at].bindings_count; ++i)
        found.push_back(bindings_[tests_[at].bindings + i].rule);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::vector<std::string> out;
  for (const uint32_t rule : found) out.push_back(rules_->rules()[rule].id);
  return out;
}

}  // namespace tocsin::rules
