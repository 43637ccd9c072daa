#pragma once
// The model `change`: a shift that stays, also one of a single deviation, which no point alone
// gives away. Two cumulative sums (CUSUM), one per side, of the standardised residuals z around a
// slow baseline,
//
//   up = max(0, up + z - k)     k = sensitivity / 2, z clipped at 3 deviations
//
// A shift is found when a sum passes h, and it lasts since that sum was 0 last. h is set by the
// average run length between false alarms that is wanted, kWeeksBetween weeks at a score of 4 and
// ten times as many per unit above (Siegmund's approximation), with V (BlockScales) for how much
// the series wanders by itself: what autocorrelation, drifts and seasons do to the sums, V does to
// h.
//
//   baseline = a line of two days' memory + what day and week add (SeasonCurve), as far as it helps
//
// One wild point adds at most 3 - k. From then on the shift is followed by a running mean; it is
// over when less than a third of it is left. Nothing is learned meanwhile, but where the sums are.

#include "models/band_model.h"
#include "models/block_scales.h"
#include "models/fading_line.h"
#include "models/season_curve.h"

namespace tocsin::models {

class Change final : public BandModel {
 public:
  static constexpr double kWeeksBetween = 8;
  static constexpr double kSensitivity = 1;
  static constexpr double kPointsAfter = 8;

  // How long it learns.
  static DurationMs needs(const ModelSpec& spec);

  Change(const ModelSpec& spec, const calendar::Zone& zone, Budget& budget);
  ~Change() override;
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

  bool weigh(const Asked& asked, std::span<Curve> out) override;
  const Vote* vote() const override { return voted_ ? &vote_ : nullptr; }
  void learn(const Asked& asked, double in_band) override;
  void watch(const Asked& asked) override;
  void accept(std::span<const MotionPoint> points, double cadence_s) override;
  Learned learned(TimeMs last_time, double cadence_s) const override;
  uint64_t bytes() const override { return bytes_; }
  void save(ByteWriter& out) const override;
  void load(ByteReader& in) override;

 private:
  static constexpr size_t kRecent = 16;

  // One side's cumulative sum since it was 0 last.
  struct Sum {
    double value = 0;
    uint32_t points = 0;
    TimeMs since{};
    bool operator==(const Sum&) const = default;
  };
  struct State {
    FadingLine line;
    double spread = 0;                // 1.25 x mean absolute residual
    double skew = 0;                  // mean cube of the standardised residuals
    uint32_t seen = 0, measured = 0;  // points; those that spread and skew are made of
    TimeMs first = kTimeMax;
    double bar_up = 0, bar_down = 0;  // h, as of the last closed block
    double bar_score = -1;            // the score it was made for; -1 = not made
    Sum up, down;
    std::array<float, kRecent> recent{};  // residuals, the newest at `next - 1`
    uint8_t next = 0;
    // A shift that was found and is not over.
    bool shifted = false, above = true;
    TimeMs since{};
    double mean = 0, largest = 0;  // running mean of the residuals; the largest it was
    double gain = 0;
  };
  struct Residual {
    double expected = 0, value = 0, standardised = 0, unit = 0;
  };

  bool ready() const;
  Residual residual_of(const Asked& asked) const;
  static Sum added(const Sum& sum, double z, TimeMs time, double k);
  double bar(bool above) const { return above ? state_.bar_up : state_.bar_down; }
  bool found(const Sum& sum, bool above) const {
    return sum.value > bar(above) && sum.points >= points_after_;
  }
  double running_mean(const Residual& residual) const;
  double recent_median(const Sum& sum, double newest) const;
  void vote_shifted(const Asked& asked, const Residual& residual);
  void vote_sums(const Asked& asked, const Residual& residual);
  void track(const Asked& asked, const Residual& residual);
  void follow(const Asked& asked, const Residual& residual);
  void set_bar(const Asked& asked);
  template <class Archive>
  void visit(Archive& archive);

  double k_, points_after_;
  DurationMs needs_;
  Budget& budget_;
  uint64_t bytes_ = 0;  // 0: there was no room, the model abstains
  State state_;
  BlockScales scales_;
  SeasonCurve curve_;
  bool voted_ = false;
  Vote vote_;
};

}  // namespace tocsin::models
