#pragma once
// What a day or a week adds to a slow level, for a model that must not take a morning for a shift:
// the classical decomposition, streaming. Values become means of half hours of the wall clock; from
// each the mean of the day (the week) centred on it is taken, which no season of that length and no
// ramp moves; what is left is averaged by half hour of the day (48) and of the week (336).
//
// It is used as far as it helps: its share is the part of the half-hour means' squares around the
// level that it explained when they were new. Without a season it explains nothing and its share
// is 0.

#include <array>
#include <cstdint>
#include <optional>

#include "calendar/zone.h"

namespace tocsin::models {

class SeasonCurve {
 public:
  SeasonCurve(calendar::Season season, calendar::Zone zone)
      : season_(season), zone_(std::move(zone)) {}
  void clear() { *this = SeasonCurve(season_, zone_); }

  // What the curve adds at this time, already by its share; 0 where it knows nothing.
  double at(TimeMs time) const { return share_ == 0 ? 0 : share_ * full(time).value_or(0); }
  double share() const { return share_; }
  // The deviation of values within this half hour, of the day or the week, less what the curve's
  // own rise makes; 0 = not known. Large where an edge lies within it.
  double roughness(TimeMs time) const;

  // Once each: the day's curve is known (after two days), the week's (after two weeks; not if
  // the season is the day).
  enum class News : uint8_t { kNone, kDayKnown, kWeekKnown };
  // In order of time. `level`: of the series without its season, as believed before this point.
  News learn(TimeMs time, double value, double level, double cadence_s);
  // Where a line without season stands now, by the last two days.
  struct Line {
    double level = 0, slope_per_s = 0;
  };
  Line line() const;
  // The level was moved on purpose: what is remembered moves with it.
  void shift(double by);

  template <class Archive>
  void visit(Archive& archive);

 private:
  static constexpr int64_t kSlotMs = 1'800'000;
  static constexpr int64_t kDaySlots = 48, kWeekSlots = 336;
  struct Mean {
    float value = 0;
    uint8_t seen = 0;  // saturates
    void add(double fresh, double memory);
  };

  std::optional<double> full(TimeMs time) const;
  std::optional<double> slot_value(int64_t slot) const;
  std::optional<double> mean_of(int64_t from, int64_t slots) const;
  float& slot_mean(int64_t slot);
  size_t within_index(int64_t slot) const;
  News close();
  void compare(double with, double without);

  calendar::Season season_;
  calendar::Zone zone_;
  mutable calendar::Zone::Cursor cursor_;
  std::array<float, kWeekSlots> past_{};  // means of the last week's half hours; NaN = none
  std::array<Mean, kDaySlots> day_{};
  std::array<Mean, kWeekSlots> week_{};
  std::array<Mean, kWeekSlots> within_{};  // variances within; of a day's season the first 48
  double share_ = 0;
  double with_ = 0, without_ = 0;  // mean squares of half-hour means
  uint32_t compared_ = 0;
  News known_ = News::kNone;
  int64_t first_ = INT64_MIN;    // half hours since 1970 on the wall clock: of the first point
  int64_t filling_ = INT64_MIN;  // and the one that points go into now
  double sum_ = 0, difference_sum_ = 0, squares_ = 0, residual_sum_ = 0;
  uint32_t count_ = 0, residual_count_ = 0;
  double filled_share_ = 1;  // of half hours that can have a point at all
};

template <class Archive>
void SeasonCurve::visit(Archive& archive) {
  for (float& mean : past_) archive(mean);
  for (Mean& mean : day_) archive(mean.value, mean.seen);
  for (Mean& mean : week_) archive(mean.value, mean.seen);
  for (Mean& mean : within_) archive(mean.value, mean.seen);
  archive(share_, with_, without_, compared_, known_, first_, filling_, sum_, difference_sum_,
          squares_, residual_sum_, count_, residual_count_, filled_share_);
}

}  // namespace tocsin::models
