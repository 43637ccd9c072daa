#include "supervisor/book.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "supervisor/codec.h"
#include "supervisor/life_tables.h"
#include "supervisor/tables.h"

namespace tocsin::supervisor {
namespace {

constexpr std::string_view kOwnRule = "tocsin-open-alerts-max";

Id128 own_key() { return IdBuilder().add(kOwnRule).add("").finish(); }

Id128 alert_id(const Id128& key, const Position& at, TimeMs time) {
  return id_in_order(time, IdBuilder()
                               .add(to_text(key))
                               .add(static_cast<int64_t>(at.lsn.value))
                               .add(at.due.ms)
                               .add(static_cast<int64_t>(at.row))
                               .add(static_cast<int64_t>(at.step))
                               .finish());
}

}  // namespace

Id128 id_in_order(TimeMs time, const Id128& hash) {
  constexpr int kHashBits = 16;
  return {static_cast<uint64_t>(time.ms) << kHashBits | (hash.high & 0xffff), hash.low};
}

Supervisor::Book::Book(Options options, Routes routes, Counters& counters)
    : options_(options),
      routes_(std::move(routes)),
      opened_total_(counters.counter("tocsin_alerts_opened_total", "", "Alerts opened.")),
      refused_total_(counters.counter("tocsin_alerts_refused_total", "",
                                      "Alerts not opened because too many were open.")),
      planned_total_(counters.counter("tocsin_notifications_planned_total", "",
                                      "Deliveries planned, updates included.")),
      grouped_total_(counters.counter("tocsin_alerts_grouped_total", "",
                                      "Times that an alert joined a group.")),
      storm_total_(counters.counter("tocsin_alert_storms_total", "",
                                    "Storms: openings told to a receiver as one digest.")),
      open_gauge_(counters.gauge("tocsin_alerts_open", "", "Open alerts.")),
      response_times_(counters) {
  inhibit_.use(options_.inhibit);
  windows_planned_ = !windows_matter();
}

Result<void> Supervisor::Book::load(state::Database& database) {
  TOCSIN_CHECK(open_.empty() && applied_.at == Position{}, "load() twice");
  auto open = read_records(database, "state = 0 ORDER BY opened_at, id", {});
  if (!open) return fail(open.error());
  auto flaps = read_flaps(database, options_.flapping.window);  // before those that flap
  if (!flaps) return fail(flaps.error());
  for (const auto& [time, key] : *flaps) flaps_.add(key, time, options_.flapping.window);
  for (AlertRecord& record : *open) take_up(std::move(record));
  kept_planned_ = false;
  auto recent = read_records(database, "state <> 0 ORDER BY resolved_at DESC, id DESC LIMIT ?",
                             {options_.recent_max});
  if (!recent) return fail(recent.error());
  for (AlertRecord& record : *recent)
    recent_.push_front(std::make_shared<AlertRecord>(std::move(record)));
  auto silences = read_silences(database, "ended = 0");
  if (!silences) return fail(silences.error());
  for (Silence& silence : *silences) {
    timers_.emplace(silence.until, Due::kSilenceEnds, Id128{}, silence.id);
    silences_.emplace(silence.id, std::move(silence));
  }
  windows_planned_ = !windows_matter();
  auto over = read_ended_windows(database);
  if (!over) return fail(over.error());
  windows_over_.insert(over->begin(), over->end());
  auto held = read_records(database, "state = 1 AND rule_holds = 1 ORDER BY id", {});
  if (!held) return fail(held.error());
  for (const AlertRecord& record : *held) {
    held_[record.view.key] = record.view.id;
    take_up_reported(record);
  }
  auto last = database.query("SELECT max(id) FROM deliveries", {}, [&](const state::Row& row) {
    next_delivery_ = std::max<int64_t>(row.get<int64_t>(0), 0) + 1;
  });
  if (!last) return fail(last.error());
  auto applied = read_applied(database);
  if (!applied) return fail(applied.error());
  applied_ = std::move(*applied);
  if (auto groups = load_groups(database); !groups) return groups;
  load_bundles();
  open_gauge_.set(static_cast<double>(open_.size()));
  return {};
}

void Supervisor::Book::take_up(AlertRecord record) {
  const Id128 id = record.view.id;
  if (record.view.opened->report) {
    take_up_reported(record);
  } else {
    open_by_key_[record.view.key] = id;
    by_scope_[record.view.opened->scope.text()].push_back(id);
  }
  if (inhibits()) inhibit_.add(id, record.view.opened_at, alert_labels(record.view.latest));
  Slot& slot = open_[id];
  slot.whole = std::make_shared<AlertRecord>(std::move(record));
  arm_all(id, slot);
  put_away(slot);
}

void Supervisor::Book::save_open(ByteWriter& out) const {
  std::vector<std::shared_ptr<const AlertRecord>> records;
  for (const auto& [id, slot] : open_)  // of reported ones nobody tells again in a replay
    if (slot.whole && !slot.whole->view.opened->report) records.push_back(slot.whole);
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
    return std::tie(a->view.opened_at, a->view.id) < std::tie(b->view.opened_at, b->view.id);
  });
  out.varint(records.size());
  for (const auto& record : records) {
    out.text(encode(*record));
    out.zigzag(record->view.flapping_since.ms);
    out.varint(record->view.flap_changes);
  }
  flaps_.save(out);
}

Result<void> Supervisor::Book::restore_open(ByteReader& in) {
  std::vector<AlertRecord> records;
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    auto record = decode_record(in.text());
    if (!record) return fail(record.error());
    record->view.flapping_since = TimeMs{in.zigzag()};
    record->view.flap_changes = static_cast<uint32_t>(in.varint());
    records.push_back(std::move(*record));
  }
  flaps_.restore(in, options_.flapping.window);
  if (!in.ok()) return fail(ErrorCode::kCorrupt, "the open alerts of a checkpoint are cut short");
  for (AlertRecord& record : records) take_up(std::move(record));
  return {};
}

void Supervisor::Book::configure(Options options, Routes routes) {
  options_ = std::move(options);
  routes_ = std::move(routes);
  windows_planned_ = !windows_matter();
  inhibit_.use(options_.inhibit);
  for (auto& [id, slot] : open_) {  // into ordered sets: the order does not show
    const auto record = record_of(id, slot);
    const AlertView& view = record->view;
    if (inhibits()) inhibit_.add(id, view.opened_at, alert_labels(view.latest));
    arm_all(id, slot);
  }
  kept_planned_ = false;
  for (auto& [id, group] : groups_) {
    group.quiet_until = {};
    arm_group(group);
  }
}

AlertRecord& Supervisor::Book::edit(const Id128& id) {
  const auto found = open_.find(id);
  TOCSIN_CHECK(found != open_.end(), "alert {} is not open", to_text(id));
  Slot& slot = found->second;
  if (!slot.fresh) {
    slot.whole = slot.whole ? std::make_shared<AlertRecord>(*slot.whole) : slot.packed.unpack(id);
    slot.packed = {};
    slot.fresh = true;
    edited_.push_back(id);
  }
  return *slot.whole;
}

void Supervisor::Book::publish(Changes& out) {
  settle_groups(out);
  settle_calls(out);
  for (const Id128& id : edited_) {
    const auto found = open_.find(id);
    if (found == open_.end()) continue;  // closed meanwhile: close() has given it out
    Slot& slot = found->second;
    slot.fresh = false;
    out.alerts.push_back(slot.whole);
    arm_all(id, slot);
    put_away(slot);
  }
  edited_.clear();
  publish_groups(out);
  open_gauge_.set(static_cast<double>(open_.size()));
}

void Supervisor::Book::note_history(AlertRecord& record, std::string_view what,
                                    std::string_view who, std::string_view text, Changes& out) {
  out.history.push_back({record.view.id, record.history_count++, now_, std::string(what),
                         std::string(who), std::string(text)});
}

// Several decisions may share a position: then the keys at it tell them apart.
bool Supervisor::Book::seen(const Decision& decision) const {
  if (decision.at != applied_.at) return decision.at < applied_.at;
  return std::find(applied_.keys.begin(), applied_.keys.end(), decision.alert_key) !=
         applied_.keys.end();
}

void Supervisor::Book::mark_applied(const Decision& decision, Changes& out) {
  if (decision.at != applied_.at) applied_ = {decision.at, {}};
  applied_.keys.push_back(decision.alert_key);
  out.applied = applied_;
}

void Supervisor::Book::step(const Decision& decision, Changes& out) {
  if (seen(decision)) return;
  advance(decision.time, out);
  const auto open = open_by_key_.find(decision.alert_key);
  switch (decision.what) {
    case Decision::What::kOpened:
      opened(decision, out);
      break;
    case Decision::What::kUpdated:
      if (open != open_by_key_.end())
        updated(edit(open->second), decision, out);
      else if (!held_.contains(decision.alert_key))
        opened(decision, out);  // expired or refused before, and its rule holds still
      break;
    case Decision::What::kResolved:
      resolved(decision, out);
      break;
  }
  mark_applied(decision, out);
  publish(out);
}

// A rule and scope never has two open alerts: a second opening is an update.
void Supervisor::Book::opened(const Decision& decision, Changes& out) {
  forget_rule(decision.alert_key, out);
  if (const auto open = open_by_key_.find(decision.alert_key); open != open_by_key_.end())
    updated(edit(open->second), decision, out);
  else if (!refuse_opening(decision, out))
    insert(decision, alert_id(decision.alert_key, decision.at, decision.time), decision.rule_id,
           out);
}

void Supervisor::Book::insert(const Decision& decision, const Id128& id, std::string_view who,
                              Changes& out) {
  Slot& slot = open_[id];
  slot.whole = std::make_shared<AlertRecord>();
  slot.fresh = true;
  edited_.push_back(id);
  // Reported ones have a table of their own, and no rule covers their scopes.
  if (!decision.report) {
    open_by_key_[decision.alert_key] = id;
    by_scope_[decision.scope.text()].push_back(id);
  }
  if (inhibits()) inhibit_.add(id, decision.time, alert_labels(decision));
  opened_total_.add();

  AlertRecord& record = *slot.whole;
  record.view.id = id;
  record.view.key = decision.alert_key;
  record.view.opened = decision;
  record.view.latest = record.view.opened;
  record.view.opened_at = decision.time;
  record.view.updated_at = decision.time;
  record.update_told_at = decision.time;
  note_history(record, "opened", who, decision.summary, out);
  flap(record, decision.time);
  const size_t changes = flaps_.count(record.view.key, now_, options_.flapping.window);
  if (options_.flapping.changes != 0 && changes >= static_cast<size_t>(options_.flapping.changes))
    begin_flapping(record, changes, out);
  if (const auto parent = parent_of(record)) cover(id, *parent, out);
  silence_if_matched(record, out);
  speak(record, out);
  cover_children(id, out);
}

void Supervisor::Book::updated(AlertRecord& record, const Decision& decision, Changes& out) {
  const Severity before = record.view.latest->severity;
  const bool was_absent = absent(record.view.latest);
  judge(record, decision);
  if (!record.rule_holds) {  // it flaps, and its rule has opened it again
    record.rule_holds = true;
    flap(record, decision.time);
  }
  const bool other_data = was_absent != absent(decision);
  if (other_data) note_absence(record, !was_absent, out);
  if (before == decision.severity) {
    if (!other_data && record.view.flapping_since == TimeMs{}) tell_update(record, false, out);
    return;
  }
  const std::string text = fmt::format("{} to {}", to_text(before), to_text(decision.severity));
  note_history(record, "severity", decision.rule_id, text, out);
  labels_changed(record.view.id, out);
  if (decision.severity < before) {
    tell_new_receivers(record, out);
    raise_escalation(record, out);
  }
  tell_update(record, true, out, "severity " + text);
}

// The index of what inhibits what follows its labels.
void Supervisor::Book::judge(AlertRecord& record, const Decision& decision) {
  const bool other = record.view.latest->severity != decision.severity ||
                     record.view.latest->scope != decision.scope;
  if (other && inhibits())
    inhibit_.remove(record.view.id, record.view.opened_at, alert_labels(record.view.latest));
  record.view.latest = decision;
  record.view.updated_at = decision.time;
  if (other && inhibits())
    inhibit_.add(record.view.id, record.view.opened_at, alert_labels(record.view.latest));
}

// Neither firing nor fine: its data stopped. It stays open, and says so.
void Supervisor::Book::note_absence(AlertRecord& record, bool now_absent, Changes& out) {
  note_history(record, now_absent ? "absent" : "present", record.view.opened->rule_id, "", out);
  tell_update(record, false, out,
              now_absent ? "its data is absent: it stays open until the data says otherwise"
                         : "its data is there again");
}

void Supervisor::Book::resolved(const Decision& decision, Changes& out) {
  forget_rule(decision.alert_key, out);
  const auto open = open_by_key_.find(decision.alert_key);
  if (open == open_by_key_.end()) return;
  const Id128 id = open->second;
  AlertRecord& record = edit(id);
  if (held_open(record, decision, out)) return;
  record.rule_holds = false;
  // A resolution without a tree of its own (a removed rule) leaves what was judged last.
  if (!decision.tree.empty() || !decision.violations.empty()) judge(record, decision);
  const std::string reason =
      decision.resolve_reason.empty() ? "recovered" : decision.resolve_reason;
  close(id, AlertState::kResolved, decision.time, reason, decision.rule_id, out);
}

// The rule opened or resolved: what a person closed before no longer keeps its updates away.
void Supervisor::Book::forget_rule(const Id128& key, Changes& out) {
  const auto held = held_.find(key);
  if (held == held_.end()) return;
  out.rule_over.push_back(held->second);
  for (auto& record : recent_) {
    if (record->view.id != held->second) continue;
    record = std::make_shared<AlertRecord>(*record);
    record->rule_holds = false;
  }
  held_.erase(held);
}

void Supervisor::Book::close(const Id128& id, AlertState state, TimeMs time, std::string reason,
                             std::string_view who, Changes& out) {
  AlertRecord& record = edit(id);
  record.view.state = state;
  record.view.resolved_at = time;
  record.view.updated_at = time;
  record.view.resolve_reason = std::move(reason);
  record.view.silenced_by.clear();
  record.view.silenced_until = {};
  record.update_owed = false;
  record.speak_at = {};
  stop_escalation(record, out);
  record.repeat_at = {};
  record.view.shelf.reset();
  record.view.flapping_since = {};
  if (state == AlertState::kResolved) flap(record, time);
  note_history(record, to_text(state), who, record.view.resolve_reason, out);
  tell(record, record.told, Event::kResolved, out);
  const std::vector<Id128> groups = record.view.groups;
  for (const Id128& group : groups) member_over(group, open_.at(id).whole, out);
  if (opened_by_person(record)) record.rule_holds = false;  // nobody tells of it again
  if (record.rule_holds && state == AlertState::kResolved) held_[record.view.key] = id;

  const auto slot = open_.find(id);
  if (slot->second.armed) {
    const auto [speak, update, expire, escalate, acknowledged, repeat, shelf, flap] =
        *slot->second.armed;
    timers_.erase({speak, Due::kSpeak, id, ""});
    timers_.erase({update, Due::kUpdate, id, ""});
    timers_.erase({expire, Due::kExpire, id, ""});
    timers_.erase({escalate, Due::kEscalate, id, ""});
    timers_.erase({acknowledged, Due::kAcknowledged, id, ""});
    timers_.erase({repeat, Due::kRepeat, id, ""});
    timers_.erase({shelf, Due::kShelfEnds, id, ""});
    timers_.erase({flap, Due::kFlapEnds, id, ""});
  }
  const std::shared_ptr<AlertRecord> kept = slot->second.whole;
  open_.erase(slot);
  open_by_key_.erase(kept->view.key);
  if (inhibits()) inhibit_.remove(id, kept->view.opened_at, alert_labels(kept->view.latest));
  if (kept->view.opened->report) {
    reported_closed(*kept);
  } else {
    const auto scope = by_scope_.find(kept->view.opened->scope.text());
    std::erase(scope->second, id);
    if (scope->second.empty()) by_scope_.erase(scope);
  }
  recent_.push_back(kept);
  if (recent_.size() > static_cast<size_t>(options_.recent_max)) recent_.pop_front();
  out.alerts.push_back(kept);
  handing_over_.push_back(kept);
  release_children(id, time, out);
  if (kept->view.key != own_key()) check_own_alert(time, out);
}

// Past the limit an opening is refused, and one alert of Tocsin itself says that this happens.
bool Supervisor::Book::refuse_opening(const Decision& decision, Changes& out) {
  const bool own_open = open_by_key_.contains(own_key());
  if (open_.size() - (own_open ? 1 : 0) < static_cast<size_t>(options_.open_alerts_max))
    return false;
  refused_total_.add();
  if (own_open) return true;
  Decision own;
  own.at = decision.at;
  own.time = decision.time;
  own.alert_key = own_key();
  own.rule_id = kOwnRule;
  own.severity = Severity::kHigh;
  own.summary = fmt::format("{} alerts are open; further ones are not opened until some are closed",
                            options_.open_alerts_max);
  own.description = "The limit is supervisor.open_alerts_max in the configuration.";
  insert(own, alert_id(own.alert_key, own.at, own.time), kOwnRule, out);
  return true;
}

// A tenth of hysteresis, so that it does not open and close with every alert.
void Supervisor::Book::check_own_alert(TimeMs time, Changes& out) {
  const auto own = open_by_key_.find(own_key());
  if (own == open_by_key_.end()) return;
  if (open_.size() - 1 > static_cast<size_t>(options_.open_alerts_max * 9 / 10)) return;
  const Id128 id = own->second;
  edit(id).rule_holds = false;
  close(id, AlertState::kResolved, time, "below nine tenths of the limit again", "", out);
}

void Supervisor::Book::arm(TimeMs& armed, TimeMs due, Due kind, const Id128& id) {
  if (armed == due) return;
  if (armed != TimeMs{}) timers_.erase({armed, kind, id, ""});
  armed = due;
  if (armed != TimeMs{}) timers_.emplace(armed, kind, id, "");
}

void Supervisor::Book::disarm(const Id128& id, TimeMs Armed::*which) {
  (*open_.at(id).armed).*which = {};
}

void Supervisor::Book::arm_all(const Id128& id, Slot& slot) {
  const auto held = record_of(id, slot);
  const AlertRecord& record = *held;
  Armed now = slot.armed ? *slot.armed : Armed();
  // What is muted speaks when it no longer is.
  arm(now.speak, muted(record.view) ? TimeMs{} : record.speak_at, Due::kSpeak, id);
  arm(now.update, record.update_owed ? record.update_told_at + options_.update_every : TimeMs{},
      Due::kUpdate, id);
  const Escalation* escalation = record.view.escalation.get();
  const TimeMs step = escalation == nullptr ? kTimeMax : supervisor::next_due(*escalation);
  arm(now.escalate, step == kTimeMax ? TimeMs{} : step, Due::kEscalate, id);
  arm(now.acknowledged, escalation == nullptr ? TimeMs{} : escalation->acknowledged_until,
      Due::kAcknowledged, id);
  arm(now.repeat, record.repeat_at, Due::kRepeat, id);
  arm(now.shelf, record.view.shelf ? record.view.shelf->until : TimeMs{}, Due::kShelfEnds, id);
  arm(now.flap,
      record.view.flapping_since == TimeMs{}
          ? TimeMs{}
          : flaps_.quiet_at(record.view.key, static_cast<size_t>(options_.flapping.quiet()), now_,
                            options_.flapping.window),
      Due::kFlapEnds, id);
  // Judged again: the expiry moves only when it falls due, so that an update costs no timer.
  const bool ends = record.view.latest->report && record.view.latest->report->ends.ms != 0;
  const TimeMs expires = record.view.latest->time + options_.expire_after;
  if (!ends && (now.expire == TimeMs{} || expires < now.expire))
    arm(now.expire, expires, Due::kExpire, id);
  if (now == Armed())
    slot.armed.reset();  // as most of those that are told again and again
  else if (slot.armed)
    *slot.armed = now;
  else
    slot.armed = std::make_unique<Armed>(now);
}

TimeMs Supervisor::Book::next_due() const {
  if (!windows_planned_ || !kept_planned_) return std::max(now_, TimeMs{});  // at once
  const TimeMs ends = reported_.next_due();
  return timers_.empty() ? ends : std::min(ends, std::get<TimeMs>(*timers_.begin()));
}

void Supervisor::Book::advance(TimeMs now, Changes& out) {
  advancing_to_ = now;
  plan_windows(std::max(now_, now), out);
  const bool planned = std::exchange(kept_planned_, true);
  for (TimeMs due = next_due(); due <= now; due = next_due()) {
    if (reported_.next_due() <= due) {
      now_ = std::max(now_, due);
      end_due_reported(due, out);
      publish(out);
      continue;
    }
    const Timer timer = *timers_.begin();
    timers_.erase(timers_.begin());
    now_ = std::max(now_, std::get<TimeMs>(timer));
    fire(timer, out);
    publish(out);
  }
  now_ = std::max(now_, now);
  if (!planned) plan_kept(out);
}

void Supervisor::Book::fire(const Timer& timer, Changes& out) {
  const auto& [due, kind, id, silence] = timer;
  switch (kind) {
    case Due::kWindowBegins:
      window_begins(silence, due, out);
      return;
    case Due::kSilenceEnds:
      end_silence(silence, "", out);
      return;
    case Due::kSpeak: {
      disarm(id, &Armed::speak);
      speak(edit(id), out);
      return;
    }
    case Due::kAcknowledged:
      disarm(id, &Armed::acknowledged);
      acknowledgement_ends(id, out);
      return;
    case Due::kEscalate:
      disarm(id, &Armed::escalate);
      escalate_due(id, due, out);
      return;
    case Due::kUpdate:
      disarm(id, &Armed::update);
      tell_update(edit(id), false, out);
      return;
    case Due::kShelfEnds:
      disarm(id, &Armed::shelf);
      unshelve(edit(id), "", "its time is over", out);
      return;
    case Due::kFlapEnds:
      disarm(id, &Armed::flap);
      flap_due(id, out);
      return;
    case Due::kRepeat:
      if (groups_.contains(id)) return group_due(id, out);
      disarm(id, &Armed::repeat);
      repeat(id, out);
      return;
    case Due::kGroup:
      group_due(id, out);
      return;
    case Due::kExpire:
      disarm(id, &Armed::expire);
      expire_or_rearm(id, out);
      return;
  }
}

void Supervisor::Book::expire_or_rearm(const Id128& id, Changes& out) {
  const auto record = open_record(id);
  const AlertView& view = record->view;
  if (view.key == own_key()) {
    edit(id).view.latest.edit([&](Decision& own) {
      own.time = now_;
    });  // judged by every opening and closing, not by a rule
    return;
  }
  if (view.latest->time + options_.expire_after > now_)
    arm_all(id, open_.at(id));
  else
    close(id, AlertState::kExpired, now_, "expired", "", out);
}

std::vector<Silence> Supervisor::Book::silences() const {
  std::vector<Silence> out;
  for (const auto& [id, silence] : silences_) out.push_back(silence);
  std::stable_sort(out.begin(), out.end(),
                   [](const Silence& a, const Silence& b) { return a.until < b.until; });
  return out;
}

}  // namespace tocsin::supervisor
