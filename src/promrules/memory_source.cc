#include "promrules/memory_source.h"

#include <algorithm>

namespace tocsin::promrules {
namespace {

void insert(std::vector<Sample>& samples, Sample sample) {
  const auto at = std::ranges::lower_bound(samples, sample.time, {}, &Sample::time);
  if (at != samples.end() && at->time == sample.time)
    *at = sample;
  else
    samples.insert(at, sample);
}

}  // namespace

void MemorySource::add(const Labels& labels, Sample sample) { insert(hidden_[labels], sample); }

void MemorySource::show_until(TimeMs time) {
  for (auto& [labels, samples] : hidden_) {
    const auto end = std::ranges::upper_bound(samples, time, {}, &Sample::time);
    if (end == samples.begin()) continue;
    std::vector<Sample>& shown = series_[labels];
    for (auto at = samples.begin(); at != end; ++at) insert(shown, *at);
    samples.erase(samples.begin(), end);
  }
}

Result<promql::Selected> MemorySource::select(const std::vector<LabelMatcher>& matchers,
                                              TimeMs from, TimeMs to, const promql::SelectHint&,
                                              size_t samples_max) {
  promql::Selected out;
  size_t count = 0;
  for (const auto& [labels, samples] : series_) {
    const auto fits = [&](const LabelMatcher& matcher) { return matcher.matches(labels); };
    if (!std::ranges::all_of(matchers, fits)) continue;
    const auto begin = std::ranges::lower_bound(samples, from, {}, &Sample::time);
    const auto end = std::ranges::upper_bound(samples, to, {}, &Sample::time);
    if (begin >= end) continue;
    count += static_cast<size_t>(end - begin);
    if (count > samples_max)
      return fail(ErrorCode::kExhausted,
                  "query processing would load too many samples into memory in query execution");
    out.series.push_back({&labels, {begin, end}});
  }
  return out;
}

Result<void> MemorySource::append(TimeMs at, const std::vector<Made>& made) {
  for (const Made& one : made)
    if (one.kind != Made::Kind::kTold) insert(series_[one.labels], {at, one.value});
  return {};
}

}  // namespace tocsin::promrules
