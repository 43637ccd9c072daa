#include "query/range.h"

#include <algorithm>
#include <cmath>

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
void put_extremes(const Sample* first, const Sample* last, std::vector<Sample>& out) {
  const Sample* low = nullptr;
  const Sample* high = nullptr;
  for (const Sample* at = first; at != last; ++at) {
    if (std::isnan(at->value)) continue;
    if (low == nullptr || at->value < low->value) low = at;
    if (high == nullptr || at->value > high->value) high = at;
  }
  if (low == nullptr) {
    out.push_back(*first);
  } else if (low == high) {
    out.push_back(*low);
  } else {
    out.push_back(*std::min(low, high));
    out.push_back(*std::max(low, high));
  }
}

}  // namespace

std::vector<Sample> reduce_to_width(const std::vector<Sample>& samples,
                                    const ReduceOptions& options) {
  const auto begin = std::partition_point(samples.begin(), samples.end(),
                                          [&](const Sample& s) { return s.time < options.from; });
  const auto end = std::partition_point(begin, samples.end(),
                                        [&](const Sample& s) { return s.time <= options.to; });
  const auto count = static_cast<size_t>(end - begin);
  if (options.width == 0 || count <= 2 * options.width || options.from >= options.to)
    return {begin, end};
  std::vector<Sample> out;
  out.reserve(2 * options.width + 2);
  const Sample* const stop = &*begin + count;
  for (const Sample* at = &*begin; at != stop;) {
    const size_t pixel = pixel_of(at->time, options);
    const Sample* next = at + 1;
    while (next != stop && pixel_of(next->time, options) == pixel) ++next;
    put_extremes(at, next, out);
    at = next;
  }
  if (out.front().time != begin->time) out.insert(out.begin(), *begin);
  if (out.back().time != (end - 1)->time) out.push_back(*(end - 1));
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

SeriesFinder::Kept& SeriesFinder::kept_for(const std::string& text) {
  for (Kept& kept : kept_)
    if (kept.text == text) return kept;
  if (kept_.size() < selectors_max_) return kept_.emplace_back(Kept{text, 0, {}, 0});
  Kept& oldest = *std::min_element(kept_.begin(), kept_.end(),
                                   [](const Kept& a, const Kept& b) { return a.used < b.used; });
  return oldest = Kept{text, 0, {}, 0};
}

SeriesFinder::Match SeriesFinder::find(const SeriesSelector& selector, size_t limit) {
  Kept& kept = kept_for(selector.text());
  kept.used = ++uses_;
  for (const uint32_t size = table_.size(); kept.looked_at < size; ++kept.looked_at) {
    const SeriesRef ref{kept.looked_at};
    if (table_.known(ref) && selector.matches(table_.labels(ref))) kept.series.push_back(ref);
  }
  Match match;
  const size_t count = std::min(limit, kept.series.size());
  match.series.assign(kept.series.begin(), kept.series.begin() + static_cast<long>(count));
  match.more = kept.series.size() > count;
  return match;
}

}  // namespace tocsin
