#pragma once
// How many series there may be: section `limits` of the configuration.

#include <cstdint>
#include <string>
#include <vector>

namespace tocsin::config {
class MapReader;
}

namespace tocsin::intake {

// What the table of series holds at most; `limits: series` may be anything up to it at any time.
inline constexpr uint32_t kSeriesTableMax = 16'000'000;

struct SeriesLimits {
  struct PerValue {
    std::string label;
    uint64_t series = 0;  // of each value of the label
    friend bool operator==(const PerValue&, const PerValue&) = default;
  };
  uint64_t series = 2'000'000;  // in all
  std::vector<PerValue> per;
  double warn_at = 0.8;  // share of a limit from which growth is told
  friend bool operator==(const SeriesLimits&, const SeriesLimits&) = default;
};

void read_series_limits(config::MapReader& reader, SeriesLimits& limits);

}  // namespace tocsin::intake
