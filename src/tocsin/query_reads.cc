#include "tocsin/query_reads.h"

namespace tocsin {
namespace {

constexpr DurationMs kCatchUpEvery = milliseconds(50);
constexpr size_t kCatchUpSeries = 20'000;  // per turn: about 20 ms of the background's time

void take_turns(Store& store, ShardThread& shard, query::HeadStep step) {
  if (!step(store.head(shard.id()))) return;
  shard.ask([&store, step = std::move(step)](ShardThread& again) mutable {
    take_turns(store, again, std::move(step));
  });
}

}  // namespace

void LiveHeads::visit(uint32_t shard, query::HeadStep step) {
  live_.shards()[shard]->ask_here(
      [&store = live_.store(), step = std::move(step)](ShardThread& here) mutable {
        take_turns(store, here, std::move(step));
      });
}

QueryReads::QueryReads(Live& live)
    : live_(live),
      index_(std::make_shared<query::SeriesIndex>(live.series())),
      heads_(live),
      pool_(parts(), live.configuration()->queries, live.clock(), live.counters()) {}

void QueryReads::start() {
  index_->catch_up();
  pool_.start();
  // Queries take in what is new themselves; this keeps it short for them.
  Gauge& bytes =
      live_.counters().gauge("tocsin_series_index_bytes", "", "Memory of the index of series.");
  bytes.set(static_cast<double>(index_->bytes()));
  live_.background().every(kCatchUpEvery, [weak = std::weak_ptr(index_), &bytes] {
    const auto index = weak.lock();
    if (!index || index->caught_up()) return;
    index->catch_up(kCatchUpSeries);
    bytes.set(static_cast<double>(index->bytes()));
  });
}

}  // namespace tocsin
