#include "respond/dispatcher.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "respond/following.h"
#include "respond/group_notice.h"
#include "respond/pacer.h"
#include "respond/target.h"
#include "respond/turns.h"

namespace tocsin::respond {
namespace {

using supervisor::Claim;
using Done = Target::Done;

constexpr size_t kToldAlertsMax = 10'000;
// Nothing needs it; it bounds how long a jump of the wall clock can go unnoticed.
constexpr DurationMs kLongestSleep = minutes(1);
constexpr DurationMs kBlockedSleep = seconds(1);

DeliveryResult result(Outcome outcome, std::string answer) {
  DeliveryResult out;
  out.outcome = outcome;
  out.answer = std::move(answer);
  return out;
}

std::string_view outcome_word(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSent:
      return "sent";
    case Outcome::kRetry:
      return "failed";
    case Outcome::kFinal:
      return "given up";
  }
  return "";
}

// Who was told of an alert, as far as this process saw it. The oldest is forgotten.
class ToldBook {
 public:
  void note(const supervisor::Changes& changes) {
    for (const auto& record : changes.alerts) {
      if (record->told.empty()) continue;  // of() says the same of one that is not there
      auto& names = by_alert_[record->view.id];
      if (names.empty()) order_.push_back(record->view.id);
      names.assign(record->told.begin(), record->told.end());
    }
    while (order_.size() > kToldAlertsMax) {
      by_alert_.erase(order_.front());
      order_.pop_front();
    }
  }
  std::vector<std::string> of(const Id128& alert, const std::string& receiver) const {
    const auto found = by_alert_.find(alert);
    if (found == by_alert_.end() || found->second.empty()) return {receiver};
    return found->second;
  }

 private:
  std::map<Id128, std::vector<std::string>> by_alert_;
  std::deque<Id128> order_;
};

}  // namespace

struct Dispatcher::Impl : std::enable_shared_from_this<Dispatcher::Impl> {
  Impl(Options given, std::shared_ptr<const Receivers> known, net::Outbound& way_out,
       const Clock& time, Counters& all, Write write_rows)
      : options(given),
        outbound(way_out),
        clock(time),
        counters(all),
        write(std::move(write_rows)),
        outbox(given.outbox, all),
        following(all),
        receivers(std::move(known)) {}

  DurationMs tick();
  DurationMs time_to_wait(TimeMs now) const;
  void follow(TimeMs now);
  void hear(const std::string& receiver, const Id128& alert, std::string note);
  void count_failed_words(const std::string& receiver);
  bool may_send(const std::string& receiver, TimeMs now) const;
  void send(const Claim& claim, TimeMs now);
  void note_pace(const Receiver& receiver, TimeMs now);
  void finish(const Claim& claim, DeliveryResult result);
  void take(supervisor::Changes changes);
  void deliver(const Receiver& receiver, const Notice& notice, const std::string& external,
               Done done);
  Way way();
  void test(const std::string& receiver, const TestDone& done);
  void tell(const PersonNotice& told, const TestDone& done);
  void aside(Notice notice, std::atomic<size_t>& under_way, const TestDone& done);
  void count(std::string_view kind, Outcome outcome);
  std::shared_ptr<const Receivers> now_known() const {
    const std::lock_guard lock(mutex);
    return receivers;
  }

  const Options options;
  net::Outbound& outbound;
  const Clock& clock;
  Counters& counters;
  const Write write;

  // The outbound thread's.
  Turns turns;
  supervisor::Outbox outbox;
  Following following;
  Pacer pacer;
  Heard heard;
  DispatchChanges changes;  // not handed to `write` yet
  std::map<std::string, size_t> in_flight;
  size_t in_flight_all = 0;
  // By Retry-After, and by what the service takes.
  std::map<std::string, TimeMs> paused_until;
  ToldBook told;

  std::atomic<size_t> tests{0};
  std::atomic<size_t> notices{0};
  mutable std::mutex mutex;
  std::shared_ptr<const Receivers> receivers;  // guarded by mutex
};

DurationMs Dispatcher::Impl::tick() {
  const TimeMs now = clock.now();
  std::erase_if(paused_until, [&](const auto& pause) { return pause.second <= now; });
  const auto free = [&](const std::string& receiver) { return may_send(receiver, now); };
  // One at a time: every claim changes what the next one may be.
  while (in_flight_all < options.in_flight_max) {
    const std::vector<Claim> claims = outbox.claim(now, 1, free);
    if (claims.empty()) break;
    send(claims.front(), now);
  }
  follow(now);
  if (!changes.empty()) write(std::exchange(changes, {}));
  return time_to_wait(now);
}

// What is due but may not be sent waits for an answer, which wakes us, or for the end of a pause.
// As long as it waits the outbox cannot say when the next other one falls due: look each second.
DurationMs Dispatcher::Impl::time_to_wait(TimeMs now) const {
  const TimeMs due = outbox.next_due();
  TimeMs until = std::min(now + kLongestSleep, due > now ? due : now + kBlockedSleep);
  for (const auto& [receiver, end] : paused_until) until = std::min(until, end);
  return std::min(until, std::max(following.next_due(), now + milliseconds(1))) - now;
}

// What is open is told again, or asked for; it is no delivery and leaves no row in the ledger.
void Dispatcher::Impl::follow(TimeMs now) {
  const auto known = now_known();
  for (const std::string& name : following.take_due(*known, now)) {
    const Receiver* receiver = known->find(name);
    const HttpTarget* target = following_target(receiver);
    const auto hear_it = [weak = weak_from_this(), name](const Id128& alert, std::string note) {
      if (const auto self = weak.lock()) self->hear(name, alert, std::move(note));
    };
    target->run(way(), target->follow(known->links(), following.open(name), now, hear_it),
                [weak = weak_from_this(), kind = receiver->kind()](const DeliveryResult& result) {
                  const auto self = weak.lock();
                  if (!self) return;
                  self->counters
                      .counter("tocsin_receiver_followed_total",
                               "kind=\"" + std::string(kind) + "\",outcome=\"" +
                                   std::string(outcome_word(result.outcome)) + "\"",
                               "Rounds over open alerts at receivers that are told again or asked.")
                      .add();
                });
  }
}

void Dispatcher::Impl::hear(const std::string& receiver, const Id128& alert, std::string note) {
  if (heard) heard({receiver, supervisor::AddNote{alert, std::move(note)}});
}

bool Dispatcher::Impl::may_send(const std::string& receiver, TimeMs now) const {
  const auto pause = paused_until.find(receiver);
  if (pause != paused_until.end() && pause->second > now) return false;
  const auto busy = in_flight.find(receiver);
  if (busy == in_flight.end()) return true;
  const auto known = now_known();
  const Receiver* found = known->find(receiver);
  return busy->second < (found == nullptr ? 1 : found->parallel);
}

void Dispatcher::Impl::send(const Claim& claim, TimeMs now) {
  ++in_flight[claim.intent.receiver];
  ++in_flight_all;
  const auto known = now_known();
  const Receiver* receiver = known->find(claim.intent.receiver);
  if (receiver == nullptr)
    return finish(claim, result(Outcome::kFinal, "not sent: the configuration has no receiver " +
                                                     claim.intent.receiver + " any more"));
  if (claim.intent.event == Event::kUpdated && !receiver->updates && !claim.intent.loud)
    return finish(claim, result(Outcome::kSent, "nothing to send: no updates for this receiver"));
  note_pace(*receiver, now);
  Notice notice;
  notice.event = claim.intent.event;
  notice.receiver = claim.intent.receiver;
  notice.key = claim.intent.dedupe_key;
  notice.time = now;
  notice.alert = claim.alert;
  notice.group = claim.group;
  notice.news = claim.intent.text;
  notice.loud = claim.intent.loud;
  if (claim.group)
    notice.alert = std::make_shared<AlertView>(stand_in(*claim.group, claim.intent.text, now));
  notice.acts = !receiver->customers;
  notice.told = told.of(claim.alert->id, claim.intent.receiver);
  if (receiver->customers) notice.told = {claim.intent.receiver};
  deliver(*receiver, notice, claim.external,
          [weak = weak_from_this(), claim, kind = receiver->kind()](DeliveryResult answer) {
            const auto self = weak.lock();
            if (!self) return;
            answer.kind = kind;
            self->finish(claim, std::move(answer));
          });
}

// The next message has to wait until the service takes one more.
void Dispatcher::Impl::note_pace(const Receiver& receiver, TimeMs now) {
  const Pace pace = receiver.target->pace();
  pacer.took(receiver.name, pace, now);
  const TimeMs free = pacer.free_at(receiver.name, pace, now);
  if (free > now) paused_until[receiver.name] = free;
}

void Dispatcher::Impl::finish(const Claim& claim, DeliveryResult answer) {
  const TimeMs now = clock.now();
  const std::string& receiver = claim.intent.receiver;
  if (--in_flight[receiver] == 0) in_flight.erase(receiver);
  --in_flight_all;
  answer.id = claim.intent.id;
  if (answer.retry_after && answer.outcome == Outcome::kRetry && answer.retry_after->count > 0)
    paused_until[receiver] = now + *answer.retry_after;
  following.answered(claim.alert->id, receiver, answer.external);
  count(answer.kind, answer.outcome);
  outbox.record(answer, now, changes.outbox);
}

void Dispatcher::Impl::count(std::string_view kind, Outcome outcome) {
  counters
      .counter("tocsin_receiver_attempts_total",
               "kind=\"" + std::string(kind) + "\",outcome=\"" +
                   std::string(outcome_word(outcome)) + "\"",
               "Messages to receivers, by kind and by what came of them.")
      .add();
}

// Updates for receivers that take none leave the table again: a ledger of what was not said would
// bury what was.
void Dispatcher::Impl::take(supervisor::Changes given) {
  const auto known = now_known();
  told.note(given);
  following.note(given, *known);
  std::erase_if(given.intents, [&](const supervisor::NotificationIntent& intent) {
    const Receiver* receiver = known->find(intent.receiver);
    const bool drop = intent.event == Event::kUpdated && !intent.loud && receiver != nullptr &&
                      !receiver->updates;
    if (drop) changes.outbox.merged.push_back(intent.id);
    return drop;
  });
  outbox.add(given, changes.outbox);
}

void Dispatcher::Impl::deliver(const Receiver& receiver, const Notice& notice,
                               const std::string& external, Done done) {
  const auto known = now_known();
  const auto message = std::make_shared<Message>(Message{known->links(), notice, external});
  const std::string failed = own_words(receiver, *message);
  if (!failed.empty()) count_failed_words(receiver.name);
  const std::string key = receiver.target->turn_key(*message);
  turns.take(key.empty() ? key : receiver.name + "\n" + key,
             [weak = weak_from_this(), receiver, message, failed,
              done = std::move(done)](const std::function<void()>& pass_on) {
               const auto self = weak.lock();
               if (!self) return;
               message->others_open = self->following.others(receiver, *message);
               receiver.target->deliver(self->way(), *message,
                                        [done, failed, pass_on](DeliveryResult answer) {
                                          answer.answer += failed;
                                          done(std::move(answer));
                                          pass_on();
                                        });
             });
}

void Dispatcher::Impl::count_failed_words(const std::string& receiver) {
  counters
      .counter("tocsin_receiver_template_failures_total", "receiver=\"" + receiver + "\"",
               "Messages sent with built-in words because a template could not be filled in.")
      .add();
}

Way Dispatcher::Impl::way() {
  return {net::HttpClient(outbound), net::SmtpClient(outbound), clock,
          [weak = weak_from_this()](InboxMessage message) {
            if (const auto self = weak.lock()) self->changes.inbox.push_back(std::move(message));
          }};
}

void Dispatcher::Impl::test(const std::string& name, const TestDone& done) {
  Notice notice;
  notice.event = Event::kTest;
  notice.receiver = name;
  notice.time = clock.now();
  notice.alert = std::make_shared<AlertView>(test_alert(name, notice.time));
  notice.key = "test-" + to_text(notice.alert->id);
  aside(std::move(notice), tests, done);
}

void Dispatcher::Impl::tell(const PersonNotice& told_now, const TestDone& done) {
  Notice notice;
  notice.event = Event::kOpened;
  notice.receiver = told_now.receiver;
  notice.time = clock.now();
  notice.alert = std::make_shared<AlertView>(view_of(told_now));
  notice.key = told_now.key;
  aside(std::move(notice), notices, done);
}

// One attempt outside of the outbox.
void Dispatcher::Impl::aside(Notice notice, std::atomic<size_t>& under_way, const TestDone& done) {
  Delivery delivery;
  delivery.receiver = notice.receiver;
  delivery.event = to_text(notice.event);
  delivery.attempts = 1;
  delivery.planned = notice.time;
  delivery.alert_id = notice.alert->id;
  notice.told = {notice.receiver};
  const auto known = now_known();
  const Receiver* receiver = known->find(notice.receiver);
  if (receiver != nullptr) delivery.kind = receiver->kind();
  const Done end = [weak = weak_from_this(), &under_way, done,
                    delivery](DeliveryResult answer) mutable {
    const auto self = weak.lock();
    if (!self) return;
    --under_way;
    delivery.sent = self->clock.now();
    delivery.answer = answer.answer;
    delivery.state = answer.outcome == Outcome::kSent    ? Delivery::State::kSent
                     : answer.outcome == Outcome::kRetry ? Delivery::State::kFailed
                                                         : Delivery::State::kGivenUp;
    // A test is not tried again: whatever went wrong, it has failed.
    if (delivery.event == to_text(Event::kTest) && answer.outcome != Outcome::kSent)
      delivery.state = Delivery::State::kFailed;
    self->count(delivery.kind, answer.outcome);
    done(delivery);
  };
  if (receiver == nullptr) return end(result(Outcome::kFinal, "no receiver of that name any more"));
  deliver(*receiver, notice, "", end);
}

Dispatcher::Dispatcher(Options options, std::shared_ptr<const Receivers> receivers,
                       net::Outbound& outbound, const Clock& clock, Counters& counters, Write write)
    : impl_(std::make_shared<Impl>(options, std::move(receivers), outbound, clock, counters,
                                   std::move(write))) {
  outbound.set_tick([impl = impl_.get()] { return impl->tick(); });
}

Dispatcher::~Dispatcher() { impl_->outbound.set_tick(nullptr); }

Result<void> Dispatcher::load(state::Database& database) {
  if (auto done = impl_->following.load(database, *impl_->now_known()); !done) return done;
  return impl_->outbox.load(database, impl_->changes.outbox);
}

void Dispatcher::set_heard(Heard heard) { impl_->heard = std::move(heard); }

bool Dispatcher::wants_load() const { return impl_->outbox.wants_load(); }

void Dispatcher::committed(supervisor::Changes changes) {
  impl_->outbound.post([weak = impl_->weak_from_this(), given = std::move(changes)]() mutable {
    if (const auto self = weak.lock()) self->take(std::move(given));
  });
}

void Dispatcher::replace(std::shared_ptr<const Receivers> receivers) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->receivers = std::move(receivers);
  }
  impl_->outbound.wake();
}

Result<void> Dispatcher::test(const std::string& receiver, TestDone done) {
  const auto known = impl_->now_known();
  if (known->find(receiver) == nullptr) {
    const std::vector<std::string> names = known->names();
    std::string message = "there is no receiver \"" + receiver + "\"; there are:";
    for (const std::string& name : names) message += " " + name;
    return fail(ErrorCode::kInvalid, message);
  }
  if (impl_->tests.fetch_add(1) >= impl_->options.tests_max) {
    --impl_->tests;
    return fail(ErrorCode::kExhausted, "too many test messages are under way; try again");
  }
  impl_->outbound.post([weak = impl_->weak_from_this(), receiver, done = std::move(done)] {
    if (const auto self = weak.lock()) self->test(receiver, done);
  });
  return {};
}

void Dispatcher::standings(std::function<void(Standings)> done) {
  impl_->outbound.post([weak = impl_->weak_from_this(), done = std::move(done)] {
    const auto self = weak.lock();
    if (!self) return;
    Standings out;
    for (const auto& [receiver, count] : self->in_flight)
      if (count > 0) out[receiver].in_flight = count;
    for (const auto& [receiver, until] : self->paused_until)
      if (until > self->clock.now()) out[receiver].paused_until = until;
    done(std::move(out));
  });
}

Result<void> Dispatcher::tell(const PersonNotice& notice, TestDone done) {
  if (impl_->now_known()->find(notice.receiver) == nullptr)
    return fail(ErrorCode::kInvalid, "there is no receiver \"" + notice.receiver + "\"");
  if (impl_->notices.fetch_add(1) >= impl_->options.notices_max) {
    --impl_->notices;
    return fail(ErrorCode::kExhausted, "too many messages to people are under way");
  }
  impl_->outbound.post([weak = impl_->weak_from_this(), notice, done = std::move(done)] {
    if (const auto self = weak.lock()) self->tell(notice, done);
  });
  return {};
}

Result<void> apply(state::Transaction& transaction, const DispatchChanges& changes) {
  if (!changes.outbox.empty())
    if (const auto done = supervisor::apply(transaction, changes.outbox); !done)
      return fail(done.error());
  if (changes.inbox.empty()) return {};
  return keep(transaction, changes.inbox);
}

}  // namespace tocsin::respond
