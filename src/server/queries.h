#pragma once
// How the API has questions worked on that take longer than a turn of a loop: a pool of few threads
// with a bounded queue. The program implements it; a test answers in place.

#include <functional>
#include <memory>

#include "base/result.h"
#include "promql/engine.h"
#include "query/series_index.h"

namespace tocsin::server {

// What one job works with, on the pool's thread and until it returns.
class QueryContext {
 public:
  virtual ~QueryContext() = default;
  virtual query::SeriesIndex& index() = 0;
  virtual promql::Source& source() = 0;
  // limits.stop is set: true once the time is up or nobody waits any more.
  virtual const promql::Options& options() = 0;
  // Those of `series` that have points in [from, to].
  virtual std::vector<SeriesRef> with_points(std::vector<SeriesRef> series, TimeMs from,
                                             TimeMs to) = 0;
  virtual bool abandoned() const = 0;  // the client has gone away
};

class Queries {
 public:
  virtual ~Queries() = default;
  struct Job {
    DurationMs timeout{};        // zero: the configured one, which is also the most
    std::function<bool()> gone;  // the client has gone away
    std::function<void(QueryContext&)> run;
    std::function<void(Error)> fail;  // instead of run: queue full, or its time was up in the queue
  };
  // Any thread; does not block.
  virtual void submit(Job job) = 0;
};

}  // namespace tocsin::server
