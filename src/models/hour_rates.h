#pragma once
// How many events are usual by the hour of the week of the wall clock: 168 rates, each the mean of
// the last weeks (four, about). 840 bytes; whoever has one takes them from a Budget.

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/time.h"

namespace tocsin::models {

class HourRates {
 public:
  static constexpr int kHours = 168;
  static constexpr int64_t kHourMs = 3'600'000;

  // 0 = Monday from 00:00 to 01:00. 1970-01-01 was a Thursday.
  static int hour_of(int64_t wall_ms) {
    const int64_t hour = floor_hours(wall_ms) + 3 * 24;
    return static_cast<int>(((hour % kHours) + kHours) % kHours);
  }
  static int64_t floor_hours(int64_t wall_ms) {
    const int64_t rest = ((wall_ms % kHourMs) + kHourMs) % kHourMs;
    return (wall_ms - rest) / kHourMs;
  }

  // `exposure` is in any unit: intervals, hours. `whole` is how much of it an hour has: the part
  // of an hour that was seen counts as that part.
  void add(int hour, double events, double exposure, double whole) {
    if (hour != hour_) flush(whole);
    hour_ = hour;
    events_ += events;
    exposure_ += exposure;
  }
  // 0 = never seen.
  int weeks(int hour) const { return weeks_[static_cast<size_t>(hour)]; }
  // Events per unit of exposure.
  double rate(int hour) const { return rate_[static_cast<size_t>(hour)]; }
  // Over all hours seen; 0 if none was.
  double mean_rate() const {
    double sum = 0;
    int seen = 0;
    for (int hour = 0; hour < kHours; ++hour) {
      if (weeks(hour) == 0) continue;
      sum += rate(hour);
      ++seen;
    }
    return seen == 0 ? 0 : sum / seen;
  }

  template <class Archive>
  void visit(Archive& archive) {
    archive(hour_, events_, exposure_);
    for (float& rate : rate_) archive(rate);
    for (uint8_t& weeks : weeks_) archive(weeks);
  }

 private:
  // The hour that has ended goes into its rate.
  void flush(double whole) {
    if (hour_ < 0 || hour_ >= kHours || !(exposure_ > 0)) return;
    const auto at = static_cast<size_t>(hour_);
    const double seen = std::min(1.0, exposure_ / std::max(whole, 1e-9));
    const double gain = std::max(1.0 / (weeks_[at] + 1), 0.25) * (weeks_[at] == 0 ? 1 : seen);
    rate_[at] += static_cast<float>(gain * (events_ / exposure_ - rate_[at]));
    if (seen > 0.5 && weeks_[at] < UINT8_MAX) ++weeks_[at];
    events_ = exposure_ = 0;
  }

  std::array<float, kHours> rate_{};
  std::array<uint8_t, kHours> weeks_{};
  int hour_ = -1;
  double events_ = 0, exposure_ = 0;  // of the hour being filled
};

}  // namespace tocsin::models
