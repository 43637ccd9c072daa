#include "models/season_curve.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tocsin::models {
namespace {

// Past days and weeks that a mean remembers.
constexpr double kDayMemory = 7, kWeekMemory = 3;
// Half hours over which its use is measured: a week; believed after half a day.
constexpr double kCompareMemory = 336;
constexpr uint32_t kComparedMin = 24;
// A mean over a day or a week stands on this share of its half hours at least.
constexpr double kFilledMin = 0.75;
// A variance within a half hour is of so many points at least.
constexpr uint32_t kWithinPoints = 4;
// A step between two half hours that is so many times the one before is an edge.
constexpr double kEdge = 4;

int64_t modulo(int64_t value, int64_t by) { return ((value % by) + by) % by; }

// Half hours of the week, from a count since 1970, which began on a Thursday.
int64_t of_week(int64_t slot) { return modulo(slot + 3 * 48, 336); }

}  // namespace

void SeasonCurve::Mean::add(double fresh, double memory) {
  const double gain = std::max(1 / memory, 1.0 / (seen + 1));
  value += static_cast<float>(gain * (fresh - value));
  if (seen < UINT8_MAX) ++seen;
}

float& SeasonCurve::slot_mean(int64_t slot) {
  return past_[static_cast<size_t>(modulo(slot, kWeekSlots))];
}

std::optional<double> SeasonCurve::slot_value(int64_t slot) const {
  const Mean& mean = known_ == News::kWeekKnown
                         ? week_[static_cast<size_t>(of_week(slot))]
                         : day_[static_cast<size_t>(modulo(slot, kDaySlots))];
  if (mean.seen == 0 || known_ == News::kNone) return std::nullopt;
  return mean.value;
}

// Straight lines between the middles of the half hours; a step where the curve has an edge, such as
// the hour in which a shop opens.
std::optional<double> SeasonCurve::full(TimeMs time) const {
  const int64_t wall = zone_.wall_ms(time, cursor_);
  const int64_t slot = (wall - modulo(wall, kSlotMs)) / kSlotMs;
  const auto here = slot_value(slot);
  if (!here) return std::nullopt;
  const double within = static_cast<double>(wall - slot * kSlotMs) / kSlotMs - 0.5;
  const int64_t towards = within < 0 ? -1 : 1;
  const auto next = slot_value(slot + towards);
  const auto other = slot_value(slot - towards);
  if (!next || !other) return *here;
  const double rise = *next - *here;
  const bool edge = std::abs(rise) > kEdge * std::abs(*here - *other);
  return edge ? *here : *here + std::abs(within) * rise;
}

size_t SeasonCurve::within_index(int64_t slot) const {
  return static_cast<size_t>(season_ == calendar::Season::kDay ? modulo(slot, kDaySlots)
                                                               : of_week(slot));
}

double SeasonCurve::roughness(TimeMs time) const {
  const int64_t wall = zone_.wall_ms(time, cursor_);
  const Mean& within = within_[within_index((wall - modulo(wall, kSlotMs)) / kSlotMs)];
  return within.seen == 0 ? 0 : std::sqrt(within.value);
}

std::optional<double> SeasonCurve::mean_of(int64_t from, int64_t slots) const {
  double sum = 0;
  int64_t count = 0;
  for (int64_t slot = from; slot < from + slots; ++slot) {
    const float mean = past_[static_cast<size_t>(modulo(slot, kWeekSlots))];
    if (std::isnan(mean)) continue;
    sum += mean;
    ++count;
  }
  if (static_cast<double>(count) < kFilledMin * filled_share_ * static_cast<double>(slots))
    return std::nullopt;
  return sum / static_cast<double>(count);
}

SeasonCurve::News SeasonCurve::learn(TimeMs time, double value, double level, double cadence_s) {
  const int64_t wall = zone_.wall_ms(time, cursor_);
  const int64_t slot = (wall - modulo(wall, kSlotMs)) / kSlotMs;
  News news = News::kNone;
  if (first_ == INT64_MIN) {
    first_ = filling_ = slot;
    past_.fill(std::numeric_limits<float>::quiet_NaN());
  }
  if (slot != filling_) {
    news = close();
    // Half hours without points, at most all there are.
    for (int64_t empty = std::max(filling_ + 1, slot - kWeekSlots); empty < slot; ++empty)
      slot_mean(empty) = std::numeric_limits<float>::quiet_NaN();
    filling_ = slot;
    filled_share_ = std::min(1.0, kSlotMs / 1000.0 / std::max(cadence_s, 1e-3));
  }
  if (const auto known = full(time)) {
    residual_sum_ += value - level - *known;
    ++residual_count_;
  }
  sum_ += value;
  difference_sum_ += value - level;
  squares_ += (value - level) * (value - level);
  ++count_;
  return news;
}

void SeasonCurve::compare(double with, double without) {
  if (compared_ < UINT32_MAX) ++compared_;
  const double gain = std::max(1 / kCompareMemory, 1.0 / compared_);
  without_ += gain * (without * without - without_);
  with_ += gain * (with * with - with_);
  if (compared_ >= kComparedMin && without_ > 0)
    share_ = std::clamp(2 * (1 - with_ / without_), 0.0, 1.0);
}

SeasonCurve::News SeasonCurve::close() {
  if (count_ == 0) return News::kNone;
  slot_mean(filling_) = static_cast<float>(sum_ / count_);
  if (residual_count_ == count_) compare(residual_sum_ / residual_count_, difference_sum_ / count_);
  if (count_ >= kWithinPoints) {
    const double mean = difference_sum_ / count_;
    const double before = slot_mean(filling_ - 1);
    const double rise = std::isnan(before) ? 0 : sum_ / count_ - before;
    const double variance = squares_ / count_ - mean * mean - rise * rise / 12;
    within_[within_index(filling_)].add(std::max(0.0, variance), kWeekMemory);
  }
  sum_ = difference_sum_ = squares_ = residual_sum_ = 0;
  count_ = residual_count_ = 0;
  const auto learn_middle = [&](int64_t length, Mean& mean, double memory) {
    const float middle = slot_mean(filling_ - length / 2);
    const auto around = mean_of(filling_ - length + 1, length);
    if (around && !std::isnan(middle)) mean.add(middle - *around, memory);
  };
  const int64_t age = filling_ - first_;
  const auto middle_of_day = modulo(filling_ - kDaySlots / 2, kDaySlots);
  if (age >= kDaySlots)
    learn_middle(kDaySlots, day_[static_cast<size_t>(middle_of_day)], kDayMemory);
  if (age >= kWeekSlots && season_ == calendar::Season::kWeek) {
    const int64_t middle = of_week(filling_ - kWeekSlots / 2);
    learn_middle(kWeekSlots, week_[static_cast<size_t>(middle)], kWeekMemory);
  }
  News news = News::kNone;
  if (known_ == News::kNone && age >= 2 * kDaySlots) news = News::kDayKnown;
  if (known_ == News::kDayKnown && season_ == calendar::Season::kWeek && age >= 2 * kWeekSlots)
    news = News::kWeekKnown;
  if (news == News::kNone) return news;
  known_ = news;
  compared_ = 0;
  return news;
}

SeasonCurve::Line SeasonCurve::line() const {
  const auto mean_without_season = [&](int64_t from) -> std::optional<double> {
    double sum = 0;
    int64_t count = 0;
    for (int64_t slot = from; slot < from + kDaySlots; ++slot) {
      const float mean = past_[static_cast<size_t>(modulo(slot, kWeekSlots))];
      if (std::isnan(mean)) continue;
      sum += mean - slot_value(slot).value_or(0);
      ++count;
    }
    return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
  };
  const auto now = mean_without_season(filling_ - kDaySlots);
  const auto before = mean_without_season(filling_ - 2 * kDaySlots);
  if (!now || !before) return {now.value_or(before.value_or(0)), 0};
  const double day_s = kDaySlots * kSlotMs / 1000.0;
  const double slope = (*now - *before) / day_s;
  return {*now + slope * day_s / 2, slope};
}

void SeasonCurve::shift(double by) {
  for (float& mean : past_) mean += static_cast<float>(by);
  sum_ += by * count_;
}

}  // namespace tocsin::models
