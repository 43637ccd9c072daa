#include "supervisor/heartbeats.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace tocsin::supervisor {
namespace {

constexpr size_t kNameBytesMax = 100;

bool good_name(const std::string& name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

void read_one(config::MapReader& m, std::vector<Heartbeat>& out) {
  Heartbeat one;
  one.name = m.required<std::string>(
      "name", "Its sign of life is GET or POST /heartbeat/NAME; its alert is heartbeat-NAME.");
  if (!m.refused("name") && !good_name(one.name))
    m.problem("name", "has to be 1 to 100 letters, digits, dots, dashes or underscores");
  if (std::any_of(out.begin(), out.end(),
                  [&](const Heartbeat& two) { return two.name == one.name; }))
    m.problem("name", "stands here twice");
  one.within = m.required<DurationMs>(
      "within", "Longest time between two signs of life; past it the alert opens.");
  if (!m.refused("within") && one.within < seconds(1)) m.problem("within", "must be at least 1s");
  one.severity = m.value<std::string>("severity", "critical", "Of its alert.");
  const auto labels = m.value<std::map<std::string, std::string>>(
      "labels", {}, "More labels of its alert, for routes and silences.");
  one.labels = Labels(std::vector<Labels::Pair>(labels.begin(), labels.end()));
  out.push_back(std::move(one));
}

}  // namespace

std::vector<Heartbeat> Heartbeats::read(const config::Folder& folder, config::Problems& problems) {
  std::vector<Heartbeat> out;
  folder.for_each("heartbeats", "heartbeat", problems,
                  [&](config::MapReader& m) { read_one(m, out); });
  return out;
}

void Heartbeats::describe(config::Reference& reference) {
  config::Problems none;
  if (!reference.begin_type("heartbeat")) return;
  config::MapReader m(reference, "heartbeat", none);
  std::vector<Heartbeat> out;
  read_one(m, out);
}

void Heartbeats::configure(const std::vector<Heartbeat>& list, TimeMs now) {
  std::map<std::string, Known> next;
  for (const Heartbeat& one : list) {
    const auto before = known_.find(one.name);
    Known& known = next[one.name];
    if (before != known_.end()) known = before->second;
    if (before == known_.end()) known.last = now;
    known.heartbeat = one;
  }
  known_ = std::move(next);
}

ReportedAlert Heartbeats::alert_of(const Heartbeat& heartbeat) {
  ReportedAlert out;
  out.labels = heartbeat.labels.with("alertname", "heartbeat-" + heartbeat.name)
                   .with("severity", heartbeat.severity);
  out.dedup = heartbeat.name;
  return out;
}

std::optional<ReportedAlert> Heartbeats::sign(const std::string& name, TimeMs now) {
  const auto found = known_.find(name);
  if (found == known_.end()) return std::nullopt;
  found->second.last = now;
  found->second.seen = true;
  ReportedAlert out = alert_of(found->second.heartbeat);
  out.ends = now;
  return out;
}

std::vector<ReportedAlert> Heartbeats::late(TimeMs now) const {
  std::vector<ReportedAlert> out;
  for (const auto& [name, known] : known_) {
    if (now - known.last < known.heartbeat.within) continue;
    ReportedAlert alert = alert_of(known.heartbeat);
    alert.starts = known.last + known.heartbeat.within;
    alert.annotations = Labels(
        {{"summary", fmt::format("no sign of life of {} since {}", name, to_iso(known.last))},
         {"description",
          fmt::format("It has to tell of itself every {}.{}", to_text(known.heartbeat.within),
                      known.seen ? "" : " Nothing came since Tocsin started.")}});
    out.push_back(std::move(alert));
  }
  return out;
}

std::vector<Heartbeats::State> Heartbeats::states(TimeMs now) const {
  std::vector<State> out;
  for (const auto& [name, known] : known_) {
    const TimeMs due = known.last + known.heartbeat.within;
    out.push_back({known.heartbeat, known.seen ? known.last : TimeMs{}, due, due <= now});
  }
  return out;
}

std::string Heartbeats::nearest(const std::string& name) const {
  std::vector<std::string_view> names;
  for (const auto& [known, unused] : known_) names.push_back(known);
  return std::string(nearest_word(name, names));
}

}  // namespace tocsin::supervisor
