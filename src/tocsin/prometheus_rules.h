#pragma once
// Prometheus' rule files of a configuration: every YAML file with `groups:`, and the section
// `prometheus_rules` with what belongs to all of them.

#include <string>
#include <vector>

#include "promrules/group_state.h"
#include "tocsin/builtin.h"
#include "vocabulary/alert.h"

namespace tocsin {

struct PrometheusRules {
  struct Entry {
    promrules::Group group;
    // By rule: the id of the house's rule that tells its alerts; "" for recording rules.
    std::vector<std::string> ids;
  };
  std::vector<Entry> groups;  // in the order of the files
  DurationMs interval = promrules::kIntervalDefault;
  promrules::TextMap external_labels;
  std::string external_url;

  static PrometheusRules read(const config::Folder& folder, config::Problems& problems);
  static void describe(config::Reference& reference);
};

// The worker and the rules by which their alerts become alerts of the house: one rule per alerting
// rule, one alert per label set. Its place is that of the alerting rule.
std::vector<BuiltinFile> prometheus_alert_files(const config::Folder& folder);

// `severity` of an alert as the house has it: critical, page, emergency, disaster, p1 -> critical;
// warning, warn, error, high, major, p2 and what is missing or says nothing known -> high;
// info, information, none, low, minor, notice, debug, ticket, p3 to p5 -> low.
Severity severity_of(std::string_view label);

}  // namespace tocsin
