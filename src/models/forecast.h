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
//
// With `throughput` besides, values are demand and their weight is the throughput of the same slot:
// the limit is the highest throughput that was ever held for so long. While demand itself sets that
// record, and is met, nobody knows how much more is possible, and nothing is said.

#include <string>

#include "models/band_model.h"
#include "models/envelope.h"
#include "models/held.h"

namespace tocsin::models {

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
    bool pairs = false;
    double limit = 0;
    DurationMs within, window;
    End end = End::kExpected;
  };
  static Settings settings_of(const ModelSpec& spec);
  std::optional<double> limit() const;  // of the edge: negated below
  DurationMs chosen(const Outlook& outlook) const;
  bool passed(const Edge& edge, double limit) const;
  bool is_near(const Edge& edge, double limit) const;
  bool is_sure(const Edge& edge, double limit, double score) const;
  bool is_met(const Edge& edge, double limit, TimeMs time) const;
  Outlook outlook_of(const Edge& edge, double limit) const;
  double edge_of_band(const Edge& edge, double limit) const;
  template <class Archive>
  void visit(Archive& archive);

  Settings set_;
  DurationMs sustained_;
  Envelope envelope_;
  Held held_;
  DayHigh day_;
  HighestHeld done_;  // of the throughput, with pairs
  TimeMs first_ = kTimeMax;
  bool voted_ = false;
  Vote vote_;
};

}  // namespace tocsin::models
