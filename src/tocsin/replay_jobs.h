#pragma once
// Replays beside the live traffic, asked for by the API: the running configuration against one with
// changed files, over heads and chunks.
//
// A thread of its own at low priority, made for each job; one at a time. Bounded: series
// (kSeriesMax; a site, a worker or rules narrow it), violations and alerts that are kept for the
// comparison, alerts listed in a result, results kept (kKept, until the program ends).

#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

#include "replay/comparison.h"
#include "server/replays.h"
#include "tocsin/query_reads.h"

namespace tocsin {

class ReplayJobs final : public server::Replays {
 public:
  static constexpr size_t kKept = 10;
  static constexpr size_t kSeriesMax = 100'000;

  // All outlive it.
  ReplayJobs(Live& live, QueryReads& reads) : live_(live), reads_(reads) {}
  ~ReplayJobs() override { stop(); }
  void stop();  // what is under way ends within a second

  void start(server::ReplayRequest request, server::Done<server::ReplayStarted> done) override;
  std::vector<server::ReplayJob> list() const override;
  std::optional<server::ReplayJob> find(uint64_t id) const override;
  bool cancel(uint64_t id) override;
  std::vector<server::OwnRule> rules() const override;

 private:
  using ConfigurationPtr = std::shared_ptr<const Configuration>;
  struct Work {
    uint64_t id = 0;
    ConfigurationPtr running, changed;
    server::ReplayRequest request;
    std::vector<supervisor::OperatorMark> marks;
  };
  void begin(server::ReplayRequest request, const server::Done<server::ReplayStarted>& done);
  Result<uint64_t> take_place(Work& work);
  void run(const Work& work);
  Result<replay::Comparison> compare(const Work& work);
  bool progress(uint64_t id, double done);
  void finish(uint64_t id, server::ReplayJob::State state, std::string error,
              std::shared_ptr<const std::string> result);
  server::ReplayJob* job(uint64_t id);  // mutex_ held

  Live& live_;
  QueryReads& reads_;
  std::thread thread_;  // begin() and stop() alone touch it, both under begin_mutex_
  std::mutex begin_mutex_;
  std::atomic<bool> stopping_{false};  // the job under way
  std::atomic<bool> ended_{false};     // no more jobs
  mutable std::mutex mutex_;
  std::deque<server::ReplayJob> jobs_;  // guarded by mutex_; newest first
  uint64_t last_id_ = 0;                // guarded by mutex_
};

}  // namespace tocsin
