#pragma once
// What a day and a week add to a slow level, for a model that must not take a morning for a shift:
// means by half hour of the wall clock, of the day (48) and of the week (336). The week's are drawn
// towards the day's while they have been seen seldom.
//
// It is used as far as it helps: its share is the part of the half-hour means' squares that it
// explained when they were new. Without a season it explains nothing and its share is 0.

#include <array>
#include <cstdint>
#include <optional>

#include "calendar/zone.h"

namespace tocsin::models {

class SeasonCurve {
 public:
  SeasonCurve(calendar::Season season, calendar::Zone zone)
      : season_(season), zone_(std::move(zone)) {}

  // What the curve adds at this time, already by its share; 0 where it knows nothing.
  double at(TimeMs time) const { return share_ == 0 ? 0 : share_ * full(time).value_or(0); }
  // A point's difference from the level without season, in order of time.
  void learn(TimeMs time, double difference);
  double share() const { return share_; }

  template <class Archive>
  void visit(Archive& archive);

 private:
  static constexpr int64_t kSlotMs = 1'800'000;
  static constexpr size_t kDaySlots = 48, kWeekSlots = 336;
  struct Mean {
    float value = 0;
    uint8_t seen = 0;  // saturates
    void add(double fresh, double memory);
  };

  std::optional<double> full(TimeMs time) const;
  std::optional<double> slot_value(int64_t slot) const;  // of the week
  void close();

  calendar::Season season_;
  calendar::Zone zone_;
  mutable calendar::Zone::Cursor cursor_;
  std::array<Mean, kDaySlots> day_{};
  std::array<Mean, kWeekSlots> week_{};
  double share_ = 0;
  double with_ = 0, without_ = 0;  // mean squares of half-hour means
  uint32_t compared_ = 0;
  int64_t filling_ = INT64_MIN;  // half hour since 1970 on the wall clock
  double sum_ = 0, residual_sum_ = 0;
  uint32_t count_ = 0, residual_count_ = 0;
};

template <class Archive>
void SeasonCurve::visit(Archive& archive) {
  for (Mean& mean : day_) archive(mean.value, mean.seen);
  for (Mean& mean : week_) archive(mean.value, mean.seen);
  archive(share_, with_, without_, compared_, filling_, sum_, residual_sum_, count_,
          residual_count_);
}

}  // namespace tocsin::models
