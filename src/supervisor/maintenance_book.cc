// How maintenance windows begin, and what a change of them does to those under way.
#include <algorithm>

#include "supervisor/book.h"

namespace tocsin::supervisor {

bool Supervisor::Book::windows_matter() const {
  return !options_.maintenance->windows.empty() || !windows_armed_.empty() ||
         std::any_of(silences_.begin(), silences_.end(),
                     [](const auto& one) { return !one.second.window.empty(); });
}

// The first time that something is to be done after load() or configure(): until then the time is
// not known. What is under way begins, unless it has, or somebody ended it before its time.
void Supervisor::Book::plan_windows(TimeMs now, Changes& out) {
  if (windows_planned_) return;
  windows_planned_ = true;
  for (const auto& [name, begin] : windows_armed_)
    timers_.erase({begin, Due::kWindowBegins, Id128{}, name});
  windows_armed_.clear();
  for (const MaintenanceWindow& window : options_.maintenance->windows)
    arm_window(window, window.under_way_or_next(now));
  std::vector<std::string> gone;
  for (const auto& [id, silence] : silences_) {
    if (silence.window.empty()) continue;
    const MaintenanceWindow* window = options_.maintenance->find(silence.window);
    if (window == nullptr || !window->says(silence)) gone.push_back(id);
  }
  if (gone.empty()) return;
  // First what is said now, so that nothing is told in between.
  now_ = std::max(now_, now);
  const auto armed = windows_armed_;
  for (const auto& [name, begin] : armed) {
    if (begin > now_) continue;
    timers_.erase({begin, Due::kWindowBegins, Id128{}, name});
    window_begins(name, begin, out);
  }
  for (const std::string& id : gone) end_silence(id, std::string(kByConfiguration), out);
  publish(out);
}

void Supervisor::Book::arm_window(const MaintenanceWindow& window,
                                  std::optional<calendar::Occurrence> occurrence) {
  while (occurrence && windows_over_.contains(window.silence(*occurrence).id))
    occurrence = window.next(occurrence->begin);
  if (!occurrence) return;
  windows_armed_[window.name] = occurrence->begin;
  timers_.emplace(occurrence->begin, Due::kWindowBegins, Id128{}, window.name);
}

void Supervisor::Book::window_begins(const std::string& name, TimeMs begin, Changes& out) {
  windows_armed_.erase(name);
  const MaintenanceWindow* window = options_.maintenance->find(name);
  if (window == nullptr) return;
  if (const auto occurrence = window->under_way_or_next(begin); occurrence)
    if (occurrence->begin == begin && occurrence->end > now_)
      begin_silence(window->silence(*occurrence), out);
  arm_window(*window, window->next(begin));
}

// False if it is there already: the same click, come twice.
bool Supervisor::Book::begin_silence(Silence silence, Changes& out) {
  const auto [place, fresh] = silences_.emplace(silence.id, silence);
  if (!fresh) return false;
  Silence& kept = place->second;
  timers_.emplace(kept.until, Due::kSilenceEnds, Id128{}, kept.id);
  out.silences.push_back(kept);
  const auto matched = open_ids([&](const AlertRecord& record) {
    return record.view.silenced_until < kept.until &&
           kept.matches(alert_labels(record.view.latest));
  });
  for (const Id128& alert : matched) silence_alert(edit(alert), kept, out);
  return true;
}

// What it keeps quiet now is quiet until then; nobody is told of it.
void Supervisor::Book::move_silence_end(Silence& silence, TimeMs until, std::string_view by,
                                        Changes& out) {
  timers_.erase({silence.until, Due::kSilenceEnds, Id128{}, silence.id});
  silence.until = until;
  timers_.emplace(until, Due::kSilenceEnds, Id128{}, silence.id);
  out.silences.push_back(silence);
  const auto muted_by_it =
      open_ids([&](const AlertRecord& record) { return record.view.silenced_by == silence.id; });
  for (const Id128& alert : muted_by_it) {
    AlertRecord& record = edit(alert);
    record.view.silenced_until = until;
    note_history(record, "silenced", by, "now until " + to_iso(until) + ": " + silence.comment,
                 out);
  }
}

}  // namespace tocsin::supervisor
