#include "replay/comparison.h"

#include <algorithm>

#include "base/json_writer.h"

namespace tocsin::replay {
namespace {

void write_totals(JsonWriter& json, const Report& report) {
  json.begin_object()
      .member("points", report.points)
      .member("violations", report.violations)
      .member("alerts", report.alerts_opened)
      .member("told", report.told)
      .end_object();
}

void write_counts(JsonWriter& json, const ChangeCounts& counts) {
  json.member("gained", counts.gained)
      .member("lost", counts.lost)
      .member("earlier", counts.earlier)
      .member("later", counts.later)
      .member("same", counts.same);
}

void write_time(JsonWriter& json, std::string_view key, TimeMs time) {
  json.key(key);
  time.ms == 0 ? json.null() : json.integer(time.ms);
}

void write_side(JsonWriter& json, std::string_view key, const std::vector<ReplayedAlert>& alerts,
                std::optional<size_t> index) {
  json.key(key);
  if (!index) {
    json.null();
    return;
  }
  const ReplayedAlert& one = alerts[*index];
  json.begin_object();
  write_time(json, "opened_at", one.alert.opened_at);
  write_time(json, "resolved_at", one.alert.resolved_at);
  json.member("covered", one.alert.covered_by.has_value()).key("receivers").begin_array();
  for (const std::string& receiver : one.receivers) json.string(receiver);
  json.end_array().end_object();
}

// The series that lit it, to look at: null if it opened without any.
void write_cause(JsonWriter& json, const AlertView& alert) {
  if (alert.opened->violations.empty()) {
    json.key("worker").null().key("series").null();
    return;
  }
  const JudgedViolation& first = alert.opened->violations.front();
  json.member("worker", first.worker_id).member("series", first.labels.text());
}

void write_change(JsonWriter& json, const Comparison& comparison, const AlertChange& change) {
  const AlertView& alert = change.tried ? comparison.tried.alerts[*change.tried].alert
                                        : comparison.base.alerts[*change.base].alert;
  json.begin_object()
      .member("kind", to_text(change.kind))
      .member("by_ms", change.by.count)
      .member("rule", alert.opened->rule_id)
      .member("severity", to_text(alert.opened->severity))
      .key("scope")
      .begin_object();
  for (const auto& [name, value] : alert.opened->scope.pairs()) json.member(name, value);
  json.end_object().member("title", alert.opened->summary);
  write_cause(json, alert);
  write_side(json, "base", comparison.base.alerts, change.base);
  write_side(json, "tried", comparison.tried.alerts, change.tried);
  json.end_object();
}

void write_score(JsonWriter& json, std::string_view key, const MarkScore& score) {
  json.key(key)
      .begin_object()
      .member("useful", score.useful)
      .member("useful_base", score.useful_base)
      .member("useful_tried", score.useful_tried)
      .member("noise", score.noise)
      .member("noise_base", score.noise_base)
      .member("noise_tried", score.noise_tried)
      .member("both", score.both)
      .member("earlier_ms", score.gained.count)
      .end_object();
}

void write_workers(JsonWriter& json, const Diff& diff) {
  json.key("workers").begin_array();
  for (const WorkerChange& worker : diff.workers) {
    json.begin_object()
        .member("worker", worker.worker)
        .member("base", worker.base)
        .member("tried", worker.tried);
    write_counts(json, worker.counts);
    json.end_object();
  }
  json.end_array().member("all_violations", diff.all_violations);
}

// Those that changed come first where not all can be listed.
std::vector<const AlertChange*> listed(const Diff& diff, size_t most) {
  std::vector<const AlertChange*> out;
  for (const AlertChange& change : diff.alerts) out.push_back(&change);
  if (out.size() <= most) return out;
  std::stable_partition(out.begin(), out.end(), [](const AlertChange* change) {
    return change->kind != ChangeKind::kSame;
  });
  out.resize(most);
  return out;
}

}  // namespace

Result<Comparison> compare_runs(const ComparisonInput& input, const MakeSource& sources,
                                Counters& counters, const std::function<bool(double)>& progress) {
  if (auto there = known({&input.base, &input.tried}, input.narrow); !there)
    return fail(there.error());
  Comparison out;
  out.base_plan = narrowed(input.base, input.narrow);
  out.tried_plan = narrowed(input.tried, input.narrow);
  double before = 0;
  const auto part = [&](double share) {
    out.whole = progress(before + share / 2) && out.whole;
    return out.whole;
  };
  for (const auto& [plan, report] :
       {std::pair(&out.base_plan, &out.base), std::pair(&out.tried_plan, &out.tried)}) {
    if (!out.whole) break;
    const auto source =
        sources([&](const Labels& series) { return wanted(*plan, input.narrow, series); });
    if (!source) return fail(source.error());
    auto done = run(*plan, **source, counters, part);
    if (!done) return fail(done.error());
    *report = std::move(*done);
    before += 0.5;
  }
  out.diff = compare(out.base, out.tried);
  const MarkScope scope{input.base.from,   input.base.to,       input.base.workers->site_label(),
                        input.narrow.site, input.narrow.worker, input.narrow.rules};
  out.score = score(input.marks, scope, out.base, out.tried);
  return out;
}

std::string comparison_json(const Comparison& comparison, size_t changes_max) {
  JsonWriter json;
  json.begin_object()
      .member("from", comparison.base_plan.from.ms)
      .member("to", comparison.base_plan.to.ms)
      .key("base");
  write_totals(json, comparison.base);
  json.key("tried");
  write_totals(json, comparison.tried);
  json.key("alerts").begin_object();
  write_counts(json, comparison.diff.counts);
  json.end_object().key("changes").begin_array();
  for (const AlertChange* change : listed(comparison.diff, changes_max))
    write_change(json, comparison, *change);
  json.end_array().member("more_changes", comparison.diff.alerts.size() > changes_max);
  write_workers(json, comparison.diff);
  json.key("score").begin_object();
  write_score(json, "alerts", comparison.score.alerts);
  write_score(json, "violations", comparison.score.violations);
  json.end_object().end_object();
  return json.take();
}

}  // namespace tocsin::replay
