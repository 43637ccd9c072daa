#include "server/json_rules.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace tocsin::server {
namespace {

void write_pairs(JsonWriter& json, std::string_view key, const TextPairs& pairs) {
  json.key(key).begin_object();
  for (const auto& [name, value] : pairs) json.member(name, value);
  json.end_object();
}

// Go's time.Time of what never happened.
std::string time_text(TimeMs time) { return time.ms == 0 ? "0001-01-01T00:00:00Z" : to_iso(time); }

// Prometheus: 'e' with the shortest digits, "1e+00".
std::string value_text(double value) {
  if (!std::isfinite(value)) return number_text(value);
  std::array<char, 40> buffer;
  char* const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                  std::chars_format::scientific)
                        .ptr;
  return {buffer.data(), end};
}

void write_alert(JsonWriter& json, const RuleAlertView& alert) {
  json.begin_object();
  write_pairs(json, "labels", alert.labels);
  write_pairs(json, "annotations", alert.annotations);
  json.member("state", alert.state).member("activeAt", time_text(alert.active_at));
  if (alert.keep_firing_since.ms != 0)
    json.member("keepFiringSince", time_text(alert.keep_firing_since));
  json.member("value", value_text(alert.value)).end_object();
}

void write_rule(JsonWriter& json, const RuleView& rule) {
  json.begin_object();
  if (rule.alerting) json.member("state", rule.state);
  json.member("name", rule.name).member("query", rule.query);
  if (rule.alerting) {
    json.member("duration", rule.hold.seconds())
        .member("keepFiringFor", rule.keep_firing.seconds());
    write_pairs(json, "labels", rule.labels);
    write_pairs(json, "annotations", rule.annotations);
    json.key("alerts").begin_array();
    for (const RuleAlertView& alert : rule.alerts) write_alert(json, alert);
    json.end_array();
  } else if (!rule.labels.empty()) {
    write_pairs(json, "labels", rule.labels);
  }
  json.member("health", rule.health);
  if (!rule.error.empty()) json.member("lastError", rule.error);
  json.member("evaluationTime", rule.took.seconds())
      .member("lastEvaluation", time_text(rule.evaluated))
      .member("type", rule.alerting ? "alerting" : "recording")
      .member("place", rule.place)
      .end_object();
}

void write_group(JsonWriter& json, const RuleGroupView& group, bool alerting, bool recording) {
  json.begin_object().member("name", group.name).member("file", group.file);
  json.key("rules").begin_array();
  for (const RuleView& rule : group.rules)
    if (rule.alerting ? alerting : recording) write_rule(json, rule);
  json.end_array()
      .member("interval", group.interval.seconds())
      .member("limit", group.limit)
      .member("evaluationTime", group.took.seconds())
      .member("lastEvaluation", time_text(group.evaluated))
      .end_object();
}

}  // namespace

void write_rule_groups(JsonWriter& json, const RuleGroupList& groups, bool alerting,
                       bool recording) {
  json.begin_object().member("status", "success").key("data").begin_object();
  json.key("groups").begin_array();
  for (const RuleGroupView& group : groups) write_group(json, group, alerting, recording);
  json.end_array().end_object().end_object();
}

void write_rule_alerts(JsonWriter& json, const RuleGroupList& groups) {
  json.begin_object().member("status", "success").key("data").begin_object();
  json.key("alerts").begin_array();
  for (const RuleGroupView& group : groups)
    for (const RuleView& rule : group.rules)
      for (const RuleAlertView& alert : rule.alerts) write_alert(json, alert);
  json.end_array().end_object().end_object();
}

}  // namespace tocsin::server
