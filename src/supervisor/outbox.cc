#include "supervisor/outbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/random.h"
#include "base/text.h"
#include "supervisor/life_tables.h"
#include "supervisor/outbox_queue.h"
#include "supervisor/tables.h"

namespace tocsin::supervisor {
namespace {

constexpr std::array kWaits = {seconds(2), seconds(5), seconds(15),
                               minutes(1), minutes(5), minutes(10)};
constexpr size_t kAnswerBytesMax = 1000;
constexpr size_t kExternalBytesMax = 4000;
constexpr size_t kTextBytesMax = 4000;

Counter& deliveries(Counters& counters, std::string_view result) {
  return counters.counter("tocsin_deliveries_total", fmt::format("result=\"{}\"", result),
                          "Attempts to tell a receiver, by what came of them.");
}

// Of whose thread it is part.
Id128 subject_of(const NotificationIntent& intent) {
  return intent.group == Id128{} ? intent.alert_id : intent.group;
}

// The one that is sent says what the one merged into it would have said.
void carry(NotificationIntent& into, const NotificationIntent& from, OutboxChanges& out) {
  if (from.text.empty() && !from.loud) return;
  into.text = cut_text(into.text + (into.text.empty() ? "" : "\n") + from.text, kTextBytesMax);
  into.loud = into.loud || from.loud;
  out.texts.push_back({into.id, into.text, into.loud});
}

}  // namespace

DurationMs back_off(uint32_t attempts, int64_t delivery, uint64_t seed) {
  const size_t step = std::min<size_t>(attempts == 0 ? 0 : attempts - 1, kWaits.size() - 1);
  const DurationMs wait = kWaits[step];
  Random random(seed ^ (static_cast<uint64_t>(delivery) * 0x9e3779b97f4a7c15ULL) ^ attempts);
  const auto jitter = static_cast<int64_t>(random.uniform() * static_cast<double>(wait.count) / 10);
  return wait + milliseconds(jitter);
}

Result<void> apply(state::Transaction& transaction, const OutboxChanges& changes) {
  for (const auto& [delivery, external] : changes.rows) {
    auto done = transaction.execute(
        "UPDATE deliveries SET kind = ?, state = ?, attempts = ?, sent = ?, next_try = ?,"
        " answer = ?, external = ? WHERE id = ?",
        {delivery.kind, static_cast<int>(delivery.state), delivery.attempts, delivery.sent,
         delivery.next_try, delivery.answer, external, delivery.id});
    if (!done) return fail(done.error());
  }
  for (const int64_t id : changes.merged) {
    auto done = transaction.execute("DELETE FROM deliveries WHERE id = ?", {id});
    if (!done) return fail(done.error());
  }
  for (const auto& [id, text, loud] : changes.texts) {
    auto done = transaction.execute("UPDATE deliveries SET text = ?, loud = ? WHERE id = ?",
                                    {text, loud, id});
    if (!done) return fail(done.error());
  }
  return {};
}

Outbox::Queue::Queue(OutboxOptions options, Counters& counters)
    : options_(options),
      sent_total_(deliveries(counters, "sent")),
      retry_total_(deliveries(counters, "retry")),
      given_up_total_(deliveries(counters, "given up")),
      merged_total_(counters.counter("tocsin_outbox_merged_total", "",
                                     "Updates that another delivery of the alert carried.")),
      overflow_total_(counters.counter("tocsin_outbox_overflow_total", "",
                                       "Deliveries left in the table because memory was full.")) {}

// What waits is told as it is now. A group's picture comes with its messages alone.
void Outbox::Queue::newer_views(const Changes& changes, std::map<Id128, Subject>& subjects) {
  const auto renew = [&](const Id128& id, const Subject& subject) {
    for (auto thread = threads_.lower_bound({id, ""});
         thread != threads_.end() && thread->first.first == id; ++thread)
      if (!thread->second.waiting.empty()) thread->second.subject = subject;
  };
  for (auto& view : changes.changed()) {
    const Subject subject{view, nullptr};
    if (!changes.intents.empty()) subjects[view->id] = subject;
    renew(view->id, subject);
  }
  for (const auto& group : changes.group_views) {
    if (group->alerts.empty()) continue;
    const Subject subject{group->alerts.front(), group};
    subjects[group->id] = subject;
    renew(group->id, subject);
  }
}

void Outbox::Queue::add(const Changes& changes, OutboxChanges& out) {
  std::map<Id128, Subject> subjects;
  newer_views(changes, subjects);
  for (const NotificationIntent& intent : changes.intents) {
    if (intent.id <= newest_id_) continue;  // load() has seen it already
    const auto view = subjects.find(subject_of(intent));
    if (behind_ || by_id_.size() >= options_.pending_max || view == subjects.end()) {
      behind_ = true;
      overflow_total_.add();
      continue;
    }
    newest_id_ = intent.id;
    Pending pending;
    pending.intent = intent;
    pending.due = intent.planned;
    enqueue(std::move(pending), view->second, out);
  }
}

void Outbox::Queue::enqueue(Pending pending, const Subject& subject, OutboxChanges& out) {
  const Key key{subject_of(pending.intent), pending.intent.receiver};
  Thread& thread = threads_[key];
  thread.subject = subject;
  // Somebody is called anew: what failed before is no reason not to try.
  if (pending.intent.event == Event::kOpened) thread.broken = false;
  if (thread.broken) {
    pending.answer = "not told: its opening was given up";
    row(pending, thread, Delivery::State::kGivenUp, out);
    given_up_total_.add();
    forget_if_over(key);
    return;
  }
  if (merge(thread, pending.intent, out)) return;
  by_id_.emplace(pending.intent.id, key);
  thread.waiting.push_back(std::move(pending));
  make_ready(thread);
}

// What waits is sent with the newest view: an update behind it adds nothing, and before a
// resolution an update is of no use. True if the new one was merged away.
bool Outbox::Queue::merge(Thread& thread, const NotificationIntent& intent, OutboxChanges& out) {
  if (thread.waiting.empty() || thread.waiting.back().in_flight) return false;
  const Event last = thread.waiting.back().intent.event;
  if (intent.event == Event::kUpdated && last != Event::kResolved) {
    carry(thread.waiting.back().intent, intent, out);
    out.merged.push_back(intent.id);
    merged_total_.add();
    return true;
  }
  if (intent.event == Event::kResolved && last == Event::kUpdated &&
      thread.waiting.back().attempts == 0)
    drop_last(thread, out);
  return false;
}

void Outbox::Queue::drop_last(Thread& thread, OutboxChanges& out) {
  if (thread.waiting.size() == 1) not_ready(thread);
  out.merged.push_back(thread.waiting.back().intent.id);
  merged_total_.add();
  by_id_.erase(thread.waiting.back().intent.id);
  thread.waiting.pop_back();
}

void Outbox::Queue::make_ready(Thread& thread) {
  if (thread.waiting.empty() || thread.waiting.front().in_flight) return;
  const Pending& head = thread.waiting.front();
  ready_[head.intent.receiver].emplace(head.due, head.intent.id);
}

void Outbox::Queue::not_ready(const Thread& thread) {
  const Pending& head = thread.waiting.front();
  const auto ready = ready_.find(head.intent.receiver);
  if (ready == ready_.end()) return;
  ready->second.erase({head.due, head.intent.id});
  if (ready->second.empty()) ready_.erase(ready);
}

std::vector<Claim> Outbox::Queue::claim(TimeMs now, size_t limit,
                                        const std::function<bool(const std::string&)>& may_send) {
  std::vector<Claim> out;
  std::set<std::string> passed;  // busy, or nothing due
  while (out.size() < limit && passed.size() < ready_.size()) {
    auto next = ready_.upper_bound(turn_);
    if (next == ready_.end()) next = ready_.begin();
    turn_ = next->first;
    if (passed.contains(turn_)) continue;
    if (next->second.begin()->first > now || !may_send(turn_))
      passed.insert(turn_);
    else
      out.push_back(take(turn_));
  }
  return out;
}

Claim Outbox::Queue::take(const std::string& receiver) {
  const auto ready = ready_.find(receiver);
  const int64_t id = ready->second.begin()->second;
  ready->second.erase(ready->second.begin());
  if (ready->second.empty()) ready_.erase(ready);
  Thread& thread = threads_.at(by_id_.at(id));
  Pending& head = thread.waiting.front();
  TOCSIN_CHECK(head.intent.id == id && !head.in_flight, "delivery {} is not the head, {} is", id,
               head.intent.id);
  head.in_flight = true;
  return {head.intent, head.attempts, thread.subject.alert, thread.external, thread.subject.group};
}

void Outbox::Queue::record(const DeliveryResult& result, TimeMs now, OutboxChanges& out) {
  const auto known = by_id_.find(result.id);
  if (known == by_id_.end()) return;
  const Key key = known->second;
  Thread& thread = threads_.at(key);
  Pending& head = thread.waiting.front();
  if (head.intent.id != result.id || !head.in_flight) return;
  head.in_flight = false;
  ++head.attempts;
  head.sent = now;
  head.kind = result.kind;
  head.answer = cut_text(result.answer, kAnswerBytesMax);
  if (!result.external.empty() && result.external.size() <= kExternalBytesMax)
    thread.external = result.external;
  const bool too_late = now >= head.intent.planned + options_.give_up_after;
  switch (result.outcome) {
    case DeliveryResult::Outcome::kSent:
      sent_total_.add();
      row(head, thread, Delivery::State::kSent, out);
      finish(key, thread, out);
      return;
    case DeliveryResult::Outcome::kRetry:
      if (too_late)
        give_up(key, thread, out);
      else
        retry(thread, result, now, out);
      return;
    case DeliveryResult::Outcome::kFinal:
      give_up(key, thread, out);
      return;
  }
}

// The head is done with; the next one may go.
void Outbox::Queue::finish(const Key& key, Thread& thread, OutboxChanges& out) {
  by_id_.erase(thread.waiting.front().intent.id);
  thread.waiting.pop_front();
  while (thread.broken && !thread.waiting.empty()) {
    Pending& behind = thread.waiting.front();
    behind.answer = "not told: its opening was given up";
    row(behind, thread, Delivery::State::kGivenUp, out);
    given_up_total_.add();
    by_id_.erase(behind.intent.id);
    thread.waiting.pop_front();
  }
  make_ready(thread);
  forget_if_over(key);
}

void Outbox::Queue::give_up(const Key& key, Thread& thread, OutboxChanges& out) {
  given_up_total_.add();
  Pending& head = thread.waiting.front();
  if (head.intent.event == Event::kOpened) thread.broken = true;
  row(head, thread, Delivery::State::kGivenUp, out);
  finish(key, thread, out);
}

void Outbox::Queue::retry(Thread& thread, const DeliveryResult& result, TimeMs now,
                          OutboxChanges& out) {
  retry_total_.add();
  Pending& head = thread.waiting.front();
  DurationMs wait = back_off(head.attempts, head.intent.id, options_.seed);
  if (result.retry_after) wait = std::max(wait, std::min(*result.retry_after, hours(24)));
  const TimeMs last_chance = head.intent.planned + options_.give_up_after;
  head.due = std::min(now + wait, std::max(last_chance, now + seconds(1)));
  row(head, thread, Delivery::State::kFailed, out);
  // The repeat carries the newest view: updates that came meanwhile are in it.
  while (thread.waiting.size() > 1 && thread.waiting[1].intent.event == Event::kUpdated) {
    carry(head.intent, thread.waiting[1].intent, out);
    out.merged.push_back(thread.waiting[1].intent.id);
    merged_total_.add();
    by_id_.erase(thread.waiting[1].intent.id);
    thread.waiting.erase(thread.waiting.begin() + 1);
  }
  make_ready(thread);
}

void Outbox::Queue::row(const Pending& pending, const Thread& thread, Delivery::State state,
                        OutboxChanges& out) const {
  Delivery delivery;
  delivery.id = pending.intent.id;
  delivery.alert_id = pending.intent.alert_id;
  if (pending.intent.group != Id128{}) delivery.group = pending.intent.group;
  delivery.text = pending.intent.text;
  delivery.loud = pending.intent.loud;
  delivery.receiver = pending.intent.receiver;
  delivery.kind = pending.kind;
  delivery.event = to_text(pending.intent.event);
  delivery.state = state;
  delivery.attempts = pending.attempts;
  delivery.planned = pending.intent.planned;
  delivery.sent = pending.sent;
  if (state == Delivery::State::kFailed) delivery.next_try = pending.due;
  delivery.answer = pending.answer;
  out.rows.push_back({std::move(delivery), thread.external});
}

void Outbox::Queue::forget_if_over(const Key& key) {
  const auto found = threads_.find(key);
  Thread& thread = found->second;
  if (!thread.waiting.empty()) return;
  thread.over = thread.subject.alert && thread.subject.over();
  if (thread.over && !behind_)
    threads_.erase(found);
  else
    thread.subject = {};  // an open alert's place in a chat is kept, its picture is not
}

TimeMs Outbox::Queue::next_due() const {
  TimeMs due = kTimeMax;
  for (const auto& [receiver, heads] : ready_) due = std::min(due, heads.begin()->first);
  return due;
}

size_t Outbox::Queue::retrying() const {
  size_t count = 0;
  for (const auto& [key, thread] : threads_)
    for (const Pending& pending : thread.waiting) count += pending.attempts > 0 ? 1 : 0;
  return count;
}

// What earlier answers left, for alerts that are open or have something waiting.
Result<void> Outbox::Queue::load_threads(state::Database& database) {
  std::set<Key> before;
  for (const auto& [key, thread] : threads_) before.insert(key);
  auto rows = database.query(
      "SELECT coalesce(d.group_id, d.alert), d.receiver, d.event, d.state, d.external"
      " FROM deliveries d JOIN alerts a ON a.id = d.alert"
      " LEFT JOIN alert_groups g ON g.id = d.group_id"
      " WHERE (d.group_id IS NULL AND a.state = 0) OR g.closed_at = 0"
      " OR coalesce(d.group_id, d.alert) IN"
      " (SELECT coalesce(group_id, alert) FROM deliveries WHERE state IN (0, 2)) ORDER BY d.id",
      {}, [&](const state::Row& row) {
        const Key key{row.get<Id128>(0), row.get<std::string>(1)};
        if (before.contains(key)) return;
        Thread& thread = threads_[key];
        if (const std::string_view external = row.get<std::string_view>(4); external != "{}")
          thread.external = external;
        const bool given_up = row.get<int>(3) == static_cast<int>(Delivery::State::kGivenUp);
        if (row.get<std::string_view>(2) == "opened") thread.broken = given_up;
      });
  if (!rows) return fail(rows.error());
  return {};
}

Result<std::vector<Outbox::Queue::Pending>> Outbox::Queue::load_pending(state::Database& database,
                                                                        size_t room) {
  std::vector<Pending> out;
  auto rows = database.query(
      fmt::format("SELECT {}, dedupe_key FROM deliveries WHERE state IN (0, 2) AND id > ?"
                  " ORDER BY id LIMIT ?",
                  kDeliveryColumns),
      {newest_id_, room}, [&](const state::Row& row) {
        const Delivery delivery = delivery_of(row);
        const auto event = parse_event(delivery.event);
        if (!event) return;
        Pending pending;
        pending.intent = {delivery.id, delivery.alert_id, delivery.receiver,
                          *event,      delivery.planned,  row.get<std::string>(14)};
        if (delivery.group) pending.intent.group = *delivery.group;
        pending.intent.text = delivery.text;
        pending.intent.loud = delivery.loud;
        pending.attempts = delivery.attempts;
        pending.due = delivery.next_try;
        pending.sent = delivery.sent;
        pending.kind = delivery.kind;
        pending.answer = delivery.answer;
        out.push_back(std::move(pending));
      });
  if (!rows) return fail(rows.error());
  return out;
}

Result<Outbox::Queue::Subject> Outbox::Queue::read_subject(state::Database& database,
                                                           const NotificationIntent& intent) const {
  Subject out;
  if (intent.group != Id128{}) {
    auto group = read_group_view(database, intent.group);
    if (!group) return fail(group.error());
    out.group = std::move(*group);
  }
  auto records = read_records(database, "id = ?", {intent.alert_id});
  if (!records) return fail(records.error());
  if (!records->empty())
    out.alert = std::make_shared<const AlertView>(std::move(records->front().view));
  return out;
}

Result<void> Outbox::Queue::load(state::Database& database, OutboxChanges& out) {
  if (auto done = load_threads(database); !done) return done;
  const size_t room = options_.pending_max - std::min(by_id_.size(), options_.pending_max);
  auto found = load_pending(database, room);
  if (!found) return fail(found.error());
  std::map<Id128, Subject> subjects;
  for (Pending& pending : *found) {
    Subject& subject = subjects[subject_of(pending.intent)];
    if (!subject.alert) {
      auto read = read_subject(database, pending.intent);
      if (!read) return fail(read.error());
      subject = std::move(*read);
    }
    if (!subject.alert) continue;  // purged meanwhile, and its deliveries with it
    newest_id_ = pending.intent.id;
    enqueue(std::move(pending), subject, out);
  }
  behind_ = found->size() == room;
  if (!behind_)
    std::erase_if(threads_, [](const auto& entry) {
      return entry.second.over && entry.second.waiting.empty();
    });
  return {};
}

Outbox::Outbox(OutboxOptions options, Counters& counters)
    : queue_(std::make_unique<Queue>(options, counters)) {}
Outbox::~Outbox() = default;
Result<void> Outbox::load(state::Database& database, OutboxChanges& out) {
  return queue_->load(database, out);
}
bool Outbox::wants_load() const { return queue_->wants_load(); }
void Outbox::add(const Changes& changes, OutboxChanges& out) { queue_->add(changes, out); }
std::vector<Claim> Outbox::claim(TimeMs now, size_t limit,
                                 const std::function<bool(const std::string&)>& may_send) {
  return queue_->claim(now, limit, may_send);
}
void Outbox::record(const DeliveryResult& result, TimeMs now, OutboxChanges& out) {
  queue_->record(result, now, out);
}
TimeMs Outbox::next_due() const { return queue_->next_due(); }
size_t Outbox::pending() const { return queue_->pending(); }
size_t Outbox::retrying() const { return queue_->retrying(); }

}  // namespace tocsin::supervisor
