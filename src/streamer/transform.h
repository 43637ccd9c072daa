#pragma once
// rate, increase and delta by event time, with counter resets. 24 bytes per series.

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "streamer/worker.h"

namespace tocsin::streamer {

struct CounterTransform {
  // After a gap longer than this many cadences (and 10 s) it starts anew: what happened within a
  // gap is no single point's value.
  static constexpr double kGapCadences = 10;

  double previous = 0;
  TimeMs previous_time = kTimeMin;

  // Nothing for the first point, after a gap, and for a point that is not newer.
  std::optional<double> apply(Transform transform, TimeMs time, double value, double cadence_s) {
    if (transform == Transform::kNone || transform == Transform::kAuto) return value;
    if (time <= previous_time) return std::nullopt;
    const bool first = previous_time == kTimeMin;
    const double span = first ? 0 : (time - previous_time).seconds();
    const double before = previous;
    previous = value;
    previous_time = time;
    if (first || (cadence_s > 0 && span > kGapCadences * cadence_s + 10)) return std::nullopt;
    if (transform == Transform::kDelta) return value - before;
    // A counter that went down was reset and counted from zero.
    const double increase = value < before ? value : value - before;
    return transform == Transform::kIncrease ? increase : increase / span;
  }
};

}  // namespace tocsin::streamer
