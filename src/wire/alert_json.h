#pragma once
// JSON in which other systems tell of their alerts, as ReportedAlerts.
//
//   parse_alerts          Alertmanager's POST /api/v2/alerts: a list of alerts
//   parse_alert_webhook   the body that Alertmanager (version 4) and Grafana send to a webhook
//   parse_pagerduty       PagerDuty's Events v2: one event
//
// One pass by simdjson; the body's bytes are not copied. A body that is not such JSON is refused as
// a whole (kInvalid); an alert that is wrong costs itself and is named in `faults`. Any thread.

#include <string>
#include <vector>

#include "base/result.h"
#include "vocabulary/reported_alert.h"

namespace tocsin::wire {

struct AlertJsonLimits {
  size_t alerts_max = 10'000;
  size_t pairs_max = 128;  // labels of an alert, and annotations
  size_t name_bytes_max = 1'024;
  size_t alert_bytes_max = 64 * 1024;  // names and values together
  size_t faults_max = 20;              // named; the rest is counted
};

struct AlertJson {
  std::vector<ReportedAlert> alerts;
  std::vector<std::string> faults;  // in Alertmanager's words where it has some
  size_t refused = 0;
};

// `body` has room for net::kBodyPadding bytes behind its end.
Result<AlertJson> parse_alerts(const std::string& body, const AlertJsonLimits& limits = {});
Result<AlertJson> parse_alert_webhook(const std::string& body, const AlertJsonLimits& limits = {});

struct PagerdutyEvent {
  enum class Action : uint8_t { kTrigger, kAcknowledge, kResolve };
  Action action = Action::kTrigger;
  ReportedAlert alert;  // with the event's dedup_key, which may be empty: then one is to be made
  std::vector<std::string> faults;  // in PagerDuty's words; not empty: refused
};
// kInvalid: it is not one JSON object.
Result<PagerdutyEvent> parse_pagerduty(const std::string& body, const AlertJsonLimits& limits = {});

}  // namespace tocsin::wire
