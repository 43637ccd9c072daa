#pragma once
// Levels that last: what a series held for some time, and the highest it came to within a day.

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace tocsin::models {

// The lowest value of the last `length`, in four steps: what was held for so long.
class Held {
 public:
  explicit Held(DurationMs length) : step_ms_(std::max<int64_t>(1, length.count / kSteps)) {}
  // The level held as of this point, once per step.
  std::optional<double> learn(TimeMs time, double value);
  template <class Archive>
  void visit(Archive& archive) {
    for (double& low : lows_) archive(low);
    archive(number_, closed_, low_);
  }

 private:
  static constexpr int64_t kSteps = 4;
  int64_t step_ms_;
  std::array<double, kSteps> lows_{};
  int64_t number_ = INT64_MIN;
  uint32_t closed_ = 0;  // steps without a gap
  double low_ = 0;
};

// The highest level that was ever held for `length`, and when it last rose to it.
class HighestHeld {
 public:
  explicit HighestHeld(DurationMs length) : held_(length) {}
  void learn(TimeMs time, double value) {
    const auto held = held_.learn(time, value);
    if (!held || (highest_ && *held <= *highest_)) return;
    highest_ = held;
    rose_ = time;
  }
  std::optional<double> highest() const { return highest_; }
  TimeMs rose() const { return rose_; }
  template <class Archive>
  void visit(Archive& archive) {
    bool known = highest_.has_value();
    double highest = highest_.value_or(0);
    held_.visit(archive);
    archive(known, highest, rose_);
    highest_ = known ? std::optional(highest) : std::nullopt;
  }

 private:
  Held held_;
  std::optional<double> highest_;
  TimeMs rose_ = kTimeMin;
};

// The highest value of the last day, by hours.
class DayHigh {
 public:
  double learn(TimeMs time, double value);
  template <class Archive>
  void visit(Archive& archive) {
    for (double& high : highs_) archive(high);
    archive(number_);
  }

 private:
  static constexpr int64_t kHours = 24;
  std::array<double, kHours> highs_{};
  int64_t number_ = INT64_MIN;
};

}  // namespace tocsin::models
