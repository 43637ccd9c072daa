#pragma once
// What the points of many series come to, by group, reduced on the shards where they are: nothing
// is copied but what the groups hold.

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "query/head_copy.h"
#include "query/reduction.h"

namespace tocsin::query {

struct SeriesGroups {
  std::vector<SeriesRef> series;
  std::vector<uint32_t> group;  // of each series; empty: all are in the one group
  size_t groups = 1;
  uint32_t of(size_t i) const { return group.empty() ? 0 : group[i]; }
};

struct HeadReduced {
  std::vector<Reducer> groups;
  std::vector<uint32_t>
      rest;  // series (their indices) whose head lacks points: none of theirs count
};

// `done` as with copy_heads. A quantile keeps all values, anything else a few numbers per group.
using HeadsReduced = std::function<void(HeadReduced)>;
void reduce_heads(HeadAccess& heads, const SeriesTable& table,
                  std::shared_ptr<const SeriesGroups> wanted, TimeMs from, TimeMs to,
                  Reduction reduction, HeadsReduced done);

}  // namespace tocsin::query
