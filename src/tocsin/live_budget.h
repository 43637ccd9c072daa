#pragma once
// The noise budget of the running program: what is wanted, measured and replayed, put together for
// the API; and the thread that replays the last weeks, at low priority, under the configuration
// that runs.
//
// A replay begins kSettle after the start and after a change of configuration, then every
// `budget.replay_every`, and when it is asked for. One at a time. Bounded: `budget.replay_points`
// (what it will read is estimated first; the span is shortened to fit), kSeriesMax series.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "server/budget.h"
#include "tocsin/query_reads.h"
#include "tocsin/views.h"

namespace tocsin {

class LiveBudget final : public server::BudgetDesk {
 public:
  static constexpr size_t kSeriesMax = 100'000;
  static constexpr DurationMs kSettle = minutes(5);

  // All outlive it.
  LiveBudget(Live& live, QueryReads& reads, LiveViews& views)
      : live_(live), reads_(reads), views_(views) {}
  ~LiveBudget() override { stop(); }
  void start();
  void stop();  // what is under way ends within a second

  void budget(server::Done<server::BudgetView> done) override;
  void replay(server::Done<bool> done) override;

 private:
  using Replay = server::BudgetView::Replay;
  using Pages = std::map<std::string, int64_t>;
  struct Gathered;
  struct Part {
    streamer::NoiseView noise;
  };
  void ask_shards(const std::shared_ptr<Gathered>& gathered);
  void ask_ledger(const std::shared_ptr<Gathered>& gathered);
  void ask_database(const std::shared_ptr<Gathered>& gathered);

  void run();
  bool due() const;  // mutex_ held
  void replay_now();
  Result<void> replay_into(Replay& out, Pages& pages);

  Live& live_;
  QueryReads& reads_;
  LiveViews& views_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool asked_ = false;  // guarded by mutex_, as are those below
  Replay replay_;       // the last one and what is under way
  Pages replayed_;      // by rule
  TimeMs tried_;        // begin of the last one, done or failed
  std::string tried_version_;
  TimeMs version_since_;
  std::string version_;
};

}  // namespace tocsin
