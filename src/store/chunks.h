#pragma once
// Sealed chunks and the catalogue of series in a Keyspace; docs/formats/chunks.md draws the keys.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/counters.h"
#include "store/head.h"
#include "store/keyspace.h"
#include "vocabulary/series_table.h"

namespace tocsin {

// The longest a stored chunk may span; reads look back this far. HeadOptions::span_max is at most
// this.
inline constexpr DurationMs kSpanMax = hours(24);
// The week since 1970 that a chunk is filed under, by its start.
int32_t partition_of(TimeMs start);

// A stored chunk that does not check out; the rest is served.
struct ChunkDamage {
  SeriesRef series;
  TimeMs from, to;  // what its key says it holds: from its start to the longest a chunk may span
  std::string text(const SeriesTable& series_table) const;
};

// Reading: any thread. Writing: the sealer.
class Chunks {
 public:
  Chunks(Keyspace& keyspace, SeriesTable& series, Counters& counters);

  // Restores the series that the catalogue names. kCorrupt names the entry.
  Result<void> load_catalogue(const std::function<uint32_t(SeriesRef)>& home_of);

  // Puts the chunks, and before them the catalogue entries of all series known so far, into the
  // batch. Once it is written, tell catalogued() what put() returned; flush() of the keyspace makes
  // them survive.
  [[nodiscard]] uint32_t put(std::span<const SealedChunkPtr> chunks, KeyBatch& batch);
  void catalogued(uint32_t series) { catalogued_ = series; }
  void put_flushed_lsn(Lsn lsn, KeyBatch& batch) const;
  Result<Lsn> flushed_lsn() const;  // {0} if none was ever written

  // The points in [from, to], by time, each once (of several writes the last). Appends to out;
  // damaged chunks are left out and told.
  Result<void> read(SeriesRef series, TimeMs from, TimeMs to, std::vector<Sample>& out,
                    std::vector<ChunkDamage>* damage = nullptr) const;

  // Drops the weeks that hold nothing from `before` on; how many.
  Result<uint64_t> drop_before(TimeMs before);

 private:
  Result<int64_t> next_partition(int64_t partition) const;

  Keyspace& keyspace_;
  SeriesTable& series_;
  uint32_t catalogued_ = 0;  // series below this are in the catalogue
  Counter& written_;
  Counter& written_bytes_;
  Counter& written_points_;
  Counter& damaged_;
};

}  // namespace tocsin
