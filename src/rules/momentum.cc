#include "rules/momentum.h"

#include <algorithm>
#include <cmath>

namespace tocsin::rules {
namespace {

using Trend = Momentum::Trend;

// Slower than this is steady: noise moves a distance of 5 by about so much per minute.
double steady_speed(double distance) { return 0.1 + 0.02 * distance; }

// Half of what a speed is measured over, the longer of 8 points and a minute.
double half_window_min(const Violation& violation) {
  return std::max(60.0, 7 * violation.cadence.seconds()) / 60 / 2;
}

}  // namespace

double momentum_weight(Tier tier) { return tier == Tier::kKpi ? 1.0 : 0.5; }

void MomentumSum::add(const Violation& violation) {
  const bool ended = violation.state == ViolationState::kEnded;
  (ended ? any_ended_ : any_left_) = true;
  if (!is_open(violation) || violation.direction == Direction::kSilent) return;
  const double weight = momentum_weight(violation.tier);
  if (std::isfinite(violation.last.distance)) {
    weight_ += weight;
    distance_ += weight * std::fabs(violation.last.distance);
  }
  if (!violation.motion || !std::isfinite(violation.motion->speed) ||
      !std::isfinite(violation.motion->acceleration))
    return;
  moving_weight_ += weight;
  speed_ += weight * violation.motion->speed;
  acceleration_ += weight * violation.motion->acceleration;
  speed_now_ += weight * (violation.motion->speed +
                          violation.motion->acceleration * half_window_min(violation));
}

Momentum MomentumSum::finish() const {
  Momentum out;
  if (weight_ == 0) {
    out.trend = any_ended_ && !any_left_ ? Trend::kRecovering : Trend::kUnknown;
    return out;
  }
  out.distance = out.predicted = distance_ / weight_;
  if (moving_weight_ == 0) return out;
  out.speed = speed_ / moving_weight_;
  out.acceleration = acceleration_ / moving_weight_;
  const double still = steady_speed(out.distance);
  // What rose and has begun to fall is not worsening, nor the other way round.
  const double now = speed_now_ / moving_weight_;
  const bool turned = (out.speed > still && now < -still) || (out.speed < -still && now > still);
  const double speed = turned ? now : out.speed;
  out.trend = speed > still    ? Trend::kWorsening
              : speed < -still ? Trend::kRecovering
                               : Trend::kSteady;
  // A straight line; the clamp keeps a steep start from promising the moon. Where it turns, what
  // comes is not known yet.
  const double ahead = out.distance + (turned ? 0 : speed) * kPredictAhead.seconds() / 60.0;
  out.predicted = std::clamp(ahead, 0.0, std::max(10.0, 3 * out.distance));
  return out;
}

bool is_hit(double predicted, double actual) {
  return std::fabs(predicted - actual) <= std::max(1.0, 0.3 * std::fabs(actual));
}

void track_predictions(OpenAlert& alert, const Momentum& momentum, TimeMs now) {
  while (!alert.predictions.empty() && alert.predictions.front().due <= now) {
    ++alert.predictions_due;
    if (is_hit(alert.predictions.front().distance, momentum.distance)) ++alert.hits;
    alert.predictions.erase(alert.predictions.begin());
  }
  if (now < alert.next_prediction) return;
  const TimeMs last = alert.opened + kPredictFor;
  alert.next_prediction = now < last + kPredictAhead ? now + kPredictEvery : kTimeMax;
  if (now < last && momentum.trend != Trend::kUnknown && alert.predictions.size() < kPredictionsMax)
    alert.predictions.push_back({now + kPredictAhead, momentum.predicted});
}

}  // namespace tocsin::rules
