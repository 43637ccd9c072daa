#pragma once
// For tests and benchmarks: series without an incident, of kinds that are met in practice.

#include <cmath>

#include "base/random.h"

namespace tocsin::streamer {

// value of the next point; seconds_in is the time since the series began.
struct Healthy {
  enum Kind { kGaussian, kWalk, kHeavy, kConstant, kIntegers, kSparse, kSeasonal, kBursty, kKinds };
  Kind kind;
  Random random;
  double state = 0;

  double student3() {
    double squares = 0;
    for (int i = 0; i < 3; ++i) squares += std::pow(random.normal(), 2);
    return random.normal() / std::sqrt(squares / 3);
  }
  double next(int64_t seconds_in) {
    const double day = std::sin(6.283185307179586 * static_cast<double>(seconds_in) / 86'400);
    switch (kind) {
      case kGaussian:
        return 100 + random.normal();
      case kWalk:
        return 1000 + (state += random.normal());
      case kHeavy:
        return 50 + student3();
      case kConstant:
        return 42;
      case kIntegers:
        return std::floor(5 + 1.5 * random.normal());
      case kSparse:
        return random.uniform() < 0.03 ? std::floor(1 + 5 * random.uniform()) : 0;
      case kSeasonal:
        return 100 + 40 * day + 3 * random.normal();
      case kBursty:
        return 20 + (state = 0.9 * state + random.normal() * (random.uniform() < 0.05 ? 5 : 1));
      case kKinds:
        break;
    }
    return 0;
  }
};

}  // namespace tocsin::streamer
