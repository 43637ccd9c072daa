#pragma once
// What a changed model has learned before it replaces the old one: the workers' models are run over
// stored points, causally, in a Streamer and a series table of their own, off the hot path. The
// result is the text of a model checkpoint that holds these workers alone; any number of shards can
// load it (Streamer::load). docs/decisions/0012.
//
// Bounded: points_max; what comes after it learns anew (`complete` says so). One series' points of
// a day, or a window of an aggregate's, are in memory at once, and the models of these workers.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "streamer/worker.h"
#include "vocabulary/sample.h"

namespace tocsin::pipeline {

// Where history is read. One thread.
class History {
 public:
  virtual ~History() = default;
  // Series as they were sent; not what workers made of them.
  virtual const std::vector<Labels>& series() const = 0;
  // Appends the points of series()[index] with from <= time < to, ascending.
  virtual Result<void> points(size_t index, TimeMs from, TimeMs to, std::vector<Sample>& out) = 0;
};

struct TrainingPlan {
  std::shared_ptr<const streamer::WorkerSet> workers;
  std::vector<WorkerRef> wanted;  // of these
  TimeMs now;                     // points before it
  uint64_t points_max = 2'000'000'000;
  uint64_t model_bytes_max = 512 << 20;
};

struct Trained {
  std::string models;
  uint64_t series = 0, points = 0;
  bool complete = true;
};

// Workers of `after` whose models are to be learned anew: those that `before` did not have, or had
// with another definition.
std::vector<WorkerRef> changed_workers(const streamer::WorkerSet& before,
                                       const streamer::WorkerSet& after);
// How much history the models of a worker need: a profile its periods and one more, a level 6 h.
DurationMs history_needed(const streamer::Worker& worker);

// progress: 0 to 1, at least once a second of work; false stops, which is kUnavailable.
Result<Trained> train(const TrainingPlan& plan, History& history,
                      const std::function<bool(double)>& progress);

}  // namespace tocsin::pipeline
