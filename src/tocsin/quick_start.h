#pragma once
// `tocsin demo`: the main job on real input without setting anything up. This machine from /proc
// and a simulated betting house are sent through the same intake as everything else; four weeks of
// the house are imported first; then the script of demo/script.h happens.
//
// What is kept: DIR/config (the configuration, to be edited) and DIR/quick-start (when the script
// began), so that a kill and a restart go on where they were.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "collect/machine.h"
#include "demo/betting_house.h"
#include "tocsin/live.h"
#include "tocsin/progress.h"

namespace tocsin {

struct QuickStartOptions {
  std::string data = "data";
  DurationMs history = days(28);
  DurationMs history_step = seconds(10);
  uint64_t seed = 1;
};

struct QuickStartStep {
  TimeMs at;
  std::string text;
  std::string link;  // path on this server, or empty
  std::string site;  // whose clock it goes by, or empty
  bool done = false;
};

class QuickStart {
 public:
  // Writes DIR/config unless it is there; gives its path.
  static Result<std::string> prepare(const QuickStartOptions& options, const Clock& clock);

  QuickStart(QuickStartOptions options, Live& live, Progress& progress);
  ~QuickStart();
  // Imports what history is missing, then feeds live points from a thread of its own.
  void start();
  void stop();
  // Before the script has begun: empty.
  std::vector<QuickStartStep> steps() const;
  // An alert changed: the terminal says so, with its link. Any thread.
  void on_alert(const AlertView& alert);

 private:
  struct Source {
    SeriesRef ref;
    size_t index = 0;  // in the house
    DurationMs cadence;
  };
  void run();
  Result<void> resolve_series();
  Result<void> import(TimeMs from, TimeMs to);
  void feed(TimeMs second);
  void feed_house(TimeMs second, Batch& batch);
  void feed_machine(TimeMs now);
  void announce_steps(TimeMs now);
  std::optional<TimeMs> last_kept() const;
  void read_script();
  Result<void> begin_script();
  void take_script(TimeMs now);

  QuickStartOptions options_;
  Live& live_;
  Progress& progress_;
  demo::BettingHouse house_;
  demo::Script script_;
  TimeMs history_end_{};
  TimeMs script_start_{};  // 0 = not begun
  std::vector<Source> sources_;
  SenderRef house_sender_, machine_sender_;
  std::unique_ptr<collect::Machine> machine_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<QuickStartStep> steps_;  // guarded by mutex_
};

}  // namespace tocsin
