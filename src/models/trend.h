#pragma once
// The model `trend`: a robust local line (FadingLine), for series that move steadily: a backlog, a
// disk. Residuals are clipped, for the slope twice as tightly, so that one wild point moves neither
// level nor slope beyond a clip.
//
// A gap is time without points: the line goes on, damped, and the band widens with the square root
// of the cadences missed, until a few points have shown where the series is now. While a violation
// is open nothing is learned and the line goes on as in a gap, but the band keeps its width.

#include "models/band_model.h"
#include "models/fading_line.h"
#include "models/tail.h"

namespace tocsin::models {

class Trend final : public BandModel {
 public:
  static constexpr uint32_t kPointsToLearn = 30;

  bool weigh(const Asked& asked, std::span<Curve> out) override;
  void learn(const Asked& asked, double in_band) override;
  void watch(const Asked& asked) override;
  void accept(std::span<const MotionPoint> points, double cadence_s) override;
  void violation_opened() override { tail_.violation_opened(); }
  void violation_opened_in_budget() override {}
  Learned learned(TimeMs last_time, double cadence_s) const override;
  uint64_t bytes() const override { return 0; }
  void save(ByteWriter& out) const override;
  void load(ByteReader& in) override;

  double slope_per_s() const { return line_.slope; }

 private:
  double widening(TimeMs time, double cadence_s) const;
  void follow(TimeMs time, double value, double cadence_s);
  template <class Archive>
  void visit(Archive& archive);

  FadingLine line_;
  double wide_ = 1;  // what is left of the widening by a gap
  Tail tail_;
};

}  // namespace tocsin::models
