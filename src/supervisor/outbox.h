#pragma once
// The other end of the intents: which deliveries are due, what became of them, when they are tried
// again. Owned by the thread that sends; no I/O after load(): rows to be written come out as
// OutboxChanges, for the SQL writer.
//
// At least once: a delivery whose sending was cut off by a crash is planned in the database still
// and is sent again, with the same dedupe key (webhook: X-Tocsin-Delivery). None is lost: it stays
// until it was sent, was refused for good, or `give_up_after` has passed; then it says so.
//
// Order: deliveries of one alert (or one group) to one receiver go out one at a time, as planned;
// an update never overtakes its opening. An update that waits carries what is newest when it is
// claimed, so a later one is merged into it. If the opening was given up, nobody is told of what
// follows it. Bounded: pending_max deliveries in memory; past it they stay in the table, counted,
// and load() takes them up once wants_load() says so.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/counters.h"
#include "supervisor/changes.h"

namespace tocsin::supervisor {

struct OutboxOptions {
  DurationMs give_up_after = hours(24);
  size_t pending_max = 100'000;
  uint64_t seed = 0;  // of the jitter
};

// One attempt to be made now.
struct Claim {
  NotificationIntent intent;
  uint32_t attempts = 0;                   // made before
  std::shared_ptr<const AlertView> alert;  // newest committed view; never null
  // What earlier answers of this receiver for this alert left: {"channel":"C1","ts":"1.2"}; "{}".
  std::string external;
  std::shared_ptr<const GroupView> group;  // of which it tells; null = of the alert alone
};

// What came of an attempt.
struct DeliveryResult {
  enum class Outcome { kSent, kRetry, kFinal };  // kFinal: trying again changes nothing
  int64_t id = 0;
  Outcome outcome = Outcome::kSent;
  std::string kind;                       // of the receiver: "webhook", "slack", "mail", "inbox"
  std::string answer;                     // "200 in 6 ms"; cut to 1000 bytes
  std::string external;                   // JSON object; empty = as before
  std::optional<DurationMs> retry_after;  // what the other side asked for
};

// Rows of table `deliveries`.
struct OutboxChanges {
  struct Row {
    Delivery delivery;
    std::string external;
  };
  std::vector<Row> rows;
  struct Text {
    int64_t id = 0;
    std::string text;
    bool loud = false;
  };
  std::vector<int64_t> merged;  // updates that another one carries: their rows go
  std::vector<Text> texts;      // what the carrying ones say now
  bool empty() const { return rows.empty() && merged.empty() && texts.empty(); }
};
Result<void> apply(state::Transaction& transaction, const OutboxChanges& changes);

class Outbox {
 public:
  Outbox(OutboxOptions options, Counters& counters);
  ~Outbox();

  // All unfinished deliveries and the views of their alerts; may be called again.
  Result<void> load(state::Database& database, OutboxChanges& out);
  bool wants_load() const;

  // After the commit of `changes`: new deliveries and newer views.
  void add(const Changes& changes, OutboxChanges& out);
  // Due deliveries, oldest first, at most one per alert and receiver at a time; receivers take
  // turns. `may_send` (receiver name) leaves out those that are busy.
  std::vector<Claim> claim(TimeMs now, size_t limit,
                           const std::function<bool(const std::string&)>& may_send);
  // Every claim must get its result; a second one of the same id is ignored.
  void record(const DeliveryResult& result, TimeMs now, OutboxChanges& out);
  // When claim() may have something; kTimeMax if nothing waits. In-flight ones do not count.
  TimeMs next_due() const;

  size_t pending() const;   // not finished, in flight included
  size_t retrying() const;  // of those, with a failed attempt

 private:
  class Queue;
  std::unique_ptr<Queue> queue_;
};

// Wait before attempt number `attempts` + 1: 2 s, 5 s, 15 s, 1 min, 5 min, then 10 min, each with
// up to 10 % of jitter that depends on seed, delivery and attempt alone.
DurationMs back_off(uint32_t attempts, int64_t delivery, uint64_t seed);

}  // namespace tocsin::supervisor
