#pragma once
// What charts and lists ask for: a stretch of points no wider than the chart, and the newest ones.

#include <cstddef>
#include <vector>

#include "store/codec.h"
#include "vocabulary/point.h"

namespace tocsin {

struct ReduceOptions {
  TimeMs from, to;   // of the chart; points outside are left out
  size_t width = 0;  // pixels; 0 = all points
};

// Points sorted by time, reduced to at most two per pixel: the smallest and the largest of each, in
// their order; the first and the last point of the range are always kept, so at most 2 * width + 2
// come out. A pixel that holds NaN only keeps one NaN: the gap stays visible. Fewer points than
// that come back as they are.
std::vector<Sample> reduce_to_width(const std::vector<Sample>& samples,
                                    const ReduceOptions& options);
// The same as places in `samples`, for what lies beside them.
std::vector<size_t> pick_to_width(const std::vector<Sample>& samples, const ReduceOptions& options);

struct Latest {
  SeriesRef series;
  Sample sample;
};
// Joins what shards found: by series, of several the newest.
std::vector<Latest> join_latest(std::vector<std::vector<Latest>> parts);

}  // namespace tocsin
