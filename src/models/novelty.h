#pragma once
// Has the series ever been here? Three channels ask it: the value; the median of the last nine
// (a level); and how far the last half hour is from every half hour kept of this time of day. Each
// channel is the mean of five memories (novelty_memory.h) with regions of different size, which is
// steadier than any one. What was met once is no news, so that a new kind is told once.
//
// docs/models.md has the formulas. A plain state machine, one per series, about 11 KB, allocated
// apart: kpi-tier series and `tocsin detect` have it. Times and values as in residual.h.

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "models/novelty_memory.h"

namespace tocsin::models {

class Novelty {
 public:
  enum class Channel : uint8_t { kValue, kLevel, kTimeOfDay };

  struct Weighed {
    double margin = 0;  // ln: how much rarer than a violation has to be
    bool told = false;  // the margin is reached, and enough points have passed since the last
    Channel channel = Channel::kValue;  // that found it
    double nearest = 0;                 // of the value: the nearest region met ...
    double allowed = 0;                 // ... and how far from it is not yet told
    double deviation = 0;               // mean absolute deviation of the series
    double least = 0, most = 0;         // ever met
  };

  // `age_ms`: of the series, at this point.
  void weigh(int64_t wall_ms, int64_t age_ms, double value, Weighed& out);
  // Of the point weighed last.
  void learn(int64_t wall_ms, double value, const Weighed& weighed);

  uint32_t points() const { return points_; }
  void save(ByteWriter& out) const;
  bool load(ByteReader& in);

 private:
  static constexpr size_t kMembers = 5, kChannels = 3;
  static constexpr size_t kHalfHours = 48, kDays = 7, kRecent = 9;

  // The half hours of the last days, by time of day: means of the values.
  struct HalfHours {
    std::array<float, kHalfHours * kDays> mean;
    std::array<uint8_t, kHalfHours> count{};
    std::array<uint8_t, kHalfHours> next{};
  };
  // What weigh() found and learn() takes up.
  struct Seen {
    std::array<float, kChannels> value;
    std::array<std::array<float, kMembers>, kChannels> distance;
    double mean = 0, deviation = 0;
    float from_days = 0;
    float half_hour = 0;  // the nearest kept of this time of day
  };

  double ask(Channel channel, float value, float least);
  float median_with(float value) const;
  float from_days(int64_t wall_ms, float value, float& nearest) const;
  void note_half_hour(int64_t wall_ms, float value);
  void explain(Channel channel, float value, Weighed& out) const;
  template <class Archive>
  void visit(Archive& archive);

  std::array<std::array<NoveltyMemory, kMembers>, kChannels> memory_;
  HalfHours days_;
  Seen seen_;
  std::array<float, kRecent> recent_{};  // ring; from the origin
  double origin_ = 0;                    // the first value
  double mean_ = 0, deviation_ = 0;
  float least_ = 0, most_ = 0;
  float quantum_ = 0;  // the smallest step met; 0 = none
  float from_days_ = 0;
  double half_hour_sum_ = 0;
  uint32_t half_hour_count_ = 0;
  uint8_t half_hour_ = UINT8_MAX;
  uint8_t newest_ = 0;
  uint32_t points_ = 0;
  // A violation told makes the next one dearer, forgotten with the age of the series; and for 4 %
  // of its age, 1,000 points at most, nothing is told.
  float fatigue_ = 0;
  uint32_t told_at_ = 0, silent_until_ = 0;
};

}  // namespace tocsin::models
