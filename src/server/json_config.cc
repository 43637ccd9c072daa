#include "server/json_config.h"

#include <fmt/format.h>

#include "server/json.h"

namespace tocsin::server {

namespace {

void write_problems(JsonWriter& json, std::string_view key,
                    const std::vector<ConfigProblem>& problems) {
  json.key(key).begin_array();
  for (const ConfigProblem& one : problems) {
    json.begin_object()
        .member("place",
                one.line == 0 ? one.file : fmt::format("{}:{}:{}", one.file, one.line, one.column))
        .member("file", one.file)
        .member("line", one.line)
        .member("column", one.column)
        .member("message", one.message)
        .end_object();
  }
  json.end_array();
}

void write_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& list) {
  json.key(key).begin_array();
  for (const std::string& text : list) json.string(text);
  json.end_array();
}

}  // namespace

void write_config_files(JsonWriter& json, const ConfigFilesView& view) {
  json.begin_object().member("editable", view.editable);
  write_text_or_null(json, "why_not", view.why_not);
  write_text_or_null(json, "directory", view.directory);
  json.member("hash", view.hash).member("running", view.running).key("files").begin_object();
  for (const auto& [name, text] : view.files) json.member(name, text);
  json.end_object().end_object();
}

void write_config_check(JsonWriter& json, const ConfigCheckView& view) {
  json.begin_object().member("ok", view.problems.empty());
  write_problems(json, "problems", view.problems);
  write_problems(json, "notes", view.notes);
  write_texts(json, "retrains", view.retrains);
  json.end_object();
}

void write_config_published(JsonWriter& json, const ConfigPublished& view) {
  json.begin_object();
  if (view.conflict) {
    json.member("error", view.conflict->message).member("hash", view.conflict->hash);
    write_texts(json, "files", view.conflict->files);
  } else if (!view.problems.empty()) {
    json.member("error", fmt::format("the configuration is not published: {} problem{}",
                                     view.problems.size(), view.problems.size() == 1 ? "" : "s"));
    write_problems(json, "problems", view.problems);
  } else {
    if (view.version == 0)
      json.key("version").null();
    else
      json.member("version", view.version);
    json.member("hash", view.hash).member("running", view.running);
    write_texts(json, "rebuilding", view.rebuilding);
  }
  json.end_object();
}

void write_config_version(JsonWriter& json, const ConfigVersionView& view, bool with_diffs) {
  json.begin_object().member("id", view.id).member("at", view.at.ms);
  json.member("kind", view.kind).member("author", view.author).member("reason", view.reason);
  json.member("hash", view.hash).member("current", view.current);
  if (view.of == 0)
    json.key("of").null();
  else
    json.member("of", view.of);
  json.key("changes").begin_array();
  for (const ConfigVersionView::Change& change : view.changes) {
    json.begin_object()
        .member("file", change.file)
        .member("what", change.what)
        .member("lines_added", change.lines_added)
        .member("lines_removed", change.lines_removed);
    if (with_diffs) json.member("diff", change.diff);
    json.end_object();
  }
  json.end_array().end_object();
}

}  // namespace tocsin::server
