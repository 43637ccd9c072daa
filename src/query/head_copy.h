#pragma once
// Copies points of many series out of the heads of their shards, each shard in turns of at most
// kSeriesPerTurn series.

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "query/head_access.h"
#include "vocabulary/series_table.h"

namespace tocsin::query {

struct HeadPoints {
  std::vector<Sample> samples;  // not yet flushed, or still kept; ascending by time
  // The disk has nothing to add to `samples`.
  bool whole = false;
  // Chunks that are still to be decoded: settle() does, on any thread, before the rest is read.
  HeadParts parts;
  TimeMs whole_from = kTimeMax;
};

struct HeadWanted {
  TimeMs from, to;           // both included
  size_t newest = SIZE_MAX;  // of those only so many, the last ones
};
void settle(HeadPoints& points, const HeadWanted& wanted);

// Of each the open chunk and the one before are decoded: 200 points as a rule, 24 ns each.
inline constexpr size_t kSeriesPerTurn = 24;

// `done` gets one entry per series, in their order, those with chunks to decode not settled: in the
// call if there is nothing to ask for, else by the thread of the shard that is ready last. Once
// `*stop` is true the rest is left out.
using HeadCopied = std::function<void(std::vector<HeadPoints>)>;
void copy_heads(HeadAccess& heads, const SeriesTable& table,
                std::shared_ptr<const std::vector<SeriesRef>> series, HeadWanted wanted,
                std::shared_ptr<const std::atomic<bool>> stop, HeadCopied done);

// The same for a thread that may wait. Empty if stop() said so, which is asked every few
// milliseconds, or if a shard has gone.
std::optional<std::vector<HeadPoints>> copy_heads_and_wait(HeadAccess& heads,
                                                           const SeriesTable& table,
                                                           std::vector<SeriesRef> series,
                                                           HeadWanted wanted,
                                                           const std::function<bool()>& stop);

}  // namespace tocsin::query
