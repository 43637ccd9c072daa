#pragma once
// How many chunks each day has and what they hold, kept beside the chunks: written in the batch
// that changes them, so that a crash leaves both as they were before or after it, and what is
// stored is known without looking at every key. Owned by Chunks; any thread. A few numbers per day
// that has chunks. docs/formats/chunks.md, key `d` day.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "store/days.h"
#include "store/keyspace.h"
#include "vocabulary/sample.h"

namespace tocsin {

struct DaySums {
  int32_t day = 0;
  uint64_t chunks = 0, points = 0, bytes = 0;  // bytes: keys included
  TimeMs first = kTimeMax, last = kTimeMin;    // of all that were ever there
};

// What a batch puts and removes. A chunk is named by its first point; a day's chunks all end in it.
class ChunkChange {
 public:
  void put(TimeMs first, TimeMs last, size_t points, size_t bytes);
  void remove(TimeMs first, size_t points, size_t bytes);

 private:
  friend class ChunkSums;
  struct Day {
    DaySums put, removed;
  };
  std::map<int32_t, Day> days_;
};

class ChunkSums {
 public:
  explicit ChunkSums(Keyspace& keyspace) : keyspace_(keyspace) {}

  // Reads them; chunks that nobody has counted, or whose sums do not check out, are counted now.
  Result<void> load();
  // Writes the batch with what it changes of the sums, or nothing.
  Result<void> write(KeyBatch& batch, const ChunkChange& change);
  // After chunks were dropped.
  Result<void> forget_before(int32_t day);
  // A day without a chunk has no sums, whatever was counted.
  Result<void> settle(int32_t day);

  std::vector<DaySums> days() const;  // in their order

 private:
  Result<void> count_all();

  Keyspace& keyspace_;
  mutable std::mutex mutex_;         // held while a batch is written: sums follow one another
  std::map<int32_t, DaySums> days_;  // guarded by mutex_
};

// As they stand in the keyspace; nullopt if they were never kept, or do not check out.
Result<std::optional<std::vector<DaySums>>> read_day_sums(Keyspace& keyspace);
// The same by looking at every chunk.
Result<std::vector<DaySums>> count_days(Keyspace& keyspace);

}  // namespace tocsin
