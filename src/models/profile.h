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

#include <cstdint>
#include <span>
#include <vector>

#include "calendar/zone.h"
#include "models/band_model.h"
#include "models/motion.h"
#include "models/tail.h"

namespace tocsin::models {

class Profile final : public BandModel {
 public:
  static constexpr int64_t kBucketMs = 300'000;
  static constexpr size_t kPeriodsMax = 12;

  Profile(const ModelSpec& spec, calendar::Zone zone, Budget& budget);
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
  void violation_opened() override { tail_.violation_opened(); }
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

  struct Period {
    int64_t number = INT64_MIN;
    std::vector<float> mean;
    std::vector<uint8_t> spread;  // code of the deviation, see spread_code()
    std::vector<uint8_t> count;   // saturates; 0 = missing
  };
  struct Line {  // one past period around the current bucket
    bool ok = false;
    double mean = 0, slope = 0, deviation = 0;  // slope per bucket
  };
  struct Filling {  // the bucket that points go into now
    int64_t period = INT64_MIN;
    int64_t bucket = 0;
    double first = 0;  // the sums are relative to it
    double sum = 0, squares = 0;
    uint64_t count = 0;
  };

  calendar::SeasonPosition position(TimeMs time);
  Period* period(int64_t number);
  Period* writable(int64_t number);
  void add(const calendar::SeasonPosition& at, double value);
  void flush();
  void look_up(int64_t number, int64_t bucket, double cadence_s);
  Line line(int64_t number, int64_t bucket, double cadence_s);
  uint8_t spread_code(double deviation);
  double spread_value(uint8_t code) const;

  ModelSpec spec_;
  calendar::Zone zone_;
  Budget& budget_;
  uint64_t bytes_ = 0;
  int64_t buckets_;
  calendar::Zone::Cursor cursor_;
  std::vector<Period> ring_;  // past periods and the current one, at number % size
  Filling filling_;
  Tail tail_;
  double offset_ = 0;
  double unit_ = 0;  // of the spread codes: a power of two near the first value
  TimeMs first_ = kTimeMax;
  calendar::SeasonPosition predicted_at_;  // of the point that weigh() was asked about

  // What weigh() found: valid for one bucket.
  int64_t looked_period_ = INT64_MIN, looked_bucket_ = -1;
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
  archive(tail_, offset_, unit_, first_, looked_period_, looked_bucket_, weight_sum_,
          mean_expected_, mean_deviation_);
  uint64_t available = available_;
  archive(available);
  available_ = static_cast<size_t>(available);
  archive.list(lines_,
               [&](Line& line) { archive(line.ok, line.mean, line.slope, line.deviation); });
  archive.list(ring_, [&](Period& period) {
    archive(period.number);
    archive.list(period.mean, [&](float& mean) { archive(mean); });
    archive.bytes(period.spread);
    archive.bytes(period.count);
  });
}

}  // namespace tocsin::models
