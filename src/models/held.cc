#include "models/held.h"

#include <algorithm>

namespace tocsin::models {

std::optional<double> Held::learn(TimeMs time, double value) {
  const int64_t number = (time.ms >= 0 ? time.ms : time.ms - step_ms_ + 1) / step_ms_;
  if (number_ != INT64_MIN && number < number_) return std::nullopt;
  std::optional<double> out;
  if (number != number_ && number_ != INT64_MIN) {
    // Points may come more rarely than steps; what lies longer apart than the span is a gap.
    const int64_t passed = number - number_;
    if (passed > kSteps) closed_ = 0;
    for (int64_t step = 0; step < std::min(passed, kSteps); ++step) {
      std::rotate(lows_.begin(), lows_.begin() + 1, lows_.end());
      lows_.back() = low_;
    }
    if (passed <= kSteps)
      closed_ = static_cast<uint32_t>(std::min(kSteps, static_cast<int64_t>(closed_) + passed));
    if (closed_ >= kSteps) out = *std::min_element(lows_.begin(), lows_.end());
  }
  low_ = number == number_ ? std::min(low_, value) : value;
  number_ = number;
  return out;
}

double DayHigh::learn(TimeMs time, double value) {
  constexpr int64_t kHourMs = 3'600'000;
  const int64_t hour = (time.ms >= 0 ? time.ms : time.ms - kHourMs + 1) / kHourMs;
  if (number_ == INT64_MIN || hour - number_ >= kHours) highs_.fill(value);
  for (int64_t next = std::max(number_, hour - kHours) + 1; next <= hour; ++next)
    highs_[static_cast<size_t>((next % kHours + kHours) % kHours)] = value;
  number_ = std::max(number_, hour);
  double& high = highs_[static_cast<size_t>((number_ % kHours + kHours) % kHours)];
  high = std::max(high, value);
  return *std::max_element(highs_.begin(), highs_.end());
}

}  // namespace tocsin::models
