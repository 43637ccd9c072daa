#pragma once
// What charts and lists ask for: a stretch of points no wider than the chart, and the newest ones.

#include <cstddef>
#include <vector>

#include "store/codec.h"
#include "vocabulary/matcher.h"
#include "vocabulary/series_table.h"

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

struct Latest {
  SeriesRef series;
  Sample sample;
};
// Joins what shards found: by series, of several the newest.
std::vector<Latest> join_latest(std::vector<std::vector<Latest>> parts);

// Selector -> series, by looking through the SeriesTable. The answers are kept, and only series
// that came since are looked at again. One thread. Bounded: `selectors_max` answers; past it the
// one that was used longest ago is forgotten.
class SeriesFinder {
 public:
  explicit SeriesFinder(const SeriesTable& table, size_t selectors_max = 64)
      : table_(table), selectors_max_(selectors_max) {}

  struct Match {
    std::vector<SeriesRef> series;  // ascending by ref, at most `limit`
    bool more = false;              // there are others
  };
  Match find(const SeriesSelector& selector, size_t limit);

 private:
  struct Kept {
    std::string text;
    uint32_t looked_at = 0;  // series below this were looked at
    std::vector<SeriesRef> series;
    uint64_t used = 0;
  };
  Kept& kept_for(const std::string& text);

  const SeriesTable& table_;
  const size_t selectors_max_;
  std::vector<Kept> kept_;
  uint64_t uses_ = 0;
};

}  // namespace tocsin
