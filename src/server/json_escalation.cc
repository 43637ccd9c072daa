#include "server/json_escalation.h"

namespace tocsin::server {
namespace {

void write_call(JsonWriter& json, const EscalationCall& call, size_t steps) {
  json.begin_object();
  write_text_or_null(json, "person", call.person);
  json.member("receiver", call.receiver)
      .member("why", call.why)
      .member("state", to_text(call.state));
  write_time(json, "at", call.due);
  json.member("step", static_cast<int64_t>(call.extra || call.step >= steps ? 0 : call.step + 1))
      .member("asked_for", call.extra)
      .member("delivery", call.delivery);
  write_text_or_null(json, "answer", call.answer);
  json.end_object();
}

void write_targets(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  json.key(key).begin_array();
  for (const std::string& text : texts) json.string(text);
  json.end_array();
}

void write_share(JsonWriter& json, int64_t with_target, int64_t in_time) {
  json.member("with_target", with_target).member("in_time", in_time);
}

}  // namespace

void write_next(JsonWriter& json, const std::vector<EscalationNext>& next) {
  json.begin_array();
  for (const EscalationNext& one : next) {
    json.begin_object();
    write_time(json, "at", one.at);
    write_text_or_null(json, "person", one.person);
    json.member("receiver", one.receiver)
        .member("why", one.why)
        .member("step", static_cast<int64_t>(one.step))
        .member("steps", static_cast<int64_t>(one.steps))
        .member("round", static_cast<int64_t>(one.round))
        .member("rounds", static_cast<int64_t>(one.rounds))
        .member("text", one.text)
        .end_object();
  }
  json.end_array();
}

void write_escalation(JsonWriter& json, const EscalationView& view) {
  static const Escalation none;
  const Escalation& state = view.escalation ? *view.escalation : none;
  const size_t steps = state.policy ? state.policy->steps.size() : 0;
  json.begin_object();
  write_text_or_null(json, "policy", state.policy ? state.policy->name : "");
  json.member("state", to_text(state.state))
      .member("steps", static_cast<int64_t>(steps))
      .member("steps_done", static_cast<int64_t>(state.step))
      .member("round", static_cast<int64_t>(state.policy ? state.round + 1 : 0))
      .member("rounds", static_cast<int64_t>(state.policy ? state.policy->repeat + 1 : 0));
  write_time(json, "begun_at", state.begun);
  write_text_or_null(json, "with", state.with == Id128{} ? "" : to_text(state.with));
  write_text_or_null(json, "assigned_to", state.assigned_to);
  write_time(json, "acknowledged_until", state.acknowledged_until);
  json.key("ack_target_ms");
  if (view.ack_target == DurationMs{})
    json.null();
  else
    json.integer(view.ack_target.count);
  json.key("calls").begin_array();
  for (const EscalationCall& call : state.calls) write_call(json, call, steps);
  json.end_array().key("next");
  write_next(json, view.next);
  json.end_object();
}

namespace {

void write_told(JsonWriter& json, const supervisor::EscalationPreview::Told& told) {
  json.begin_object();
  write_text_or_null(json, "route", told.route);
  write_text_or_null(json, "customer", told.customer);
  write_targets(json, "receivers", told.receivers);
  write_text_or_null(json, "quiet_by", told.quiet ? told.quiet->by : "");
  write_time(json, "quiet_until", told.quiet ? told.quiet->until : TimeMs{});
  json.key("grouping");
  if (!told.grouping) {
    json.null();
  } else {
    json.begin_object().key("by").begin_array();
    for (const std::string& name : told.grouping->by)
      if (!told.grouping->by_all) json.string(name);
    json.end_array()
        .member("by_all", told.grouping->by_all)
        .member("wait_ms", told.grouping->wait.count)
        .member("interval_ms", told.grouping->interval.count)
        .end_object();
  }
  json.key("repeat");
  if (!told.repeat) {
    json.null();
  } else {
    json.begin_object()
        .member("first_ms", told.repeat->first.count)
        .member("factor", told.repeat->factor)
        .member("max_ms", told.repeat->max.count)
        .end_object();
  }
  json.end_object();
}

}  // namespace

void write_preview(JsonWriter& json, const supervisor::EscalationPreview& preview) {
  json.begin_object().key("tellings").begin_array();
  for (const auto& told : preview.tellings) write_told(json, told);
  json.end_array();
  write_targets(json, "silenced_by", preview.silenced_by);
  write_targets(json, "receivers", preview.receivers);
  write_targets(json, "routes", preview.routes);
  write_text_or_null(json, "policy", preview.policy);
  json.key("next");
  write_next(json, preview.next);
  json.end_object();
}

void write_trends(JsonWriter& json, const supervisor::Trends& trends) {
  json.begin_object()
      .member("alerts", trends.alerts)
      .member("told", trends.told)
      .member("acknowledged", trends.acknowledged)
      .member("never_acknowledged", trends.never_acknowledged)
      .key("offenders")
      .begin_array();
  for (const auto& one : trends.offenders)
    json.begin_object()
        .member("name", one.name)
        .member("alerts", one.alerts)
        .member("told", one.told)
        .member("never_acknowledged", one.never_acknowledged)
        .member("open_ms", one.open_ms)
        .end_object();
  json.end_array().key("flapping").begin_array();
  for (const auto& one : trends.flapping) {
    json.begin_object()
        .member("rule", one.rule)
        .member("scope", one.scope)
        .member("alerts", one.alerts);
    write_time(json, "last_at", one.last_at);
    json.end_object();
  }
  json.end_array().key("standing").begin_array();
  for (const auto& one : trends.standing) {
    json.begin_object()
        .member("alert", to_text(one.alert))
        .member("rule", one.rule)
        .member("scope", one.scope)
        .member("severity", to_text(one.severity));
    write_time(json, "opened_at", one.opened_at);
    write_text_or_null(json, "acknowledged_by", one.acknowledged_by);
    json.end_object();
  }
  json.end_array().key("weeks").begin_array();
  for (const auto& one : trends.weeks) {
    json.begin_object();
    write_time(json, "begin", one.begin);
    json.member("acknowledged", one.acknowledged);
    write_share(json, one.with_target, one.in_time);
    json.member("median_ms", one.median_ms).member("p90_ms", one.p90_ms).end_object();
  }
  json.end_array().key("people").begin_array();
  for (const auto& one : trends.people) {
    json.begin_object().member("name", one.name).member("acknowledged", one.acknowledged);
    write_share(json, one.with_target, one.in_time);
    json.member("median_ms", one.median_ms).end_object();
  }
  json.end_array().key("labels").begin_array();
  for (const std::string& name : trends.labels) json.string(name);
  json.end_array().end_object();
}

}  // namespace tocsin::server
