#pragma once
// One series under one worker, apart from any shard: the code that judges live points, for charts
// and files. Causal and deterministic: the same points give the same verdicts, and what comes later
// changes none. One caller; memory is that of one series and its models.

#include <optional>
#include <string>
#include <vector>

#include "streamer/judge.h"

namespace tocsin::streamer {

class SoleSeries final : private Judge::Owner {
 public:
  // `worker` must live as long.
  SoleSeries(const Worker& worker, const Local& local, Labels labels);
  ~SoleSeries();
  SoleSeries(const SoleSeries&) = delete;
  SoleSeries& operator=(const SoleSeries&) = delete;

  // Judges and then learns the point; `sink` hears what happens to the violation. nullopt, and
  // nothing done: it is not newer than the last one, or no number that is judged.
  // `weight`: what stands behind a pair, as attempts.
  std::optional<Verdict> judge(TimeMs time, double value, Judge::Sink& sink, double weight = 1);
  // A point that is neither judged nor learned, as in an excluded period.
  void pass(TimeMs time, double value);

  const OpenViolation* violation() const { return more_.band.get(); }  // nullptr: none is open
  // The bands of the models for the point judged last.
  std::span<const ModelBand> bands() const { return judge_.bands(); }

 private:
  SeriesMore& more_for(SeriesTest&) override { return more_; }
  const Labels& labels_of(const SeriesTest&) override { return labels_; }
  bool follow(TimeMs time, double value);

  Labels labels_;
  Judge judge_;
  Budget budget_;
  SeriesTest test_;
  SeriesMore more_;
  Peaks peaks_;
};

}  // namespace tocsin::streamer
