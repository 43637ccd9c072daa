#pragma once
// How queries reach the heads, which belong to the shards' threads. The program posts the steps to
// them; a test calls them in place.

#include <cstdint>
#include <functional>

#include "store/head.h"

namespace tocsin::query {

// One turn on a shard: at most about 100 µs. True: there is more, call again after others had
// their turn.
using HeadStep = std::function<bool(const Head&)>;

class HeadAccess {
 public:
  virtual ~HeadAccess() = default;
  virtual uint32_t shards() const = 0;
  // Any thread. The first turn comes after everything that was acknowledged before this call is in
  // the head; on the shard's own thread that may be inside this call. A shard that has stopped
  // drops the step: its destructor is then all that is seen of it.
  virtual void visit(uint32_t shard, HeadStep step) = 0;
};

}  // namespace tocsin::query
