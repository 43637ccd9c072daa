#pragma once
// The outbox's other end: takes deliveries that are due, sends them, reports what came of it.
//
// It plans nothing and forgets nothing that matters: retries and the ledger belong to the
// supervisor's outbox. A job ends with exactly one Outcome, also when the program stops.
//
// Order: jobs of one alert to one receiver are sent one after the other, by id. After a failure
// that will be tried again, later jobs of that pair come back as `deferred` until it is settled.
// Bounded: jobs held (in all and per receiver); past it submit() refuses and the outbox tries
// later. A receiver that is slow or down holds only its own lane. Threads: submit() from any; all
// else happens on Outbound's thread, Report too.

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/counters.h"
#include "base/result.h"
#include "net/outbound.h"
#include "respond/notice.h"
#include "respond/receiver.h"

namespace tocsin::respond {

// One due delivery of the outbox.
struct Job {
  Delivery delivery;
  std::string key;           // idempotency key of this delivery
  std::string external_ids;  // what an earlier delivery of the pair gave (JSON), or empty
  std::shared_ptr<const AlertView> alert;
  std::vector<std::string> told;
};

struct Outcome {
  enum class What : uint8_t {
    kSent,      // the other side took it, or there was nothing to say (see answer)
    kRetry,     // failed; trying again may help
    kGivenUp,   // failed; trying again changes nothing
    kDeferred,  // not tried: waits for its turn; no attempt to be counted
  };
  What what = What::kRetry;
  int64_t delivery = 0;
  Id128 alert;
  std::string receiver;
  std::string event;
  TimeMs time;         // when the answer came
  std::string answer;  // "200 in 6 ms"
  // kRetry, kDeferred: not before this span; empty = the outbox's own schedule.
  std::optional<DurationMs> retry_after;
  std::string external_ids;  // to be kept for later deliveries of the pair; empty = keep the old
};

// Where the exact messages go that an inbox receiver would have sent.
struct InboxMessage;
using InboxKeeper = std::function<Result<void>(std::vector<InboxMessage>)>;

class Dispatcher {
 public:
  using Report = std::function<void(Outcome)>;
  struct Options {
    size_t jobs_max = 20'000;
    size_t jobs_per_receiver_max = 2'000;
  };
  Dispatcher(Options options, std::shared_ptr<const Receivers> receivers, net::Outbound& outbound,
             const Clock& clock, Counters& counters, InboxKeeper inbox, Report report);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Any thread; wakes the outbound thread. kExhausted: not taken, no Outcome.
  Result<void> submit(Job job);
  // Any thread: a reloaded configuration; jobs under way end as they began.
  void replace(std::shared_ptr<const Receivers> receivers);
  // Any thread: a test message, outside outbox and order. kInvalid if there is no such receiver.
  Result<void> test(std::string_view receiver, Report done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tocsin::respond
