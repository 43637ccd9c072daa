#include "models/novelty_memory.h"

#include <algorithm>
#include <cmath>

namespace tocsin::models {
namespace {

constexpr uint16_t kCountsFrom = 20;  // values until the tail says anything
constexpr double kTailShare = 0.01, kTailCount = 5;
constexpr double kSlopeMin = 0.05;
constexpr double kScaleMemory = 0.002;
constexpr uint16_t kCountedMax = 16'384;
constexpr double kThinning = 1.3;
constexpr size_t kThinned = 72;  // regions left after thinning, at most
constexpr double kScaleMin = 1e-12;

double relative(double distance, double scale) {
  return distance == 0 ? 0 : std::log1p(distance / std::max(scale, kScaleMin));
}

}  // namespace

float NoveltyMemory::distance(float value, float* nearest) const {
  if (regions_ == 0) return 0;
  const auto end = region_.begin() + regions_;
  const auto above = std::lower_bound(region_.begin(), end, value);
  auto best = above == end ? above - 1 : above;
  if (above != region_.begin() && above != end && value - *(above - 1) < *above - value)
    best = above - 1;
  if (nearest != nullptr) *nearest = *best;
  return std::abs(value - *best);
}

double NoveltyMemory::score(float distance) const {
  if (counted_ < kCountsFrom) return kScoreMin;
  const double y = relative(distance, scale_);
  if (y <= tail_.from) return tail_.before;
  return std::clamp((y - tail_.from) / tail_.slope - tail_.log_count, kScoreMin, kScoreMax);
}

double NoveltyMemory::distance_at(double score) const {
  const double y = tail_.from + std::max(0.0, tail_.slope * (score + tail_.log_count));
  return std::max<double>(scale_, kScaleMin) * std::expm1(std::min(y, kBins * kBinWidth));
}

void NoveltyMemory::add(float value, float distance, float radius) {
  count(distance);
  const float least = std::max(radius_, radius);
  if (regions_ == 0 || distance > least) insert(value, least);
}

void NoveltyMemory::count(float distance) {
  if (seen_ < UINT32_MAX) ++seen_;
  scale_ += static_cast<float>(std::max(kScaleMemory, 1.0 / seen_) * (distance - scale_));
  const auto bin = static_cast<size_t>(relative(distance, scale_) / kBinWidth);
  ++bins_[std::min(bin, kBins - 1)];
  if (++counted_ >= kCountedMax) {
    counted_ = 0;
    for (uint16_t& each : bins_) counted_ = static_cast<uint16_t>(counted_ + (each /= 2));
    until_fit_ = 0;
  }
  if (counted_ < kCountsFrom) return;
  if (until_fit_ == 0) {
    fit_tail();
    until_fit_ = static_cast<uint16_t>(std::min(16, 1 + counted_ / 100));
  }
  --until_fit_;
}

// The tail is taken as exponential beyond the farthest 1 % (at least 5) of the values.
void NoveltyMemory::fit_tail() {
  const double wanted = std::max(kTailCount, kTailShare * counted_);
  double count = 0, sum = 0;
  size_t bin = kBins;
  while (bin > 0 && count < wanted) {
    --bin;
    count += bins_[bin];
    sum += bins_[bin] * (static_cast<double>(bin) + 0.5) * kBinWidth;
  }
  const double from = static_cast<double>(bin) * kBinWidth;
  tail_.log_count = static_cast<float>(std::log(std::max(count, 1.0)));
  tail_.before = static_cast<float>(std::max(kScoreMin, -std::log1p(count)));
  tail_.from = static_cast<float>(from);
  tail_.slope = static_cast<float>(std::max(kSlopeMin, sum / std::max(count, 1.0) - from));
}

void NoveltyMemory::insert(float value, float radius) {
  const auto end = region_.begin() + regions_;
  const auto place = std::lower_bound(region_.begin(), end, value);
  std::copy_backward(place, end, end + 1);
  *place = value;
  if (++regions_ > kRegions) thin(radius);
}

void NoveltyMemory::thin(float radius) {
  radius_ = radius;
  while (regions_ > kThinned) {
    radius_ *= static_cast<float>(kThinning);
    size_t kept = 1;
    for (size_t i = 1; i < regions_; ++i)
      if (region_[i] - region_[kept - 1] > radius_) region_[kept++] = region_[i];
    if (!(radius_ > 0)) radius_ = region_[kept - 1] - region_[0];
    regions_ = static_cast<uint16_t>(kept);
  }
}

}  // namespace tocsin::models
