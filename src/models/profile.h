#pragma once
// The model `profile`: mean and variance by position in the season, each past period a model of its
// own.
//
//   period -1  [5 min][5 min][5 min] ...   by the wall clock of the series' site; per bucket a mean
//   period -2  [5 min][5 min][5 min] ...   (32 bit), the logarithm of the deviation (8 bit) and
//   ...                                    the number of points (8 bit, 0 = missing)
//
// Expected by period i = a line through the bucket means within the window around the position,
// plus one offset that all periods share: how far the last hour ran above or below the profile.
// Deviation = of the points around their bucket's mean, and of these around the line. The Tail
// calibrates the residual in units of that deviation. A period without data there gives its weight
// to the others; with fewer than two the profile abstains.
//
// The hour that spring skips has no bucket filled; the hour that autumn repeats updates its buckets
// twice. Memory: 12 KB per period of a week, 1.7 KB per day; taken from a Budget, counted.
//
// With a calendar every day has a class, and is judged by past days of its own class:
//
//   season week   ordinary days by the same weekday of past weeks; days that are something else by
//                 date are kept apart (ClassDays) and judged by the last days of that class. What
//                 is by date "business" or "weekend" is judged by the last such days, and teaches
//                 nothing
//   season day    each class by its own last days
//
// A class of which fewer than two days are known abstains. Each class kept apart has a calibration
// of its own; it begins as the ordinary one's, as wide as that of a young band.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "calendar/day_calendar.h"
#include "models/band_model.h"
#include "models/class_days.h"
#include "models/motion.h"
#include "models/tail.h"

namespace tocsin::models {

class Profile final : public BandModel {
 public:
  static constexpr int64_t kBucketMs = 300'000;
  static constexpr size_t kPeriodsMax = 12;

  Profile(const ModelSpec& spec, const Local& local, Budget& budget);
  ~Profile() override;
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  // Curves by past period, the last one first.
  bool weigh(const Asked& asked, std::span<Curve> out) override;

  void learn(const Asked& asked, double in_band) override;
  bool trains_out_of_order() const override { return true; }
  // Fills the buckets only.
  void train(TimeMs time, double value) override;
  // The offset jumps to where these points lie.
  void accept(std::span<const MotionPoint> points, double cadence_s) override;
  void violation_opened() override { enter().tail.violation_opened(); }
  void violation_opened_in_budget() override {}
  Learned learned(TimeMs last_time, double cadence_s) const override;
  void save(ByteWriter& out) const override;
  void load(ByteReader& in) override;

  size_t periods() const { return spec_.period_weights.size(); }
  TimeMs first_seen() const { return first_; }  // kTimeMax before the first point
  TimeMs guarded_from() const;                  // two periods after the first point
  const calendar::Zone& zone() const { return zone_; }
  uint64_t bytes() const override { return bytes_; }

 private:
  template <class Archive>
  void visit(Archive& archive);

  // Where a point belongs.
  static constexpr int kSeason = -1;   // to the ring of periods
  static constexpr int kNowhere = -2;  // judged by ordinary days of its class, and not learned
  struct Slot {
    int ring = kSeason;  // or the class of the day
    int64_t period = 0;  // number of the period; of the day where it is judged by days
    int64_t offset_ms = 0;
    uint8_t day_class = 0;
    friend bool operator==(const Slot&, const Slot&) = default;
  };
  // A past stretch of the season, around the same position.
  struct Past {
    const Buckets* of = nullptr;
    int64_t bucket = 0;   // in it
    bool runs_on = true;  // into the neighbouring periods at its ends
    Lift lift;
  };
  struct Line {  // one past period around the current bucket
    bool ok = false;
    double mean = 0, slope = 0, deviation = 0;  // slope per bucket
  };
  struct Filling {  // the bucket that points go into now
    int ring = kSeason;
    int64_t period = INT64_MIN;
    int64_t bucket = 0;
    double first = 0;  // the sums are relative to it
    double sum = 0, squares = 0;
    uint64_t count = 0;
  };
  struct Calibration {
    Tail tail;
    double offset = 0;  // how far the last hour ran above or below the profile
  };

  Slot slot_of(TimeMs time);
  Buckets* period(int64_t number);
  Buckets* writable(int64_t number);
  Buckets* filled();
  void add(const Slot& slot, double value);
  void flush();
  std::vector<Past> past_of(const Slot& slot, int64_t bucket);
  void past_days(const Slot& slot, int64_t bucket, std::vector<Past>& out);
  void look_up(const Slot& slot, int64_t bucket, double cadence_s);
  Line line(const Past& past, double cadence_s);
  const Calibration& calibration(const Slot& slot);
  Calibration& enter();
  void note_ordinary(const Slot& slot, TimeMs time, double value);
  void say_class(TimeMs time, Learned& out) const;
  void check_loaded(bool ok);
  uint8_t spread_code(double deviation);
  double spread_value(uint8_t code) const;

  ModelSpec spec_;
  std::shared_ptr<const calendar::DayCalendar> days_;  // nullptr: every day is as every other
  calendar::Zone zone_;
  Budget& budget_;
  uint64_t bytes_ = 0;
  int64_t buckets_;
  calendar::Zone::Cursor cursor_;
  std::vector<Buckets> ring_;  // past periods and the current one, at number % size
  ClassDays class_days_;
  Base base_;
  Filling filling_;
  Calibration ordinary_;
  std::vector<Calibration> of_class_;
  Calibration fresh_;         // of a class that begins with the point weighed last
  int calibrated_ = kSeason;  // ring of the point learned last
  double unit_ = 0;           // of the spread codes: a power of two near the first value
  TimeMs first_ = kTimeMax;
  Slot weighed_;  // of the point that weigh() was asked about
  struct Today {  // the class of the day asked about last
    calendar::Day day{INT64_MIN};
    calendar::DayCalendar::Kind kind;
  };
  Today today_;

  // What weigh() found: valid for one bucket.
  Slot looked_{kSeason, INT64_MIN, 0, 0};
  int64_t looked_bucket_ = -1;
  std::vector<Line> lines_;
  double weight_sum_ = 0;
  size_t available_ = 0;
  double mean_expected_ = 0;  // of the available periods, without the offset
  double mean_deviation_ = 0;
};

template <class Archive>
void Profile::visit(Archive& archive) {
  archive(filling_.period, filling_.bucket, filling_.first, filling_.sum, filling_.squares,
          filling_.count);
  archive(ordinary_.tail, ordinary_.offset, unit_, first_, looked_.period, looked_bucket_,
          weight_sum_, mean_expected_, mean_deviation_);
  uint64_t available = available_;
  archive(available);
  available_ = static_cast<size_t>(available);
  archive.list(lines_,
               [&](Line& line) { archive(line.ok, line.mean, line.slope, line.deviation); });
  archive.list(ring_, [&](Buckets& period) {
    archive(period.number);
    archive.list(period.mean, [&](float& mean) { archive(mean); });
    archive.bytes(period.spread);
    archive.bytes(period.count);
  });
  if (days_ == nullptr) return;
  archive(filling_.ring, looked_.ring, calibrated_, base_.mean, base_.seen_s, base_.last);
  for (Calibration& one : of_class_) archive(one.tail, one.offset);
  class_days_.visit(archive);
}

}  // namespace tocsin::models
