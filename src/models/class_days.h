#pragma once
// What a profile knows of days by their class: the newest days of each, wherever they lie in the
// past. A day is 288 buckets of 5 minutes, as those of a season.
//
// A past day may be a year old, and the business has grown since. Each keeps the base of its time,
// the mean of ordinary days over two weeks; its curve is taken at the ratio of the base of now to
// that one (or moved by the difference, where values are negative).

#include <cstdint>
#include <limits>
#include <vector>

#include "calendar/day_calendar.h"
#include "models/band_model.h"

namespace tocsin::models {

// Means and deviations by position, of a season's period or of a day.
struct Buckets {
  int64_t number = INT64_MIN;  // of the period, or the day
  std::vector<float> mean;
  std::vector<uint8_t> spread;  // code of the deviation, see Profile::spread_code()
  std::vector<uint8_t> count;   // saturates; 0 = missing

  static uint64_t bytes_of(int64_t buckets) {
    return static_cast<uint64_t>(buckets) * (sizeof(float) + 2);
  }
  void begin(int64_t fresh, int64_t buckets) {
    const auto size = static_cast<size_t>(buckets);
    number = fresh;
    mean.assign(size, 0);
    spread.assign(size, 0);
    count.assign(size, 0);
  }
  bool whole(int64_t buckets) const {
    const auto size = static_cast<size_t>(buckets);
    return mean.size() == size && spread.size() == size && count.size() == size;
  }
};

// The mean of ordinary days, over two weeks of points.
struct Base {
  double mean = 0;
  double seen_s = 0;
  TimeMs last = kTimeMin;
  void learn(TimeMs time, double value);
  bool known() const { return seen_s >= 7 * 86'400.0; }
};

struct ClassDay {
  Buckets buckets;
  float base = 0;  // of its time; 0 = was not known
};

class ClassDays {
 public:
  static constexpr int64_t kBuckets = 288;

  // Keeps `days` days of each class, and the one that is being filled.
  ClassDays(size_t classes, size_t days);

  // nullptr for a day older than all that are kept, or if the budget is spent.
  Buckets* writable(size_t day_class, calendar::Day day, const Base& base, Budget& budget,
                    uint64_t& bytes);
  // The newest days before `day`, at most `most`, the newest first.
  void newest(size_t day_class, calendar::Day day, size_t most,
              std::vector<const ClassDay*>& out) const;

  template <class Archive>
  void visit(Archive& archive) {
    for (std::vector<ClassDay>& days : by_class_)
      archive.list(days, [&](ClassDay& day) {
        archive(day.buckets.number, day.base);
        archive.list(day.buckets.mean, [&](float& mean) { archive(mean); });
        archive.bytes(day.buckets.spread);
        archive.bytes(day.buckets.count);
      });
  }
  bool whole() const;          // what was read back has the right sizes
  uint64_t allocated() const;  // bytes of the days there are

 private:
  size_t days_max_;
  std::vector<std::vector<ClassDay>> by_class_;
};

// The past day's value as it would be now: value * ratio + shift.
struct Lift {
  double ratio = 1, shift = 0;
};
Lift lift_of(const ClassDay& day, const Base& base);

}  // namespace tocsin::models
