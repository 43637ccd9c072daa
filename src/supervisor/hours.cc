// Routes that tell nobody at times: what they keep quiet is told when they tell again, if it still
// holds. What is owed is known by the alert's `speak_at` alone, so that it survives a restart; what
// a group has to say waits with the group.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "supervisor/book.h"

namespace tocsin::supervisor {

std::vector<Telling> Supervisor::Book::tellings(const AlertRecord& record) const {
  return routes_.tellings(alert_labels(record.view.latest), record.view.latest->severity, now_);
}

// Whether all of them were told of it, alone or in a group.
bool Supervisor::Book::heard(const AlertRecord& record, const Telling& telling) const {
  const auto in_group = [&](const std::string& receiver) {
    return std::any_of(record.view.groups.begin(), record.view.groups.end(), [&](const Id128& id) {
      const auto group = groups_.find(id);
      if (group == groups_.end()) return false;
      const auto& names = group->second.record.receivers;
      return std::find(names.begin(), names.end(), receiver) != names.end();
    });
  };
  return std::all_of(
      telling.receivers.begin(), telling.receivers.end(),
      [&](const std::string& name) { return record.told.contains(name) || in_group(name); });
}

void Supervisor::Book::keep_quiet(AlertRecord& record, const std::string& who,
                                  const std::string& route, const Quiet& quiet, Changes& out) {
  const bool sooner = record.speak_at <= now_ || quiet.until < record.speak_at;
  if (sooner) record.speak_at = quiet.until;
  note_history(record, "quiet", "",
               fmt::format("{}: kept quiet by {}{} until {}", who, quiet.by,
                           route.empty() ? "" : " of " + route, to_iso(quiet.until)),
               out);
}

// The routes tell again, and it was told to some before.
void Supervisor::Book::tell_kept(AlertRecord& record, Changes& out) {
  const std::set<std::string> before = without_quiet(record, true);
  if (!before.empty()) {
    record.update_told_at = now_;
    tell(record, before, Event::kUpdated, out);
  }
  tell_routes(record, out);
  const auto& escalation = record.view.escalation;
  if ((!escalation || !escalation->policy) && record.view.acknowledged_by.empty())
    begin_escalation(record, out);
}

// Those that were told of it and may be told more now. Of `timed_only`, those whose routes have
// hours; else what the others miss is owed.
std::set<std::string> Supervisor::Book::without_quiet(AlertRecord& record, bool timed_only) {
  if (!routes_.timed()) return timed_only ? std::set<std::string>() : record.told;
  std::set<std::string> out = timed_only ? std::set<std::string>() : record.told;
  for (const Telling& telling : tellings(record))
    for (const std::string& name : telling.receivers) {
      if (timed_only && telling.timed && !telling.quiet && record.told.contains(name))
        out.insert(name);
      if (timed_only || !telling.quiet || out.erase(name) == 0) continue;
      const bool sooner = record.speak_at <= now_ || telling.quiet->until < record.speak_at;
      if (sooner) record.speak_at = telling.quiet->until;
    }
  return out;
}

// A group that is over says so at once, as an alert does that was told alone.
std::optional<TimeMs> Supervisor::Book::quiet_until(const Group& group) const {
  if (!routes_.timed() || group.record.storm || group.told + group.waiting == 0)
    return std::nullopt;
  const auto shown = group.anchor && group.anchor->view.state == AlertState::kOpen
                         ? group.anchor
                         : open_record(group.members.begin()->first);
  if (!shown) return std::nullopt;
  for (const Telling& telling : tellings(*shown))
    if (telling.grouping != nullptr && telling.route == group.record.route)
      return telling.quiet ? std::optional(telling.quiet->until) : std::nullopt;
  return std::nullopt;
}

std::vector<EscalationNext> Supervisor::Book::next_kept(const AlertRecord& record) const {
  std::vector<EscalationNext> out;
  for (const Telling& telling : tellings(record)) {
    if (!telling.quiet || heard(record, telling)) continue;
    EscalationNext next;
    next.at = telling.quiet->until;
    next.receiver = fmt::format("{}", fmt::join(telling.receivers, ", "));
    next.why = telling.quiet->by + " of " + telling.route;
    next.text = fmt::format("{} {} told: {} keeps it quiet", next.receiver,
                            telling.receivers.size() == 1 ? "is" : "are", next.why);
    out.push_back(std::move(next));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
  return out;
}

// After load() and configure(): what the hours say now may be another time than what was planned.
void Supervisor::Book::plan_kept(Changes& out) {
  const auto waiting = open_ids([&](const AlertRecord& record) {
    const bool uncovered = !record.spoke() && record.speak_at <= now_ + options_.cover_slack;
    return record.speak_at > now_ && !uncovered;
  });
  for (const Id128& id : waiting) {
    const auto record = open_record(id);
    std::optional<TimeMs> until;
    const auto wait = [&](const std::optional<Quiet>& quiet) {
      if (quiet && (!until || quiet->until < *until)) until = quiet->until;
    };
    for (const Telling& telling : tellings(*record)) wait(telling.quiet);
    wait(routes_.policy(alert_labels(record->view.latest), record->view.latest->severity, now_)
             .quiet);
    if (until == record->speak_at) continue;
    AlertRecord& changed = edit(id);
    changed.speak_at = now_;
    speak(changed, out);
  }
  publish(out);
}

}  // namespace tocsin::supervisor
