// What keeps an alert quiet because another one says it better: `covers` of rules, within a scope,
// and section `inhibit`, by labels.
#include <fmt/format.h>

#include <algorithm>

#include "supervisor/book.h"

namespace tocsin::supervisor {
namespace {

bool names(const std::vector<std::string>& rules, const std::string& rule) {
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

}  // namespace

bool Supervisor::Book::covers(const AlertRecord& parent, const AlertRecord& child) const {
  const std::string& rule = child.view.opened->rule_id;
  if (parent.view.id == child.view.id) return false;
  const bool named =
      parent.view.opened->scope == child.view.opened->scope &&
      (names(parent.view.opened->covers, rule) || names(parent.view.latest->covers, rule));
  if (!named && (options_.inhibit->rules.empty() ||
                 options_.inhibit->find(alert_labels(parent.view.latest),
                                        alert_labels(child.view.latest)) == nullptr))
    return false;
  // Two rules that cover each other: the one that was first stays on top, or nobody would hear.
  std::shared_ptr<const AlertRecord> held;
  for (const AlertRecord* up = &parent; up->view.covered_by; up = held.get()) {
    if (*up->view.covered_by == child.view.id) return false;
    auto next = open_record(*up->view.covered_by);
    if (next == nullptr) break;
    held = std::move(next);
  }
  return true;
}

std::optional<Id128> Supervisor::Book::parent_of(const AlertRecord& record) const {
  if (!by_scope_.empty())
    if (const auto scope = by_scope_.find(record.view.opened->scope.text());
        scope != by_scope_.end())
      for (const Id128& id : scope->second)
        if (covers(*open_record(id), record)) return id;
  if (!inhibits()) return std::nullopt;
  for (const Id128& id : inhibit_.sources_of(alert_labels(record.view.latest)))
    if (covers(*open_record(id), record)) return id;
  return std::nullopt;
}

void Supervisor::Book::cover(const Id128& child, const Id128& parent, Changes& out) {
  AlertRecord& above = edit(parent);
  AlertRecord& below = edit(child);
  below.view.covered_by = parent;
  if (!below.spoke()) below.speak_at = {};
  pause_escalation(below, out);
  if (std::find(above.view.covers.begin(), above.view.covers.end(), child) ==
      above.view.covers.end())
    above.view.covers.push_back(child);
  note_history(below, "covered", above.view.opened->rule_id, to_text(parent), out);
  tell_update(below, true, out, "covered by " + above.view.opened->rule_id);
}

// What opened shortly before its parent, or has not been told of yet, is covered by it. What an
// inhibition names is, whenever it opened.
void Supervisor::Book::cover_children(const Id128& parent, Changes& out) {
  if (by_scope_.empty() && !inhibits()) return;
  const auto above = open_record(parent);
  const AlertView& view = above->view;
  const auto same = by_scope_.find(view.opened->scope.text());
  const std::vector<Id128> scope = same == by_scope_.end() ? std::vector<Id128>{} : same->second;
  for (const Id128& id : scope) {
    const auto held = open_record(id);
    const AlertRecord& child = *held;
    const bool recent = child.view.opened_at >= view.opened_at - options_.cover_slack;
    if (child.view.covered_by || !(recent || !child.spoke())) continue;
    if (covers(*open_record(parent), child)) cover(id, parent, out);
  }
  if (!inhibits()) return;
  for (const Id128& id : inhibit_.targets_of(alert_labels(view.latest))) {
    const auto child = open_record(id);
    if (!child->view.covered_by && covers(*open_record(parent), *child)) cover(id, parent, out);
  }
}

// The parent has ended. Children that were never told of speak if they outlive it by the slack:
// parent and child of one trouble seldom end in the same second.
void Supervisor::Book::release_children(const Id128& parent, TimeMs time, Changes& out) {
  const auto closed = find(parent);
  for (const Id128& id : closed->view.covers) release(id, *closed, time, out);
}

void Supervisor::Book::release(const Id128& id, const AlertRecord& parent, TimeMs time,
                               Changes& out) {
  const auto open = open_record(id);
  if (open == nullptr || open->view.covered_by != parent.view.id) return;
  AlertRecord& child = edit(id);
  child.view.covered_by.reset();
  if (const auto other = parent_of(child)) {
    cover(id, *other, out);
    return;
  }
  note_history(child, "uncovered", parent.view.opened->rule_id, to_text(parent.view.id), out);
  if (!child.spoke()) child.speak_at = time + options_.cover_slack;
  unmuted(child, parent.view.opened->rule_id + " no longer covers it", out);
}

// Its severity is another: what inhibited it, or was inhibited by it, may be so no longer.
void Supervisor::Book::labels_changed(const Id128& id, Changes& out) {
  if (!inhibits()) return;
  const AlertRecord& record = edit(id);
  const std::vector<Id128> children = record.view.covers;
  for (const Id128& child : children) {
    const auto below = open_record(child);
    if (below != nullptr && below->view.covered_by == id && !covers(record, *below))
      release(child, record, now_, out);
  }
  if (record.view.covered_by) {
    const auto parent = open_record(*record.view.covered_by);
    if (parent != nullptr && !covers(*parent, record)) release(id, *parent, now_, out);
  }
  cover_children(id, out);
  if (record.view.covered_by) return;
  if (const auto parent = parent_of(record)) cover(id, *parent, out);
}

}  // namespace tocsin::supervisor
