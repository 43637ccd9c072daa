#pragma once
// The thread that evaluates Prometheus' rules: each group at its own instants, over the store, with
// results written like points that came in.
//
// A group that is late skips instants, counted. Bounded: one group at a time; its queries by the
// section `queries`.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "promrules/group_state.h"
#include "server/rule_groups.h"
#include "tocsin/live.h"
#include "tocsin/prometheus_rules.h"
#include "tocsin/query_reads.h"

namespace tocsin {

class RuleThread {
 public:
  // All outlive the thread.
  RuleThread(Live& live, QueryReads& reads, server::RuleGroups& shown);
  ~RuleThread();

  void start();
  // Waits for the evaluation under way, whose queries end at once.
  void stop();
  // Any thread: these rules hold from the next instant on; what is pending or firing by a rule that
  // stays is kept.
  void configure(std::shared_ptr<const Configuration> configuration);

 private:
  class Writer;
  void run();
  void take_over(const PrometheusRules& rules);
  void evaluate_due(TimeMs now);
  TimeMs next_due(TimeMs now) const;
  void end_forgotten(TimeMs now);
  void show();
  // True once the rule under way has had the time that a query may take, or the thread shall end.
  bool stop_query() const;

  struct Slot {
    std::unique_ptr<promrules::GroupState> group;
    TimeMs last;  // instant evaluated last, or that of the start
  };

  Live& live_;
  QueryReads& reads_;
  server::RuleGroups& shown_;
  Counter& evaluations_;
  Counter& failures_;
  Counter& missed_;
  promrules::Surroundings surroundings_;
  std::vector<Slot> slots_;
  bool swept_ = false;
  DurationMs timeout_{};     // of one rule's queries
  int64_t deadline_ns_ = 0;  // of the rule under way

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const Configuration> next_;  // guarded by mutex_
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tocsin
