#include "tocsin/builtin.h"

#include "base/json_writer.h"
#include "tocsin/prometheus_rules.h"
#include "tocsin/sender_settings.h"

namespace tocsin {
namespace {

// cardinality_watch.cc writes the points: new series refused in the last 90 s, and new series of
// the last hour below a limit that is nearly reached. Both are 0 when it is over.
BuiltinFile cardinality() {
  return {std::string(kBuiltinPrefix) + "series limits", R"(workers:
  - id: tocsin-series-refused
    tier: kpi
    select: [tocsin_series_refused]
    models: [{kind: threshold, above: 0.5}]
    opens: 1 of 1
  - id: tocsin-series-near-limit
    tier: kpi
    select: [tocsin_series_near_limit]
    models: [{kind: threshold, above: 0.5}]
    opens: 1 of 1
rules:
  - id: tocsin-series-refused
    severity: high
    by: [of, label, value, grew]
    resolve_after: 1m
    when: {violation: tocsin_series_refused, worker: tocsin-series-refused, direction: above}
    covers: [tocsin-series-near-limit]
    summary: >-
      New series are refused: the limit of {{ of }} is reached.
      What grew: label {{ grew }} of {{ label }}={{ value }}
    description: >-
      Series that are known go on; new ones are answered with a partial error and are not kept.
      The Cardinality page names them and their senders. Stop sending {{ grew }}, or raise the limit
      in the section limits of the configuration.
  - id: tocsin-series-near-limit
    severity: low
    by: [of, label, value, grew]
    resolve_after: 1m
    when: {violation: tocsin_series_near_limit, worker: tocsin-series-near-limit, direction: above}
    summary: >-
      The limit of {{ of }} is nearly reached, and it still grows.
      What grows: label {{ grew }} of {{ label }}={{ value }}
    description: >-
      Past the limit new series are refused. The Cardinality page shows what grows since when.
)"};
}

// stages.cc writes the points, every 10 s. What is refused or too full has to last; what failed
// once is told.
BuiltinFile stages() {
  return {std::string(kBuiltinPrefix) + "stages", R"(workers:
  - id: tocsin-stage-failed
    tier: kpi
    select: [tocsin_stage_failed]
    models: [{kind: threshold, above: 0.5}]
    opens: 1 of 1
  - id: tocsin-stage-refused
    tier: kpi
    select: [tocsin_stage_refused]
    models: [{kind: threshold, above: 0.5}]
    opens: 3 of 3
  - id: tocsin-stage-full
    tier: kpi
    select: [tocsin_stage_full]
    models: [{kind: threshold, above: 0.9}]
    opens: 3 of 3
  - id: tocsin-stage-lag
    tier: kpi
    select: [tocsin_stage_lag]
    models: [{kind: threshold, above: 2000}]
    opens: 3 of 3
rules:
  - id: tocsin-stage-failed
    severity: high
    by: [stage]
    when: {violation: tocsin_stage_failed, worker: tocsin-stage-failed, direction: above}
    summary: Tocsin itself, {{ stage }}, failed
    description: >-
      Outbox: a delivery was given up; the ledger names it and its last answer. Journal, chunks and
      state: the disk refused a write; nothing that was acknowledged is lost. The Health page shows
      all stages.
  - id: tocsin-stage-refused
    severity: high
    by: [stage]
    when: {violation: tocsin_stage_refused, worker: tocsin-stage-refused, direction: above}
    summary: Tocsin itself, {{ stage }}, has refused work for 30 s
    description: >-
      A limit is reached; who was refused was told so and may come again. The Health page names the
      limit.
  - id: tocsin-stage-full
    severity: high
    by: [stage]
    when: {violation: tocsin_stage_full, worker: tocsin-stage-full, direction: above}
    summary: Tocsin itself, {{ stage }}, is nearly full
  - id: tocsin-stage-lag
    severity: high
    by: [stage]
    when: {violation: tocsin_stage_lag, worker: tocsin-stage-lag, direction: above}
    summary: Tocsin itself, {{ stage }}, lags behind
    description: Points arrive faster than they are tested; what is shown and told comes late.
)"};
}

}  // namespace

std::vector<BuiltinFile> builtin_files(const config::Folder& folder, config::Problems& problems) {
  std::vector<BuiltinFile> out{cardinality(), stages(), sender_watch(folder, problems)};
  for (BuiltinFile& file : prometheus_alert_files(folder)) out.push_back(std::move(file));
  return out;
}

void add_builtin(config::Folder& folder, config::Problems& problems) {
  for (const BuiltinFile& file : builtin_files(folder, problems))
    folder.add_builtin(file.name, file.yaml, problems);
}

bool is_builtin(std::string_view place) { return place.starts_with(kBuiltinPrefix); }

// A JSON string is a YAML scalar.
std::string yaml_text(std::string_view text) {
  JsonWriter json;
  json.string(text);
  return json.take();
}

}  // namespace tocsin
