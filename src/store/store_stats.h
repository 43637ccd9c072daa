#pragma once
// What is stored, by kind and by partition, and whether all of it checks out.

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/chunks.h"
#include "store/rollup.h"

namespace tocsin {

// A week of one resolution, as rows. The compactor keeps it beside the rows.
struct PartitionStats {
  Resolution resolution = Resolution::kRaw;
  TimeMs from, to;  // of the week, both included
  uint64_t rows = 0, points = 0, bytes = 0;
};
std::string partition_key(Resolution resolution, int64_t week);  // in KeyFamily::kMeta
std::string to_bytes(const PartitionStats& stats);
std::optional<PartitionStats> parse_partition(std::string_view key, std::string_view value);

struct StoreStats {
  uint64_t journal_bytes = 0;  // on disk, preallocated segments as a whole
  // Of a running store: limits, and how long each resolution is kept (0: for ever, or not made).
  uint64_t journal_bytes_max = 0, archive_bytes = 0, archive_bytes_max = 0;
  std::array<DurationMs, kResolutions> keep{};
  uint64_t series = 0, catalogue_bytes = 0;
  uint64_t chunks = 0, chunk_points = 0, chunk_bytes = 0;  // what is not yet joined
  std::vector<DaySums> days;                               // the same by day
  std::array<uint64_t, kResolutions> points{}, bytes{};    // in rows, by resolution
  std::vector<PartitionStats> partitions;                  // by resolution, then time
  uint64_t disk_bytes = 0;  // files of the engine, what is not yet given back included
  TimeMs oldest = kTimeMax, newest = kTimeMin;  // raw points; about (a week's border) for rows
  Extents extents{};
  void take(std::vector<DaySums> chunk_days);
  double raw_bytes_per_point() const;  // rows, chunks and catalogue over raw points; NaN if none
};
// Rows: what the compactor wrote down of each week.
Result<void> read_partitions(Keyspace& keyspace, StoreStats& out);
// All that a folder says of itself, its catalogue entry by entry; any thread.
Result<void> read_stats(Keyspace& keyspace, StoreStats& out);

// A file of the engine in which some byte is not what was written. What of it cannot be read, if
// anything, is named besides, chunk by chunk.
struct DamagedFile {
  std::string file, reason;
  std::string_view kind;                          // what it holds: chunks, rows ...; "" if unknown
  SeriesRef first = kNoSeries, last = kNoSeries;  // of its first and last key
  TimeMs from = kTimeMax, to = kTimeMin;          // what those keys may hold
  std::string text(const SeriesTable& series_table) const;
};

struct VerifyReport {
  uint64_t chunks = 0, rows = 0, series = 0;  // looked at; series: catalogue entries
  uint64_t points = 0, rollups = 0, bytes = 0;
  uint64_t bytes_total = 0;                // about
  uint64_t damaged = 0;                    // places
  std::vector<ChunkDamage> damage;         // the first kDamageMax of them
  uint64_t files = 0;                      // of the engine, looked at byte by byte
  std::vector<DamagedFile> damaged_files;  // the first kDamageMax of them
  std::vector<std::string> unused_files;   // part of nothing; the next start removes them
  std::vector<std::string> notes;          // damage that has no series: the catalogue
  static constexpr size_t kDamageMax = 1000;
};
// Reads every byte of the engine's files, then every chunk, row and catalogue entry, sums and
// decodes it. `progress` is called after every
// few hundred kilobytes; false ends it early. Any thread; points may be written meanwhile.
Result<VerifyReport> verify_store(Keyspace& keyspace,
                                  const std::function<bool(const VerifyReport&)>& progress);

}  // namespace tocsin
