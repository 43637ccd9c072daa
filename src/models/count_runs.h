#pragma once
// What several intervals say together that none says alone: five minutes without an order where one
// a minute is usual, or one error in each of ten minutes where one an hour is. Two runs are kept,
// one in which fewer events came than were expected, one with more. A run begins where Page's CUSUM
// places the change: it is forgotten as soon as it is less than a drift per interval away from what
// is usual. Its tail probability is that of the sum, times its length for the choice of where it
// began.
//
// While a violation is open an interval that is usual again halves the run, so that it takes a few
// of them, not one, to forget what opened it.

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tocsin::models {

struct CountRun {
  // Longer ones begin anew: the level follows what lasts.
  static constexpr uint32_t kLengthMax = 256;

  double events = 0, expected = 0;
  double trials = 0;  // attempts behind the events, where there are any
  double sum = 0;     // Page's: how far away, less the drift
  uint32_t length = 0;

  CountRun with(double more_events, double more_expected, double more_trials) const {
    return {events + more_events, expected + more_expected, trials + more_trials, sum, length + 1};
  }
  // What the score must be above that of a single interval: CUSUM chose where the run begins.
  double penalty() const { return 0.5 + std::log10(std::max(1U, length)); }
};

// One interval.
struct CountSeen {
  double events = 0, expected = 0;
  double deviation = 0;  // of the events, as usual
  double trials = 0;
};

struct CountRuns {
  // The drift is half of the shift that is looked for: half of a deviation, or what halves and
  // doubles the events where that is less.
  static constexpr double kDriftDeviations = 0.5, kDriftLow = 0.28, kDriftHigh = 0.44;

  CountRun low, high;

  void add(const CountSeen& seen) {
    const double apart = seen.events - seen.expected;
    const double drift = kDriftDeviations * seen.deviation;
    extend(low, seen, -apart - std::min(kDriftLow * seen.expected, drift));
    extend(high, seen, apart - std::min(kDriftHigh * seen.expected, drift));
  }
  void add_while_open(const CountSeen& seen) {
    const auto next = [&](CountRun& run, bool usual) {
      if (usual)
        run = {run.events / 2, run.expected / 2, std::floor(run.trials / 2), run.sum / 2,
               run.length / 2};
      else if (run.length < CountRun::kLengthMax)
        run = run.with(seen.events, seen.expected, seen.trials);
    };
    next(low, seen.events >= seen.expected);
    next(high, seen.events <= seen.expected);
  }
  template <class Archive>
  void visit(Archive& archive) {
    for (CountRun* run : {&low, &high})
      archive(run->events, run->expected, run->trials, run->sum, run->length);
  }

 private:
  static void extend(CountRun& run, const CountSeen& seen, double step) {
    run = run.with(seen.events, seen.expected, seen.trials);
    run.sum += step;
    if (run.sum <= 0 || run.length >= CountRun::kLengthMax) run = {};
  }
};

// How much more the counts vary than chance alone makes them: by single intervals and by blocks of
// eight, because what varies slowly does not average out in a run.
class Dispersion {
 public:
  static constexpr int kBlock = 8;

  // `chance` is an estimate of chance's own variance, from this interval alone (the count itself,
  // for counts: then a single event where none is usual says nothing of dispersion); `square` is
  // what a unit of dispersion adds to the variance.
  struct Seen {
    double residual = 0, chance = 0, variance = 0, square = 0;
  };
  void add(const Seen& interval, double memory) {
    single_.add(interval, memory);
    block_sum_.residual += interval.residual;
    block_sum_.chance += interval.chance;
    block_sum_.variance += interval.variance;
    block_root_ += std::sqrt(interval.square);
    if (++in_block_ < kBlock) return;
    block_sum_.square = block_root_ * block_root_;
    block_.add(block_sum_, std::max(40.0, memory / kBlock));
    block_sum_ = {};
    block_root_ = 0;
    in_block_ = 0;
  }
  // Of a run of that length: it falls as 1 / length where intervals vary on their own, and not at
  // all where they vary together.
  double of(uint32_t length) const {
    const double one = single_.value();
    if (length <= 1) return one;
    const double ratio = one / block_.value();
    const double slope = std::clamp(std::log2(ratio) / 3, 0.0, 1.0);
    return one * std::pow(static_cast<double>(length), -slope);
  }
  template <class Archive>
  void visit(Archive& archive) {
    for (Estimate* estimate : {&single_, &block_}) archive(estimate->excess, estimate->square);
    archive(block_sum_.residual, block_sum_.chance, block_sum_.variance, block_root_, in_block_);
  }

 private:
  struct Estimate {
    double excess = 0, square = 0;
    void add(const Seen& seen, double memory) {
      const double keep = 1 - 1 / memory;
      // One wild interval does not make all others usual.
      const double now = seen.variance + value() * seen.square;
      const double limit = 3.5 * std::sqrt(now) + 1;
      const double part = std::min(1.0, limit / std::max(limit, std::abs(seen.residual)));
      const double residual = part * seen.residual;
      const double chance = seen.variance + part * (seen.chance - seen.variance);
      excess = keep * excess + residual * residual - std::max(0.0, chance);
      square = keep * square + seen.square;
    }
    // Where little was seen: a hundredth.
    double value() const { return (std::max(0.0, excess) + 0.1) / (square + 10); }
  };
  Estimate single_, block_;
  Seen block_sum_;
  double block_root_ = 0;
  int in_block_ = 0;
};

}  // namespace tocsin::models
