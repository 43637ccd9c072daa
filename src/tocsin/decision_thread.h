#pragma once
// The thread that decides: merge, rules, supervisor, and all SQL writing. Nothing is told before
// the transaction that says so is committed; if the disk refuses it, the changes wait and are
// written first when it takes them again. What became of deliveries comes from the outbound thread
// and is written here as well.

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "net/loop.h"
#include "oncall/on_call.h"
#include "pipeline/decision_stage.h"
#include "pipeline/shard_stage.h"
#include "respond/dispatcher.h"
#include "state/database.h"
#include "store/store.h"
#include "supervisor/archive.h"
#include "tocsin/call_directory.h"
#include "tocsin/configuration.h"
#include "tocsin/episode_ledger.h"
#include "tocsin/published.h"

namespace tocsin {

class DecisionThread {
 public:
  struct Hooks {                                                         // on the decision thread
    std::function<void(const StreamItem&)> violation;                    // a ViolationChange passed
    std::function<void(const std::shared_ptr<const AlertView>&)> alert;  // committed
    std::function<void(const Delivery&)> delivery;
    // The rules' state and the open alerts as of the checkpoint marker.
    std::function<void(const pipeline::Passed&, std::string rules, std::string alerts)> saved;
    // The configuration that begins with this frame, or null.
    std::function<std::shared_ptr<const Configuration>(const pipeline::Passed&)> configuration_of;
  };
  struct Parts {
    std::unique_ptr<pipeline::Merge> merge;
    rules::Engine engine;
    supervisor::Supervisor supervisor;
    state::Database database;
    EpisodeLedger ledger;
    const SeriesTable& series;
    std::shared_ptr<const streamer::WorkerSet> workers;
    Reach reach;  // the supervisor has its directory already
  };

  DecisionThread(Parts parts, Store& store, const Clock& clock, Counters& counters, Hooks hooks);
  ~DecisionThread();

  // What the recovery still has to do goes through this, on the caller's thread, before start().
  void recovered(uint32_t shard, pipeline::ShardReport& report);
  Result<void> run_recovered(Lsn durable);

  // Any thread, in order: this frame got its place now. For the latency shown.
  void sequenced(Lsn lsn);
  // The marker after which the rules are saved; before it can pass here.
  void save_after(Lsn marker) { save_after_.store(marker.value); }
  // Before start(): takes up the deliveries of an earlier run.
  Result<void> set_dispatcher(respond::Dispatcher* dispatcher);
  void start();
  void stop();
  net::Loop& loop() { return loop_; }

  // Any thread.
  void report(uint32_t shard, pipeline::ShardReport&& report);
  void on_durable();
  void delivered(respond::DispatchChanges changes);  // by the dispatcher
  // Who is on call from now on: another plan, an override.
  void set_on_call(oncall::OnCall on_call);
  using CommandAnswer = std::function<void(Result<supervisor::CommandDone>)>;
  void command(supervisor::Command command, CommandAnswer answer);
  using ReportAnswer = std::function<void(Result<ReportCounts>)>;
  // Any thread: alerts that another system tells of. All that wait when the thread gets to them
  // become one transaction, and are answered when it is committed. kExhausted: too many wait.
  void report(ReportedBatch batch, ReportAnswer answer);
  // Any thread: `work` writes what belongs to no alert, in a transaction of its own.
  void write_state(std::function<void(state::Database&)> work);
  using TestAnswer = std::function<void(Result<Delivery>)>;
  void test(std::string receiver, TestAnswer answer);

  // On the decision thread (loop().post).
  pipeline::DecisionStage& stage() { return stage_; }
  const std::deque<StreamItem>& recent() const { return recent_; }  // newest last, at most 500
  double decision_p99_ms() const;
  bool disk_refuses() const { return disk_refuses_; }  // what was decided cannot be written now
  const EpisodeLedger& ledger() const { return ledger_; }
  // Violations that opened in the last 7 days; silences do not count.
  int64_t violations_7d(uint32_t worker, TimeMs now) const;
  size_t waiting() const { return merge_->waiting(); }

  // Any thread: what the rules noticed about themselves, now that cadences are known.
  std::vector<std::string> notes() const;

  // Any thread: when a timer of the rules is due next, as of what has passed.
  TimeMs next_due() const { return TimeMs{next_due_ms_.load(std::memory_order_relaxed)}; }

 private:
  pipeline::DecisionStage::Watch watch();
  void pump();
  void flush();
  bool write();
  void take_reports();
  void tend_supervisor();
  void settle_test(Delivery delivery, const TestAnswer& answer);
  void count_opened(const StreamItem& item, const ViolationChange& change);
  void begin_counting();
  void save_ledger();
  void remember(const StreamItem& item, const ViolationChange& change);
  void note_latency(const StreamItem& item);
  void tell_notes();
  void replace(const pipeline::Passed& frame);

  Store& store_;
  const Clock& clock_;
  Hooks hooks_;
  net::Loop loop_;
  std::thread thread_;
  std::unique_ptr<pipeline::Merge> merge_;
  pipeline::DecisionStage stage_;
  state::Database database_;
  respond::Dispatcher* dispatcher_ = nullptr;

  supervisor::Changes changes_;                      // not written yet
  std::vector<respond::DispatchChanges> delivered_;  // not written yet, in the order they came
  std::vector<std::function<void()>> after_commit_;
  std::atomic<uint64_t> save_after_{0};
  std::atomic<int64_t> next_due_ms_{kTimeMax.ms};
  bool flush_posted_ = false;
  struct WaitingReport {
    ReportedBatch batch;
    ReportAnswer answer;
  };
  std::mutex reports_mutex_;
  std::deque<WaitingReport> reports_;  // guarded by reports_mutex_, as is the next
  size_t reports_waiting_ = 0;         // alerts in them
  TimeMs tended_;
  bool live_ = false;  // recovered frames say nothing of latency
  std::set<std::string> notes_told_;
  mutable std::mutex notes_mutex_;
  std::vector<std::string> notes_;  // guarded by notes_mutex_
  bool disk_refuses_ = false;
  std::deque<StreamItem> recent_;
  struct Sequenced {
    std::atomic<uint64_t> lsn{0};
    std::atomic<int64_t> at_ns{0};
  };
  std::array<Sequenced, 4096> sequenced_;  // by lsn; what is further behind is measured in whole ms
  std::array<float, 512> latencies_{};     // ms, a ring
  size_t latency_count_ = 0;
  const SeriesTable& series_;
  std::shared_ptr<const streamer::WorkerSet> workers_;
  EpisodeLedger ledger_;
  Reach reach_;
  TimeMs ledger_saved_;
  Counters& counters_;
  std::vector<Counter*> opened_;  // by worker
  Published published_;
  struct ReportCounters {
    Counter &opened, &updated, &refreshed, &resolved, &ignored, &refused, &busy;
  };
  ReportCounters reported_;
  Counter& commits_;
  Counter& commit_failures_;
};

}  // namespace tocsin
