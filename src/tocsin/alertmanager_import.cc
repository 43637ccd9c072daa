#include "tocsin/alertmanager_import.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "promql/parse.h"
#include "tocsin/alertmanager_parts.h"
#include "tocsin/builtin.h"

namespace tocsin {
namespace takeover {

using config::Node;

Map::Map(const Node& node, std::vector<config::Problem>* notes)
    : place_(node.place()), notes_(notes) {
  if (node.kind() == Node::Kind::kMap)
    members_ = node.members();
  else if (node.kind() != Node::Kind::kNull)
    notes_->push_back(
        {place_, fmt::format("\"{}\" is left out: a mapping is expected here", node.excerpt())});
}

const Node::Member* Map::find(std::string_view key) const {
  const auto found = std::ranges::find(members_, key, &Node::Member::key);
  if (found == members_.end() || found->value.kind() == Node::Kind::kNull) return nullptr;
  return &*found;
}

config::Place Map::place(std::string_view key) const {
  const Node::Member* found = find(key);
  return found == nullptr ? place_ : found->place;
}

std::string Map::text(std::string_view key) {
  taken_.emplace(key);
  const Node::Member* found = find(key);
  if (found == nullptr) return "";
  if (found->value.kind() != Node::Kind::kScalar) note(key, "is left out: a text is expected");
  return found->value.scalar();
}

std::vector<std::string> Map::texts(std::string_view key) {
  std::vector<std::string> out;
  for (const Node& item : items(key))
    if (item.kind() == Node::Kind::kScalar)
      out.push_back(item.scalar());
    else
      note(key, "an element is left out: a text is expected");
  return out;
}

Map Map::map(std::string_view key) {
  taken_.emplace(key);
  const Node::Member* found = find(key);
  return found == nullptr ? Map() : Map(found->value, notes_);
}

std::vector<Node> Map::items(std::string_view key) {
  taken_.emplace(key);
  const Node::Member* found = find(key);
  if (found == nullptr) return {};
  if (found->value.kind() == Node::Kind::kList) return found->value.items();
  return {found->value};
}

std::vector<Node::Member> Map::members(std::string_view key) { return map(key).members_; }

void Map::pass(std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) taken_.emplace(key);
}

void Map::leave(std::initializer_list<std::string_view> keys, const std::string& why) {
  for (const std::string_view key : keys) {
    taken_.emplace(key);
    if (has(key)) note(key, "is not taken over: " + why);
  }
}

void Map::note(std::string_view key, const std::string& text) const {
  notes_->push_back({place(key), fmt::format("{} {}", key, text)});
}

void Map::finish(const std::string& why) {
  for (const Node::Member& member : members_)
    if (!taken_.contains(member.key) && member.value.kind() != Node::Kind::kNull)
      note(member.key, "is not taken over: " + why);
}

std::string yaml_list(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + yaml_text(text);
  return "[" + out + "]";
}

}  // namespace takeover

namespace {

using takeover::Fields;
using takeover::Map;

std::string receivers_yaml(const std::vector<Fields>& list) {
  std::string out;
  for (const Fields& fields : list)
    for (size_t i = 0; i < fields.size(); ++i)
      out += fmt::format("{}{}: {}\n", i == 0 ? "  - " : "    ", fields[i].first, fields[i].second);
  return out.empty() ? "" : "\nreceivers:\n" + out;
}

// `resolve_timeout` is the one setting of `global` that is no receiver's.
std::string supervisor_yaml(Map& root) {
  Map global = root.map("global");
  const std::string text = global.text("resolve_timeout");
  if (text.empty()) return "";
  const auto span = promql::parse_promql_duration(text);
  if (span && *span >= seconds(1))
    return fmt::format("\nsupervisor:\n  resolve_timeout: {}\n", to_text(*span));
  global.note("resolve_timeout", "is not taken over: a span of a second at least is expected");
  return "";
}

// A note is one line of a comment, whatever stood in the source.
std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  return text;
}

void head(const std::string& file, ImportedConfig& out) {
  std::ranges::stable_sort(out.notes, {}, [](const config::Problem& p) { return p.place.line; });
  const auto same = std::ranges::unique(out.notes, [](const auto& a, const auto& b) {
    return a.place.line == b.place.line && a.message == b.message;
  });
  out.notes.erase(same.begin(), same.end());
  std::string text = fmt::format("# Taken over from {} (Alertmanager).\n", one_line(file));
  if (!out.notes.empty()) text += "# Not taken over, or not quite:\n";
  for (config::Problem& note : out.notes) {
    note.message = cut_text(one_line(note.message), 500);
    text += fmt::format("#   {}: {}\n", one_line(note.place.file_line()), note.message);
  }
  out.yaml.insert(0, text);
}

}  // namespace

Result<ImportedConfig> take_over_alertmanager(const ImportSource& source) {
  config::Problems problems;
  const auto node = config::Node::parse(source.text, source.file, problems);
  if (!node) return fail(problems.error("cannot read the configuration of an Alertmanager"));
  ImportedConfig out;
  Map root(*node, &out.notes);
  if (!root.has("route") || !root.has("receivers"))
    return fail(ErrorCode::kInvalid,
                fmt::format("cannot take over {}: it is no configuration of an Alertmanager, "
                            "which has a \"route\" and \"receivers\"",
                            source.file));
  const takeover::Receivers receivers = takeover::take_receivers(root, source.directory, out);
  const std::string routes = takeover::take_routes(root, receivers, out);
  const std::string inhibition = takeover::take_inhibition(root, out);
  out.yaml = receivers_yaml(receivers.list) + routes + inhibition + supervisor_yaml(root);
  root.leave({"time_intervals", "mute_time_intervals"},
             "recurring times are no part of routes here; silence alerts instead");
  root.leave({"templates"},
             "files of templates; what stands in a receiver is translated, where "
             "it can be, to its title and text");
  root.pass({"tracing"});
  root.finish("not known");
  head(source.file, out);
  return out;
}

}  // namespace tocsin
