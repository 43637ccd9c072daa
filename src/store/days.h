#pragma once
// UTC days and weeks: a chunk lies in one day, a row in one day or week, and weeks are dropped
// whole.

#include <cstdint>

#include "base/time.h"

namespace tocsin {

// Counted from 1970, weeks from Thursday to Wednesday; times beyond 5.8 million years share the
// last one.
int32_t day_of(TimeMs time);
int32_t partition_of(TimeMs time);  // the week

enum class RowSpan : uint8_t { kDay, kWeek };
struct TimeRange {
  TimeMs from, to;  // both included
};
TimeRange range_of(RowSpan span, TimeMs time);  // the day or week around it

}  // namespace tocsin
