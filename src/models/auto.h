#pragma once
// The model `auto`: two questions in one score. `Residual`: is this unusual for now? `Novelty`: has
// the series ever been here? The first is asked of every series, the second of those of kpi tier
// and of files. What reaches the worker's score (4) is outside:
//
//   alone    the residual's score, and the worst of a violation while the residual holds it open
//   both     what is new is outside at once, and told once. The residual opens violations only
//            where it has earned it: 10,000 points learned and its usual error below 15 % of the
//            series' deviation; else its score ranks points below the threshold.
//
// Nothing before the residual has learned five days (alone) or thirty points (both). Bounded: 576
// bytes of profile once the series has moved, 11 KB of novelty where it is on.

#include <memory>
#include <optional>

#include "models/band_model.h"
#include "models/novelty.h"
#include "models/residual.h"

namespace tocsin::models {

class Auto final : public BandModel {
 public:
  static constexpr uint32_t kPointsToLearn = 30;
  static constexpr uint32_t kPointsToTrust = 10'000;

  Auto(const ModelSpec& spec, calendar::Zone zone, Budget& budget);
  ~Auto() override;
  Auto(const Auto&) = delete;
  Auto& operator=(const Auto&) = delete;

  bool weigh(const Asked& asked, std::span<Curve> out) override;
  double score() const override { return weighed_.score; }
  void learn(const Asked& asked, double in_band) override;
  void watch(const Asked& asked) override;
  void accept(std::span<const MotionPoint> points, double cadence_s) override;
  Learned learned(TimeMs last_time, double cadence_s) const override;
  uint64_t bytes() const override;
  void save(ByteWriter& out) const override;
  void load(ByteReader& in) override;

 private:
  // Of the point weighed last, for learn() and score().
  struct Weighed {
    TimeMs time = kTimeMin;
    double value = 0;
    double score = -1;
    bool told_after = false;
    Residual::Weighed residual;
  };

  struct NoveltyPart {
    Novelty novelty;
    Novelty::Weighed weighed;
  };

  Residual::Point point_of(const Asked& asked);
  void weigh_point(const Asked& asked);
  bool trusted(const Asked& asked) const;
  double score_of_both(const Asked& asked, bool& told) const;
  Curve band(const Asked& asked) const;
  void take_in(const Asked& asked, bool frozen);
  void make_novelty();
  void forget();

  calendar::Zone zone_;
  calendar::Zone::Cursor cursor_;
  Budget& budget_;
  std::unique_ptr<NoveltyPart> novelty_;
  Residual residual_;
  bool wants_novelty_;
  bool told_ = false;  // the violation that the residual holds open was told
  Weighed weighed_;
};

}  // namespace tocsin::models
