#include <fmt/format.h>

#include <algorithm>

#include "server/json.h"

namespace tocsin::server {

namespace {

void write_momentum_members(JsonWriter& json, const Momentum& momentum) {
  json.member("trend", to_text(momentum.trend))
      .member("distance", momentum.distance)
      .member("speed", momentum.speed)
      .member("acceleration", momentum.acceleration)
      .member("predicted", momentum.predicted);
}

void write_label_object(JsonWriter& json, const Labels& labels) {
  json.begin_object();
  for (const auto& [name, value] : labels.pairs()) json.member(name, value);
  json.end_object();
}

std::string model_name(const std::vector<std::string>& names, uint16_t model) {
  return model < names.size() ? names[model] : fmt::format("model {}", model);
}

void write_models(JsonWriter& json, const std::vector<ModelBand>& models,
                  const std::vector<std::string>& names) {
  json.key("models").begin_array();
  for (const ModelBand& band : models) {
    json.begin_object()
        .member("name", model_name(names, band.model))
        .member("weight", static_cast<double>(band.weight))
        .member("expected", band.expected)
        .member("lower", band.lower)
        .member("upper", band.upper)
        .member("outside", band.outside)
        .end_object();
  }
  json.end_array();
}

void write_point_members(JsonWriter& json, const JudgedPoint& point) {
  json.member("value", point.value)
      .member("expected", point.expected)
      .member("lower", point.lower)
      .member("upper", point.upper)
      .member("score", point.score)
      .member("distance", point.distance);
}

void write_motion_members(JsonWriter& json, const std::optional<Motion>& motion) {
  json.member("speed", motion ? motion->speed : kUnknown)
      .member("acceleration", motion ? motion->acceleration : kUnknown)
      .member("raw_slope", motion ? motion->raw_slope : kUnknown);
}

void write_judged_violation(JsonWriter& json, const JudgedViolation& judged) {
  const Violation& violation = judged.violation;
  json.begin_object().member("id", to_text(violation.id)).key("series");
  write_series(json, judged.labels);
  json.member("worker", judged.worker_id)
      .member("tier", to_text(violation.tier))
      .member("direction", to_text(violation.direction))
      .member("state", to_text(violation.state));
  write_time(json, "opened", violation.opened);
  write_time(json, "updated", violation.updated);
  write_time(json, "ended", violation.ended);
  json.member("points_outside", violation.points_outside)
      .member("cadence_ms", violation.cadence.count)
      .member("weight", judged.weight);
  write_point_members(json, violation.last);
  write_motion_members(json, violation.motion);
  write_models(json, violation.last.models, judged.model_names);
  json.key("tail").begin_array();
  for (const JudgedPoint& point : judged.tail) {
    json.begin_object();
    write_time(json, "time", point.time);
    write_point_members(json, point);
    json.member("outside", point.outside);
    write_models(json, point.models, judged.model_names);
    json.end_object();
  }
  json.end_array().end_object();
}

void write_ids(JsonWriter& json, const std::vector<Id128>& ids) {
  json.begin_array();
  for (const Id128& id : ids) json.string(to_text(id));
  json.end_array();
}

void write_answered_members(JsonWriter& json, const AlertView& alert) {
  json.member("acknowledged_by", alert.acknowledged_by);
  write_time(json, "acknowledged_at", alert.acknowledged_at);
  json.member("silenced_by", alert.silenced_by);
  write_time(json, "silenced_until", alert.silenced_until);
  write_text_or_null(json, "covered_by", alert.covered_by ? to_text(*alert.covered_by) : "");
  json.key("covers");
  write_ids(json, alert.covers);
  json.key("groups");
  write_ids(json, alert.groups);
  json.key("shelf");
  if (alert.shelf == nullptr) {
    json.null();
  } else {
    json.begin_object().member("by", alert.shelf->by);
    write_time(json, "until", alert.shelf->until);
    json.member("reason", alert.shelf->reason).end_object();
  }
  write_time(json, "flapping_since", alert.flapping_since);
  json.member("absent", absent(alert.latest));
}

void write_told_members(JsonWriter& json, const AlertEntry& entry) {
  json.key("told")
      .begin_object()
      .member("sent", entry.told_sent)
      .member("failed", entry.told_failed);
  write_time(json, "last_at", entry.told_last_at);
  json.end_object().key("next");
  if (entry.next_what.empty()) {
    json.null();
  } else {
    json.begin_object();
    write_time(json, "at", entry.next_at);
    json.member("what", entry.next_what).end_object();
  }
  json.key("momentum").begin_object();
  write_momentum_members(json, entry.alert->latest->momentum);
  json.member("hits", entry.momentum_hits)
      .member("predictions", entry.momentum_predictions)
      .end_object();
}

void write_summary_members(JsonWriter& json, const AlertEntry& entry) {
  const AlertView& alert = *entry.alert;
  const std::string& title =
      alert.latest->summary.empty() ? alert.opened->summary : alert.latest->summary;
  json.member("id", to_text(alert.id))
      .member("key", to_text(alert.key))
      .member("dedup_key", dedup_key(alert.opened))
      .member("rule", alert.latest->rule_id)
      .member("rule_place", alert.latest->rule_place)
      .member("severity", to_text(alert.latest->severity))
      .member("state", to_text(alert.state))
      .key("scope");
  write_label_object(json, alert.latest->scope);
  json.member("title", title).member("title_subject", title_subject(title));
  write_time(json, "opened_at", alert.opened_at);
  write_time(json, "updated_at", alert.updated_at);
  write_time(json, "resolved_at", alert.resolved_at);
  json.member("resolve_reason", alert.resolve_reason);
  write_answered_members(json, alert);
  write_told_members(json, entry);
  json.key("spark");
  write_points(json, entry.spark);
}

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Where `word` ends as a word of its own; npos if it does not occur.
size_t end_of_word(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !letter(text[at - 1]);
    if (begins && (end == text.size() || !letter(text[end]))) return end;
  }
  return text.npos;
}

}  // namespace

std::string_view title_subject(std::string_view title) {
  size_t end = title.size();
  for (const std::string_view word : {"above", "below", "silent"})
    end = std::min(end, end_of_word(title, word));
  return title.substr(0, end);
}

void write_alert_summary(JsonWriter& json, const AlertEntry& entry) {
  json.begin_object();
  write_summary_members(json, entry);
  json.end_object();
}

namespace {

// What others tell of has no tree: one leaf says who told it.
std::vector<BranchValue> shown_tree(const Decision& decision) {
  if (!decision.report || !decision.tree.empty()) return decision.tree;
  return {{"leaf",
           "told by " + decision.report->source,
           Truth::kTrue,
           "since " + to_iso(decision.report->starts),
           {}}};
}

void write_report(JsonWriter& json, const Decision& decision) {
  json.key("report");
  if (!decision.report) {
    json.null();
    return;
  }
  json.begin_object()
      .member("source", decision.report->source)
      .member("link", decision.report->link);
  write_time(json, "starts_at", decision.report->starts);
  json.end_object();
}

}  // namespace

void write_judgement(JsonWriter& json, const Decision& decision) {
  json.begin_object();
  write_time(json, "time", decision.time);
  json.member("since_first_point_ms", decision.since_first_point.count)
      .member("wait", decision.wait_reason)
      .key("momentum")
      .begin_object();
  write_momentum_members(json, decision.momentum);
  json.end_object().key("tree").begin_array();
  for (const BranchValue& branch : shown_tree(decision)) {
    json.begin_object()
        .member("kind", branch.kind)
        .member("label", branch.label)
        .member("truth", to_text(branch.truth))
        .member("reason", branch.reason)
        .key("children")
        .begin_array();
    for (const uint32_t child : branch.children) json.integer(child);
    json.end_array().end_object();
  }
  json.end_array().key("violations").begin_array();
  for (const JudgedViolation& judged : decision.violations) write_judged_violation(json, judged);
  json.end_array().end_object();
}

void write_alert_details(JsonWriter& json, const AlertDetails& details) {
  const AlertView& alert = *details.entry.alert;
  json.begin_object();
  write_summary_members(json, details.entry);
  json.member("description", alert.latest->description).key("annotations").begin_object();
  for (const auto& [name, text] : alert.latest->annotations) json.member(name, text);
  json.end_object();
  write_text_or_null(json, "grafana_url", details.grafana_url);
  write_report(json, alert.latest);
  json.key("opened");
  write_judgement(json, alert.opened);
  json.key("latest");
  write_judgement(json, alert.latest);
  json.key("ledger").begin_array();
  for (const Delivery& delivery : details.ledger) write_delivery(json, delivery, false);
  json.end_array().key("history").begin_array();
  for (const AlertHistory& entry : details.history) {
    json.begin_object();
    write_time(json, "time", entry.time);
    json.member("what", entry.what).member("who", entry.who).member("text", entry.text);
    json.end_object();
  }
  json.end_array().key("notes").begin_array();
  for (const AlertNote& note : alert.notes) {
    json.begin_object();
    write_time(json, "time", note.time);
    json.member("who", note.who).member("text", note.text).end_object();
  }
  json.end_array().end_object();
}

void write_delivery(JsonWriter& json, const Delivery& delivery, bool with_alert) {
  json.begin_object().member("id", delivery.id);
  if (with_alert)
    write_text_or_null(json, "alert",
                       delivery.alert_id == Id128{} ? "" : to_text(delivery.alert_id));
  json.member("receiver", delivery.receiver)
      .member("kind", delivery.kind)
      .member("event", delivery.event)
      .member("state", to_text(delivery.state))
      .member("attempts", delivery.attempts);
  write_time(json, "planned", delivery.planned);
  write_time(json, "sent", delivery.sent);
  write_time(json, "next_try", delivery.next_try);
  json.member("answer", delivery.answer);
  write_text_or_null(json, "group", delivery.group ? to_text(*delivery.group) : "");
  json.member("text", delivery.text).end_object();
}

namespace {

void write_counts(JsonWriter& json, std::string_view name,
                  const supervisor::GroupView::Counts& counts) {
  json.key(name).begin_array();
  for (const auto& [what, count] : counts)
    json.begin_object().member("name", what).member("count", count).end_object();
  json.end_array();
}

}  // namespace

void write_group(JsonWriter& json, const AlertGroup& group) {
  json.begin_object()
      .member("id", to_text(group->id))
      .member("storm", group->storm)
      .member("over", group->over)
      .member("route", group->route)
      .key("labels");
  write_label_object(json, group->labels);
  json.key("receivers").begin_array();
  for (const std::string& receiver : group->receivers) json.string(receiver);
  json.end_array().member("severity", to_text(group->severity));
  write_time(json, "opened_at", group->opened_at);
  write_time(json, "told_at", group->told_at);
  write_time(json, "due_at", group->due);
  json.member("open", group->open).member("truncated", group->truncated);
  write_counts(json, "by_rule", group->by_rule);
  json.key("alerts").begin_array();
  for (const auto& alert : group->alerts)
    json.begin_object()
        .member("id", to_text(alert->id))
        .member("dedup_key", dedup_key(alert->opened))
        .member("severity", to_text(alert->latest->severity))
        .member("state", to_text(alert->state))
        .member("title", alert->latest->summary)
        .end_object();
  json.end_array().end_object();
}

}  // namespace tocsin::server
