#include "supervisor/maintenance.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "calendar/wall_clock.h"

namespace tocsin::supervisor {
namespace {

constexpr size_t kWindowsMax = 1'000;
constexpr size_t kMatchersMax = 50;
constexpr std::string_view kBy = "configuration";

void read_matchers(config::MapReader& m, MaintenanceWindow& out) {
  const auto texts = m.required<std::vector<std::string>>(
      "matchers", "Conditions on the alerts' labels, such as site=madrid; all must hold.");
  for (size_t i = 0; i < texts.size(); ++i) {
    auto matcher = LabelMatcher::parse(texts[i]);
    if (matcher)
      out.matchers.push_back(std::move(*matcher));
    else
      m.problem("matchers", i, matcher.error().message);
  }
  if (m.describing() || m.refused("matchers")) return;
  if (texts.empty() || texts.size() > kMatchersMax)
    m.problem("matchers",
              fmt::format("needs 1 to {} conditions, not {}", kMatchersMax, texts.size()));
}

// Of the wall clock; nothing if it is none, which has been told then.
std::optional<int64_t> read_wall(config::MapReader& m, std::string_view key, std::string_view doc) {
  const auto text = m.required<std::string>(key, doc);
  if (m.describing() || m.refused(key)) return std::nullopt;
  const auto wall = calendar::parse_wall(text);
  if (!wall)
    m.problem(key,
              fmt::format("\"{}\" is no time of a wall clock; write it as 2026-11-29T02:00", text));
  return wall;
}

void read_window(config::MapReader& m, MaintenanceWindow& out) {
  out.name = m.required<std::string>("name", "Unique name; pages and the ledger call it so.");
  read_matchers(m, out);
  out.comment =
      m.value<std::string>("comment", "", "Why; said of each alert that it mutes. Else its name.");
  if (out.comment.empty()) out.comment = out.name;
  out.zone = m.value<std::string>("zone", "UTC", "IANA zone of the site whose clock counts.");
  const auto start = read_wall(
      m, "start", "When the first one begins, on that zone's wall clock: 2026-11-29T02:00.");
  out.duration = m.required<DurationMs>("duration", "How long each lasts; one minute to 31 days.");
  out.rrule = m.value<std::string>(
      "rrule", "",
      "When it comes again, in the words of RFC 5545: FREQ=WEEKLY;BYDAY=SU. Empty: once.");
  const auto until =
      read_wall(m, "until", "The end of it all, on the same clock: nothing lasts beyond it.");
  if (m.describing()) return;
  if (!m.refused("duration") && (out.duration < minutes(1) || out.duration > kWindowDurationMax))
    m.problem("duration", "must lie between 1m and 31d");
  const auto zone = calendar::Zone::find(out.zone);
  if (!zone) return m.problem("zone", zone.error().message);
  if (!start || !until) return;
  if (*until <= *start) m.problem("until", "must lie after the start");
  out.until = calendar::instant_of_wall(*zone, *until);
  calendar::RecurrenceSpec spec;
  spec.zone = *zone;
  spec.start_wall_ms = *start;
  spec.exact_span = out.duration;
  if (!out.rrule.empty()) spec.rules.push_back(out.rrule);
  auto when = calendar::Recurrence::make(std::move(spec));
  if (when)
    out.when = std::move(*when);
  else
    m.problem(out.rrule.empty() ? "start" : "rrule", when.error().message);
}

}  // namespace

std::optional<calendar::Occurrence> MaintenanceWindow::cut(
    std::optional<calendar::Occurrence> one) const {
  if (!one || one->begin >= until) return std::nullopt;
  one->end = std::min(one->end, until);
  return one;
}

std::optional<calendar::Occurrence> MaintenanceWindow::under_way_or_next(TimeMs at) const {
  if (!when) return std::nullopt;
  const auto now = cut(when->at(at));
  return now && now->end > at ? now : next(at);
}

std::optional<calendar::Occurrence> MaintenanceWindow::next(TimeMs after) const {
  return when ? cut(when->next(after)) : std::nullopt;
}

Silence MaintenanceWindow::silence(const calendar::Occurrence& occurrence) const {
  IdBuilder id;
  id.add("maintenance").add(name).add(occurrence.begin.ms).add(occurrence.end.ms);
  for (const LabelMatcher& matcher : matchers) id.add(matcher.text());
  Silence out;
  out.id = to_text(id.finish());
  out.matchers = matchers;
  out.created_at = occurrence.begin;
  out.until = occurrence.end;
  out.comment = comment;
  out.by = kBy;
  out.window = name;
  return out;
}

bool MaintenanceWindow::says(const Silence& made) const {
  if (!when) return false;
  const auto one = cut(when->at(made.created_at));
  return one && silence(*one).id == made.id;
}

const MaintenanceWindow* MaintenanceWindows::find(const std::string& name) const {
  const auto found = std::find_if(windows.begin(), windows.end(),
                                  [&](const auto& one) { return one.name == name; });
  return found == windows.end() ? nullptr : &*found;
}

std::shared_ptr<const MaintenanceWindows> MaintenanceWindows::read(const config::Folder& folder,
                                                                   config::Problems& problems) {
  auto out = std::make_shared<MaintenanceWindows>();
  std::set<std::string> names;
  folder.for_each("maintenance", "maintenance", problems, [&](config::MapReader& m) {
    MaintenanceWindow window;
    read_window(m, window);
    if (!m.refused("name") && window.name.empty()) m.problem("name", "is empty");
    if (!names.insert(window.name).second) m.problem("name", "another window has this name");
    if (out->windows.size() == kWindowsMax)
      m.problem("name", fmt::format("more than {} windows; make one of several", kWindowsMax));
    if (out->windows.size() <= kWindowsMax) out->windows.push_back(std::move(window));
  });
  return out;
}

void MaintenanceWindows::describe(config::Reference& reference) {
  config::Problems none;
  if (!reference.begin_type("maintenance")) return;
  config::MapReader m(reference, "maintenance", none);
  MaintenanceWindow window;
  read_window(m, window);
}

}  // namespace tocsin::supervisor
