#pragma once
// What nobody watches: a pure function of the configuration, the series that have points, and how
// far the workers' models are. docs/workers.md explains it to users.
//
// Bounded: kCoverageRowsMax rows per list, kScopesMax scopes per rule, kLeafTriesMax comparisons of
// a leaf with a series in all.

#include <span>
#include <string>
#include <vector>

#include "server/coverage.h"
#include "tocsin/configuration.h"

namespace tocsin {

inline constexpr size_t kCoverageRowsMax = 200;
inline constexpr size_t kScopesMax = 200;
inline constexpr size_t kLeafTriesMax = 20'000'000;

struct WorkerProgress {  // by WorkerRef::index
  int64_t series = 0, learning = 0;
  double learned = server::kUnknown;  // of the series that is furthest
  TimeMs guarded_from;                // of the first to be; 0: cannot say
};

server::CoverageView coverage_of(const Configuration& configuration,
                                 std::span<const Labels* const> series,
                                 std::span<const WorkerProgress> workers);

}  // namespace tocsin
