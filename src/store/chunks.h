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
  // batch. flush() of the keyspace makes them survive.
  void put(std::span<const SealedChunkPtr> chunks, KeyBatch& batch);
  void put_flushed_lsn(Lsn lsn, KeyBatch& batch) const;
  Result<Lsn> flushed_lsn() const;  // {0} if none was ever written

  // The points in [from, to], by time, each once (of several writes the last). Appends to out;
  // damaged chunks are left out and told.
  Result<void> read(SeriesRef series, TimeMs from, TimeMs to, std::vector<Sample>& out,
                    std::vector<ChunkDamage>* damage = nullptr) const;

  // Whole weeks that ended before `before` are dropped.
  Result<uint64_t> drop_before(TimeMs before);

 private:
  Keyspace& keyspace_;
  SeriesTable& series_;
  uint32_t catalogued_ = 0;  // series below this are in the catalogue
  Counter& written_;
  Counter& written_bytes_;
  Counter& damaged_;
};

}  // namespace tocsin
