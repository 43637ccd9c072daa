#include "fleet_week/fleet.h"

#include <cmath>

namespace tocsin::bench {

double EvidenceSeries::next(Noise& noise, double day) {
  switch (kind) {
    case kGaussian:
      return 100 + 5 * noise.next();
    case kWalk:
      return 1000 + (state += static_cast<float>(5 * noise.next()));
    case kHeavy:  // about Student's t with 4 degrees of freedom
      return 50 + 2 * noise.next() / std::sqrt(0.3 + 0.7 * std::abs(noise.next()));
    case kConstant:
      return 42;
    case kCounts:
      return std::floor(5 + 1.5 * noise.next());
    case kSparse:
      return noise.uniform() < 0.03 ? std::floor(1 + 5 * noise.uniform()) : 0;
    case kSeason:
      return 100 + 40 * day + 3 * noise.next();
    case kBursts:
      state = static_cast<float>(0.9 * state + noise.next() * (noise.uniform() < 0.05 ? 5 : 1));
      return 20 + state;
  }
  return 0;
}

double Kpi::expected(double day_share) const {
  const double turn = 6.283185307179586 * (day_share + phase);
  return size * (1 + 0.5 * std::sin(turn) + 0.1 * std::sin(2 * turn));
}

}  // namespace tocsin::bench
