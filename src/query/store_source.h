#pragma once
// Points for PromQL out of the store: the index finds the series, the shards copy what their heads
// hold, the disk adds what is older, rollups stand in for raw points that are gone.

#include <functional>

#include "promql/source.h"
#include "query/head_copy.h"
#include "query/series_index.h"
#include "store/store.h"

namespace tocsin::query {

// All outlive the sources.
struct StoreParts {
  SeriesIndex& index;
  HeadAccess& heads;
  Store& store;
};

// One per query, for its thread, which waits in select(). Bounded by samples_max of each call and
// series_max.
class StoreSource final : public promql::Source {
 public:
  // stop: asked often; true ends what is under way.
  StoreSource(const StoreParts& parts, std::function<bool()> stop, size_t series_max = 1'000'000)
      : parts_(parts), stop_(std::move(stop)), series_max_(series_max) {}

  Result<promql::Selected> select(const std::vector<LabelMatcher>& matchers, TimeMs from, TimeMs to,
                                  const promql::SelectHint& hint, size_t samples_max) override;
  Result<promql::Selected> select_each(const std::vector<LabelMatcher>& matchers, TimeMs from,
                                       TimeMs to, const promql::SelectHint& hint,
                                       size_t samples_max, const Visit& visit) override;

 private:
  // visit: null where all points are to be kept.
  Result<promql::Selected> select_and(const std::vector<LabelMatcher>& matchers, TimeMs from,
                                      TimeMs to, const promql::SelectHint& hint, size_t samples_max,
                                      const Visit* visit);
  Result<void> read(const std::vector<SeriesRef>& series, std::vector<HeadPoints> heads,
                    TimeMs from, TimeMs to, size_t samples_max, promql::Selected& out,
                    const Visit* visit) const;
  Result<void> put_rollups(Resolution resolution, std::string_view function, TimeMs from, TimeMs to,
                           size_t samples_max, promql::Selected& out,
                           const std::vector<SeriesRef>& series) const;
  bool stopped() const { return stop_ && stop_(); }

  StoreParts parts_;
  std::function<bool()> stop_;
  size_t series_max_;
};

// Stored points of one series with those of its head, both ends included.
Result<std::vector<Sample>> with_stored(const Store& store, SeriesRef series, TimeMs from,
                                        TimeMs to, HeadPoints head);

}  // namespace tocsin::query
