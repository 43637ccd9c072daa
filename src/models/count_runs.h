#pragma once
// What several intervals say together that none says alone: five minutes without an order where one
// a minute is usual, or one error in each of ten minutes where one an hour is. Two runs are kept,
// one in which fewer events came than were expected, one with more. A run begins anew when it is
// level again; its tail probability is that of the sum, times its length for the choice of where it
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
  uint32_t length = 0;

  CountRun with(double more_events, double more_expected, double more_trials) const {
    return {events + more_events, expected + more_expected, trials + more_trials, length + 1};
  }
  // What the score must be above that of a single interval.
  double penalty() const { return std::log10(std::max(1U, length)); }
};

struct CountRuns {
  CountRun low, high;

  void add(double events, double expected, double trials) {
    low = low.with(events, expected, trials);
    high = high.with(events, expected, trials);
    if (low.events >= low.expected || low.length >= CountRun::kLengthMax) low = {};
    if (high.events <= high.expected || high.length >= CountRun::kLengthMax) high = {};
  }
  void add_while_open(double events, double expected, double trials) {
    const auto next = [&](CountRun& run, bool usual) {
      if (usual) {
        run = {std::floor(run.events / 2), run.expected / 2, std::floor(run.trials / 2),
               run.length / 2};
        return;
      }
      if (run.length < CountRun::kLengthMax) run = run.with(events, expected, trials);
    };
    next(low, events >= expected);
    next(high, events <= expected);
  }
  template <class Archive>
  void visit(Archive& archive) {
    for (CountRun* run : {&low, &high})
      archive(run->events, run->expected, run->trials, run->length);
  }
};

// How much more the counts vary than chance alone makes them: by single intervals and by blocks of
// eight, because what varies slowly does not average out in a run.
class Dispersion {
 public:
  static constexpr int kBlock = 8;

  // `variance` is chance's own, `square` what a unit of dispersion adds to it.
  struct Seen {
    double residual = 0, variance = 0, square = 0;
  };
  void add(const Seen& interval, double memory) {
    single_.add(interval, memory);
    block_sum_.residual += interval.residual;
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
    archive(block_sum_.residual, block_sum_.variance, block_root_, in_block_);
  }

 private:
  struct Estimate {
    double excess = 0, square = 0;
    void add(const Seen& seen, double memory) {
      const double keep = 1 - 1 / memory;
      // One wild interval does not make all others usual.
      const double now = seen.variance + value() * seen.square;
      const double limit = 3.5 * std::sqrt(now) + 1;
      const double residual = std::min(std::abs(seen.residual), limit);
      excess = keep * excess + residual * residual - seen.variance;
      square = keep * square + seen.square;
    }
    double value() const { return (std::max(0.0, excess) + 0.01) / (square + 1); }
  };
  Estimate single_, block_;
  Seen block_sum_;
  double block_root_ = 0;
  int in_block_ = 0;
};

}  // namespace tocsin::models
