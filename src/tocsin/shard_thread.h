#pragma once
// One shard: a thread with a loop that does its connections' I/O, parsing, head and models.
// Frames and ticks come through an inbox in the one order; whoever asks the shard for something
// (a chart, a page) is answered after the inbox is worked off, so that what was acknowledged is
// seen.
//
// Bounded: inbox_points_max points wait at most; past it submit() of every shard refuses.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "intake/announced_series.h"
#include "intake/sink.h"
#include "net/loop.h"
#include "pipeline/shard_stage.h"
#include "store/store.h"
#include "tocsin/published.h"
#include "tocsin/shard_summary.h"

namespace tocsin {

class ShardThread final : public intake::BatchSink {
 public:
  struct NewWorkers {
    std::shared_ptr<const streamer::WorkerSet> workers;
    std::shared_ptr<const std::string> trained;  // may be null: what the changed ones learned
  };
  struct Hooks {
    // Shard's thread: what it found and passed since the last call.
    std::function<void(uint32_t shard, pipeline::ShardReport&&)> report;
    // Shard's thread: its models as of the checkpoint marker `lsn`.
    std::function<void(uint32_t shard, Lsn lsn, std::string models)> saved;
    // Shard's thread: the configuration that begins with this frame, or null.
    std::function<NewWorkers(const Frame&)> workers_of;
    // Any thread: room for so many points in every inbox?
    std::function<bool(size_t points)> has_room;
  };
  static constexpr size_t kInboxPointsMax = 2'000'000;

  ShardThread(uint32_t id, pipeline::ShardStage stage, Store& store,
              intake::AnnouncedSeries& announced, Counters& counters, Hooks hooks);
  ~ShardThread() override;

  void start();
  // Any thread: from now on submit() refuses, so that what is accepted can be answered.
  void refuse_new() { stopping_.store(true); }
  // Ends the thread; what is in the inbox stays in the journal. What could not be answered is
  // refused.
  void stop();
  size_t unanswered() const { return waiting_count_.load(); }

  uint32_t id() const { return id_; }
  net::Loop& loop() { return loop_; }
  pipeline::ShardStage& stage() { return stage_; }
  // Any thread; inside the journal's mutex: cheap.
  void push(const FramePtr& frame);
  const ShardSummary& summary() const { return summary_; }
  size_t waiting_points() const { return waiting_points_.load(std::memory_order_relaxed); }
  // When a timer of this shard may be due next, as of what it has passed; early, never late.
  TimeMs next_due() const { return TimeMs{next_due_ms_.load(std::memory_order_relaxed)}; }
  Lsn applied() const { return Lsn{applied_.load(std::memory_order_acquire)}; }

  // Any thread: `work` runs on the shard's thread after everything that was pushed before.
  void ask(std::function<void(ShardThread&)> work);
  // The same; on the shard's own thread inside this call.
  void ask_here(std::function<void(ShardThread&)> work);
  // The committer's thread: everything up to `lsn` is safe.
  void on_durable(Lsn lsn);

  // intake::BatchSink, on the loop.
  void submit(Batch&& batch, Done done) override;

 private:
  struct Waiting {
    FramePtr frame;
    Done done;
  };
  void drain();
  void pass(const Frame& frame);
  void keep_derived();
  void answer_durable();
  void collect();

  const uint32_t id_;
  net::Loop loop_;
  std::thread thread_;
  pipeline::ShardStage stage_;
  Store& store_;
  intake::AnnouncedSeries& announced_;
  Hooks hooks_;
  pipeline::ShardReport report_;
  ShardSummary summary_;
  Published published_;

  std::mutex inbox_mutex_;
  std::vector<FramePtr> inbox_;  // guarded by inbox_mutex_
  bool drain_posted_ = false;    // guarded by inbox_mutex_
  std::vector<FramePtr> taken_;
  std::atomic<size_t> waiting_points_{0};
  std::atomic<uint64_t> applied_{0};
  std::atomic<int64_t> next_due_ms_{kTimeMax.ms};

  std::deque<Waiting> waiting_;  // batches of this loop that are not durable yet, by lsn
  std::atomic<size_t> waiting_count_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace tocsin
