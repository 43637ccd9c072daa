#pragma once
// What is kept of old points: one row per minute and per hour, and who may read which.
//
// A query asks Store::extents() how far back each resolution reaches and picks one with
// resolution_for(); it reads [from, raw begins) with Store::read_rollup() and the rest as raw
// points with points() or read_sealed(), and says so in its answer.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace tocsin {

enum class Resolution : uint8_t { kRaw, kMinute, kHour };
inline constexpr size_t kResolutions = 3;
DurationMs step_of(Resolution resolution);        // 0 for raw
std::string_view to_text(Resolution resolution);  // "raw", "minute", "hour"

// Equally long columns, ascending by time. A row stands for the points in [time, time + step).
// Points that are NaN (stale markers too) are in `last` only: a slot with nothing else has count 0
// and sum 0, and NaN as min and max. `last` is the newest point's value, bit for bit.
struct RollupColumns {
  std::vector<TimeMs> time;  // start of the slot, a multiple of the step
  std::vector<double> count, sum, min, max, last;
  size_t size() const { return time.size(); }
};

// Points of `resolution` are there for times in [from, to). Outside it may still be some, not all.
// Equal bounds: nothing. For raw, `to` is the end of time. What arrived late is in the rollups
// once its window has been rolled again.
struct ResolutionExtent {
  TimeMs from, to;
};
using Extents = std::array<ResolutionExtent, kResolutions>;  // by Resolution

// The resolution for what a query wants of times before raw points begin; `step` is the query's
// step, or the range of its range function if that is smaller. Raw if raw reaches back to `from`;
// else the coarsest that reaches back and is not coarser than the step; else the finest that
// reaches back; else the one that reaches back furthest. From extents[raw].from on raw is always
// read.
Resolution resolution_for(const Extents& extents, TimeMs from, DurationMs step);

}  // namespace tocsin
