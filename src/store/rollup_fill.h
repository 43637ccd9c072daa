#pragma once
// Rollups of days that were packed before they were asked for. It makes none itself: in each group
// and day that lacks them it puts a chunk with a point that the row has already, and so the
// compactor's next pass makes the day anew, rollups included.
//
// How far it is stands in the keyspace, in the same batch as the chunks: a restart goes on, and
// once all rows were looked at no start looks again, until other rollups are asked for.

#include <optional>

#include "store/chunk_sums.h"
#include "store/keyspace.h"
#include "store/rows.h"

namespace tocsin {

class RollupFill {
 public:
  RollupFill(Keyspace& keyspace, ChunkSums& sums, bool minutes, bool hours)
      : keyspace_(keyspace), sums_(sums), wanted_((minutes ? 1 : 0) | (hours ? 2 : 0)) {}

  // Looks at the rows of at most `groups_max` groups and days from `border` on. True: there are
  // more. Called by the thread that compacts.
  Result<bool> step(TimeMs border, size_t groups_max);

 private:
  struct State {
    uint8_t made = 0;    // rollups that there are for all rows
    uint8_t making = 0;  // and after this pass
    std::string next;    // key of the row to look at
  };
  Result<State> load() const;
  Result<bool> lacks(const RowKey& key, const TimeRange& range, uint8_t which) const;
  void put_again(std::string_view key, std::string_view value, KeyBatch& batch,
                 ChunkChange& change) const;

  Keyspace& keyspace_;
  ChunkSums& sums_;
  const uint8_t wanted_;  // bit 0: minutes, 1: hours
};

}  // namespace tocsin
