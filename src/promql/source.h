#pragma once
// Where the engine gets points from. The store behind it (query/), or a list in tests.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "vocabulary/labels.h"
#include "vocabulary/matcher.h"
#include "vocabulary/sample.h"

namespace tocsin::promql {

// How one selector of a query will be read: lets the source choose rollups or stop early.
struct SelectHint {
  DurationMs step{};          // of the query; zero for an instant
  DurationMs range{};         // of the range around it; zero for an instant vector
  std::string_view function;  // that reads the range, "" if none: "rate", "max_over_time"
};

struct SourceSeries {
  const Labels* labels = nullptr;  // lives as long as the Selected it is in
  std::vector<Sample> samples;     // ascending by time, each time once; stale markers included
};

struct Selected {
  std::vector<SourceSeries> series;  // in any order; ascending by labels saves a sort
  std::vector<std::string> notes;    // for the answer's `warnings`: "1-minute rollups were read"
  std::shared_ptr<const void> keep;  // owns what `labels` point to, if need be
};

class Source {
 public:
  virtual ~Source() = default;
  // Series all of whose matchers match, with their points in [from, to], both included; series
  // without points there may be left out. At most `samples_max` points in all, else kExhausted.
  // Called by the engine's thread, which may wait in it.
  virtual Result<Selected> select(const std::vector<LabelMatcher>& matchers, TimeMs from, TimeMs to,
                                  const SelectHint& hint, size_t samples_max) = 0;

  // The same for whoever needs a series' points only once: hands over each series with its points
  // when they are read, and holds those of one at a time; `samples_max` is of one series. An error
  // of `visit` ends it. What is returned has no points: it owns the labels, and has the notes.
  using Visit = std::function<Result<void>(SourceSeries& series)>;
  virtual Result<Selected> select_each(const std::vector<LabelMatcher>& matchers, TimeMs from,
                                       TimeMs to, const SelectHint& hint, size_t samples_max,
                                       const Visit& visit) {
    Result<Selected> selected = select(matchers, from, to, hint, samples_max);
    if (!selected) return selected;
    for (SourceSeries& series : selected->series) {
      if (auto visited = visit(series); !visited) return fail(visited.error());
      std::vector<Sample>().swap(series.samples);
    }
    return selected;
  }
};

}  // namespace tocsin::promql
