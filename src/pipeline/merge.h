#pragma once
// Brings what the shards found into the one order. Each shard reports its items, sorted, and how
// far it is done, even when it found nothing; items leave up to the slowest shard and only when
// their frame is durable: a decision never rests on a point that a power cut could take back.
//
// One thread (the decision thread). Bounded by the shards' inboxes: a shard that is ahead of the
// others waits there, not here; waiting() is exported.

#include <cstddef>
#include <deque>
#include <vector>

#include "vocabulary/violation.h"

namespace tocsin::pipeline {

// "Everything that arrived with or before this is in the order already."
struct Done {
  Lsn lsn;
  TimeMs time;  // arrival of that frame, or of the tick after it
  friend constexpr auto operator<=>(const Done&, const Done&) = default;
};

class Merge {
 public:
  explicit Merge(uint32_t shards);

  // items: in Position order, none before what the shard reported earlier; moved from.
  void add(uint32_t shard, std::vector<StreamItem>& items, Done done);
  // Everything that may go on: positions up to the slowest shard and `durable`, in order, appended
  // to `out`. Returns how far the order is complete.
  Done take(Lsn durable, std::vector<StreamItem>& out);
  size_t waiting() const;

 private:
  struct Shard {
    std::deque<StreamItem> items;
    Done done;
  };
  std::vector<Shard> shards_;
};

}  // namespace tocsin::pipeline
