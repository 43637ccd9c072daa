#include "promrules/alerting.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "promql/parse.h"

namespace tocsin::promrules {
namespace {

constexpr std::string_view kAlertName = "alertname";
// Alerts that ended are shown for so long.
constexpr DurationMs kShownAfter = minutes(15);
// How far back alerts that the house holds open are looked for after a start.
constexpr DurationMs kToldLookback = days(7);

Result<QuerySamples> run_query(const std::string& text, const AlertingRun& run) {
  const promql::Parsed parsed = promql::parse(text);
  if (!parsed) return fail(ErrorCode::kInvalid, parsed.error().text(text));
  auto result = query_vector(**parsed, run.at, run.source, run.surroundings.options);
  if (!result) return fail(result.error());
  QuerySamples out;
  for (const promql::VectorSample& sample : *result)
    out.push_back({text_map(sample.labels), sample.sample.value});
  return out;
}

std::string expanded(const TextTemplate& text, const TemplateData& data) {
  auto out = text.form.expand(data);
  if (out) return std::move(*out);
  return fmt::format("<error expanding template: error executing template {}: {}>", text.name,
                     out.error().message);
}

Alert make_alert(const Rule& rule, const promql::VectorSample& sample, const AlertingRun& run) {
  TemplateData data;
  data.labels = text_map(sample.labels);
  data.external_labels = run.surroundings.external_labels;
  data.external_url = run.surroundings.external_url;
  data.value = sample.sample.value;
  data.query = [&](const std::string& text) { return run_query(text, run); };
  Alert out;
  out.labels = sample.labels.with(kNameLabel, "");
  for (const TextTemplate& label : rule.labels)
    out.labels = out.labels.with(label.name, expanded(label, data));
  out.labels = out.labels.with(kAlertName, rule.name);
  for (const TextTemplate& text : rule.annotations)
    out.annotations[text.name] = expanded(text, data);
  out.value = sample.sample.value;
  out.active_at = run.at;
  return out;
}

// As Prometheus restores `for`: what was spent pending before the outage counts, the outage itself
// does not.
void restore_active(const Rule& rule, Alert& alert, const Sample& state, TimeMs at) {
  const TimeMs active_at{static_cast<int64_t>(state.value) * 1000};
  if (state.time - active_at >= rule.hold)
    alert.active_at = active_at;  // it fired
  else
    alert.active_at = active_at + (at - state.time);
}

// Labels of a series less what was put on top of an alert's.
Labels bare(const Labels& labels) {
  std::vector<Labels::Pair> pairs;
  for (const auto [name, value] : labels.pairs())
    if (name != kNameLabel && !name.starts_with("tocsin_")) pairs.emplace_back(name, value);
  return Labels(std::move(pairs));
}

// Once after the start: how long alerts were active before, and which the house holds open.
Result<void> restore(RuleState& state, std::map<Labels, Alert>& found, const AlertingRun& run,
                     std::vector<Made>& out) {
  if (run.surroundings.outage_max.count == 0) return {};
  if (!found.empty() && state.rule.hold.count > 0) {
    auto states = last_points(
        {equal_matcher(kNameLabel, kForStateName), equal_matcher(kAlertName, state.rule.name)},
        run.at - run.surroundings.outage_max, run.at, run.source);
    if (!states) return fail(states.error());
    for (const auto& [labels, sample] : *states)
      if (const auto alert = found.find(bare(labels)); alert != found.end())
        restore_active(state.rule, alert->second, sample, run.at);
  }
  if (state.id.empty()) return {};
  auto told =
      last_points({equal_matcher(kNameLabel, kToldName), equal_matcher(kToldRule, state.id)},
                  run.at - kToldLookback, run.at, run.source);
  if (!told) return fail(told.error());
  for (const auto& [labels, sample] : *told) {
    if (sample.value == 0) continue;
    const auto alert = found.find(bare(labels));
    const bool goes_on = alert != found.end() && alert->second.told_as.empty() &&
                         run.at - alert->second.active_at >= state.rule.hold;
    if (goes_on)
      alert->second.told_as = labels;
    else
      out.push_back({Made::Kind::kTold, labels, 0});
  }
  return {};
}

Labels told_labels(const RuleState& state, const Alert& alert) {
  std::vector<Labels::Pair> pairs = alert.labels.to_pairs();
  pairs.emplace_back(kNameLabel, kToldName);
  pairs.emplace_back(kToldRule, state.id);
  for (const auto& [name, text] : alert.annotations)
    pairs.emplace_back(std::string(kToldText) + name, cut_text(text, kToldTextMax));
  return Labels(std::move(pairs));
}

void end(RuleState& state, Alert& alert, TimeMs at, std::vector<Made>& out) {
  if (alert.phase == AlertPhase::kFiring && !alert.told_as.empty() && !state.id.empty())
    out.push_back({Made::Kind::kTold, alert.told_as, 0});
  alert.phase = AlertPhase::kInactive;
  alert.resolved_at = at;
}

// Whether the alert, whose condition does not hold now, goes on firing.
bool keeps_firing(const Rule& rule, Alert& alert, TimeMs at) {
  if (alert.phase != AlertPhase::kFiring || rule.keep_firing.count == 0) return false;
  if (alert.keep_firing_since.ms == 0) alert.keep_firing_since = at;
  return at - alert.keep_firing_since < rule.keep_firing;
}

void write(const RuleState& state, const Alert& alert, std::vector<Made>& out) {
  const Labels base = alert.labels.with(kAlertName, state.rule.name);
  out.push_back({Made::Kind::kState,
                 base.with(kNameLabel, kStateName).with("alertstate", to_text(alert.phase)), 1});
  out.push_back({Made::Kind::kState, base.with(kNameLabel, kForStateName),
                 static_cast<double>(alert.active_at.ms / 1000)});
  if (alert.phase == AlertPhase::kFiring && !state.id.empty())
    out.push_back({Made::Kind::kTold, alert.told_as, 1});
}

void advance(RuleState& state, Alert& alert, TimeMs at) {
  if (alert.phase != AlertPhase::kPending || at - alert.active_at < state.rule.hold) return;
  alert.phase = AlertPhase::kFiring;
  alert.fired_at = at;
  if (alert.told_as.empty() && !state.id.empty()) alert.told_as = told_labels(state, alert);
}

}  // namespace

Result<std::vector<Made>> run_alerting(RuleState& state, const promql::Vector& result,
                                       const AlertingRun& run) {
  std::map<Labels, Alert> found;
  for (const promql::VectorSample& sample : result) {
    Alert alert = make_alert(state.rule, sample, run);
    const Labels labels = alert.labels;
    if (!found.emplace(labels, std::move(alert)).second)
      return fail(ErrorCode::kInvalid,
                  "vector contains metrics with the same labelset after applying alert labels");
  }
  std::vector<Made> out;
  if (!state.restored) {
    if (auto done = restore(state, found, run, out); !done) return fail(done.error());
    state.restored = true;
  }
  for (auto& [labels, alert] : found) {
    const auto known = state.active.find(labels);
    if (known == state.active.end() || known->second.phase == AlertPhase::kInactive) {
      state.active[labels] = alert;
      continue;
    }
    known->second.value = alert.value;
    known->second.annotations = alert.annotations;
  }
  int64_t count = 0;
  for (auto at = state.active.begin(); at != state.active.end();) {
    Alert& alert = at->second;
    const bool holds = found.contains(at->first);
    if (holds) alert.keep_firing_since = {};
    const bool goes_on = holds || keeps_firing(state.rule, alert, run.at);
    if (!goes_on) {
      const bool forgotten = alert.resolved_at.ms != 0 && run.at - alert.resolved_at > kShownAfter;
      if (alert.phase == AlertPhase::kPending || forgotten) {
        at = state.active.erase(at);
        continue;
      }
      if (alert.phase != AlertPhase::kInactive) end(state, alert, run.at, out);
      ++at;
      continue;
    }
    ++count;
    advance(state, alert, run.at);
    write(state, alert, out);
    ++at;
  }
  if (run.limit > 0 && count > run.limit) {
    std::string message = fmt::format("exceeded limit of {} with {} alerts", run.limit, count);
    state.active.clear();
    state.restored = false;  // what the house holds open is looked for again
    return fail(ErrorCode::kExhausted, std::move(message));
  }
  return out;
}

}  // namespace tocsin::promrules
