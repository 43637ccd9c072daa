#pragma once
// The running program: store, shards, decision thread, outbound thread, HTTP servers, put together
// from one configuration. See README.md for the picture of its threads.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "base/disk.h"
#include "intake/series_guard.h"
#include "intake/write_handlers.h"
#include "net/http_server.h"
#include "net/outbound.h"
#include "respond/dispatcher.h"
#include "respond/inbox.h"
#include "store/store.h"
#include "tocsin/cardinality_watch.h"
#include "tocsin/configuration.h"
#include "tocsin/decision_thread.h"
#include "tocsin/model_checkpoint.h"
#include "tocsin/shard_thread.h"

namespace tocsin {

class Live {
 public:
  // Opens what is kept, recovers, starts the threads; nothing is listened on yet. Errors name what
  // is in the way. clock and counters outlive it.
  static Result<std::unique_ptr<Live>> start(std::shared_ptr<const Configuration> configuration,
                                             const Clock& clock, Counters& counters);
  ~Live();

  // Serves `router` on every shard's loop. The address is that of the settings.
  Result<void> listen(const net::Router& router);
  uint16_t port() const { return port_; }
  // Saves a checkpoint and ends the threads in the order of the flow.
  void stop();

  // The new configuration holds from one frame on, for all stages.
  // `trained`: what the workers that it changes have learned from history (Rebuild does that).
  Result<void> reload(std::shared_ptr<const Configuration> configuration, std::string trained = {});
  std::shared_ptr<const Configuration> configuration() const;

  // Points from inside (this machine, the quick start, import): any thread but a shard's. Blocks
  // until the batch is durable; waits while there is no room.
  Result<Lsn> submit_and_wait(Batch batch);
  // The same without waiting for the disk; for history, followed by wait_durable().
  Result<Lsn> submit(const Batch& batch);
  void wait_durable(Lsn lsn);

  // An answer to "accept the new normal?" holds from one frame on. Answered when that is durable.
  void answer(const GivenAnswer& given, std::function<void(Result<Lsn>)> done);

  // All stages save their state after one frame; what is under way already counts.
  void begin_checkpoint();

  Store& store() { return *store_; }
  SeriesTable& series() { return series_; }
  intake::AnnouncedSeries& announced() { return announced_; }
  intake::SenderTable& senders() { return senders_; }
  const intake::SeriesGuard& series_guard() const { return guard_; }
  const intake::IntakeShared& intake() const { return intake_shared_; }
  intake::Intake& intake_here();  // of the loop that calls
  std::vector<std::unique_ptr<ShardThread>>& shards() { return shards_; }
  DecisionThread& decisions() { return *decisions_; }
  respond::Dispatcher& dispatcher() { return *dispatcher_; }
  net::Outbound& outbound() { return *outbound_; }
  net::Loop& background() { return background_; }  // reads of disk and database
  state::Database& reader() { return *reader_; }   // on background() only
  uint64_t points_total() const { return points_total_.load(std::memory_order_relaxed); }
  double fsync_ms() const;  // mean of the last seconds; NaN if there was none
  const Clock& clock() const { return clock_; }
  Counters& counters() { return counters_; }
  TimeMs started_at() const { return started_at_; }
  const std::string& data() const { return configuration_->settings.data; }

  // Set before listen(): what the pages are told as it happens.
  DecisionThread::Hooks watchers;

 private:
  Live(std::shared_ptr<const Configuration> configuration, const Clock& clock, Counters& counters);
  Result<void> open();
  Result<void> recover();
  Result<void> restore(const Checkpoint& checkpoint, TimeMs at,
                       std::vector<pipeline::ShardReport>& reports);
  Result<void> make_stages();
  DecisionThread::Hooks decision_hooks();
  void make_shards();
  Result<void> start_threads();
  void on_sequenced(const FramePtr& frame);
  void on_durable(Lsn lsn);
  bool has_room(size_t points) const;
  void when_durable(Lsn lsn, std::function<void(Result<Lsn>)> done);
  std::optional<std::string> trained_with(const Frame& frame);
  Result<std::string> keep_trained(const std::string& version, std::string_view trained);
  struct CheckpointParts;
  void checkpoint_recovered(Lsn last, TimeMs time);
  void keep_checkpoint(CheckpointParts parts);
  void checkpoint_part(size_t part, Lsn lsn, std::string bytes);
  void watch_journal();
  void load_cardinality();
  void save_cardinality();
  void watch_cardinality();
  void tell_start();
  void pass_time();

  bool checkpoint_due();
  void size_journal();

  // A recovery that read so much of the journal's limit saves what it made before anything else is
  // taken: beyond that a marker might not find room. Below it the first look after the start does.
  static constexpr double kCheckpointFill = 0.7, kJournalFill = 0.75;

  struct CheckpointParts {
    Lsn lsn;
    TimeMs time;  // arrival of the frame `lsn`
    ModelCheckpoint state;
    size_t missing = 0;
  };

  const Clock& clock_;
  Counters& counters_;
  std::shared_ptr<const Configuration> configuration_;  // guarded by configuration_mutex_
  mutable std::mutex configuration_mutex_;
  Lsn configuration_from_;                      // frame with which it begins; guarded likewise
  std::shared_ptr<const std::string> trained_;  // what it brought with it; guarded likewise
  PosixDisk disk_;
  SeriesTable series_;
  intake::SeriesGuard guard_;
  intake::AnnouncedSeries announced_;
  intake::SenderTable senders_;
  intake::IntakeCounters intake_counters_;
  intake::IntakeShared intake_shared_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<state::Database> reader_;
  std::unique_ptr<DecisionThread> decisions_;
  std::vector<std::unique_ptr<ShardThread>> shards_;
  std::vector<std::unique_ptr<intake::Intake>> intakes_;
  std::vector<std::unique_ptr<net::HttpServer>> servers_;
  std::unique_ptr<net::Outbound> outbound_;
  std::unique_ptr<net::OutboundThread> outbound_thread_;
  std::unique_ptr<respond::Dispatcher> dispatcher_;
  net::Loop background_;
  std::thread background_thread_;
  std::unique_ptr<CardinalityWatch> cardinality_watch_;  // background loop
  uint16_t port_ = 0;
  Counter& syncs_;
  Counter& sync_ns_;
  std::atomic<uint64_t> points_total_{0};
  TimeMs started_at_;
  bool stopped_ = false;

  std::mutex checkpoint_mutex_;
  CheckpointParts checkpoint_;  // guarded by checkpoint_mutex_
  TimeMs checkpoint_at_;
  uint64_t checkpoint_after_ = 0;              // bytes written to the journal when it was taken
  std::atomic<uint64_t> checkpoint_bytes_{0};  // of the last one's file

  std::mutex durable_mutex_;
  std::condition_variable durable_changed_;
};

}  // namespace tocsin
