#pragma once
// Changed models are rebuilt from history before they replace the old ones (docs/decisions/0012):
// a new configuration waits, while the old one goes on, until the workers that it changes have
// learned what is kept; then it begins with one frame, which carries what they learned.
//
// A thread of its own at low priority, made for each rebuild. Bounded: one at a time, a newer one
// ends it; points and memory by pipeline::TrainingPlan.

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "pipeline/training.h"
#include "tocsin/query_reads.h"

namespace tocsin {

class Rebuild {
 public:
  struct State {
    std::string version;               // of the configuration that waits
    std::vector<std::string> workers;  // whose models learn
    double done = 0;                   // 0 to 1
  };
  // Both outlive it.
  Rebuild(Live& live, QueryReads& reads) : live_(live), reads_(reads) {}
  ~Rebuild() { stop(); }

  // The configuration holds at once if it changes no model; else when these have learned. What is
  // under way for an older one is dropped.
  Result<void> begin(std::shared_ptr<const Configuration> configuration);
  // Any thread. Nothing while none waits.
  std::optional<State> state() const;
  // Any thread: why the last one failed; empty if it did not.
  std::string error() const;
  void stop();

 private:
  void run(const std::shared_ptr<const Configuration>& configuration,
           const std::vector<WorkerRef>& wanted);
  void finish(const std::string& error);
  bool progress(double done);

  Live& live_;
  QueryReads& reads_;
  std::mutex begin_mutex_;
  std::thread thread_;  // guarded by begin_mutex_
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::optional<State> state_;  // guarded by mutex_
  std::string error_;           // guarded by mutex_
};

}  // namespace tocsin
