#include "query/newest.h"

#include <algorithm>

namespace tocsin::query {
namespace {

constexpr DurationMs kFirstLook = hours(2);
constexpr DurationMs kOldest = days(3660);

}  // namespace

Result<std::vector<Sample>> newest_points(const Store& store, SeriesRef series, size_t count,
                                          const std::vector<Sample>& head) {
  // From where the head's points end; all of them if there are enough: older ones do not count.
  TimeMs end = kTimeMax;
  TimeMs newest = head.empty() ? TimeMs{} : head.back().time;
  if (head.empty()) {
    // Nothing since the start: the newest stored point lies anywhere.
    auto all = store.read_sealed(series, kTimeMin, kTimeMax, {});
    if (!all) return all;
    if (all->size() > count) all->erase(all->begin(), all->end() - static_cast<long>(count));
    return all;
  }
  TimeMs begin = head.size() >= count ? head[head.size() - count].time : newest - kFirstLook;
  for (DurationMs span = kFirstLook;; span = span * 4) {
    std::vector<Sample> inside(
        std::partition_point(head.begin(), head.end(),
                             [&](const Sample& s) { return s.time < begin; }),
        head.end());
    auto read = store.read_sealed(series, begin, end, std::move(inside));
    if (!read) return read;
    if (read->size() >= count) {
      read->erase(read->begin(), read->end() - static_cast<long>(count));
      return read;
    }
    if (span > kOldest) return read;
    begin = newest - span * 4;
  }
}

}  // namespace tocsin::query
