#pragma once
// The last points of a series where its head alone does not have them.

#include "query/head_copy.h"
#include "store/store.h"

namespace tocsin::query {

// The newest `count` points (fewer if there are no more), `head` among them. Looks back in ever
// longer stretches. Any thread that may wait for the disk.
Result<std::vector<Sample>> newest_points(const Store& store, SeriesRef series, size_t count,
                                          const std::vector<Sample>& head);

}  // namespace tocsin::query
