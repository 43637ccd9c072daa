#pragma once
// Speed and acceleration of a violation: slopes by Theil and Sen (the median of the slopes of all
// pairs), which no single point can move.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/time.h"
#include "vocabulary/violation.h"

namespace tocsin::models {

struct MotionPoint {
  TimeMs time;
  double distance = 0;  // away from the band, positive = outside
  double value = 0;
};

// Median slope per second of pairs with different times; 0 if there is none. n <= 32.
double theil_sen(std::span<const MotionPoint> points, double MotionPoint::* of);

// The last points of one violation: the longer of 8 points and 60 s, at most 32 of them. Points
// that come faster are thinned so that 32 span the minute; the newest is always among them.
class MotionTrack {
 public:
  static constexpr size_t kPoints = 32;
  void add(const MotionPoint& point);
  // Unknown with fewer than 4 points.
  std::optional<Motion> motion() const;
  size_t size() const { return size_; }
  std::span<const MotionPoint> points() const { return {points_.data(), size_}; }
  void restore(std::span<const MotionPoint> points);

 private:
  void forget_old();
  std::array<MotionPoint, kPoints> points_;  // oldest first
  uint32_t size_ = 0;
};

}  // namespace tocsin::models
