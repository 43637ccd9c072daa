#pragma once
// For tests: a model asked as the judge asks it, without n-of-m: weigh, then learn.

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "base/random.h"
#include "models/band_model.h"

namespace tocsin::models {

inline constexpr TimeMs kStart{1'700'000'000'000};

struct Said {
  bool ready = false;
  Curve curve;
  double value = 0;
  bool outside() const { return ready && (value < curve.lower || value > curve.upper); }
};

inline Said show(BandModel& model, TimeMs time, double value, double cadence_s) {
  Said out;
  out.value = value;
  const Asked asked{time, value, cadence_s, 4, 1};
  out.ready = model.weigh(asked, {&out.curve, 1});
  model.learn(asked, value);
  return out;
}

// Value by point number; one point per cadence.
using Shape = std::function<double(int, Random&)>;

inline std::vector<Said> drive(BandModel& model, const Shape& shape, int points, double cadence_s,
                               uint64_t seed = 1) {
  Random random(seed);
  std::vector<Said> out;
  out.reserve(static_cast<size_t>(points));
  for (int i = 0; i < points; ++i) {
    const TimeMs time = kStart + DurationMs{static_cast<int64_t>(i * cadence_s * 1000)};
    out.push_back(show(model, time, shape(i, random), cadence_s));
  }
  return out;
}

inline std::string saved(const BandModel& model) {
  ByteWriter out;
  model.save(out);
  return out.take();
}

}  // namespace tocsin::models
