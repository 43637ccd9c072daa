// Who hears of an alert, when, and how often; silences.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "supervisor/book.h"

namespace tocsin::supervisor {

bool muted(const AlertView& view) {
  return view.covered_by.has_value() || !view.silenced_by.empty() || view.shelf != nullptr;
}

void Supervisor::Book::silence_alert(AlertRecord& record, Silence& silence, Changes& out) {
  record.view.silenced_by = silence.id;
  record.view.silenced_until = silence.until;
  ++silence.muted;
  if (!out.silences.empty() && out.silences.back().id == silence.id)
    out.silences.back() = silence;  // the last counts: it may mute thousands in one call
  else
    out.silences.push_back(silence);
  out.silence_hits.push_back({silence.id, record.view.id, now_});
  note_history(record, "silenced", silence.by,
               fmt::format("until {}: {}", to_iso(silence.until), silence.comment), out);
  pause_escalation(record, out);
}

// Of several the one that ends last.
void Supervisor::Book::silence_if_matched(AlertRecord& record, Changes& out) {
  if (silences_.empty()) return;
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
  silence.until = std::min(silence.until, now_);  // when it ended, also if somebody removed it
  silence.removed_by = removed_by;
  // A window that the configuration ends begins again when it is written there again.
  if (!silence.window.empty() && removed_by != kByConfiguration) {
    windows_over_[id] = silence.created_at;
    // None lasts longer than that, so what began before is over anyway.
    std::erase_if(windows_over_,
                  [&](const auto& one) { return one.second < now_ - kWindowDurationMax; });
  }
  out.silences.push_back(silence);
  for (const Id128& alert :
       open_ids([&](const AlertRecord& r) { return r.view.silenced_by == id; })) {
    AlertRecord& record = edit(alert);
    record.view.silenced_by.clear();
    record.view.silenced_until = {};
    silence_if_matched(record, out);
    if (!record.view.silenced_by.empty()) continue;
    note_history(record, "unsilenced", removed_by, silence.comment, out);
    unmuted(record, "a silence has ended, and this still holds", out);
  }
}

// By one route: alone and at once, or with others.
void Supervisor::Book::hear(AlertRecord& record, const Telling& telling,
                            std::set<std::string>& direct, Changes& out) {
  if (telling.grouping != nullptr) {
    join_route(record, telling, out);
    return;
  }
  for (const std::string& receiver : telling.receivers)
    if (!record.told.contains(receiver) &&
        (routes_.alone(receiver) || !join_storm(record, receiver, out)))
      direct.insert(receiver);
}

void Supervisor::Book::speak(AlertRecord& record, Changes& out) {
  if (muted(record.view) || record.speak_at > now_) return;
  const bool kept = std::exchange(record.speak_at, {}) != TimeMs{};
  if (record.spoke()) return kept ? tell_kept(record, out) : void();
  tell_routes(record, out);
  begin_escalation(record, out);
}

// What kept it quiet is gone. A group that it left before the group spoke takes it again.
void Supervisor::Book::unmuted(AlertRecord& record, std::string news, Changes& out) {
  if (!record.spoke()) return speak(record, out);
  if (!muted(record.view) && record.speak_at != TimeMs{} && record.speak_at <= now_)
    speak(record, out);
  else if (!muted(record.view) && record.view.groups.empty())
    tell_routes(record, out);
  resume_escalation(record, out);
  tell_update(record, true, out, std::move(news));
}

void Supervisor::Book::tell_routes(AlertRecord& record, Changes& out) {
  std::set<std::string> direct;
  for (const Telling& telling : tellings(record))
    if (!telling.quiet)
      hear(record, telling, direct, out);
    else if (!heard(record, telling))
      keep_quiet(record, fmt::format("{}", fmt::join(telling.receivers, ", ")), telling.route,
                 *telling.quiet, out);
  if (direct.empty()) return;
  if (record.spoke_at == TimeMs{}) record.spoke_at = now_;
  if (record.told.empty()) {
    record.update_told_at = now_;
    plan_repeat(record);
  }
  note_history(record, "told", "", fmt::format("{}", fmt::join(direct, ", ")), out);
  tell(record, direct, Event::kOpened, out);
  record.told.merge(direct);
}

// It became more severe: those whom the routes add now hear of it for the first time.
void Supervisor::Book::tell_new_receivers(AlertRecord& record, Changes& out) {
  if (record.spoke() && !muted(record.view)) tell_routes(record, out);
}

// Forced: by a person, or by a change of what the alert is; else at most one per update_every.
void Supervisor::Book::tell_update(AlertRecord& record, bool forced, Changes& out,
                                   std::string news) {
  record.update_owed = false;
  if (muted(record.view) && !forced) return;
  if (!news.empty()) group_news(record, news);
  if (record.told.empty()) return;
  if (!forced && record.update_told_at + options_.update_every > now_) {
    record.update_owed = true;
    return;
  }
  record.update_told_at = now_;
  tell(record, without_quiet(record, false), Event::kUpdated, out, {std::move(news), false});
}

void Supervisor::Book::tell(const AlertRecord& record, const std::set<std::string>& receivers,
                            Event event, Changes& out, const Words& words) {
  const Labels labels = alert_labels(record.view.latest);
  for (const std::string& receiver : receivers) {
    // It may have become a customer's since it was told.
    if (!routes_.may_tell(receiver, labels)) continue;
    NotificationIntent intent;
    intent.id = next_delivery_++;
    intent.alert_id = record.view.id;
    intent.receiver = receiver;
    intent.event = event;
    intent.planned = now_;
    intent.text = words.text;
    intent.loud = words.loud;
    IdBuilder key;
    key.add(to_text(record.view.id)).add(receiver).add(to_text(event));
    if (event == Event::kUpdated) key.add(intent.id);  // there is one opening, one resolution
    intent.dedupe_key = to_text(key.finish());
    out.intents.push_back(std::move(intent));
    planned_total_.add();
  }
}

// The shortest wait of the routes that tell it alone; 0 if none of them repeats.
DurationMs Supervisor::Book::repeat_wait(const AlertRecord& record, uint32_t told) const {
  DurationMs out;
  for (const Telling& telling :
       routes_.tellings(alert_labels(record.view.latest), record.view.latest->severity)) {
    if (telling.repeat == nullptr || telling.grouping != nullptr) continue;
    const DurationMs wait = telling.repeat->after(told);
    if (out == DurationMs{} || wait < out) out = wait;
  }
  return out;
}

void Supervisor::Book::plan_repeat(AlertRecord& record) {
  const DurationMs wait = repeat_wait(record, record.repeats);
  record.repeat_at = wait == DurationMs{} ? TimeMs{} : now_ + wait;
  record.life = record.life || wait != DurationMs{};
}

// Nobody has it yet. What is muted now is not told; its next turn comes as if it had been.
void Supervisor::Book::repeat(const Id128& id, Changes& out) {
  AlertRecord& record = edit(id);
  record.repeat_at = {};
  if (record.told.empty() || !record.view.acknowledged_by.empty()) return;
  std::set<std::string> receivers;
  for (const Telling& telling : tellings(record))
    if (telling.repeat != nullptr && telling.grouping == nullptr && !telling.quiet)
      for (const std::string& name : telling.receivers)
        if (record.told.contains(name)) receivers.insert(name);
  if (!muted(record.view) && !receivers.empty()) {
    ++record.repeats;
    const std::string text =
        fmt::format("still open after {}; nobody has acknowledged it (repeat {})",
                    to_text(now_ - record.view.opened_at), record.repeats);
    note_history(record, "repeated", "", fmt::format("{}", fmt::join(receivers, ", ")), out);
    record.update_told_at = now_;
    tell(record, receivers, Event::kUpdated, out, {text, true});
  }
  plan_repeat(record);
}

}  // namespace tocsin::supervisor
