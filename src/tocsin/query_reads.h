#pragma once
// Everything that reads points for people and programs: the index of series, the way to the heads,
// the pool. Made after recovery, stopped before the shards are.

#include "query/series_index.h"
#include "tocsin/live.h"
#include "tocsin/query_pool.h"

namespace tocsin {

// The shards' threads as HeadAccess.
class LiveHeads final : public query::HeadAccess {
 public:
  explicit LiveHeads(Live& live) : live_(live) {}
  uint32_t shards() const override { return live_.store().shards(); }
  void visit(uint32_t shard, query::HeadStep step) override;

 private:
  Live& live_;
};

class QueryReads {
 public:
  explicit QueryReads(Live& live);
  void start();
  void stop() { pool_.stop(); }

  query::SeriesIndex& index() { return *index_; }
  QueryPool& pool() { return pool_; }
  query::StoreParts parts() { return {*index_, heads_, live_.store()}; }

 private:
  Live& live_;
  std::shared_ptr<query::SeriesIndex> index_;
  LiveHeads heads_;
  QueryPool pool_;
};

}  // namespace tocsin
