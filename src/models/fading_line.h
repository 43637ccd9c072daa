#pragma once
// A line through a series under exponentially fading weights (a filter of order two): no lag on a
// ramp, O(1) per point. From the residual r of the point predicted one step ahead,
//
//   level += alpha r, slope += beta r / dt   alpha = 1 - w^2, beta = (1 - w)^2, w = exp(-dt/memory)
//
// While it is young the gains are those of the plain least-squares line over the n points seen.
// Whoever owns it clips r. Without points the line goes on, and its slope wears off.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/time.h"

namespace tocsin::models {

struct FadingLine {
  static constexpr double kStepCadencesMax = 5;   // a gap counts for so many in the gains
  static constexpr double kUndampedCadences = 2;  // points that come a little late are no gap

  double coast_memory_s = 6 * 3600;  // of a slope that no point confirms; the owner's choice
  double level = 0;                  // at `time`
  double slope = 0;                  // per second, as of the point learned last
  double coasted_s = 0;              // time since that point, up to `time`
  TimeMs time = kTimeMin;

  void start(TimeMs at, double from, double per_s = 0) {
    level = from;
    slope = per_s;
    coasted_s = 0;
    time = at;
  }

  // 0 for a point that is not newer.
  double ahead_s(TimeMs at) const {
    return time > kTimeMin && at > time ? (at - time).seconds() : 0;
  }
  double expected(TimeMs at, double cadence_s) const {
    const double dt_s = ahead_s(at);
    const double plain_s = coasted_s > 0 ? 0 : std::min(dt_s, kUndampedCadences * cadence_s);
    const double worn = std::exp(-coasted_s / coast_memory_s);
    const double rest_s = plain_s == dt_s ? 0 : -std::expm1(-(dt_s - plain_s) / coast_memory_s);
    return level + slope * (plain_s + coast_memory_s * worn * rest_s);
  }
  // Goes on without having learned.
  void coast(TimeMs at, double cadence_s) {
    const double dt_s = ahead_s(at);
    if (dt_s == 0) return;
    level = expected(at, cadence_s);
    coasted_s += dt_s;
    time = at;
  }

  struct Gains {
    double alpha = 0, beta = 0;
  };
  // n: points seen, this one included; 2 or more.
  Gains gains(TimeMs at, double n, double cadence_s, double memory_s) const {
    const double fade = std::exp(-std::min(ahead_s(at), kStepCadencesMax * cadence_s) / memory_s);
    return {std::max(1 - fade * fade, 2 * (2 * n - 1) / (n * (n + 1))),
            std::max((1 - fade) * (1 - fade), 6 / (n * (n + 1)))};
  }
  // `at` is newer than `time`; the residuals are clipped already.
  void learn(TimeMs at, const Gains& gains, double level_residual, double slope_residual,
             double cadence_s) {
    const double dt_s = ahead_s(at);
    const double from = expected(at, cadence_s);
    slope *= std::exp(-coasted_s / coast_memory_s);
    level = from + gains.alpha * level_residual;
    slope += gains.beta * slope_residual / std::max(dt_s, cadence_s);
    coasted_s = 0;
    time = at;
  }
};

}  // namespace tocsin::models
