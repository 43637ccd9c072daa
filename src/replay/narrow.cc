#include "replay/narrow.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace tocsin::replay {
namespace {

bool among(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<void> find(const std::string& wanted, std::string_view kind,
                  const std::vector<std::string_view>& there) {
  if (std::find(there.begin(), there.end(), wanted) != there.end()) return {};
  const std::string_view near = nearest_word(wanted, there);
  return fail(ErrorCode::kInvalid,
              fmt::format("cannot replay: there is no {} \"{}\"{}", kind, wanted,
                          near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
}

bool looked_at(const rules::RuleSet& set, const Labels& series) {
  return std::any_of(set.rules().begin(), set.rules().end(), [&](const rules::Rule& rule) {
    return std::any_of(
        rule.leaves.begin(), rule.leaves.end(),
        [&](const rules::LeafCondition& leaf) { return leaf.selector.matches(series); });
  });
}

}  // namespace

Plan narrowed(Plan plan, const Narrow& narrow) {
  if (!narrow.worker.empty()) {
    // The index past the end is no worker: nothing is tested.
    const auto index = static_cast<uint32_t>(plan.workers->workers().size());
    plan.only = {plan.workers->find(narrow.worker).value_or(WorkerRef{index})};
  }
  if (narrow.rules.empty()) return plan;
  std::vector<rules::Rule> kept;
  for (const rules::Rule& rule : plan.rules->rules())
    if (among(narrow.rules, rule.id)) kept.push_back(rule);
  plan.rules = std::make_shared<rules::RuleSet>(std::move(kept), plan.rules->site_label());
  return plan;
}

Result<void> known(const std::vector<const Plan*>& plans, const Narrow& narrow) {
  std::vector<std::string_view> workers, rules;
  for (const Plan* plan : plans) {
    for (const streamer::Worker& worker : plan->workers->workers()) workers.push_back(worker.id);
    for (const rules::Rule& rule : plan->rules->rules()) rules.push_back(rule.id);
  }
  if (!narrow.worker.empty())
    if (auto found = find(narrow.worker, "worker", workers); !found) return found;
  for (const std::string& rule : narrow.rules)
    if (auto found = find(rule, "rule", rules); !found) return found;
  return {};
}

bool wanted(const Plan& plan, const Narrow& narrow, const Labels& series) {
  if (!narrow.site.empty() && series.get(plan.workers->site_label()) != narrow.site) return false;
  const std::vector<WorkerRef> testing = plan.workers->testing(series);
  return std::any_of(testing.begin(), testing.end(), [&](WorkerRef ref) {
    const streamer::Worker& worker = plan.workers->worker(ref);
    if (!narrow.worker.empty() && worker.id != narrow.worker) return false;
    return narrow.rules.empty() || looked_at(*plan.rules, series) ||
           looked_at(*plan.rules, streamer::judged_labels(worker, series));
  });
}

}  // namespace tocsin::replay
