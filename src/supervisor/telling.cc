// Who hears of an alert, and what keeps it quiet: parents that cover it, silences, time.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "supervisor/book.h"

namespace tocsin::supervisor {
namespace {

bool muted(const AlertRecord& record) {
  return record.view.covered_by.has_value() || !record.view.silenced_by.empty();
}

bool names(const std::vector<std::string>& rules, const std::string& rule) {
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

}  // namespace

bool Supervisor::Book::covers(const AlertRecord& parent, const AlertRecord& child) const {
  const std::string& rule = child.view.opened->rule_id;
  if (parent.view.id == child.view.id) return false;
  if (!names(parent.view.opened->covers, rule) && !names(parent.view.latest->covers, rule))
    return false;
  // Two rules that cover each other: the one that was first stays on top, or nobody would hear.
  for (const AlertRecord* up = &parent; up->view.covered_by;) {
    if (*up->view.covered_by == child.view.id) return false;
    const auto next = open_.find(*up->view.covered_by);
    if (next == open_.end()) break;
    up = next->second.record.get();
  }
  return true;
}

std::optional<Id128> Supervisor::Book::parent_of(const AlertRecord& record) const {
  const auto scope = by_scope_.find(record.view.opened->scope.text());
  if (scope == by_scope_.end()) return std::nullopt;
  for (const Id128& id : scope->second)
    if (covers(*open_.at(id).record, record)) return id;
  return std::nullopt;
}

void Supervisor::Book::cover(const Id128& child, const Id128& parent, Changes& out) {
  AlertRecord& above = edit(parent);
  AlertRecord& below = edit(child);
  below.view.covered_by = parent;
  below.speak_at = {};
  pause_escalation(below, out);
  if (std::find(above.view.covers.begin(), above.view.covers.end(), child) ==
      above.view.covers.end())
    above.view.covers.push_back(child);
  note_history(below, "covered", above.view.opened->rule_id, to_text(parent), out);
  tell_update(below, true, out);
}

// What opened shortly before its parent, or has not been told of yet, is covered by it.
void Supervisor::Book::cover_children(const Id128& parent, Changes& out) {
  const AlertView& view = open_.at(parent).record->view;
  const std::vector<Id128> scope = by_scope_.at(view.opened->scope.text());
  for (const Id128& id : scope) {
    const AlertRecord& child = *open_.at(id).record;
    const bool recent = child.view.opened_at >= view.opened_at - options_.cover_slack;
    if (child.view.covered_by || !(recent || !child.spoke())) continue;
    if (covers(*open_.at(parent).record, child)) cover(id, parent, out);
  }
}

// The parent has ended. Children that were never told of speak if they outlive it by the slack:
// parent and child of one trouble seldom end in the same second.
void Supervisor::Book::release_children(const Id128& parent, TimeMs time, Changes& out) {
  const auto closed = find(parent);
  for (const Id128& id : closed->view.covers) {
    const auto slot = open_.find(id);
    if (slot == open_.end() || slot->second.record->view.covered_by != parent) continue;
    AlertRecord& child = edit(id);
    child.view.covered_by.reset();
    if (const auto other = parent_of(child)) {
      cover(id, *other, out);
      continue;
    }
    note_history(child, "uncovered", closed->view.opened->rule_id, to_text(parent), out);
    if (!child.spoke()) {
      child.speak_at = time + options_.cover_slack;
      speak(child, out);
    } else {
      resume_escalation(child, out);
      tell_update(child, true, out);
    }
  }
}

void Supervisor::Book::silence_alert(AlertRecord& record, Silence& silence, Changes& out) {
  record.view.silenced_by = silence.id;
  record.view.silenced_until = silence.until;
  ++silence.muted;
  out.silences.push_back(silence);
  note_history(record, "silenced", silence.by,
               fmt::format("until {}: {}", to_iso(silence.until), silence.comment), out);
  pause_escalation(record, out);
}

// Of several the one that ends last.
void Supervisor::Book::silence_if_matched(AlertRecord& record, Changes& out) {
  const Labels labels = alert_labels(record.view.latest);
  Silence* longest = nullptr;
  for (auto& [id, silence] : silences_)
    if (silence.matches(labels) && (longest == nullptr || silence.until > longest->until))
      longest = &silence;
  if (longest != nullptr) silence_alert(record, *longest, out);
}

void Supervisor::Book::end_silence(const std::string& id, const std::string& removed_by,
                                   Changes& out) {
  const auto found = silences_.find(id);
  if (found == silences_.end()) return;
  Silence silence = std::move(found->second);
  silences_.erase(found);
  timers_.erase({silence.until, Due::kSilenceEnds, Id128{}, id});
  silence.ended = true;
  silence.removed_by = removed_by;
  out.silences.push_back(silence);
  for (const Id128& alert :
       open_ids([&](const AlertRecord& r) { return r.view.silenced_by == id; })) {
    AlertRecord& record = edit(alert);
    record.view.silenced_by.clear();
    record.view.silenced_until = {};
    silence_if_matched(record, out);
    if (!record.view.silenced_by.empty()) continue;
    note_history(record, "unsilenced", removed_by, silence.comment, out);
    if (!record.spoke()) {
      speak(record, out);
    } else {
      resume_escalation(record, out);
      tell_update(record, true, out);
    }
  }
}

void Supervisor::Book::speak(AlertRecord& record, Changes& out) {
  if (record.spoke() || muted(record) || record.speak_at > now_) return;
  record.speak_at = {};
  const auto receivers =
      routes_.receivers(alert_labels(record.view.latest), record.view.latest->severity);
  record.told.insert(receivers.begin(), receivers.end());
  record.update_told_at = record.spoke_at = now_;
  if (!receivers.empty())
    note_history(record, "told", "", fmt::format("{}", fmt::join(receivers, ", ")), out);
  tell(record, record.told, Event::kOpened, out);
  begin_escalation(record, out);
}

// It became more severe: those whom the routes add now hear of it for the first time.
void Supervisor::Book::tell_new_receivers(AlertRecord& record, Changes& out) {
  if (!record.spoke() || muted(record)) return;
  std::set<std::string> added;
  for (std::string& name :
       routes_.receivers(alert_labels(record.view.latest), record.view.latest->severity))
    if (!record.told.contains(name)) added.insert(std::move(name));
  if (added.empty()) return;
  note_history(record, "told", "", fmt::format("{}", fmt::join(added, ", ")), out);
  tell(record, added, Event::kOpened, out);
  record.told.merge(added);
}

// Forced: by a person, or by a change of what the alert is; else at most one per update_every.
void Supervisor::Book::tell_update(AlertRecord& record, bool forced, Changes& out) {
  record.update_owed = false;
  if (record.told.empty() || (muted(record) && !forced)) return;
  if (!forced && record.update_told_at + options_.update_every > now_) {
    record.update_owed = true;
    return;
  }
  record.update_told_at = now_;
  tell(record, record.told, Event::kUpdated, out);
}

void Supervisor::Book::tell(const AlertRecord& record, const std::set<std::string>& receivers,
                            Event event, Changes& out) {
  for (const std::string& receiver : receivers) {
    NotificationIntent intent;
    intent.id = next_delivery_++;
    intent.alert_id = record.view.id;
    intent.receiver = receiver;
    intent.event = event;
    intent.planned = now_;
    IdBuilder key;
    key.add(to_text(record.view.id)).add(receiver).add(to_text(event));
    if (event == Event::kUpdated) key.add(intent.id);  // there is one opening, one resolution
    intent.dedupe_key = to_text(key.finish());
    out.intents.push_back(std::move(intent));
    planned_total_.add();
  }
}

}  // namespace tocsin::supervisor
