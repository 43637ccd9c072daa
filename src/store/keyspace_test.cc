#include "store/keyspace.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/disk.h"
#include "store/store.h"

namespace tocsin {
namespace {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "store-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Both engines keep the same contract.
class AnyKeyspace : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { open(); }
  void open() {
    keyspace_.reset();
    if (GetParam()) {
      auto opened = open_rocksdb(folder_.path() + "/chunks", {});
      ASSERT_TRUE(opened) << opened.error().text();
      keyspace_ = std::move(*opened);
    } else {
      keyspace_ = make_memory_keyspace();
    }
  }
  void put(std::string key, std::string value) {
    KeyBatch batch;
    batch.put(KeyFamily::kChunks, std::move(key), std::move(value));
    ASSERT_TRUE(keyspace_->write(batch));
  }
  std::string keys(std::string_view from, std::string_view to, size_t limit = 100) {
    std::string out;
    EXPECT_TRUE(
        keyspace_->scan(KeyFamily::kChunks, from, to, [&](std::string_view key, std::string_view) {
          out += key;
          return out.size() < limit;
        }));
    return out;
  }
  Folder folder_;
  std::unique_ptr<Keyspace> keyspace_;
};

TEST_P(AnyKeyspace, WritesReadsScansDrops) {
  for (const char* key : {"c", "a", "b", "d"}) put(key, std::string(key) + "1");
  put("b", "b2");
  EXPECT_EQ(keyspace_->get(KeyFamily::kChunks, "b").value().value(), "b2");
  EXPECT_FALSE(keyspace_->get(KeyFamily::kMeta, "b").value());
  EXPECT_EQ(keys("a", "z"), "abcd");
  EXPECT_EQ(keys("b", "d"), "bc");
  EXPECT_EQ(keys("a", "z", 2), "ab");
  ASSERT_TRUE(keyspace_->flush());
  ASSERT_TRUE(keyspace_->drop_range(KeyFamily::kChunks, "b", "d"));
  EXPECT_EQ(keys("", "z"), "ad");
  ASSERT_TRUE(keyspace_->flush());
  EXPECT_EQ(keys("", "z"), "ad");
  EXPECT_GT(keyspace_->stats().memory_bytes, 0u);
}

INSTANTIATE_TEST_SUITE_P(Engines, AnyKeyspace, testing::Values(false, true), [](const auto& what) {
  return what.param ? std::string("RocksDb") : std::string("Memory");
});

TEST(RocksKeyspace, WhatWasFlushedIsThereAfterReopening) {
  const Folder folder;
  const std::string directory = folder.path() + "/chunks";
  {
    auto keyspace = open_rocksdb(directory, {}).value();
    KeyBatch batch;
    batch.put(KeyFamily::kCatalogue, "k", "v");
    batch.put(KeyFamily::kChunks, std::string("\0\1", 2), std::string(1000, 'x'));
    ASSERT_TRUE(keyspace->write(batch));
    ASSERT_TRUE(keyspace->flush());
  }
  auto keyspace = open_rocksdb(directory, {}).value();
  EXPECT_EQ(keyspace->get(KeyFamily::kCatalogue, "k").value().value(), "v");
  EXPECT_EQ(keyspace->get(KeyFamily::kChunks, std::string("\0\1", 2)).value()->size(), 1000u);
}

TEST(RocksKeyspace, AFolderThatCannotBeOpenedIsAnError) {
  const auto opened = open_rocksdb("/proc/none/chunks", {});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("/proc/none/chunks"), std::string::npos);
}

// The whole store with its threads, a real disk and RocksDB.
TEST(StoreOnDisk, PointsSurviveAReopeningOfTheWholeStore) {
  const Folder folder;
  PosixDisk disk;
  ManualClock clock{TimeMs{1'795'411'000'000}};
  Counters counters;
  StoreOptions options;
  options.journal.segment_bytes = 64 << 10;
  options.journal.bytes_max = 512 << 10;
  options.head.points_max = 32;
  options.flush_bytes = 32 << 10;
  constexpr int kFrames = 900, kSeries = 100;
  {
    SeriesTable series;
    auto store = Store::open(folder.path(), options, disk, clock, series, counters).value();
    ASSERT_TRUE(store->recover({}, {}));
    std::vector<FramePtr> inbox;
    store->journal().set_observers([&](const FramePtr& f) { inbox.push_back(f); }, {});
    store->start();
    for (int f = 0; f < kFrames; ++f) {
      Batch batch;
      for (int s = 0; s < kSeries; ++s) {
        const Labels labels = Labels::of("m" + std::to_string(s));
        const auto added = series.find_or_add(labels, static_cast<uint32_t>(s % 2)).value();
        if (added.fresh) batch.fresh.push_back({added.ref, labels});
        batch.add(added.ref, clock.now() + seconds(f * 10), f * 1000 + s);
      }
      // A refusal is the journal's word that shards and sealer must catch up first.
      Result<FramePtr> done = store->journal().append(Batch(batch));
      for (; !done; done = store->journal().append(Batch(batch))) {
        for (uint32_t shard = 0; shard < 2; ++shard) store->collect(shard);
        ASSERT_EQ(done.error().code, ErrorCode::kExhausted);
        std::this_thread::yield();
      }
      for (const FramePtr& frame : inbox)
        for (uint32_t shard = 0; shard < 2; ++shard) store->apply(shard, *frame);
      inbox.clear();
      for (uint32_t shard = 0; shard < 2; ++shard) store->collect(shard);
    }
    while (store->journal().durable() < Lsn{kFrames}) std::this_thread::yield();
  }
  SeriesTable series;
  auto store = Store::open(folder.path(), options, disk, clock, series, counters).value();
  const auto report = store->recover(Lsn{UINT64_MAX}, {}).value();
  EXPECT_TRUE(report.damage.empty());
  EXPECT_GT(report.first, Lsn{1});  // old segments were freed on the way
  for (int s = 0; s < kSeries; ++s) {
    const auto ref = series.find(Labels::of("m" + std::to_string(s)));
    ASSERT_TRUE(ref);
    const auto points = store->points(*ref, kTimeMin, kTimeMax).value();
    ASSERT_EQ(points.size(), static_cast<size_t>(kFrames)) << s;
    for (int f = 0; f < kFrames; ++f) ASSERT_EQ(points[static_cast<size_t>(f)].value, f * 1000 + s);
  }
}

}  // namespace
}  // namespace tocsin
