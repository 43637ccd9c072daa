#pragma once
// The watch over Tocsin itself: every stage of the flow with its lag, what waits before it, what it
// refused and what failed, for the Health page, and every 10 s as points of its own series, on
// which built-in workers and rules decide like on any other:
//
//   tocsin_stage_lag{stage="shard 0"}     frames that are sequenced and not worked in yet
//   tocsin_stage_full{stage="journal"}    what waits, as a share of the stage's limit
//   tocsin_stage_refused{stage="intake"}  turned away in the last 10 s
//   tocsin_stage_failed{stage="outbox"}   failed for good, or against the disk, in the last 10 s
//
// A point that cannot be kept now is left out: the next one says the same. One thread.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/counters.h"
#include "base/time.h"
#include "vocabulary/point.h"
#include "vocabulary/series_table.h"

namespace tocsin {

class JsonWriter;

struct Stage {
  std::string name;   // "intake", "shard 0", "outbox"
  std::string doc;    // what it does, in a few words
  std::string limit;  // what happens at the limit, in a few words; empty = it has none
  std::optional<double> lag, waiting, full;  // full: 0 to 1
  std::optional<uint64_t> refused, failed;   // since the start
};

class StageWatch {
 public:
  using Look = std::function<std::vector<Stage>()>;
  // Takes the points to the journal, or does not; must not wait for the disk.
  using Offer = std::function<void(Batch)>;

  StageWatch(Look look, SeriesTable& table, uint32_t shards, Offer offer);
  // Every 10 s. The first tick begins the counting: what came before a start is not news.
  void tick(TimeMs now);

 private:
  void add(Batch& batch, std::string_view what, const Stage& stage, double value, TimeMs now);

  Look look_;
  SeriesTable& table_;
  const uint32_t shards_;
  Offer offer_;
  std::map<std::string, std::pair<uint64_t, uint64_t>> before_;  // refused, failed
};

// The stages whose numbers are in the counters; the program adds shards, rules and outbox.
std::vector<Stage> counted_stages(const Counters& counters);
void write_stage(JsonWriter& json, const Stage& stage);

}  // namespace tocsin
