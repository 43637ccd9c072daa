#include "promrules/group_state.h"

#include <fmt/format.h>

#include <bit>

#include "base/id.h"
#include "promrules/alerting.h"

namespace tocsin::promrules {

std::string_view to_text(AlertPhase phase) {
  switch (phase) {
    case AlertPhase::kInactive:
      return "inactive";
    case AlertPhase::kPending:
      return "pending";
    case AlertPhase::kFiring:
      return "firing";
  }
  return "";
}

double stale_marker() { return std::bit_cast<double>(promql::kStaleBits); }

TextMap text_map(const Labels& labels) { return {labels.pairs().begin(), labels.pairs().end()}; }

LabelMatcher equal_matcher(std::string_view label, std::string_view value) {
  return *LabelMatcher::make(std::string(label), LabelMatcher::Op::kEqual, std::string(value));
}

Result<promql::Vector> query_vector(const promql::Expr& expr, TimeMs at, promql::Source& source,
                                    const promql::Options& options) {
  auto answer = promql::evaluate(expr, promql::Instant{at}, source, options);
  if (!answer) return fail(answer.error());
  if (auto* vector = std::get_if<promql::Vector>(&answer->value)) return std::move(*vector);
  if (const auto* scalar = std::get_if<promql::ScalarValue>(&answer->value))
    return promql::Vector{{Labels{}, {scalar->time, scalar->value}}};
  return fail(ErrorCode::kInvalid, "rule result is not a vector or scalar");
}

Result<std::vector<std::pair<Labels, Sample>>> last_points(std::vector<LabelMatcher> matchers,
                                                           TimeMs from, TimeMs to,
                                                           promql::Source& source) {
  constexpr size_t kSamplesMax = 5'000'000;
  auto selected = source.select(matchers, from, to, {}, kSamplesMax);
  if (!selected) return fail(selected.error());
  std::vector<std::pair<Labels, Sample>> out;
  for (const promql::SourceSeries& series : selected->series)
    for (auto at = series.samples.rbegin(); at != series.samples.rend(); ++at) {
      if (promql::is_stale(at->value)) continue;
      out.emplace_back(*series.labels, *at);
      break;
    }
  return out;
}

struct GroupState::Run {
  TimeMs at;
  promql::Source& source;
  const Surroundings& surroundings;
};

GroupState::GroupState(Group group, std::vector<std::string> ids) : group_(std::move(group)) {
  for (size_t i = 0; i < group_.rules.size(); ++i) {
    RuleState state;
    state.rule = group_.rules[i];
    if (i < ids.size()) state.id = ids[i];
    rules_.push_back(std::move(state));
  }
}

TimeMs GroupState::slot(TimeMs now) const {
  const int64_t interval = group_.interval.count;
  const uint64_t hash = hash64(group_.file + ";" + group_.name);
  const auto offset = static_cast<int64_t>(hash % static_cast<uint64_t>(interval));
  const int64_t base = now.ms - offset;
  const int64_t multiple = base / interval - (base % interval < 0 ? 1 : 0);
  return {multiple * interval + offset};
}

void GroupState::evaluate(TimeMs at, promql::Source& source, Appender& appender,
                          const Surroundings& surroundings, const std::function<TimeMs()>& clock) {
  const TimeMs begun = clock();
  Run run{at, source, surroundings};
  for (RuleState& state : rules_) {
    const TimeMs rule_begun = clock();
    auto made = evaluate_rule(state, run);
    Result<void> done;
    if (made) done = appender.append(at, *made);
    state.evaluated = at;
    state.health = made && done ? Health::kGood : Health::kBad;
    state.error = !made ? made.error().message : !done ? done.error().message : "";
    state.took = clock() - rule_begun;
  }
  evaluated_ = at;
  took_ = clock() - begun;
}

Result<std::vector<Made>> GroupState::evaluate_rule(RuleState& state, Run& run) {
  auto made = state.rule.alerting ? alert(state, run) : record(state, run);
  if (!made) return made;
  std::set<Labels> now;
  for (const Made& one : *made)
    if (one.kind != Made::Kind::kTold) now.insert(one.labels);
  const auto kind = state.rule.alerting ? Made::Kind::kState : Made::Kind::kRecorded;
  for (const Labels& labels : state.written)
    if (!now.contains(labels)) made->push_back({kind, labels, stale_marker()});
  state.written = std::move(now);
  return made;
}

Result<std::vector<Made>> GroupState::record(RuleState& state, Run& run) {
  auto result = query_vector(*state.rule.expr, run.at, run.source, run.surroundings.options);
  if (!result) return fail(result.error());
  std::vector<Made> out;
  std::set<Labels> seen;
  for (promql::VectorSample& sample : *result) {
    Labels labels = sample.labels.with(kNameLabel, state.rule.name);
    for (const TextTemplate& label : state.rule.labels)
      labels = labels.with(label.name, label.text);
    if (!seen.insert(labels).second)
      return fail(ErrorCode::kInvalid,
                  "vector contains metrics with the same labelset after applying rule labels");
    out.push_back({Made::Kind::kRecorded, std::move(labels), sample.sample.value});
  }
  if (group_.limit > 0 && out.size() > static_cast<size_t>(group_.limit))
    return fail(ErrorCode::kExhausted,
                fmt::format("exceeded limit of {} with {} series", group_.limit, out.size()));
  return out;
}

Result<std::vector<Made>> GroupState::alert(RuleState& state, Run& run) {
  auto result = query_vector(*state.rule.expr, run.at, run.source, run.surroundings.options);
  if (!result) return fail(result.error());
  return run_alerting(state, *result, {run.at, group_.limit, run.source, run.surroundings});
}

namespace {

bool same_rule(const Rule& a, const Rule& b) {
  const auto equal = [](const TextTemplate& x, const TextTemplate& y) {
    return x.name == y.name && x.text == y.text;
  };
  return a.alerting == b.alerting && a.name == b.name &&
         std::equal(a.labels.begin(), a.labels.end(), b.labels.begin(), b.labels.end(), equal);
}

void add_end(const Alert& alert, std::vector<Made>& out) {
  if (!alert.told_as.empty() && alert.phase == AlertPhase::kFiring)
    out.push_back({Made::Kind::kTold, alert.told_as, 0});
}

}  // namespace

void GroupState::inherit(GroupState& before) {
  std::vector<bool> taken(before.rules_.size());
  for (RuleState& state : rules_)
    for (size_t i = 0; i < before.rules_.size(); ++i) {
      RuleState& old = before.rules_[i];
      if (taken[i] || !same_rule(state.rule, old.rule) || state.id != old.id) continue;
      taken[i] = true;
      state.health = old.health;
      state.error = old.error;
      state.evaluated = old.evaluated;
      state.took = old.took;
      state.active = std::move(old.active);
      state.written = std::move(old.written);
      state.restored = old.restored;
      old.active.clear();
      old.written.clear();
      break;
    }
  evaluated_ = before.evaluated_;
  took_ = before.took_;
}

std::vector<Made> GroupState::farewell() const {
  std::vector<Made> out;
  for (const RuleState& state : rules_) {
    const auto kind = state.rule.alerting ? Made::Kind::kState : Made::Kind::kRecorded;
    for (const Labels& labels : state.written) out.push_back({kind, labels, stale_marker()});
    for (const auto& [labels, alert] : state.active) add_end(alert, out);
  }
  return out;
}

}  // namespace tocsin::promrules
