#pragma once
// Level one of the flow, for one shard: picks the rows of a frame that concern the shard and has
// its Streamer test them. One thread.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "pipeline/merge.h"
#include "streamer/streamer.h"
#include "vocabulary/series_table.h"

namespace tocsin::pipeline {

// What a shard has to tell since it last did.
struct ShardReport {
  std::vector<StreamItem> items;
  std::vector<Passed> passed;
  std::vector<Point> derived;  // to be kept; not given back to the stage
  bool empty() const { return passed.empty(); }
};

class ShardStage {
 public:
  ShardStage(std::shared_ptr<const streamer::WorkerSet> workers, SeriesTable& table, uint32_t shard,
             uint32_t shards, streamer::Options options = {});

  // Every frame, in order of lsn; appends to `out`.
  void pass(const Frame& frame, ShardReport& out);
  // Nothing arrived after `last` up to `now`.
  void tick(Lsn last, TimeMs now, ShardReport& out);
  // New workers: what they learned so far stays with those whose definition is the same. The tests
  // are announced anew, as items of the frame `lsn` that carried the configuration. `trained`: what
  // those that changed have learned meanwhile (training.h); empty = nothing.
  Result<void> replace(std::shared_ptr<const streamer::WorkerSet> workers, Lsn lsn, TimeMs arrival,
                       ShardReport& out, std::string_view trained = {});

  streamer::Streamer& streamer() { return *streamer_; }
  const streamer::WorkerSet& workers() const { return *workers_; }

 private:
  bool mine(SeriesRef ref);
  void take(ShardReport& out);
  void end_forgotten(std::vector<Violation> was_open, const streamer::WorkerSet& before, Lsn lsn,
                     TimeMs arrival);

  std::shared_ptr<const streamer::WorkerSet> workers_;
  SeriesTable& table_;
  const uint32_t shard_, shards_;
  streamer::Options options_;
  std::unique_ptr<streamer::Streamer> streamer_;
  std::vector<uint8_t> route_;  // by SeriesRef::index: 0 = not asked yet, 1 = mine, 2 = not mine
  std::vector<uint32_t> rows_;
  streamer::StreamerOutputs outputs_;
};

}  // namespace tocsin::pipeline
