#pragma once
// Where an alert is going: the weighted sum over its open violations (weights that add up to 1).

#include <vector>

#include "rules/state.h"
#include "vocabulary/alert.h"

namespace tocsin::rules {

inline constexpr DurationMs kPredictAhead = minutes(5);
inline constexpr DurationMs kPredictEvery = minutes(1);
inline constexpr size_t kPredictionsMax = 8;          // waiting at once
inline constexpr DurationMs kPredictFor = hours(24);  // of an alert's life: bounds its timers

// kpi 1, evidence 0.5: what is paid for weighs more than what explains it.
double momentum_weight(Tier tier);

// Of the violations that are open now; distance is a magnitude, whatever the direction. Speeds are
// averaged over the violations that have one; a silence has neither. With everything ended it is
// recovering; an absent violation is no recovery.
class MomentumSum {
 public:
  void add(const Violation& violation);
  Momentum finish() const;

 private:
  double weight_ = 0, distance_ = 0;
  double moving_weight_ = 0, speed_ = 0, acceleration_ = 0;
  double speed_now_ = 0;  // of the later half of the points
  bool any_ended_ = false, any_left_ = false;
};

// A prediction was a hit if it is within one half band-width, or 30 %, of what came.
bool is_hit(double predicted, double actual);

// Scores the predictions that are due at `now` and makes the next one, once a minute in the first
// day of an alert.
void track_predictions(OpenAlert& alert, const Momentum& momentum, TimeMs now);

}  // namespace tocsin::rules
