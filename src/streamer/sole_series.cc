#include "streamer/sole_series.h"

#include <cmath>
#include <limits>
#include <utility>

namespace tocsin::streamer {
namespace {

constexpr double kValueMax = 1e30;

}  // namespace

SoleSeries::SoleSeries(const Worker& worker, const Local& local, Labels labels)
    : labels_(std::move(labels)),
      judge_(worker),
      budget_{std::numeric_limits<uint64_t>::max(), 0, 0} {
  more_.models = judge_.make_models(local, budget_);
  if (worker.tier == Tier::kKpi) more_.ring = std::make_unique<JudgedRing>(JudgedRing::kPoints);
}

SoleSeries::~SoleSeries() { more_.models.clear(); }  // they give back to budget_

bool SoleSeries::follow(TimeMs time, double value) {
  if (!(std::abs(value) < kValueMax) || time <= test_.last_time) return false;
  if (test_.last_time > kTimeMin) follow_interval(test_.cadence_s, time - test_.last_time);
  return true;
}

std::optional<Verdict> SoleSeries::judge(TimeMs time, double value, Judge::Sink& sink,
                                         double weight) {
  if (!follow(time, value)) return std::nullopt;
  Judge::Place place{test_, &more_, *this, judge_.has_noise_budget() ? &peaks_ : nullptr};
  return judge_.judge(place, {time, value, weight, false}, sink);
}

void SoleSeries::pass(TimeMs time, double value) {
  if (follow(time, value)) test_.last_time = time;
}

}  // namespace tocsin::streamer
