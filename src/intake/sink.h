#pragma once
// Where accepted batches go: the program's sequencer and journal, or a test's list.

#include <functional>

#include "base/result.h"
#include "vocabulary/point.h"

namespace tocsin::intake {

class BatchSink {
 public:
  using Done = std::function<void(Result<Lsn>)>;

  virtual ~BatchSink() = default;
  // Called on a loop's thread. `done` is called once, on the same loop (also from inside submit()),
  // when the batch is durable and can be read, or with an error: kExhausted (a limit or the disk is
  // full) and kUnavailable (shutting down) make the sender try again later. Batches of one loop are
  // sequenced in the order they are submitted.
  virtual void submit(Batch&& batch, Done done) = 0;
};

}  // namespace tocsin::intake
