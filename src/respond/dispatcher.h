#pragma once
// Owns the outbox on the outbound thread: sends what is due, records what came of it, and hands
// the rows to be written to the SQL writer. Order, back-off and merging are the outbox's business;
// limits per receiver, messages and answers are the dispatcher's.
//
// The way of a new delivery has no interval in it: committed() wakes the outbound thread, which
// claims, sends, and sleeps until the answer or until the next delivery falls due.
// Bounded: requests in flight per receiver (`parallel`) and in all; a receiver that is slow, down
// or asked for a pause (Retry-After) holds up only its own deliveries.
// What survives a crash is what was written: a delivery whose result was not is sent again, with
// the same idempotency key.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "base/result.h"
#include "net/outbound.h"
#include "respond/inbox.h"
#include "respond/person_notice.h"
#include "respond/receiver.h"
#include "state/database.h"
#include "supervisor/command.h"
#include "supervisor/outbox.h"

namespace tocsin::respond {

// Rows for the SQL writer.
struct DispatchChanges {
  supervisor::OutboxChanges outbox;
  std::vector<InboxMessage> inbox;
  bool empty() const { return outbox.empty() && inbox.empty(); }
};
// All of it in one transaction, in the order in which they came; on an error the same ones again.
Result<void> apply(state::Transaction& transaction, const DispatchChanges& changes);

class Dispatcher {
 public:
  struct Options {
    supervisor::OutboxOptions outbox;
    size_t in_flight_max = 200;
    size_t tests_max = 16;    // test messages under way
    size_t notices_max = 64;  // messages to people about no alert, under way
  };
  using Write =
      std::function<void(DispatchChanges)>;  // called on the outbound thread; must not block
  // What people did in another system, as a command: likewise. Set before the thread starts.
  using Heard = std::function<void(supervisor::Command)>;
  using TestDone = std::function<void(Delivery)>;  // likewise

  // Everything handed in must outlive it. Made before the outbound thread starts, destroyed after
  // it has stopped; it takes Outbound's tick.
  Dispatcher(Options options, std::shared_ptr<const Receivers> receivers, net::Outbound& outbound,
             const Clock& clock, Counters& counters, Write write);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Unfinished deliveries of an earlier run. Before the outbound thread starts, or on it once
  // wants_load() says so and all rows handed to Write are committed.
  Result<void> load(state::Database& database);
  void set_heard(Heard heard);
  bool wants_load() const;  // the outbound thread only

  // Any thread, after the commit of `changes`, in their order.
  void committed(supervisor::Changes changes);
  // Any thread: a reloaded configuration. Requests under way end as they began.
  void replace(std::shared_ptr<const Receivers> receivers);
  // Any thread: sends a test message, outside of the outbox. `done` gets its row for the ledger
  // (sent or failed, one attempt, no next try). kInvalid: no such receiver; kExhausted.
  Result<void> test(const std::string& receiver, TestDone done);
  // How fast a receiver is told just now.
  struct Standing {
    size_t in_flight = 0;
    TimeMs paused_until = {};  // by its Retry-After, or by what the service takes; 0 = it is not
  };
  using Standings = std::map<std::string, Standing>;  // those with something to say
  // Any thread; `done` is called on the outbound thread.
  void standings(std::function<void(Standings)> done);
  // Any thread: one attempt to tell one person, outside of the outbox. Its keeper tries again.
  // kInvalid: no such receiver; kExhausted.
  Result<void> tell(const PersonNotice& notice, TestDone done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tocsin::respond
