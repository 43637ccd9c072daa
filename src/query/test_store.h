#pragma once
// For tests of this room: a store in memory, its shards stepped in place.

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "base/faulty_disk.h"
#include "query/store_source.h"

namespace tocsin::query {

// Steps are kept until the test lets the shards work, or run at once.
class TestHeads final : public HeadAccess {
 public:
  explicit TestHeads(Store*& store) : store_(store) {}
  uint32_t shards() const override { return store_->shards(); }
  void visit(uint32_t shard, HeadStep step) override {
    if (holds) {
      held.push_back({shard, std::move(step)});
      return;
    }
    while (step(store_->head(shard))) ++turns;
    ++turns;
  }
  // One turn of the step that waits longest; false if none does.
  bool turn() {
    if (held.empty()) return false;
    auto [shard, step] = std::move(held.front());
    held.pop_front();
    if (step(store_->head(shard))) held.push_back({shard, std::move(step)});
    return true;
  }

  bool holds = false;
  size_t turns = 0;
  std::deque<std::pair<uint32_t, HeadStep>> held;

 private:
  Store*& store_;
};

struct TestStore {
  TestStore() {
    StoreOptions options;
    options.shards = 2;
    options.head.points_max = 8;
    options.keep = days(36'500);
    auto opened =
        Store::open("/data", options, disk, clock, table, counters, make_memory_keyspace());
    EXPECT_TRUE(opened) << opened.error().text();
    owned = std::move(*opened);
    store = owned.get();
    EXPECT_TRUE(store->recover(Lsn{UINT64_MAX}, {}));
    store->journal().set_observers([this](const FramePtr& f) { inbox.push_back(f); }, [](Lsn) {});
  }
  SeriesRef put(const Labels& labels, int64_t time, double value) {
    Batch batch;
    const auto added = table.find_or_add(labels, table.size() % 2).value();
    if (added.fresh) batch.fresh.push_back({added.ref, labels});
    batch.add(added.ref, TimeMs{time}, value);
    EXPECT_TRUE(store->journal().append(std::move(batch)));
    EXPECT_TRUE(store->journal().commit_now());
    for (const FramePtr& frame : inbox)
      for (uint32_t shard = 0; shard < store->shards(); ++shard) store->apply(shard, *frame);
    inbox.clear();
    return added.ref;
  }
  // Everything so far is on disk, and gone from the heads.
  void flush() {
    for (uint32_t shard = 0; shard < store->shards(); ++shard) {
      while (!store->head(shard).seal_older_than(store->journal().last(), 1000)) {
      }
      store->collect(shard);
    }
    EXPECT_TRUE(store->seal_step(clock.now()));
    EXPECT_TRUE(store->flush_chunks());
    for (uint32_t shard = 0; shard < store->shards(); ++shard) store->collect(shard, 10'000);
  }
  StoreParts parts() { return {index, heads, *store}; }

  FaultyDisk disk{1};
  ManualClock clock{TimeMs{1'795'411'000'000}};
  Counters counters;
  SeriesTable table;
  SeriesIndex index{table};
  std::unique_ptr<Store> owned;
  Store* store = nullptr;
  TestHeads heads{store};
  std::vector<FramePtr> inbox;
};

}  // namespace tocsin::query
