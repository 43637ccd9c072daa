#pragma once
// Inside of the room: the pending deliveries in memory. A thread is what one receiver is told of
// one alert or of one group; only its head may be sent.
//
//   thread (alert or group, receiver):  [opened, in flight] [updated] [resolved]
//   ready[receiver]:           (due, delivery id) of every head that is not in flight

#include <deque>
#include <unordered_map>

#include "supervisor/outbox.h"

namespace tocsin::supervisor {

class Outbox::Queue {
 public:
  Queue(OutboxOptions options, Counters& counters);

  Result<void> load(state::Database& database, OutboxChanges& out);
  void add(const Changes& changes, OutboxChanges& out);
  std::vector<Claim> claim(TimeMs now, size_t limit,
                           const std::function<bool(const std::string&)>& may_send);
  void record(const DeliveryResult& result, TimeMs now, OutboxChanges& out);
  TimeMs next_due() const;
  bool wants_load() const { return behind_ && by_id_.size() <= options_.pending_max / 2; }
  size_t pending() const { return by_id_.size(); }
  size_t retrying() const;

 private:
  using Key = std::pair<Id128, std::string>;  // alert or group, receiver
  struct Subject {
    std::shared_ptr<const AlertView> alert;  // for a group the one that stands for it
    std::shared_ptr<const GroupView> group;  // null = of the alert alone
    bool over() const { return group ? group->over : alert->state != AlertState::kOpen; }
  };
  struct Pending {
    NotificationIntent intent;
    uint32_t attempts = 0;
    TimeMs due;
    TimeMs sent;
    bool in_flight = false;
    std::string kind, answer;
  };
  struct Thread {
    std::deque<Pending> waiting;
    Subject subject;  // set while something waits
    std::string external = "{}";
    bool broken = false;  // the opening was given up
    bool over = false;    // its subject is over: kept only while the table holds more of it
  };

  void newer_views(const Changes& changes, std::map<Id128, Subject>& subjects);
  void enqueue(Pending pending, const Subject& subject, OutboxChanges& out);
  Result<Subject> read_subject(state::Database& database, const NotificationIntent& intent) const;
  bool merge(Thread& thread, const NotificationIntent& intent, OutboxChanges& out);
  void make_ready(Thread& thread);
  void not_ready(const Thread& thread);
  void drop_last(Thread& thread, OutboxChanges& out);
  void finish(const Key& key, Thread& thread, OutboxChanges& out);
  void retry(Thread& thread, const DeliveryResult& result, TimeMs now, OutboxChanges& out);
  void give_up(const Key& key, Thread& thread, OutboxChanges& out);
  void row(const Pending& pending, const Thread& thread, Delivery::State state,
           OutboxChanges& out) const;
  void forget_if_over(const Key& key);
  Claim take(const std::string& receiver);
  Result<void> load_threads(state::Database& database);
  Result<std::vector<Pending>> load_pending(state::Database& database, size_t room);

  OutboxOptions options_;
  Counter& sent_total_;
  Counter& retry_total_;
  Counter& given_up_total_;
  Counter& merged_total_;
  Counter& overflow_total_;

  std::map<Key, Thread> threads_;
  std::unordered_map<int64_t, Key> by_id_;  // of all that wait or are in flight
  std::map<std::string, std::set<std::pair<TimeMs, int64_t>>> ready_;
  std::string turn_;       // the receiver that was served last
  int64_t newest_id_ = 0;  // everything up to it was taken up
  bool behind_ = false;    // there are newer ones in the table only
};

}  // namespace tocsin::supervisor
