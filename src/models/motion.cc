#include "models/motion.h"

#include <algorithm>

namespace tocsin::models {
namespace {

constexpr size_t kPointsMin = 4;
constexpr size_t kWindowPoints = 8;
constexpr DurationMs kWindow = seconds(60);
// 31 gaps of this length span the window.
constexpr int64_t kGapMs = 1936;
constexpr size_t kPairsMax = MotionTrack::kPoints * (MotionTrack::kPoints - 1) / 2;

double middle_of(std::span<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

}  // namespace

double theil_sen(std::span<const MotionPoint> points, double MotionPoint::* of) {
  std::array<double, kPairsMax> slopes;
  size_t count = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    for (size_t j = i + 1; j < points.size() && count < kPairsMax; ++j) {
      const double span = (points[j].time - points[i].time).seconds();
      if (span == 0) continue;
      slopes[count++] = (points[j].*of - points[i].*of) / span;
    }
  }
  return count == 0 ? 0 : middle_of(std::span(slopes).first(count));
}

void MotionTrack::add(const MotionPoint& point) {
  const bool crowded =
      size_ >= 2 && (point.time - points_[size_ - 2].time).count < kGapMs && size_ >= kWindowPoints;
  if (crowded) --size_;
  if (size_ == kPoints) {
    std::move(points_.begin() + 1, points_.end(), points_.begin());
    --size_;
  }
  points_[size_++] = point;
  forget_old();
}

void MotionTrack::forget_old() {
  const TimeMs oldest = points_[size_ - 1].time - kWindow;
  size_t drop = 0;
  while (size_ - drop > kWindowPoints && points_[drop].time < oldest) ++drop;
  std::move(points_.begin() + static_cast<std::ptrdiff_t>(drop),
            points_.begin() + static_cast<std::ptrdiff_t>(size_), points_.begin());
  size_ -= static_cast<uint32_t>(drop);
}

void MotionTrack::restore(std::span<const MotionPoint> points) {
  size_ = static_cast<uint32_t>(std::min(points.size(), kPoints));
  std::copy_n(points.begin(), size_, points_.begin());
}

std::optional<Motion> MotionTrack::motion() const {
  if (size_ < kPointsMin) return std::nullopt;
  const auto all = points();
  const auto earlier = all.first(size_ / 2);
  const auto later = all.last(size_ / 2);
  Motion motion;
  motion.speed = 60 * theil_sen(all, &MotionPoint::distance);
  const double change =
      60 * (theil_sen(later, &MotionPoint::distance) - theil_sen(earlier, &MotionPoint::distance));
  const auto middle = [](std::span<const MotionPoint> half) {
    return (half.front().time.ms + half.back().time.ms) / 2;
  };
  const double minutes_between = static_cast<double>(middle(later) - middle(earlier)) / 60'000.0;
  motion.acceleration = minutes_between > 0 ? change / minutes_between : 0;
  motion.raw_slope = theil_sen(all, &MotionPoint::value);
  return motion;
}

}  // namespace tocsin::models
