#pragma once
// Which series have points in a stretch of time: for lists that leave out what is gone.

#include <functional>
#include <vector>

#include "query/store_source.h"

namespace tocsin::query {

// Those of `series` with a point in [from, to], in their order. What a head knows of its newest
// point decides for nearly all; of the others at most kDiskLooksMax are looked for on disk, the
// rest are listed unseen. For a thread that may wait; stop ends it early with what it has.
inline constexpr size_t kDiskLooksMax = 5000;
std::vector<SeriesRef> with_points(const StoreParts& parts, std::vector<SeriesRef> series,
                                   TimeMs from, TimeMs to, const std::function<bool()>& stop);

}  // namespace tocsin::query
