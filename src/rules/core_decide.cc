// Decisions as values: rare, and the only place that builds text.
#include <fmt/format.h>

#include <algorithm>

#include "rules/core.h"
#include "rules/momentum.h"
#include "rules/reasons.h"
#include "rules/sentence.h"

namespace tocsin::rules {

Id128 alert_key(std::string_view rule_id, const Labels& scope) {
  return IdBuilder().add(rule_id).add(scope.text()).finish();
}

ScopeView Engine::Core::view(const Scope& scope) const {
  return {rule_of(scope), scope, entries_, live_, tests_, table_};
}

// The item's own position, or just after the last decision if that is later: they only grow, so
// that who applied one knows what is new after a restart.
Position Engine::Core::next_position() {
  Position at = at_;
  if (at <= last_emitted_) {
    at = last_emitted_;
    ++at.step;
  }
  last_emitted_ = at;
  return at;
}

void Engine::Core::emit(Scope& scope, Decision::What what, TimeMs now, std::string reason,
                        std::vector<Decision>& out) {
  Decision decision = decide(scope, now);
  decision.what = what;
  decision.at = next_position();
  decision.resolve_reason = std::move(reason);
  switch (what) {
    case Decision::What::kOpened:
      ++counts_.opened;
      set_opening(scope, decision);
      break;
    case Decision::What::kUpdated:
      ++counts_.updated;
      break;
    case Decision::What::kResolved:
      ++counts_.resolved;
      break;
  }
  OpenAlert& alert = *scope.alert;
  alert.updated = alert.refreshed = now;
  alert.pending = false;
  alert.summary = decision.summary;
  alert.trend = decision.momentum.trend;
  out.push_back(std::move(decision));
}

Decision Engine::Core::decide(const Scope& scope, TimeMs now) const {
  const Rule& rule = rule_of(scope);
  Decision out;
  out.time = now;
  out.alert_key = scope.key;
  out.rule_id = rule.id;
  out.rule_place = rule.place;
  out.severity = rule.severity;
  out.scope = scope.labels;
  out.tree = branch_values(view(scope), workers_, now, settle_of(scope));
  out.violations = judged(scope);
  out.momentum = momentum_of(scope);
  out.summary = summary_of(scope, out.violations, out.momentum.trend, now);
  const Labels known = text_labels(scope, out.violations);
  out.description = fill_text(rule.description, known);
  for (const auto& [name, text] : rule.annotations) out.annotations[name] = fill_text(text, known);
  out.covers = rule.covers;
  return out;
}

// What {{ label }} in a rule's texts means: per series also labels that are no part of the scope.
Labels Engine::Core::text_labels(const Scope& scope,
                                 const std::vector<JudgedViolation>& violations) const {
  if (!rule_of(scope).per_series || violations.empty()) return scope.labels;
  return violations.front().labels;
}

std::string Engine::Core::summary_of(const Scope& scope,
                                     const std::vector<JudgedViolation>& violations,
                                     Momentum::Trend trend, TimeMs now) const {
  const Rule& rule = rule_of(scope);
  if (!rule.summary.empty()) return fill_text(rule.summary, text_labels(scope, violations));
  return sentence({violations, scope.labels, rule.global, rules_->site_label(), trend, now});
}

JudgedViolation Engine::Core::judged_one(const Live& live) const {
  const Test& test = tests_[live.test];
  JudgedViolation out;
  out.violation = live.violation;
  out.labels = table_.labels(test.series);
  out.weight = momentum_weight(live.violation.tier);
  if (test.worker.index < workers_.size()) {
    out.worker_id = workers_[test.worker.index].id;
    out.model_names = workers_[test.worker.index].models;
  }
  if (live.tail && test.tier == Tier::kKpi) out.tail = *live.tail;
  return out;
}

// What lit the alert, in the order of the rule's leaves (whoever wrote the rule put first what the
// sentence shall begin with), the weightiest of a leaf first; what is over comes last.
std::vector<JudgedViolation> Engine::Core::judged(const Scope& scope) const {
  struct Shown {
    uint32_t live, leaf;
  };
  std::vector<Shown> shown;
  for (const uint32_t index : scope.entries)
    if (entries_[index].light) shown.push_back({entries_[index].live, entries_[index].leaf});
  // Of several leaves that one violation matches the first counts.
  std::sort(shown.begin(), shown.end(), [](const Shown& a, const Shown& b) {
    return a.live != b.live ? a.live < b.live : a.leaf < b.leaf;
  });
  shown.erase(std::unique(shown.begin(), shown.end(),
                          [](const Shown& a, const Shown& b) { return a.live == b.live; }),
              shown.end());
  if (shown.empty() && scope.alert) return scope.alert->carried;
  const auto before = [&](const Shown& left, const Shown& right) {
    const Violation& a = live_[left.live].violation;
    const Violation& b = live_[right.live].violation;
    const bool a_ended = a.state == ViolationState::kEnded;
    const bool b_ended = b.state == ViolationState::kEnded;
    if (a_ended != b_ended) return b_ended;
    if (left.leaf != right.leaf) return left.leaf < right.leaf;
    const double weight_a = momentum_weight(a.tier) * importance(a);
    const double weight_b = momentum_weight(b.tier) * importance(b);
    if (weight_a != weight_b) return weight_a > weight_b;
    return a.opened != b.opened ? a.opened < b.opened : a.id < b.id;
  };
  const size_t count = std::min<size_t>(shown.size(), limits_.violations_shown);
  std::partial_sort(shown.begin(), shown.begin() + static_cast<std::ptrdiff_t>(count), shown.end(),
                    before);
  std::vector<JudgedViolation> out;
  for (size_t i = 0; i < count; ++i) out.push_back(judged_one(live_[shown[i].live]));
  return out;
}

Momentum Engine::Core::momentum_of(const Scope& scope) const {
  std::vector<uint32_t> counted;
  for (const uint32_t index : scope.entries)
    if (entries_[index].light) counted.push_back(entries_[index].live);
  // By id: the order of a sum must not depend on where the pools put things.
  std::sort(counted.begin(), counted.end(),
            [&](uint32_t a, uint32_t b) { return live_[a].violation.id < live_[b].violation.id; });
  counted.erase(std::unique(counted.begin(), counted.end()), counted.end());
  MomentumSum sum;
  for (const uint32_t live : counted) sum.add(live_[live].violation);
  Momentum out = sum.finish();
  if (scope.alert) {
    out.predictions = scope.alert->predictions_due;
    out.hits = scope.alert->hits;
  }
  return out;
}

void Engine::Core::set_opening(const Scope& scope, Decision& decision) const {
  TimeMs first = decision.time;
  for (const uint32_t index : scope.entries)
    if (entries_[index].light)
      first = std::min(first, live_[entries_[index].live].violation.opened);
  decision.since_first_point = decision.time - first;
  decision.wait_reason = wait_reason(scope, decision.time);
}

// What the last violation and the rule had to wait for.
std::string Engine::Core::wait_reason(const Scope& scope, TimeMs now) const {
  const Entry* last = nullptr;
  for (const uint32_t index : scope.entries) {
    const Entry& entry = entries_[index];
    if (entry.light && (last == nullptr || entry.lit_at >= last->lit_at)) last = &entry;
  }
  std::string out;
  if (last != nullptr) {
    const Violation& violation = live_[last->live].violation;
    const uint32_t worker = violation.worker.index;
    if (violation.direction != Direction::kSilent && worker < workers_.size() &&
        workers_[worker].points_needed > 1)
      out = fmt::format("{} of {} points", workers_[worker].points_needed,
                        workers_[worker].points_of);
    if (const auto& longer = rule_of(scope).leaves[last->leaf].longer_than)
      out += fmt::format("{}longer than {}", out.empty() ? "" : "; ", to_text(*longer));
  }
  if (scope.waiting_since && now > *scope.waiting_since)
    out += fmt::format("{}not: settled {}", out.empty() ? "" : "; ",
                       span_words(now - *scope.waiting_since));
  return out;
}

std::vector<BranchValue> Engine::Core::branches(std::string_view rule_id,
                                                const Labels& scope) const {
  const std::vector<Rule>& rules = rules_->rules();
  for (size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].id != rule_id) continue;
    const auto found = scopes_by_labels_[i].find(scope);
    if (found == scopes_by_labels_[i].end()) return {};
    const Scope& known = scopes_[found->second];
    return branch_values(view(known), workers_, now_, settle_of(known));
  }
  return {};
}

std::vector<std::string> Engine::Core::notes() const {
  std::vector<std::string> out;
  const std::vector<Rule>& rules = rules_->rules();
  for (uint32_t rule = 0; rule < rules.size(); ++rule) {
    std::vector<DurationMs> slowest(rules[rule].leaves.size());
    for (const auto& [labels, scope] : scopes_by_labels_[rule])
      for (size_t leaf = 0; leaf < slowest.size(); ++leaf)
        slowest[leaf] = std::max(slowest[leaf], scopes_[scope].leaves[leaf].cadence);
    for (size_t leaf = 0; leaf < slowest.size(); ++leaf)
      if (rules[rule].within < slowest[leaf] * 2)
        out.push_back(
            fmt::format("{}: rule \"{}\": within {} is shorter than two cadences ({} each) of "
                        "{}; make it longer",
                        rules[rule].place, rules[rule].id, to_text(rules[rule].within),
                        to_text(slowest[leaf]), rules[rule].leaves[leaf].label()));
  }
  return out;
}

size_t Engine::Core::open_alerts() const {
  return static_cast<size_t>(std::count_if(
      scopes_.begin(), scopes_.end(), [](const Scope& scope) { return scope.alert != nullptr; }));
}

}  // namespace tocsin::rules
