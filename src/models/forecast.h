#pragma once
// The model `forecast`: how long until a limit is reached, with an interval that 80 % of such
// series keep to. It votes on its own: outside while the chosen end of the interval is nearer than
// `within`, and the series surely moves towards the limit.
//
//   time left = (limit - level) / slope                  of the series' edge on that side
//   (Envelope) earliest  = (limit - level - s) / (slope + e)        s, e: 1.28 deviations of level
//   and slope latest    = (limit - level + s) / (slope - e)        never, if slope <= e
//
// Its band is the same said of the value: the edge is where the limit would be `within` away at the
// present rate. While a violation is open it goes on learning, for it has no normal to keep clean.
//
// With `sustained` there is no limit given: it is the highest level that the series ever held for
// so long, before the window; demand goes where it has not been yet. Demand is the highest level
// held for so long within the last day.

#include <string>

#include "models/band_model.h"
#include "models/envelope.h"

namespace tocsin::models {

// The lowest value of the last `length`, in four steps: what was held for so long.
class Held {
 public:
  explicit Held(DurationMs length) : step_ms_(std::max<int64_t>(1, length.count / kSteps)) {}
  // The level held as of this point, once per step.
  std::optional<double> learn(TimeMs time, double value);
  template <class Archive>
  void visit(Archive& archive) {
    for (double& low : lows_) archive(low);
    archive(number_, closed_, low_);
  }

 private:
  static constexpr int64_t kSteps = 4;
  int64_t step_ms_;
  std::array<double, kSteps> lows_{};
  int64_t number_ = INT64_MIN;
  uint32_t closed_ = 0;  // steps without a gap
  double low_ = 0;
};

// The highest value of the last day, by hours.
class DayHigh {
 public:
  double learn(TimeMs time, double value);
  template <class Archive>
  void visit(Archive& archive) {
    for (double& high : highs_) archive(high);
    archive(number_);
  }

 private:
  static constexpr int64_t kHours = 24;
  std::array<double, kHours> highs_{};
  int64_t number_ = INT64_MIN;
};

class Forecast final : public BandModel {
 public:
  enum class End : uint8_t { kExpected, kEarliest, kLatest };

  static DurationMs window(const ModelSpec& spec) { return settings_of(spec).window; }
  // "votes on its own: reaches 95 within 24h"
  static std::string says(const ModelSpec& spec);

  explicit Forecast(const ModelSpec& spec);
  Forecast(const ModelSpec& spec, const calendar::Zone&, Budget&) : Forecast(spec) {}

  bool weigh(const Asked& asked, std::span<Curve> out) override;
  const Vote* vote() const override { return voted_ ? &vote_ : nullptr; }
  void learn(const Asked& asked, double in_band) override;
  void watch(const Asked& asked) override { learn(asked, asked.value); }
  // What it saw is what there is.
  void accept(std::span<const MotionPoint>, double) override {}
  Learned learned(TimeMs last_time, double cadence_s) const override;
  uint64_t bytes() const override { return 0; }
  void save(ByteWriter& out) const override;
  void load(ByteReader& in) override;

 private:
  struct Settings {
    bool above = true;
    bool sustained = false;
    double limit = 0;
    DurationMs within, window;
    End end = End::kExpected;
  };
  static Settings settings_of(const ModelSpec& spec);
  std::optional<double> limit() const;  // of the edge: negated below
  DurationMs chosen(const Outlook& outlook) const;
  Outlook outlook_of(const Edge& edge, double limit) const;
  double edge_of_band(const Edge& edge, double limit) const;
  template <class Archive>
  void visit(Archive& archive);

  Settings set_;
  DurationMs sustained_;
  Envelope envelope_;
  Held held_;
  DayHigh day_;
  TimeMs first_ = kTimeMax;
  bool voted_ = false;
  Vote vote_;
};

}  // namespace tocsin::models
