#include "query/range.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tocsin {
namespace {

// The pixel of a time; the last one takes the end of the range.
size_t pixel_of(TimeMs time, const ReduceOptions& options) {
  const auto span = static_cast<double>(static_cast<uint64_t>(options.to.ms) -
                                        static_cast<uint64_t>(options.from.ms));
  const auto at =
      static_cast<double>(static_cast<uint64_t>(time.ms) - static_cast<uint64_t>(options.from.ms));
  const auto pixel = static_cast<size_t>(at / span * static_cast<double>(options.width));
  return std::min(pixel, options.width - 1);
}

// The smallest and the largest of one pixel's points, in order of time.
void put_extremes(const std::vector<Sample>& samples, size_t first, size_t end,
                  std::vector<size_t>& out) {
  size_t low = end;
  size_t high = end;
  for (size_t at = first; at != end; ++at) {
    if (std::isnan(samples[at].value)) continue;
    if (low == end || samples[at].value < samples[low].value) low = at;
    if (high == end || samples[at].value > samples[high].value) high = at;
  }
  if (low == end) {
    out.push_back(first);
  } else if (low == high) {
    out.push_back(low);
  } else {
    out.push_back(std::min(low, high));
    out.push_back(std::max(low, high));
  }
}

}  // namespace

std::vector<size_t> pick_to_width(const std::vector<Sample>& samples,
                                  const ReduceOptions& options) {
  const auto begin = std::partition_point(samples.begin(), samples.end(),
                                          [&](const Sample& s) { return s.time < options.from; });
  const auto end = std::partition_point(begin, samples.end(),
                                        [&](const Sample& s) { return s.time <= options.to; });
  const auto first = static_cast<size_t>(begin - samples.begin());
  const auto stop = static_cast<size_t>(end - samples.begin());
  std::vector<size_t> out;
  if (options.width == 0 || stop - first <= 2 * options.width || options.from >= options.to) {
    out.resize(stop - first);
    std::iota(out.begin(), out.end(), first);
    return out;
  }
  out.reserve(2 * options.width + 2);
  for (size_t at = first; at != stop;) {
    const size_t pixel = pixel_of(samples[at].time, options);
    size_t next = at + 1;
    while (next != stop && pixel_of(samples[next].time, options) == pixel) ++next;
    put_extremes(samples, at, next, out);
    at = next;
  }
  if (out.front() != first) out.insert(out.begin(), first);
  if (out.back() != stop - 1) out.push_back(stop - 1);
  return out;
}

std::vector<Sample> reduce_to_width(const std::vector<Sample>& samples,
                                    const ReduceOptions& options) {
  std::vector<Sample> out;
  const std::vector<size_t> picked = pick_to_width(samples, options);
  out.reserve(picked.size());
  for (const size_t at : picked) out.push_back(samples[at]);
  return out;
}

std::vector<Latest> join_latest(std::vector<std::vector<Latest>> parts) {
  std::vector<Latest> all;
  for (const std::vector<Latest>& part : parts) all.insert(all.end(), part.begin(), part.end());
  std::stable_sort(all.begin(), all.end(), [](const Latest& a, const Latest& b) {
    return a.series != b.series ? a.series < b.series : a.sample.time > b.sample.time;
  });
  const auto repeated = std::unique(all.begin(), all.end(), [](const Latest& a, const Latest& b) {
    return a.series == b.series;
  });
  all.erase(repeated, all.end());
  return all;
}

}  // namespace tocsin
