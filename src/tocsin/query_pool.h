#pragma once
// Threads of low priority that work on queries, so that no loop waits for the disk or for a long
// calculation.
//
// Bounded: `threads` queries at a time, `queue` wait; past it a query is refused at once (503).
// Every query has a deadline, waiting included, and ends soon after its client has gone away.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "query/store_source.h"
#include "server/queries.h"
#include "tocsin/query_settings.h"

namespace tocsin {

class QueryPool final : public server::Queries {
 public:
  // All outlive the pool.
  QueryPool(const query::StoreParts& parts, const QuerySettings& settings, const Clock& clock,
            Counters& counters);
  ~QueryPool() override;

  void start();
  // What is under way ends within milliseconds, what waits is refused. Before the shards stop.
  void stop();

  void submit(Job job) override;
  const QuerySettings& settings() const { return settings_; }

 private:
  class Context;
  struct Waiting {
    Job job;
    int64_t deadline_ns = 0;
  };
  void work();
  void run(Waiting& waiting);

  const query::StoreParts parts_;
  const QuerySettings settings_;
  const Clock& clock_;
  Counter& started_;
  Counter& refused_;
  Counter& timed_out_;
  Counter& abandoned_;
  Counter& nanoseconds_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;  // guarded by mutex_
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

}  // namespace tocsin
