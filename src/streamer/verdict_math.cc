#include "streamer/verdict_math.h"

#include <algorithm>
#include <cmath>

namespace tocsin::streamer {
namespace {

// The smallest edge such that more than half of the weight lies at or below it.
double weighted_median(std::vector<std::pair<double, double>> edges) {
  std::sort(edges.begin(), edges.end());
  double total = 0;
  for (const auto& [edge, weight] : edges) total += weight;
  double sum = 0;
  for (const auto& [edge, weight] : edges) {
    sum += weight;
    if (2 * sum > total) return edge;
  }
  return edges.back().first;
}

}  // namespace

double distance_outside(double value, double lower, double upper) {
  const double half = (upper - lower) / 2;
  if (value > upper) return std::min(kDistanceMax, (value - upper) / half);
  if (value < lower) return std::max(-kDistanceMax, (value - lower) / half);
  return 0;
}

double limit_unit(const Worker& worker, double lower, double upper, double limit) {
  const double half = (upper - lower) / 2;
  const double least = least_deviation(worker, limit);
  if (std::isfinite(half)) return std::max(half, least);
  return std::max(0.1 * std::abs(limit), least);
}

void normalise_into(std::span<const ModelBand> bands, std::vector<ModelBand>& out) {
  out.assign(bands.begin(), bands.end());
  double total = 0;
  for (const ModelBand& band : bands) total += band.weight;
  if (total <= 0) return;
  for (ModelBand& band : out) band.weight = static_cast<float>(band.weight / total);
}

std::vector<ModelBand> normalised(std::span<const ModelBand> bands) {
  std::vector<ModelBand> out;
  normalise_into(bands, out);
  return out;
}

BandVotes::BandVotes(std::span<const ModelBand> bands) {
  std::copy_if(bands.begin(), bands.end(), std::back_inserter(bands_),
               [](const ModelBand& band) { return band.weight > 0; });
}

std::pair<double, double> BandVotes::innermost() const {
  std::pair<double, double> out{bands_[0].lower, bands_[0].upper};
  for (const ModelBand& band : bands_)
    out = {std::max(out.first, band.lower), std::min(out.second, band.upper)};
  return out;
}

std::pair<double, double> BandVotes::outermost() const {
  std::pair<double, double> out{bands_[0].lower, bands_[0].upper};
  for (const ModelBand& band : bands_)
    out = {std::min(out.first, band.lower), std::max(out.second, band.upper)};
  return out;
}

std::pair<double, double> BandVotes::middle() const {
  std::vector<std::pair<double, double>> uppers, lowers;
  for (const ModelBand& band : bands_) {
    uppers.emplace_back(band.upper, band.weight);
    lowers.emplace_back(-band.lower, band.weight);
  }
  return {-weighted_median(std::move(lowers)), weighted_median(std::move(uppers))};
}

std::pair<double, double> BandVotes::narrowest() const {
  const auto best = std::min_element(
      bands_.begin(), bands_.end(),
      [](const auto& a, const auto& b) { return a.upper - a.lower < b.upper - b.lower; });
  return {best->lower, best->upper};
}

}  // namespace tocsin::streamer
