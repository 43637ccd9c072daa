#pragma once
// How far a model's residuals reach: a robust spread, and per side a calibration that puts the edge
// of the band where the tail probability is the one asked for. One per model and series, 32 bytes.
//
//   half width = spread * q * (score / kTailScore) * limiter * youth
//
// spread   1.25 x the mean absolute residual, exponentially weighted over 4 h, each residual
// clipped
//          at 3 spreads: one wild point moves it by at most a step. Never below a 20th of `range`,
//          the slowly forgotten largest residual, so that a series of mostly zeros is not all
//          surprise.
// q        the quantile of |residual| / spread that 1.5 % of the points exceed on that side (2.17
// for
//          Gaussian noise), followed by small multiplicative steps. The far tail is extrapolated as
//          exponential: -log10 p is proportional to the distance, kTailScore = -log10(0.015) at q.
//          A token per step up, refilled at twice the rate that is fair, is the guard against
//          poisoning: a long incident lifts q by ten steps of 2 %, not more.
// limiter  each violation that opens widens the band by 25 %; what is forgotten in a week balances
//          4 of them. Inaudible on ordinary series, decisive on those that cannot be modelled.
// youth    1 + 90 / points seen: a band drawn after 30 points is four times as wide as it will be.

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tocsin::models {

inline constexpr double kTailScore = 1.8239087409443187;  // -log10(0.015)

struct Tail {
  float spread = 0;
  float range = 0;
  float q_up = 2.2F;
  float q_down = 2.2F;
  float tokens_up = 3;
  float tokens_down = 3;
  float limiter = 1;
  uint32_t seen = 0;

  double spread_floored() const { return std::max<double>(spread, 0.05 * range); }
  double per_seen() const { return 1.0 / std::max(1U, seen); }

  struct HalfWidths {
    double up = 0, down = 0;
  };
  // edge = score / kTailScore. Meaningless before the first residual.
  HalfWidths half_widths(double edge) const { return half_widths(edge, per_seen()); }
  HalfWidths half_widths(double edge, double per_seen_now) const {
    const double youth = 1.0 + 90.0 * per_seen_now;
    const double unit = spread_floored() * edge * limiter * youth;
    return {unit * q_up, unit * q_down};
  }

  // How far a residual may pull whatever it belongs to.
  double clip() const { return clip(spread_floored(), per_seen()); }

  void learn(double residual, double cadence_s) { learn(residual, cadence_s, per_seen()); }

  // per_seen: 1 / points seen before this one. Gives the clip that held for it.
  [[gnu::always_inline]] double learn(double residual, double cadence_s, double per_seen_before) {
    const double size = std::abs(residual);
    const double unit = spread_floored();
    const double limit = clip(unit, per_seen_before);
    if (seen < UINT32_MAX) ++seen;
    if (size > range)
      range = static_cast<float>(range == 0 ? size : std::min(size, 1.25 * range));
    else
      range *= static_cast<float>(1.0 - std::min(0.01, cadence_s * (1.0 / 120'000)));
    if (unit > 0) calibrate(residual >= 0, size, unit);
    // Plain mean at first, then 4 h (but at least 40 points) of memory.
    const double memory = std::min(1.0 / 40, cadence_s * (1.0 / 14'400));
    const double gain = std::min(0.5, std::max(memory, per_seen_before));
    const double clipped = seen <= 2 ? size : std::min(size, std::max(limit, 0.15 * range));
    spread += static_cast<float>(gain * (1.25 * clipped - spread));
    if (limiter > 1.0F)
      limiter =
          std::max(1.0F, limiter * static_cast<float>(1.0 - std::min(0.01, 1.6e-6 * cadence_s)));
    return limit;
  }

  void violation_opened() { limiter = std::min(100.0F, limiter * 1.25F); }

 private:
  static double clip(double unit, double per_seen_now) {
    return 3.0 * unit * (1.0 + 30.0 * per_seen_now);
  }

  void calibrate(bool above, double size, double unit) {
    const bool young = seen <= 300;
    step(q_up, tokens_up, above && size > q_up * unit, young);
    step(q_down, tokens_down, !above && size > q_down * unit, young);
  }
  // A step of 2 % (10 % while young) in log q: up with weight 0.985, down with 0.015.
  static void step(float& q, float& tokens, bool beyond, bool young) {
    tokens = std::min(10.0F, tokens + 0.03F);
    if (beyond) [[unlikely]] {
      if (tokens < 1) return;
      tokens -= 1;
      q = std::min(1e6F, q * (young ? 1.1035F : 1.0199F));
    } else {
      q = std::max(1.2F, q * (young ? 0.9985F : 0.9997F));
    }
  }
};
static_assert(sizeof(Tail) == 32);

}  // namespace tocsin::models
