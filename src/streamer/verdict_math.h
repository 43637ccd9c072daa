#pragma once
// Arithmetic of verdicts: distances, votes, shares.

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "streamer/worker.h"
#include "vocabulary/violation.h"

namespace tocsin::streamer {

inline constexpr double kScoreMax = 300;      // past 1e-300 tail probabilities are not told apart
inline constexpr double kDistanceMax = 1000;  // half band-widths

// The narrowest half-width there is, so that a band of width zero is no division by zero.
inline double tiny_for(double expected) { return 1e-9 * std::max(1.0, std::abs(expected)); }
// The worker's minimum deviation at this expected value.
inline double least_deviation(const Worker& worker, double expected) {
  return std::max({worker.deviation_absolute, worker.deviation_relative * std::abs(expected),
                   tiny_for(expected)});
}
// Signed, in half band-widths; 0 inside and on the edge.
double distance_outside(double value, double lower, double upper);
// The unit of distance beyond a fixed limit: the band's half width where there is a finite one,
// else a tenth of the limit, at least the worker's minimum deviation.
double limit_unit(const Worker& worker, double lower, double upper, double limit);

// Copies with weights that sum to one; all 0 if every model abstained.
std::vector<ModelBand> normalised(std::span<const ModelBand> bands);
void normalise_into(std::span<const ModelBand> bands, std::vector<ModelBand>& out);

// {lower, upper} by the votes of the models with a weight; at least one must have one.
class BandVotes {
 public:
  explicit BandVotes(std::span<const ModelBand> bands);
  std::pair<double, double> innermost() const;  // outside of any
  std::pair<double, double> outermost() const;  // outside of all
  std::pair<double, double> middle() const;  // outside of those with more than half of the weight
  std::pair<double, double> narrowest() const;

 private:
  std::vector<ModelBand> bands_;
};

}  // namespace tocsin::streamer
