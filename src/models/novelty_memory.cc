#include "models/novelty_memory.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace tocsin::models {
namespace {

constexpr uint16_t kCountsFrom = 20;  // values until the tail says anything
constexpr double kTailShare = 0.01, kTailCount = 5;
constexpr double kSlopeMin = 0.05;
constexpr double kScaleMemory = 0.002;
constexpr uint32_t kYoung = 500;  // values, until the memory is as long
constexpr uint16_t kCountedMax = 16'384;
constexpr double kThinning = 1.3;
constexpr size_t kThinned = 72;  // regions left after thinning, at most
constexpr double kScaleMin = 1e-12;

// ln(1 + x) for x >= 0 to 0.001: bins are 0.1 wide. The exponent of 1 + x is its whole part in base
// 2, what is left of the mantissa is in [1, 2); the polynomial through its ends and middle is
// enough.
float log1p_quick(float x) {
  const auto bits = std::bit_cast<uint32_t>(1 + x);
  const auto whole = static_cast<float>(static_cast<int32_t>(bits >> 23) - 127);
  const float part = std::bit_cast<float>((bits & 0x007fffffU) | 0x3f800000U) - 1;
  const float fraction = part * (1.4386F + part * (-0.6778F + part * (0.3218F + part * -0.0826F)));
  return static_cast<float>(std::numbers::ln2) * (whole + fraction);
}

}  // namespace

// Without a branch that depends on the value: it would be guessed wrong half of the time.
size_t NoveltyMemory::first_not_below(float value) const {
  const float* base = region_.data();
  for (size_t left = regions_; left > 1;) {
    const size_t half = left / 2;
    base += base[half - 1] < value ? half : 0;
    left -= half;
  }
  const auto at = static_cast<size_t>(base - region_.data());
  return at + (regions_ > 0 && *base < value ? 1 : 0);
}

float NoveltyMemory::distance(float value, float* nearest) const {
  if (regions_ == 0) return 0;
  const size_t above = first_not_below(value);
  const float over = region_[std::min<size_t>(above, regions_ - 1U)];
  const float under = region_[above == 0 ? 0 : above - 1];
  const float to_over = std::abs(over - value), to_under = std::abs(value - under);
  if (nearest != nullptr) *nearest = to_under < to_over ? under : over;
  return std::min(to_over, to_under);
}

double NoveltyMemory::score(float distance) const {
  if (counted_ < kCountsFrom) return kScoreMin;
  const double ratio = distance / std::max<double>(scale_, kScaleMin);
  if (ratio <= tail_.from_ratio) return tail_.before;
  const double excess = std::log1p(ratio) - tail_.from;
  return std::clamp(excess / tail_.slope - tail_.log_count, kScoreMin, kScoreMax);
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
  if (seen_ < kYoung) ++seen_;
  const double memory = seen_ < kYoung ? std::max(kScaleMemory, 1.0 / seen_) : kScaleMemory;
  scale_ += static_cast<float>(memory * (distance - scale_));
  // No distance is more than 1 / kScaleMemory times its scale any more.
  const float ratio =
      distance == 0 ? 0 : distance / std::max(scale_, static_cast<float>(kScaleMin));
  const auto bin = static_cast<size_t>(log1p_quick(ratio) / static_cast<float>(kBinWidth));
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
  tail_.from_ratio = static_cast<float>(std::expm1(from));
  tail_.slope = static_cast<float>(std::max(kSlopeMin, sum / std::max(count, 1.0) - from));
}

void NoveltyMemory::insert(float value, float radius) {
  const auto end = region_.begin() + regions_;
  const auto place = region_.begin() + static_cast<ptrdiff_t>(first_not_below(value));
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
