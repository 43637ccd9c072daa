#include "server/json.h"

namespace tocsin::server {

namespace {

std::string_view lane_text(NowView::Lane lane) {
  switch (lane) {
    case NowView::Lane::kNone:
      return "none";
    case NowView::Lane::kViolation:
      return "violation";
    case NowView::Lane::kLow:
      return "low";
    case NowView::Lane::kHigh:
      return "high";
    case NowView::Lane::kCritical:
      return "critical";
  }
  return "?";
}

std::string_view verdict_text(SenderView::Verdict verdict) {
  switch (verdict) {
    case SenderView::Verdict::kInside:
      return "inside";
    case SenderView::Verdict::kOutside:
      return "outside";
    case SenderView::Verdict::kLearning:
      return "learning";
    case SenderView::Verdict::kNotTested:
      return "not tested";
  }
  return "?";
}

std::string_view text_of(const std::optional<Direction>& direction) {
  return direction ? tocsin::to_text(*direction) : std::string_view();
}
std::string_view text_of(const std::optional<Severity>& severity) {
  return severity ? tocsin::to_text(*severity) : std::string_view();
}

void write_status_traffic(JsonWriter& json, const StatusView& status) {
  json.member("points_per_s", status.points_per_s)
      .member("points_total", status.points_total)
      .member("decision_p99_ms", status.decision_p99_ms)
      .member("fsync_ms", status.fsync_ms)
      .key("shards")
      .begin_array();
  for (const StatusView::Shard& shard : status.shards)
    json.begin_object().member("id", shard.id).member("lag", shard.lag).end_object();
  json.end_array()
      .key("senders")
      .begin_object()
      .member("total", status.senders_total)
      .member("silent", status.senders_silent)
      .end_object()
      .key("series")
      .begin_object()
      .member("total", status.series_total)
      .member("guarded", status.series_guarded)
      .member("learning", status.series_learning)
      .member("absent", status.series_absent)
      .member("open", status.series_open)
      .end_object();
}

void write_quick_start(JsonWriter& json, const StatusView& status) {
  json.key("quick_start");
  if (!status.quick_start) {
    json.null();
    return;
  }
  json.begin_array();
  for (const StatusView::QuickStep& step : *status.quick_start) {
    json.begin_object();
    write_time(json, "at", step.at);
    json.member("text", step.text);
    write_text_or_null(json, "link", step.link);
    write_text_or_null(json, "site", step.site);
    json.member("done", step.done).end_object();
  }
  json.end_array();
}

void write_kpi(JsonWriter& json, const NowView::Kpi& kpi) {
  json.begin_object().member("name", kpi.name).key("series");
  write_series(json, kpi.series);
  json.member("worker", kpi.worker).member("state", to_text(kpi.state));
  write_text_or_null(json, "direction", text_of(kpi.direction));
  json.member("change", kpi.change);
  write_text_or_null(json, "severity", text_of(kpi.severity));
  write_time(json, "guarded_from", kpi.guarded_from);
  json.key("points");
  write_points(json, kpi.points);
  json.end_object();
}

void write_site(JsonWriter& json, const NowView::Site& site) {
  json.begin_object()
      .member("site", site.site)
      .member("zone", site.zone)
      .member("critical", site.critical)
      .member("high", site.high)
      .member("low", site.low)
      .key("kpis")
      .begin_array();
  for (const NowView::Kpi& kpi : site.kpis) write_kpi(json, kpi);
  json.end_array().key("lane").begin_array();
  for (const NowView::Lane lane : site.lane) json.string(lane_text(lane));
  json.end_array().end_object();
}

void write_or_null(JsonWriter& json, std::string_view text) {
  if (text.empty())
    json.null();
  else
    json.string(text);
}

}  // namespace

static void write_rebuilding(JsonWriter& json, const StatusView::Rebuilding& rebuilding) {
  if (rebuilding.version.empty()) {
    json.null();
    return;
  }
  json.begin_object().member("version", rebuilding.version).key("workers").begin_array();
  for (const std::string& worker : rebuilding.workers) json.string(worker);
  json.end_array().member("done", rebuilding.done).end_object();
}

void write_status(JsonWriter& json, const StatusView& status) {
  json.begin_object().member("version", status.version);
  write_time(json, "now", status.now);
  write_time(json, "started_at", status.started_at);
  json.member("ready", status.ready).key("progress");
  if (status.progress)
    json.begin_object()
        .member("stage", status.progress->stage)
        .member("done", status.progress->done)
        .member("total", status.progress->total)
        .end_object();
  else
    json.null();
  json.member("site_label", status.site_label).key("sites").begin_array();
  for (const StatusView::Site& site : status.sites)
    json.begin_object().member("name", site.name).member("zone", site.zone).end_object();
  json.end_array();
  write_status_traffic(json, status);
  json.member("memory_bytes", status.memory_bytes)
      .member("memory_limit_bytes", status.memory_limit_bytes)
      .key("outbox")
      .begin_object()
      .member("pending", status.outbox_pending)
      .member("retrying", status.outbox_retrying)
      .end_object()
      .key("config")
      .begin_object()
      .member("version", status.config_version);
  write_time(json, "loaded_at", status.config_loaded_at);
  write_text_or_null(json, "error", status.config_error);
  json.key("warnings").begin_array();
  for (const std::string& warning : status.config_warnings) json.string(warning);
  json.end_array().key("rebuilding");
  write_rebuilding(json, status.rebuilding);
  json.end_object();
  write_quick_start(json, status);
  json.end_object();
}

void write_now(JsonWriter& json, const NowView& now) {
  json.begin_object();
  write_time(json, "now", now.now);
  write_text_or_null(json, "lead", now.lead ? tocsin::to_text(*now.lead) : "");
  json.key("kpi_names").begin_array();
  for (const std::string& name : now.kpi_names) json.string(name);
  json.end_array()
      .key("counts")
      .begin_object()
      .member("open", now.open)
      .member("covered", now.covered)
      .member("silenced", now.silenced)
      .member("kpi_series", now.kpi_series)
      .member("kpi_guarded", now.kpi_guarded)
      .member("kpi_outside", now.kpi_outside)
      .end_object()
      .key("sites")
      .begin_array();
  for (const NowView::Site& site : now.sites) write_site(json, site);
  json.end_array().end_object();
}

void write_kpi_ticks(JsonWriter& json, std::span<const KpiTick> kpis) {
  json.begin_object().key("kpis").begin_array();
  for (const KpiTick& kpi : kpis) {
    json.begin_array()
        .string(kpi.site)
        .string(kpi.name)
        .string(to_text(kpi.state))
        .integer(kpi.point.time.ms)
        .number(kpi.point.value)
        .number(kpi.point.lower)
        .number(kpi.point.upper);
    write_or_null(json, text_of(kpi.direction));
    json.string(kpi.change);
    write_or_null(json, text_of(kpi.severity));
    json.end_array();
  }
  json.end_array().end_object();
}

void write_sender(JsonWriter& json, const SenderView& sender) {
  json.begin_object()
      .member("id", sender.id)
      .member("name", sender.name)
      .member("protocol", sender.protocol)
      .member("address", sender.address);
  write_time(json, "first_seen_at", sender.first_seen_at);
  write_time(json, "last_seen_at", sender.last_seen_at);
  json.member("points", sender.points)
      .member("points_per_s", sender.points_per_s)
      .member("rejected", sender.rejected)
      .member("last_error", sender.last_error);
  write_time(json, "last_error_at", sender.last_error_at);
  json.member("series", sender.series).key("recent").begin_array();
  for (const SenderView::Recent& recent : sender.recent) {
    json.begin_object().key("series");
    write_series(json, recent.labels);
    write_time(json, "time", recent.time);
    json.member("value", recent.value);
    write_text_or_null(json, "worker", recent.worker);
    json.member("verdict", verdict_text(recent.verdict))
        .member("reason", recent.reason)
        .end_object();
  }
  json.end_array().end_object();
}

void write_inbox_message(JsonWriter& json, const InboxMessage& message) {
  json.begin_object().member("id", message.id);
  write_time(json, "time", message.time);
  json.member("receiver", message.receiver)
      .member("kind", message.kind)
      .member("event", message.event);
  write_text_or_null(json, "alert", message.alert ? tocsin::to_text(*message.alert) : "");
  json.member("title", message.title)
      .member("url", message.url)
      .member("content_type", message.content_type)
      .key("headers")
      .begin_object();
  for (const auto& [name, value] : message.headers) json.member(name, value);
  json.end_object()
      .member("body", message.body)
      .member("text", message.text)
      .member("html", message.html)
      .end_object();
}

void write_receiver(JsonWriter& json, const ReceiverView& receiver) {
  json.begin_object()
      .member("name", receiver.name)
      .member("kind", receiver.kind)
      .member("place", receiver.place)
      .key("last");
  if (receiver.last)
    write_delivery(json, *receiver.last, true);
  else
    json.null();
  write_text_or_null(json, "customer", receiver.customer);
  json.member("waiting", receiver.waiting)
      .member("retrying", receiver.retrying)
      .member("in_flight", receiver.in_flight);
  write_time(json, "oldest_at", receiver.oldest);
  write_time(json, "next_try_at", receiver.next_try);
  write_time(json, "paused_until", receiver.paused_until);
  json.member("parallel", receiver.parallel).key("pace");
  if (receiver.every == DurationMs{})
    json.null();
  else
    json.begin_object()
        .member("burst", receiver.burst)
        .member("every_ms", receiver.every.count)
        .end_object();
  json.end_object();
}

void write_heartbeat(JsonWriter& json, const HeartbeatView& heartbeat) {
  json.begin_object()
      .member("name", heartbeat.name)
      .member("severity", heartbeat.severity)
      .member("within_ms", heartbeat.within.count);
  write_time(json, "last_at", heartbeat.last_at);
  write_time(json, "due_at", heartbeat.due_at);
  json.member("late", heartbeat.late).end_object();
}

}  // namespace tocsin::server
