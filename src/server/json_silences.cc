#include "server/json.h"

namespace tocsin::server {
namespace {

void write_matchers(JsonWriter& json, const std::vector<std::string>& matchers) {
  json.key("matchers").begin_array();
  for (const std::string& matcher : matchers) json.string(matcher);
  json.end_array();
}

void write_members(JsonWriter& json, const SilenceView& silence) {
  json.member("id", silence.id);
  write_matchers(json, silence.matchers);
  write_time(json, "created_at", silence.created_at);
  write_time(json, "until", silence.until);
  json.member("comment", silence.comment)
      .member("by", silence.by)
      .member("muted", silence.muted)
      .member("window", silence.window);
}

void write_lines(JsonWriter& json, const std::vector<supervisor::AlertLine>& lines,
                 std::string_view at) {
  json.key("alerts").begin_array();
  for (const supervisor::AlertLine& line : lines) {
    json.begin_object()
        .member("id", to_text(line.id))
        .member("rule", line.rule)
        .member("title", line.summary)
        .member("severity", to_text(line.severity))
        .member("state", to_text(line.state))
        .key("labels")
        .begin_object();
    for (const auto& [name, value] : line.labels.pairs()) json.member(name, value);
    json.end_object();
    write_time(json, "opened_at", line.opened_at);
    if (!at.empty()) write_time(json, at, line.at);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

void write_silence(JsonWriter& json, const SilenceView& silence) {
  json.begin_object();
  write_members(json, silence);
  json.end_object();
}

void write_silence_details(JsonWriter& json, const SilenceDetails& details) {
  json.begin_object();
  write_members(json, details.silence);
  json.member("ended", details.ended);
  write_text_or_null(json, "removed_by", details.removed_by);
  write_lines(json, details.alerts, "muted_at");
  json.end_object();
}

void write_silence_preview(JsonWriter& json, const supervisor::SilencePreview& found,
                           TimeMs since) {
  json.begin_object();
  write_time(json, "since", since);
  json.member("matched", found.matched)
      .member("open", found.open)
      .member("looked_at", found.looked_at)
      .member("complete", found.complete);
  write_lines(json, found.first, "");
  json.end_object();
}

void write_maintenance(JsonWriter& json, const MaintenanceView& window) {
  json.begin_object().member("name", window.name);
  write_matchers(json, window.matchers);
  json.member("comment", window.comment).member("zone", window.zone);
  write_text_or_null(json, "rrule", window.rrule);
  json.member("duration_ms", window.duration.count);
  write_time(json, "until", window.until);
  write_text_or_null(json, "silence", window.silence);
  json.key("coming").begin_array();
  for (const MaintenanceView::Occurrence& one : window.coming) {
    json.begin_object();
    write_time(json, "begin", one.begin);
    write_time(json, "end", one.end);
    json.end_object();
  }
  json.end_array().end_object();
}

}  // namespace tocsin::server
