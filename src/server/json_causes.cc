#include "server/json_causes.h"

#include <cmath>

#include "server/json.h"

namespace tocsin::server {
namespace {

// Scores are for comparing: three places are enough, and the same on every machine.
double rounded(float value) { return std::round(static_cast<double>(value) * 1000) / 1000; }

void write_pairs(JsonWriter& json, const std::vector<Labels::Pair>& pairs) {
  json.begin_object();
  for (const auto& [name, value] : pairs)
    if (name != kNameLabel) json.member(name, value);
  json.end_object();
}

void write_series_cause(JsonWriter& json, const CauseView& cause) {
  json.key("series");
  write_series(json, cause.series);
  json.member("kind", query::to_text(cause.kind))
      .member("strength", rounded(cause.unusual.strength))
      .member("deviations", rounded(cause.unusual.deviations))
      .member("usual", cause.unusual.usual)
      .member("now", cause.unusual.now)
      .member("stopped", cause.unusual.stopped)
      .member("per_second", cause.unusual.rate)
      .member("common", rounded(cause.common))
      .member("alike", cause.alike)
      .key("related");
  write_pairs(json, cause.related);
  json.key("points");
  write_points(json, cause.points);
}

void write_cause(JsonWriter& json, const CauseView& cause, TimeMs reference) {
  json.begin_object()
      .member("type", cause.change ? "change" : "series")
      .member("score", rounded(cause.score))
      .member("why", cause.why);
  write_time(json, "began", cause.began);
  json.key("lead_ms");
  if (cause.began.ms == 0)
    json.null();
  else
    json.integer((reference - cause.began).count);
  json.key("group");
  if (cause.group < 0)
    json.null();
  else
    json.integer(cause.group);
  if (cause.change) {
    json.key("change");
    write_change(json, *cause.change);
  } else {
    write_series_cause(json, cause);
  }
  json.end_object();
}

}  // namespace

void write_change(JsonWriter& json, const supervisor::MarkedChange& change) {
  json.begin_object()
      .member("id", change.id)
      .member("kind", supervisor::to_text(change.kind))
      .member("title", change.title)
      .member("at", change.at.ms);
  write_time(json, "until", change.until);
  json.key("labels");
  write_pairs(json, change.labels.to_pairs());
  write_text_or_null(json, "link", change.link);
  json.member("by", change.by).member("made_at", change.made_at.ms).end_object();
}

void write_causes(JsonWriter& json, const CausesView& view) {
  json.begin_object()
      .member("computed_at", view.computed_at.ms)
      .member("before_from", view.before_from.ms)
      .member("from", view.from.ms)
      .member("to", view.to.ms)
      .member("reference", view.reference.ms)
      .member("seconds", std::round(view.seconds * 1000) / 1000)
      .member("series", view.asked)
      .member("scored", view.scored)
      .member("without_points", view.without_points)
      .member("not_reached", view.not_reached)
      .member("partial", view.not_reached > 0)
      .member("moved", view.moved)
      .key("groups")
      .begin_array();
  for (const query::CauseGroup& group : view.groups)
    json.begin_object()
        .member("label", group.label)
        .member("value", group.value)
        .member("score", rounded(group.score))
        .member("series", group.series)
        .member("moved", group.moved)
        .end_object();
  json.end_array().key("causes").begin_array();
  for (const CauseView& cause : view.causes) write_cause(json, cause, view.reference);
  json.end_array().end_object();
}

}  // namespace tocsin::server
