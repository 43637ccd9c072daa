#include "store/days.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr int64_t kDay = days(1).count, kWeek = days(7).count;

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
int32_t clamped(int64_t v) {
  return static_cast<int32_t>(std::clamp<int64_t>(v, INT32_MIN, INT32_MAX - 1));
}

}  // namespace

int32_t day_of(TimeMs time) { return clamped(floor_div(time.ms, kDay)); }
int32_t partition_of(TimeMs time) { return clamped(floor_div(time.ms, kWeek)); }

TimeRange range_of(RowSpan span, TimeMs time) {
  const int64_t length = span == RowSpan::kDay ? kDay : kWeek;
  // The very first and last instants of the type have no whole day.
  const int64_t inside = std::clamp(time.ms, INT64_MIN + kWeek, INT64_MAX - kWeek);
  const TimeMs from{floor_div(inside, length) * length};
  return {std::min(from, time), std::max(from + DurationMs{length - 1}, time)};
}

}  // namespace tocsin
