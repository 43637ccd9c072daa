#include "models/season_curve.h"

#include <algorithm>
#include <cmath>

namespace tocsin::models {
namespace {

// Past days and weeks that a mean remembers.
constexpr double kDayMemory = 7, kWeekMemory = 3;
// Half hours over which its use is measured: two days; believed after half a day.
constexpr double kCompareMemory = 96;
constexpr uint32_t kComparedMin = 24;

int64_t modulo(int64_t value, int64_t by) { return ((value % by) + by) % by; }

}  // namespace

void SeasonCurve::Mean::add(double fresh, double memory) {
  const double gain = std::max(1 / memory, 1.0 / (seen + 1));
  value += static_cast<float>(gain * (fresh - value));
  if (seen < UINT8_MAX) ++seen;
}

std::optional<double> SeasonCurve::slot_value(int64_t slot) const {
  const Mean& day = day_[static_cast<size_t>(modulo(slot, kDaySlots))];
  const Mean& week = week_[static_cast<size_t>(modulo(slot, kWeekSlots))];
  if (day.seen == 0) return std::nullopt;
  if (season_ == calendar::Season::kDay || week.seen == 0) return day.value;
  const double weight = 2.0 * week.seen;
  return (weight * week.value + day.value) / (weight + 1);
}

// Straight lines between the middles of the half hours.
std::optional<double> SeasonCurve::full(TimeMs time) const {
  const calendar::SeasonPosition at =
      calendar::season_position(calendar::Season::kWeek, zone_.wall_ms(time, cursor_));
  const int64_t slot = at.offset_ms / kSlotMs;
  const auto here = slot_value(slot);
  if (!here) return std::nullopt;
  const double within = static_cast<double>(at.offset_ms - slot * kSlotMs) / kSlotMs - 0.5;
  const auto next = slot_value(within < 0 ? slot - 1 : slot + 1);
  return next ? *here + std::abs(within) * (*next - *here) : *here;
}

void SeasonCurve::learn(TimeMs time, double difference) {
  const int64_t slot = [&] {
    const int64_t wall = zone_.wall_ms(time, cursor_);
    return (wall - modulo(wall, kSlotMs)) / kSlotMs;
  }();
  if (slot != filling_) {
    close();
    filling_ = slot;
  }
  if (const auto known = full(time)) {
    residual_sum_ += difference - *known;
    ++residual_count_;
  }
  sum_ += difference;
  ++count_;
}

void SeasonCurve::close() {
  if (count_ == 0) return;
  const double mean = sum_ / count_;
  if (residual_count_ == count_) {
    const double residual = residual_sum_ / residual_count_;
    if (compared_ < UINT32_MAX) ++compared_;
    const double gain = std::max(1 / kCompareMemory, 1.0 / compared_);
    without_ += gain * (mean * mean - without_);
    with_ += gain * (residual * residual - with_);
    share_ = compared_ < kComparedMin || without_ <= 0
                 ? 0
                 : std::clamp(2 * (1 - with_ / without_), 0.0, 1.0);
  }
  // Weeks begin on a Monday, 1970 on a Thursday.
  const calendar::SeasonPosition at =
      calendar::season_position(calendar::Season::kWeek, filling_ * kSlotMs);
  const int64_t slot = at.offset_ms / kSlotMs;
  day_[static_cast<size_t>(modulo(slot, kDaySlots))].add(mean, kDayMemory);
  week_[static_cast<size_t>(slot)].add(mean, kWeekMemory);
  sum_ = residual_sum_ = 0;
  count_ = residual_count_ = 0;
}

}  // namespace tocsin::models
