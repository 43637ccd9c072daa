#include "models/peaks.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace tocsin::models {
namespace {

constexpr double kWeekS = 604'800;
constexpr double kElapsedMaxS = 86'400;  // a longer gap is not a time without peaks
constexpr double kMemory = 100;          // clusters
constexpr double kPrior = 8;             // clusters that the assumed tail weighs ...
constexpr double kPriorShape = 30;       // ... and its shape
constexpr double kPriorMean = 0.25;      // its mean excess, in bodies: about that of Gaussian noise
constexpr double kBodyMin = 0.02;
constexpr double kReachMax = 1e6;
constexpr double kClip = 2.5;
constexpr double kTokensMax = 5;
constexpr double kCorrectionMin = -0.7, kCorrectionMax = 4;
constexpr double kCorrectionStep = 0.15;

}  // namespace

// Thirty a week tell the tail within days. Where points are few, one in twenty; and never so few
// that the wanted rate lies within the body.
double clusters_per_week(const PeaksPlan& plan, double cadence_s) {
  const double wanted = std::max(30.0, 10 * plan.per_week);
  return std::max(std::min(wanted, 0.05 * kWeekS / cadence_s), 1.5 * plan.per_week);
}

double Peaks::step() const { return clusters < 20 ? 0.1 : clusters < 60 ? 0.05 : 0.025; }

void Peaks::pass(const PeaksPlan& plan, double cadence_s, uint32_t time_s) {
  if (body == 0) {
    body = static_cast<float>(plan.body);
    touched_s = time_s;
    return;
  }
  const double elapsed_s =
      std::min(kElapsedMaxS, time_s > touched_s ? static_cast<double>(time_s - touched_s) : 0.0);
  touched_s = std::max(touched_s, time_s);
  const double aimed = clusters_per_week(plan, cadence_s) * elapsed_s / kWeekS;
  tokens = static_cast<float>(std::min(kTokensMax, tokens + 2 * aimed));
  body = static_cast<float>(std::max(kBodyMin, body * std::exp(-step() * aimed)));
  const double narrower = kCorrectionStep * plan.per_week * elapsed_s / kWeekS;
  correction = static_cast<float>(std::max(kCorrectionMin, correction - narrower));
}

// The largest reach that n of the last m points had, on either side; 0 if they did not.
double Peaks::nth_reach(const PeaksPlan& plan, double reach) const {
  std::array<float, 8> up{}, down{};
  const size_t of = plan.of, nth = plan.points - size_t{1};
  for (size_t i = 0; i < of; ++i) {
    const float one = i == 0 ? static_cast<float>(reach) : recent[i - 1];
    up[i] = std::max(0.0F, one);
    down[i] = std::max(0.0F, -one);
  }
  const auto nth_of = [&](std::array<float, 8>& sides) {
    std::nth_element(sides.begin(), sides.begin() + nth, sides.begin() + of, std::greater<>());
    return sides[nth];
  };
  return std::max(nth_of(up), nth_of(down));
}

void Peaks::note(const PeaksPlan& plan, double reach, double cadence_s, uint32_t time_s) {
  pass(plan, cadence_s, time_s);
  if (idle(reach)) return;
  const bool beyond = std::abs(reach) > body;
  const double seen = beyond ? std::clamp(reach, -kReachMax, kReachMax) : 0;
  if (beyond) peak = std::max(peak, static_cast<float>(nth_reach(plan, seen)));
  std::copy_backward(recent.begin(), recent.end() - 1, recent.end());
  recent[0] = static_cast<float>(seen);
  quiet = beyond ? uint8_t{0} : static_cast<uint8_t>(quiet + 1);
  near = quiet < plan.of ? 1 : 0;
  if (near != 0) return;
  recent = {};
  if (peak > 0) close(plan, cadence_s);
}

// A cluster has ended.
void Peaks::close(const PeaksPlan& plan, double cadence_s) {
  const double reached = peak;
  peak = 0;
  if (tokens < 1) return;
  tokens -= 1;
  const double most = kClip * std::max(edge, body);
  const double excess = std::max(0.0, std::min(reached, most) - body);
  const double gain = 1 / std::min(clusters + 1.0, kMemory);
  mean += static_cast<float>(gain * (excess - mean));
  square += static_cast<float>(gain * (excess * excess - square));
  body = static_cast<float>(std::min(kEdgeMax, body * std::exp(step())));
  if (clusters < std::numeric_limits<uint8_t>::max()) ++clusters;
  place_edge(plan, cadence_s);
}

void Peaks::opened(const PeaksPlan& plan, double cadence_s) {
  correction = static_cast<float>(std::min(kCorrectionMax, correction + kCorrectionStep));
  place_edge(plan, cadence_s);
}

Peaks::Tail Peaks::tail() const {
  const double seen = std::min<double>(clusters, kMemory);
  const double assumed = kPriorMean * body;
  const double share = seen / (seen + kPrior);
  const double m = share * mean + (1 - share) * assumed;
  const double variance = share * square + (1 - share) * 2 * assumed * assumed - m * m;
  // Of a generalised Pareto distribution, mean^2 / variance = 1 - 2 shape.
  const double shape = 0.5 * (1 - m * m / std::max(1e-12, variance));
  const double drawn = std::clamp(shape * seen / (seen + kPriorShape), -0.25, 0.4);
  return {m * (1 - drawn), drawn};
}

double Peaks::supported_per_week(const PeaksPlan& plan, double cadence_s) const {
  const double seen = std::min<double>(clusters, kMemory) + kPrior;
  return clusters_per_week(plan, cadence_s) / (10 * seen);
}

// Before the first cluster nothing is known but the correction.
void Peaks::place_edge(const PeaksPlan& plan, double cadence_s) {
  double nominal = 1;
  if (clusters > 0) {
    const double wanted = std::max(plan.per_week, supported_per_week(plan, cadence_s));
    const double ratio = std::max(1.0, clusters_per_week(plan, cadence_s) / wanted);
    const Tail t = tail();
    const double excess = std::abs(t.shape) < 1e-3
                              ? t.scale * std::log(ratio)
                              : t.scale / t.shape * (std::pow(ratio, t.shape) - 1);
    nominal = body + excess;
  }
  const double corrected = nominal * std::exp(static_cast<double>(correction));
  edge = static_cast<float>(std::clamp(corrected, kEdgeMin, kEdgeMax));
}

}  // namespace tocsin::models
