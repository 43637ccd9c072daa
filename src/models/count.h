#pragma once
// The model `count`: small whole numbers, such as errors per minute or a customer's orders. The
// count of an interval is Poisson about a mean that is followed, or negative binomial where counts
// vary more than chance makes them; the band lies at the exact tail probabilities of that law.
//
//   mean   events per interval, discounted: memory of 20 minutes, or as long as 50 events take, at
//          most a week. Its own uncertainty is part of the law (a gamma about the mean).
//   hours  that mean relative to what is usual at this hour of the week, once two weeks of it are
//          known: where asked for (by_hour: on), or where it has predicted better (auto). Without
//          it the model abstains if it was asked for, or if the first days showed that the level
//          alone cannot follow (it more than quadruples within a day).
//   runs   intervals that say something only together (count_runs.h) narrow the band too
//
// An interval without events is a point of value 0. A value that is no whole number lies between
// two counts; a negative one is outside.

#include <memory>

#include "models/band_model.h"
#include "models/count_probability.h"
#include "models/count_runs.h"
#include "models/hour_rates.h"

namespace tocsin::models {

class Count final : public BandModel {
 public:
  static constexpr uint32_t kPointsToLearn = 30;
  enum class ByHour : uint8_t { kAuto, kOn, kOff };

  Count(const ModelSpec& spec, calendar::Zone zone, Budget& budget);
  ~Count() override;
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;

  bool weigh(const Asked& asked, std::span<Curve> out) override;
  double score() const override;
  void learn(const Asked& asked, double in_band) override;
  void watch(const Asked& asked) override;
  void accept(std::span<const MotionPoint> points, double cadence_s) override;
  void violation_opened() override;
  Learned learned(TimeMs last_time, double cadence_s) const override;
  uint64_t bytes() const override;
  void save(ByteWriter& out) const override;
  void load(ByteReader& in) override;

 private:
  // A discounted mean of events per unit of exposure, as a gamma posterior.
  struct Mean {
    double events = 0, exposure = 0;
    double value() const { return (events + 0.5) / std::max(exposure, 1e-9); }
    double shape() const { return events + 0.5; }
    void add(double count, double unit, double cadence_s);
  };
  // What was made of the law last: of the same codes the same comes out.
  struct Quantiles {
    int mean = INT32_MIN, size = 0, score = 0;
    CountLaw law;
    double lower = 0, upper = 0;
  };
  struct Weighed {
    double value = 0, expected = 0;
    double wanted = 4;  // score at the edge, the limiter in it
    double asked = 4;   // ... without it
    bool by_hour = false;
    bool usable = false;  // by hour, whether it is used or not
    double hourly = 0;    // what is usual at this hour
    double turning = 0;   // its uncertainty from one hour to the next, as a share
    double lower = 0, upper = 0;
  };

  double hourly_at(TimeMs time, double& turning);
  CountLaw law_of(double mean, uint32_t length) const;
  void look_up(double mean);
  double lower_of_run() const;
  double upper_of_run() const;
  CountSeen seen_now(double value) const;
  void add_hour(const Asked& asked, double count);
  void track_swing(TimeMs time, double count, double cadence_s);
  bool must_know_hour() const { return by_hour_ == ByHour::kOn || swings_wildly_; }
  template <class Archive>
  void visit(Archive& archive);
  template <class Archive>
  void visit_hours(Archive& archive);

  calendar::Zone zone_;
  Budget& budget_;
  ByHour by_hour_;
  calendar::Zone::Cursor cursor_;
  Mean plain_;   // per interval
  Mean scaled_;  // relative to what is usual at the hour
  Dispersion dispersion_;
  CountRuns runs_;
  double limiter_ = 1;
  uint32_t seen_ = 0;
  double better_by_hour_ = 0;  // log likelihood by hour less that without, a week's memory
  TimeMs first_ = kTimeMax;
  double recent_ = 0;      // mean of the last hour
  int64_t swing_day_ = 0;  // the day whose extremes of it these are
  double swing_low_ = 0, swing_high_ = 0;
  uint32_t wild_days_ = 0;
  bool swings_wildly_ = false;
  bool opened_ = false;  // a violation did, and has not ended
  std::unique_ptr<HourRates> hours_;

  Weighed weighed_;  // of the point weighed last
  bool abstains_ = true;
  Quantiles now_;
};

}  // namespace tocsin::models
