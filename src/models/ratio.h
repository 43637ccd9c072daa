#pragma once
// The model `ratio`: failures of attempts. The value is their quotient, the weight of the point the
// attempts behind it. The band lies at the exact tails of the binomial law about the usual ratio,
// or of the beta-binomial one where the ratio itself varies; so three failures of five attempts and
// three hundred of five thousand are each as rare as they are.
//
//   usual   failures per attempt, discounted: memory of 20 minutes, or as long as 100 failures
//           take, at most a week. Its own uncertainty is part of the law (a beta about it).
//   volume  with fewer than min_attempts attempts the band is all of 0 to 1; slots that belong to
//           one run (count_runs.h) are judged together as soon as they have them together

#include "models/band_model.h"
#include "models/count_probability.h"
#include "models/count_runs.h"

namespace tocsin::models {

class Ratio final : public BandModel {
 public:
  static constexpr uint32_t kPointsToLearn = 30;

  Ratio(const ModelSpec& spec, calendar::Zone, Budget&);

  bool weigh(const Asked& asked, std::span<Curve> out) override;
  double score() const override;
  void learn(const Asked& asked, double in_band) override;
  void watch(const Asked& asked) override;
  void accept(std::span<const MotionPoint> points, double cadence_s) override;
  void violation_opened() override { opened_ = true; }
  Learned learned(TimeMs last_time, double cadence_s) const override;
  uint64_t bytes() const override { return sizeof(Ratio); }
  void save(ByteWriter& out) const override;
  void load(ByteReader& in) override;

 private:
  struct Weighed {
    double attempts = 1, failures = 0;       // NaN: only the band is wanted
    double wanted = 4, asked = 4;            // score at the edge, with the limiter and without
    double lower = 0, upper = 1;             // of the failures
    bool led_low = false, led_high = false;  // by a run
  };

  double usual() const { return (failures_ + 0.5) / (attempts_ + 1); }
  RatioLaw law_of(double p, double attempts, uint32_t length) const;
  double lower_of_run(const CountRun& run) const;
  double upper_of_run(const CountRun& run) const;
  void add(double failures, double attempts, double cadence_s);
  CountSeen seen_now(const Asked& asked) const;
  template <class Archive>
  void visit(Archive& archive);

  double min_attempts_;
  double failures_ = 0, attempts_ = 0;  // discounted
  Dispersion dispersion_;
  CountRuns runs_;
  double limiter_ = 1;
  uint32_t seen_ = 0;
  bool opened_ = false;  // a violation did, and has not ended

  Weighed weighed_;  // of the point weighed last
};

}  // namespace tocsin::models
