#pragma once
// Scores many series in one stretch of time: first where the heads are, on the shards' threads, in
// turns of few series; then, for those whose heads begin too late, with older points from the disk,
// on the caller's thread.

#include <functional>
#include <optional>
#include <vector>

#include "query/cause_ranking.h"
#include "query/store_source.h"

namespace tocsin::query {

struct CauseScan {
  std::vector<ScoredSeries> scored;  // in the order given; `id` is the series' ref
  size_t asked = 0;
  size_t without_points = 0;  // too few points before, or none during
  size_t not_reached = 0;     // the time was up before
};

struct CauseScanLimits {
  std::function<bool()> enough;  // true: answer with what there is; asked every millisecond or so
  std::function<bool()> stop;    // true: nobody waits any more
};

// Fewer than these before, and the disk is asked for more.
inline constexpr size_t kBeforeWanted = 16;
// Of a turn on a shard: about 150 us at 200 points each.
inline constexpr size_t kScoredPerTurn = 24;

// `series`: the most wanted first, for the disk is asked in this order. Waits. nullopt: stopped.
// Bounded: 120 bytes per series while it runs.
std::optional<CauseScan> scan_causes(const StoreParts& parts, const std::vector<SeriesRef>& series,
                                     const CauseWindow& window, const CauseScanLimits& limits);

}  // namespace tocsin::query
