#include "server/json_alertmanager.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace tocsin::server {
namespace {

constexpr size_t kIdBytes = 32;
// Where nothing tells of an end: what a client does with an alert that is about to end is nothing.
constexpr DurationMs kOpenEnd = hours(24);

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

void write_pairs(JsonWriter& json, std::string_view key, const Labels& pairs) {
  json.key(key).begin_object();
  for (const auto& [name, value] : pairs.pairs()) json.member(name, value);
  json.end_object();
}

void write_status(JsonWriter& json, const ListedAlert& alert) {
  const std::string& silence = alert.open.alert->silenced_by;
  const bool suppressed = !silence.empty() || !alert.inhibited_by.empty();
  json.key("status").begin_object().key("inhibitedBy").begin_array();
  if (!alert.inhibited_by.empty()) json.string(alert.inhibited_by);
  json.end_array().key("silencedBy").begin_array();
  if (!silence.empty()) json.string(silence_uuid(silence));
  json.end_array().member("state", suppressed ? "suppressed" : "active").end_object();
}

std::string quoted(std::string_view text) {
  JsonWriter json;  // a JSON text is a YAML text
  return json.string(text).take();
}

void write_route(std::string& out, const supervisor::Route& route, const std::string& inherited,
                 std::set<std::string>& receivers, size_t depth) {
  const std::string indent(depth * 2, ' ');
  const std::string receiver = route.receivers.empty() ? inherited : joined(route.receivers);
  receivers.insert(receiver);
  out += fmt::format("{}- receiver: {}\n", indent, quoted(receiver));
  std::vector<std::string> matchers;
  for (const LabelMatcher& matcher : route.match) matchers.push_back(quoted(matcher.text()));
  if (!route.severity.empty()) {
    std::vector<std::string_view> words;
    for (const Severity one : route.severity) words.push_back(to_text(one));
    matchers.push_back(quoted(fmt::format("severity=~\"{}\"", fmt::join(words, "|"))));
  }
  if (!matchers.empty())
    out += fmt::format("{}  matchers: [{}]\n", indent, fmt::join(matchers, ", "));
  if (route.keep_going) out += indent + "  continue: true\n";
  if (route.routes.empty()) return;
  out += indent + "  routes:\n";
  for (const supervisor::Route& below : route.routes)
    write_route(out, below, receiver, receivers, depth + 1);
}

}  // namespace

std::string alertmanager_time(TimeMs time) {
  std::string out = to_iso(time);
  if (time.ms % 1000 == 0) out.insert(out.size() - 1, ".000");
  return out;
}

std::string silence_uuid(std::string_view id) {
  if (id.size() != kIdBytes) return std::string(id);
  return fmt::format("{}-{}-{}-{}-{}", id.substr(0, 8), id.substr(8, 4), id.substr(12, 4),
                     id.substr(16, 4), id.substr(20));
}

Result<std::string> silence_id(std::string_view uuid) {
  std::string out;
  for (const char c : uuid)
    if (c != '-') out += c;
  if (out.size() != kIdBytes || !is_hex(out))
    return fail(ErrorCode::kInvalid,
                fmt::format("silenceID in path must be of type uuid: \"{}\"", uuid.substr(0, 100)));
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return out;
}

Labels listed_labels(const Decision& decision) {
  if (decision.report) return decision.scope;
  return alert_labels(decision).with("rule", "");
}

std::string joined(std::vector<std::string> receivers) {
  std::sort(receivers.begin(), receivers.end());
  return fmt::format("{}", fmt::join(receivers, ","));
}

void write_listed(JsonWriter& json, const ListedAlert& alert) {
  const AlertView& view = *alert.open.alert;
  const Decision& latest = *view.latest;
  json.begin_object();
  write_pairs(json, "annotations", told_annotations(latest));
  json.member("endsAt", alertmanager_time(alert.open.ends.value_or(view.updated_at + kOpenEnd)))
      .member("fingerprint", alert.fingerprint)
      .key("receivers")
      .begin_array()
      .begin_object()
      .member("name", alert.receiver)
      .end_object()
      .end_array()
      .member("startsAt",
              alertmanager_time(latest.report ? latest.report->starts : view.opened_at));
  write_status(json, alert);
  json.member("updatedAt", alertmanager_time(view.updated_at));
  if (latest.report && !latest.report->link.empty())
    json.member("generatorURL", latest.report->link);
  write_pairs(json, "labels", alert.labels);
  json.end_object();
}

void write_listed_silence(JsonWriter& json, const supervisor::Silence& silence) {
  using Op = LabelMatcher::Op;
  json.begin_object()
      .member("id", silence_uuid(silence.id))
      .key("status")
      .begin_object()
      .member("state", silence.ended ? "expired" : "active")
      .end_object()
      .member("updatedAt", alertmanager_time(silence.created_at))
      .member("comment", silence.comment)
      .member("createdBy", silence.by)
      .member("endsAt", alertmanager_time(silence.until))
      .key("matchers")
      .begin_array();
  for (const LabelMatcher& matcher : silence.matchers)
    json.begin_object()
        .member("isEqual", matcher.op() == Op::kEqual || matcher.op() == Op::kMatch)
        .member("isRegex", matcher.op() == Op::kMatch || matcher.op() == Op::kNotMatch)
        .member("name", matcher.label())
        .member("value", matcher.value())
        .end_object();
  json.end_array().member("startsAt", alertmanager_time(silence.created_at)).end_object();
}

std::string alertmanager_configuration(const supervisor::Routes& routes) {
  const std::string standard(supervisor::kInboxReceiver);
  std::set<std::string> receivers = {standard};
  std::string tree;
  for (const supervisor::Route& route : routes.roots())
    write_route(tree, route, standard, receivers, 1);
  std::string out = "route:\n  receiver: " + quoted(standard) + "\n";
  if (!tree.empty()) out += "  routes:\n" + tree;
  out += "receivers:\n";
  for (const std::string& name : receivers) out += "- name: " + quoted(name) + "\n";
  return out;
}

}  // namespace tocsin::server
