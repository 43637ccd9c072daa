#pragma once
// All stages in one thread, fed frame by frame: replay, recovery and tests. Everything is durable
// as soon as it is fed.

#include <memory>
#include <vector>

#include "pipeline/decision_stage.h"
#include "pipeline/shard_stage.h"

namespace tocsin::pipeline {

class Graph {
 public:
  Graph(std::shared_ptr<const streamer::WorkerSet> workers, SeriesTable& table, uint32_t shards,
        DecisionStage decisions, streamer::Options options = {});

  // Frames in order of lsn; a frame's arrival is never before the last one's or a tick's.
  void feed(const Frame& frame, supervisor::Changes& out);
  void tick(TimeMs now, supervisor::Changes& out);
  Lsn last() const { return last_; }

  ShardStage& shard(uint32_t index) { return shards_[index]; }
  DecisionStage& decisions() { return decisions_; }
  // Derived points since the last call (rates, aggregates), in the order they were made.
  std::vector<Point> take_derived();

 private:
  void pass_on(supervisor::Changes& out);

  std::vector<ShardStage> shards_;
  std::vector<ShardReport> reports_;
  Merge merge_;
  DecisionStage decisions_;
  std::vector<Point> derived_;
  Lsn last_;
};

}  // namespace tocsin::pipeline
