#pragma once
// Points on disk and the catalogue of series, in a Keyspace: chunks as the sealer wrote them, rows
// as the compactor joined them. docs/formats/chunks.md draws the keys.

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/counters.h"
#include "store/chunk_sums.h"
#include "store/head.h"
#include "store/keyspace.h"
#include "store/rows.h"
#include "vocabulary/series_table.h"

namespace tocsin {

struct StoredChunk;

// Stored points that do not check out; the rest is served. `series` may be kNoSeries: the engine
// could not even name it.
struct ChunkDamage {
  SeriesRef series;
  TimeMs from, to;  // what its key says it may have held
  std::string text(const SeriesTable& series_table) const;
};

// Reading: any thread. Writing: the sealer.
class Chunks {
 public:
  Chunks(Keyspace& keyspace, SeriesTable& series, Counters& counters);

  // kRefused if the folder was written in a format that this program does not read.
  Result<void> check_format();
  // Restores the series that the catalogue names. kCorrupt names the entry.
  Result<void> load_catalogue(const std::function<uint32_t(SeriesRef)>& home_of);

  // Writes the chunks, and before them the catalogue entries of all series known so far, as a
  // whole; how many bytes that were. flush() of the keyspace makes them survive.
  Result<uint64_t> write(std::span<const SealedChunkPtr> chunks);
  // Chunks sealed up to here may be there already: they are looked for, so that none is counted
  // twice. After a restart that is all that the journal gave back.
  void doubt_until(Lsn lsn) { doubt_until_ = lsn; }
  ChunkSums& sums() { return sums_; }
  const ChunkSums& sums() const { return sums_; }
  // Series in the catalogue, and their bytes. Any thread.
  uint64_t catalogue_series() const { return catalogue_series_; }
  uint64_t catalogue_bytes() const { return catalogue_bytes_; }
  // All frames up to here are in flushed chunks, none of which has a point after `newest`.
  struct Flushed {
    Lsn lsn;
    TimeMs newest = kTimeMin;
  };
  void put_flushed(Flushed flushed, KeyBatch& batch) const;
  Result<Flushed> flushed() const;  // {0} if none was ever written

  // The points in [from, to], by time, each once (of several writes the last). Appends to out;
  // what is damaged is left out, counted, logged and told.
  Result<void> read(SeriesRef series, TimeMs from, TimeMs to, std::vector<Sample>& out,
                    std::vector<ChunkDamage>* damage = nullptr) const;
  // Rollups whose slot begins in [from, to].
  Result<void> read_rollup(SeriesRef series, Resolution resolution, TimeMs from, TimeMs to,
                           RollupColumns& out) const;

  // Drops what lies before `border`, the start of a week; how many partitions.
  Result<uint64_t> drop_before(Resolution resolution, TimeMs border);
  // The first day >= `day` that has chunks, the first week >= `week` that has rows; INT64_MAX:
  // none.
  Result<int64_t> next_day(int64_t day) const;
  Result<int64_t> next_week(Resolution resolution, int64_t week) const;

  // Counts and logs it, each place once.
  void tell(const ChunkDamage& damage) const;

 private:
  struct Found {
    WriteOrder order;
    std::vector<Sample> samples;
  };
  Result<void> read_chunks(SeriesRef series, TimeMs from, TimeMs to, std::vector<Found>& found,
                           std::vector<ChunkDamage>& damage) const;
  Result<void> read_rows(SeriesRef series, Resolution resolution, TimeMs from, TimeMs to,
                         const std::function<void(RowSeries&&)>& use,
                         std::vector<ChunkDamage>& damage) const;
  void tell_all(const std::vector<ChunkDamage>& damage) const;
  Result<void> forget_partitions(Resolution resolution, TimeMs border);
  static void merge(std::vector<Found> found, std::vector<Sample>& out);

  Keyspace& keyspace_;
  SeriesTable& series_;
  uint64_t put_catalogue(uint32_t known, KeyBatch& batch) const;
  bool is_there(const StoredChunk& chunk, Lsn sealed_at) const;

  ChunkSums sums_;
  Lsn doubt_until_{UINT64_MAX};
  uint32_t catalogued_ = 0;               // series below this are in the catalogue
  std::set<uint32_t> catalogued_beyond_;  // and these, which lie beyond a gap
  std::atomic<uint64_t> catalogue_series_{0}, catalogue_bytes_{0};
  Counter& written_;
  Counter& written_bytes_;
  Counter& written_points_;
  Counter& damaged_;
  mutable std::mutex told_mutex_;
  mutable std::vector<std::pair<uint32_t, int64_t>> told_;  // guarded by told_mutex_; bounded
};

}  // namespace tocsin
