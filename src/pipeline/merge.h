#pragma once
// Brings what the shards found into the one order. Every shard passes every frame and tick and
// reports its items, sorted, and what it passed, even when it found nothing. Items leave up to the
// slowest shard and only when their frame is durable: a decision never rests on a point that a
// power cut could take back.
//
// One thread (the decision thread). Bounded by the shards' inboxes: a shard that is ahead of the
// others waits there, not here; waiting() is exported.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "vocabulary/violation.h"

namespace tocsin::pipeline {

// A frame (arrival of lsn) or a tick (nothing arrived; the clock after lsn) that a shard passed.
struct Passed {
  Lsn lsn;
  TimeMs time;
  bool tick = false;
};

class Merge {
 public:
  struct Visitor {
    // Everything with a timer due up to `time` may run; all frames up to `last` are through.
    std::function<void(Lsn last, TimeMs time)> advance;
    std::function<void(const StreamItem&)> item;
    // Before the items of a frame, after its advance: where a new configuration begins.
    std::function<void(const Passed&)> begin = {};
    // After everything of a frame or tick: a cut through the order.
    std::function<void(const Passed&)> passed = {};
  };

  explicit Merge(uint32_t shards);

  // items: in Position order, none before what the shard reported earlier; moved from.
  void add(uint32_t shard, std::vector<StreamItem>& items, std::span<const Passed> passed);
  // Visits what may go on, in order. Timers' items of a frame come before the next frame's.
  void take(Lsn durable, const Visitor& visitor);
  // The last frame or tick visited.
  Passed reached() const { return reached_; }
  size_t waiting() const;  // items and frames held back

 private:
  struct Shard {
    std::deque<StreamItem> items;
    uint64_t passed = 0;  // frames and ticks so far
  };
  void visit_items_before(const Position& end, const Visitor& visitor);

  std::vector<Shard> shards_;
  std::deque<Passed> sequence_;  // not yet visited; as the first shard to pass it reported it
  uint64_t sequence_start_ = 0;  // number of sequence_.front()
  Passed reached_;
};

}  // namespace tocsin::pipeline
