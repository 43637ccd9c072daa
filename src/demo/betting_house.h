#pragma once
// The values of the betting house. A pure function of (seed, series, instant, effects).

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "demo/script.h"
#include "vocabulary/labels.h"

namespace tocsin::demo {

struct HouseSeries {
  Labels labels;
  bool kpi = false;
  DurationMs cadence;
};

class BettingHouse {
 public:
  explicit BettingHouse(uint64_t seed);
  ~BettingHouse();
  BettingHouse(const BettingHouse&) = delete;
  BettingHouse& operator=(const BettingHouse&) = delete;

  // Site name and IANA zone, in the order of the board.
  static const std::vector<std::pair<std::string, std::string>>& sites();
  const std::vector<HouseSeries>& series() const { return series_; }
  // Adds effects; those of several scripts that overlap multiply. Not while values are read.
  void add(const Script& script);

  // The value of series()[index] at `time`; nullopt while it is silent.
  std::optional<double> value(size_t index, TimeMs time) const;

 private:
  struct Shape;
  struct Site;
  double season(size_t site, TimeMs time) const;

  uint64_t seed_;
  std::vector<HouseSeries> series_;
  std::vector<Shape> shapes_;  // beside series_
  std::vector<Site> sites_;
  std::vector<std::vector<Effect>> effects_;  // beside series_
};

}  // namespace tocsin::demo
