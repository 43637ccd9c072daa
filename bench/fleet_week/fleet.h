#pragma once
// A healthy fleet, made on the fly: evidence series of eight kinds (streamer/healthy.h says which
// are met) and KPIs with a day's season. Deterministic; nothing of it is kept but 8 bytes per
// series.

#include <array>
#include <cstdint>
#include <vector>

#include "base/random.h"

namespace tocsin::bench {

// Gaussian noise out of a table: drawing each would cost more than judging it.
class Noise {
 public:
  explicit Noise(uint64_t seed) : random_(seed) {
    for (float& one : table_) one = static_cast<float>(random_.normal());
  }
  // Walks through the table from a random place: neighbours of one series are far apart in it.
  double next() { return table_[random_.next() & (kSize - 1)]; }
  double uniform() { return random_.uniform(); }

 private:
  static constexpr size_t kSize = 1 << 16;
  Random random_;
  std::array<float, kSize> table_;
};

struct EvidenceSeries {
  enum Kind : uint8_t { kGaussian, kWalk, kHeavy, kConstant, kCounts, kSparse, kSeason, kBursts };
  static constexpr size_t kKinds = 8;
  Kind kind;
  float state = 0;
  double next(Noise& noise, double day);  // day: sine of the time of day
};

// A KPI by the time of day, at a minute: 1,000 payments a minute at noon, say.
struct Kpi {
  double size = 1000;
  double phase = 0;  // of a day, 0 to 1
  double spread = 0.03;
  double expected(double day_share) const;
};

}  // namespace tocsin::bench
