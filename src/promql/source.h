#pragma once
// Where the engine gets points from. The store behind it (query/), or a list in tests.

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
};

}  // namespace tocsin::promql
