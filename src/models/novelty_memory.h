#pragma once
// The values ever met, as a sorted list of regions, and how far values have lain from the nearest
// one. Together they say how many events as far as this one the whole past should have held. One
// member of a channel of novelty.h; about 650 bytes, bounded; never forgets a region, the
// histogram is halved at 16,384 values.

#include <array>
#include <cstddef>
#include <cstdint>

namespace tocsin::models {

class NoveltyMemory {
 public:
  static constexpr size_t kRegions = 96;
  static constexpr double kScoreMin = -2.5, kScoreMax = 3;

  // From the nearest region, 0 if there is none; *nearest is its value.
  float distance(float value, float* nearest = nullptr) const;
  // -ln of the number of events as far away as this that the whole past should have held.
  double score(float distance) const;
  // The distance at which score() reaches `score`.
  double distance_at(double score) const;
  // `radius`: how far apart two regions are at least.
  void add(float value, float distance, float radius);

  bool any() const { return regions_ > 0; }
  float least() const { return region_[0]; }
  float most() const { return region_[regions_ - 1]; }

  template <class Archive>
  void visit(Archive& archive) {
    archive(radius_, scale_, seen_, counted_, until_fit_, tail_.log_count, tail_.from, tail_.slope,
            tail_.before, tail_.from_ratio);
    archive(regions_);
    if (regions_ > kRegions) regions_ = 0;
    for (size_t i = 0; i < regions_; ++i) archive(region_[i]);
    for (uint16_t& bin : bins_) archive(bin);
  }

 private:
  static constexpr size_t kBins = 120;
  static constexpr double kBinWidth = 0.1;

  size_t first_not_below(float value) const;
  void count(float distance);
  void fit_tail();
  void insert(float value, float radius);
  void thin(float radius);

  std::array<float, kRegions + 1> region_;
  std::array<uint16_t, kBins> bins_{};  // of ln(1 + distance / scale)
  float radius_ = 0;                    // grows when there are too many regions
  float scale_ = 0;                     // mean distance
  uint32_t seen_ = 0;
  uint16_t regions_ = 0;
  uint16_t counted_ = 0;    // in bins_
  uint16_t until_fit_ = 0;  // values until the tail is fitted anew
  struct {
    float log_count = 0;  // of the values beyond `from`
    float from = 0;
    float from_ratio = 0;      // exp(from) - 1
    float slope = 1;           // mean excess
    float before = kScoreMin;  // the score of what does not reach it
  } tail_;
};

}  // namespace tocsin::models
