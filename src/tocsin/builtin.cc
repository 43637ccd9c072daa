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

}  // namespace

std::vector<BuiltinFile> builtin_files(const config::Folder& folder, config::Problems& problems) {
  std::vector<BuiltinFile> out{cardinality(), sender_watch(folder, problems)};
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
