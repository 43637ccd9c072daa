#pragma once
// The model `level`: a robust running level (20 min of memory, at least 2 points) and the reach of
// the residuals around it. The standard model of every series of a fleet: 40 bytes, about 20 ns per
// point.

#include "models/tail.h"

namespace tocsin::models {

struct Level {
  static constexpr uint32_t kPointsToLearn = 30;

  double level = 0;
  Tail tail;

  bool ready() const { return tail.seen >= kPointsToLearn; }

  void learn(double value, double cadence_s) {
    if (tail.seen == 0) {
      level = value;
      tail.learn(0, cadence_s);
      return;
    }
    learn(value, cadence_s, tail.per_seen());
  }
  // Not for the first point. per_seen = tail.per_seen(), where the caller has it already.
  void learn(double value, double cadence_s, double per_seen) {
    const double residual = value - level;
    const bool first = tail.seen < 3;
    const double clip = tail.learn(residual, cadence_s, per_seen);
    const double limit = first ? std::abs(residual) : std::max(clip, 0.15 * tail.range);
    const double gain = std::min(0.5, std::max(cadence_s * (1.0 / 1200), per_seen));
    level += gain * std::clamp(residual, -limit, limit);
  }

  // The new normal was accepted: start from here, keeping what is known of false alarms.
  void restart(double value, double cadence_s) {
    const float limiter = tail.limiter;
    *this = Level{};
    tail.limiter = limiter;
    learn(value, cadence_s);
  }
};

}  // namespace tocsin::models
