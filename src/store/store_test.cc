#include "store/store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "base/faulty_disk.h"
#include "base/random.h"
#include "store/faulty_rocksdb.h"

namespace tocsin {
namespace {

// Lets a keyspace outlive the stores that open it.
class Borrowed final : public Keyspace {
 public:
  explicit Borrowed(Keyspace& lender) : lender_(lender) {}
  Result<void> write(const KeyBatch& batch) override { return lender_.write(batch); }
  Result<void> flush() override { return lender_.flush(); }
  Result<std::optional<std::string>> get(KeyFamily family, std::string_view key) override {
    return lender_.get(family, key);
  }
  using Keyspace::scan;
  Result<void> scan(KeyFamily family, std::string_view from, std::string_view to,
                    const Visit& visit, std::vector<KeyGap>* gaps) override {
    return lender_.scan(family, from, to, visit, gaps);
  }
  Result<FileReport> check_files(const std::function<bool(uint64_t)>& progress) override {
    return lender_.check_files(progress);
  }
  Result<void> drop_range(KeyFamily family, std::string_view from, std::string_view to) override {
    return lender_.drop_range(family, from, to);
  }
  KeyspaceStats stats() override { return lender_.stats(); }
  uint64_t disk_bytes(KeyFamily family, std::string_view from, std::string_view to) override {
    return lender_.disk_bytes(family, from, to);
  }
  Result<void> compact(KeyFamily family, std::string_view from, std::string_view to) override {
    return lender_.compact(family, from, to);
  }

 private:
  Keyspace& lender_;
};

StoreOptions small() {
  StoreOptions options;
  options.shards = 2;
  options.journal.segment_bytes = 4096;
  options.journal.bytes_max = 12 * 4096;
  options.head.stagger = false;
  options.head.points_max = 8;
  options.head.late_points_max = 6;
  options.flush_bytes = 600;
  options.keep = days(36'500);  // times near 1970 are as good as any
  return options;
}

// A store on a faulty disk, restarted at will.
struct Bench {
  explicit Bench(uint64_t seed = 1, StoreOptions o = small(),
                 std::unique_ptr<FragileKeyspace> k = make_memory_keyspace())
      : options(o), disk(seed), keyspace(std::move(k)) {
    boot();
  }
  void boot() {
    store.reset();
    series = std::make_unique<SeriesTable>();
    auto opened = Store::open("/data", options, disk, clock, *series, counters,
                              std::make_unique<Borrowed>(*keyspace));
    ASSERT_TRUE(opened) << opened.error().text();
    store = std::move(*opened);
    auto read = store->recover(Lsn{UINT64_MAX}, {});
    ASSERT_TRUE(read) << read.error().text();
    report = *read;
    named.clear();
    for (uint32_t i = 0; i < series->size(); ++i)
      if (series->known(SeriesRef{i})) named.insert(i);
    store->journal().set_observers([this](const FramePtr& f) { inbox.push_back(f); },
                                   [this](Lsn upto) { durable = upto; });
    durable = store->journal().durable();
  }
  void crash() {
    store.reset();
    inbox.clear();
    disk.power_cut();
    keyspace->power_cut();
    boot();
  }
  void settle() {  // the shards' threads
    for (const FramePtr& frame : inbox)
      for (uint32_t shard = 0; shard < store->shards(); ++shard) store->apply(shard, *frame);
    inbox.clear();
  }
  SeriesRef ref(const std::string& name, Batch& batch) {
    const auto added = series->find_or_add(Labels::of(name), 0).value();
    if (!named.contains(added.ref.index)) batch.fresh.push_back({added.ref, Labels::of(name)});
    return added.ref;
  }
  Result<FramePtr> append(Batch batch) {
    std::vector<NewSeries> fresh = batch.fresh;
    auto done = store->journal().append(std::move(batch));
    if (done)
      for (const NewSeries& s : fresh) named.insert(s.ref.index);
    return done;
  }
  void put(const std::string& name, int64_t time, double value) {
    Batch batch;
    const SeriesRef series_ref = ref(name, batch);
    batch.add(series_ref, TimeMs{time}, value);
    ASSERT_TRUE(append(std::move(batch)));
    ASSERT_TRUE(store->journal().commit_now());
    settle();
  }
  std::vector<Sample> read(const std::string& name, TimeMs from = kTimeMin, TimeMs to = kTimeMax) {
    const auto found = series->find(Labels::of(name));
    return found ? store->points(*found, from, to).value() : std::vector<Sample>{};
  }
  // Seals everything and flushes it.
  void flush() {
    for (uint32_t shard = 0; shard < store->shards(); ++shard) {
      while (!store->head(shard).seal_older_than(store->journal().last(), 1000)) {
      }
      store->collect(shard);
    }
    ASSERT_TRUE(store->seal_step(clock.now()));
    ASSERT_TRUE(store->flush_chunks());
    for (uint32_t shard = 0; shard < store->shards(); ++shard) {
      store->collect(shard, 10'000);
      ASSERT_EQ(store->head(shard).unflushed(), 0u);
    }
  }

  StoreOptions options;
  FaultyDisk disk;
  std::unique_ptr<FragileKeyspace> keyspace;
  ManualClock clock{TimeMs{1'795'411'000'000}};
  Counters counters;
  std::unique_ptr<SeriesTable> series;
  std::unique_ptr<Store> store;
  std::vector<FramePtr> inbox;
  std::set<uint32_t> named;
  Lsn durable;
  JournalRecovery report;
};

TEST(Store, PointsAreReadFromHeadChunksAndBothAfterARestart) {
  Bench b;
  for (int i = 0; i < 20; ++i) b.put("a", i * 10, i);
  EXPECT_EQ(b.read("a").size(), 20u);
  b.flush();
  for (int i = 20; i < 25; ++i) b.put("a", i * 10, i);
  b.put("a", 50, 555);  // written again, in the head only
  b.crash();
  const auto points = b.read("a");
  ASSERT_EQ(points.size(), 25u);
  for (size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(points[i].time.ms, static_cast<int64_t>(i) * 10);
    EXPECT_EQ(points[i].value, i == 5 ? 555 : static_cast<double>(i));
  }
  EXPECT_EQ(b.read("a", TimeMs{50}, TimeMs{70}).size(), 3u);
  EXPECT_EQ(b.series->labels(SeriesRef{0}).name(), "a");
}

TEST(Store, TheJournalIsFreedOnceChunksAreFlushed) {
  Bench b;
  for (int i = 0; i < 2000; ++i) {
    b.put("a" + std::to_string(i % 7), i, i);
    for (uint32_t shard = 0; shard < 2; ++shard) b.store->collect(shard, 3);
    ASSERT_TRUE(b.store->seal_step(b.clock.now()));
  }
  EXPECT_LT(b.store->journal().fill(), 1.0);
  b.crash();
  EXPECT_GT(b.report.first, Lsn{1000});
  size_t points = 0;
  for (int i = 0; i < 7; ++i) points += b.read("a" + std::to_string(i)).size();
  EXPECT_EQ(points, 2000u);
}

TEST(Store, ACheckpointHoldsTheJournalAndFallsBackToTheOneBefore) {
  Bench b;
  b.put("a", 1, 1);
  EXPECT_EQ(b.store->write_checkpoint(Lsn{2}, "models", {"x"}).error().code, ErrorCode::kRefused);
  ASSERT_TRUE(b.store->write_checkpoint(Lsn{1}, "models", {"one"}));
  Lsn reached{1};
  for (int i = 2; i < 4000; ++i) {
    Batch batch;
    const SeriesRef ref = b.ref("a", batch);
    batch.add(ref, TimeMs{i}, i);
    if (!b.append(std::move(batch))) break;
    b.settle();
    ASSERT_TRUE(b.store->journal().commit_now());
    for (uint32_t shard = 0; shard < 2; ++shard) b.store->collect(shard);
    ASSERT_TRUE(b.store->seal_step(b.clock.now()));
    reached = b.durable;
  }
  EXPECT_LT(reached, Lsn{3900});  // full: the checkpoint holds it
  EXPECT_GT(b.store->checkpoint_wanted(), Lsn{1});
  ASSERT_TRUE(b.store->write_checkpoint(Lsn{reached.value / 2}, "models", {"two"}));
  ASSERT_TRUE(b.store->write_checkpoint(reached, "models", {"three"}));
  ASSERT_TRUE(b.store->seal_step(b.clock.now()));
  ASSERT_TRUE(b.store->journal().commit_now());
  b.put("a", 5000, 1);
  b.crash();
  EXPECT_EQ(b.store->read_latest_checkpoint("models").value()->bytes, "three");
  EXPECT_FALSE(b.store->read_latest_checkpoint("other").value());
  const auto files = b.disk.list("/data/checkpoints").value();
  ASSERT_EQ(files.size(), 2u);
  b.disk.corrupt("/data/checkpoints/" + files[1], 22);
  EXPECT_EQ(b.store->read_latest_checkpoint("models").value()->lsn, Lsn{reached.value / 2});
}

TEST(Store, ADamagedChunkIsReportedAndTheRestServed) {
  Bench b;
  for (int i = 0; i < 40; ++i) b.put("a", i, i);
  b.flush();
  KeyBatch damage;
  std::string first_key;
  ASSERT_TRUE(b.keyspace->scan(KeyFamily::kChunks, "", std::string(40, '\xff'),
                               [&](std::string_view key, std::string_view value) {
                                 std::string changed(value);
                                 changed.back() = static_cast<char>(changed.back() ^ 1);
                                 damage.put(KeyFamily::kChunks, std::string(key), changed);
                                 return false;
                               }));
  ASSERT_TRUE(b.keyspace->write(damage));
  std::vector<Sample> out;
  std::vector<ChunkDamage> told;
  ASSERT_TRUE(b.store->chunks().read(SeriesRef{0}, kTimeMin, kTimeMax, out, &told));
  EXPECT_EQ(out.size(), 32u);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].from, TimeMs{0});
  EXPECT_NE(told[0].text(*b.series).find("a"), std::string::npos);
}

TEST(Store, OldWeeksAreDroppedWhole) {
  StoreOptions options = small();
  options.keep = days(30);
  Bench b(1, options);
  const int64_t now = b.clock.now().ms;
  for (int day = 0; day < 60; ++day) b.put("a", now - days(60 - day).count, day);
  b.flush();
  b.clock.advance(hours(2));
  ASSERT_TRUE(b.store->compact_step(b.clock.now()));
  const auto points = b.read("a");
  EXPECT_LE(points.size(), 30u + 7);  // at most a week more than asked for
  EXPECT_GE(points.size(), 30u);
  EXPECT_EQ(points.back().value, 59);
}

TEST(Store, NegativeAndFarTimesFindTheirWeeks) {
  Bench b;
  const std::vector<int64_t> times{-1000000000000, -1, 0, 253402300799000, kTimeMax.ms};
  for (const int64_t time : times) b.put("a", time, 1);
  b.flush();
  const auto points = b.read("a");
  ASSERT_EQ(points.size(), times.size());
  for (size_t i = 0; i < times.size(); ++i) EXPECT_EQ(points[i].time.ms, times[i]);
  EXPECT_LT(partition_of(TimeMs{-1}), partition_of(TimeMs{0}));
  EXPECT_EQ(partition_of(TimeMs{0}), partition_of(TimeMs{days(7).count - 1}));
}

TEST(Store, PointsPastRetentionVanishAtTheStartOfAWeek) {
  StoreOptions options = small();
  options.keep = days(30);
  Bench b(1, options);
  const TimeMs border = range_of(RowSpan::kWeek, b.clock.now() - days(30)).from;
  EXPECT_EQ(b.store->extents()[0].from, border);
  b.put("a", border.ms - 1, 1);  // late beyond retention: taken, and not seen
  b.put("a", border.ms, 2);
  for (const bool flushed : {false, true}) {
    if (flushed) b.flush();
    ASSERT_EQ(b.read("a").size(), 1u) << flushed;
    EXPECT_EQ(b.read("a")[0].time, border);
    EXPECT_TRUE(b.read("a", kTimeMin, border - milliseconds(1)).empty());
  }
}

TEST(Store, RollupsStayWhenRawPointsAreGone) {
  StoreOptions options = small();
  options.keep = days(10);
  options.keep_minutes = days(60);
  options.keep_hours = days(300);
  Bench b(1, options);
  const auto run = [&](DurationMs later) {
    b.clock.advance(later);
    for (uint32_t shard = 0; shard < 2; ++shard) b.store->collect(shard, 1000);
    b.flush();
    for (bool more = true; more;) {
      const auto stepped = b.store->compact_step(b.clock.now());
      ASSERT_TRUE(stepped) << stepped.error().text();
      more = *stepped;
    }
  };
  const TimeMs begin = range_of(RowSpan::kDay, b.clock.now()).from;
  for (int i = 0; i < 20; ++i) b.put("a", begin.ms + i * 30'000, i);
  const SeriesRef a = *b.series->find(Labels::of("a"));
  const auto rows = [&](Resolution resolution) {
    RollupColumns out;
    EXPECT_TRUE(b.store->read_rollup(a, resolution, kTimeMin, kTimeMax, out));
    return out;
  };
  EXPECT_EQ(b.store->extents()[1].from, b.store->extents()[1].to);  // none yet
  run(days(2));
  EXPECT_EQ(b.read("a").size(), 20u);
  ASSERT_EQ(rows(Resolution::kMinute).size(), 10u);
  EXPECT_EQ(rows(Resolution::kMinute).max[3], 7);
  ASSERT_EQ(rows(Resolution::kHour).size(), 1u);
  EXPECT_EQ(rows(Resolution::kHour).sum[0], 190);
  EXPECT_GT(b.store->extents()[1].to, begin);
  ASSERT_TRUE(b.keyspace->flush());
  b.crash();
  run(days(20));
  EXPECT_TRUE(b.read("a").empty());
  EXPECT_EQ(rows(Resolution::kMinute).size(), 10u);
  EXPECT_EQ(resolution_for(b.store->extents(), begin, minutes(5)), Resolution::kMinute);
  run(days(60));
  EXPECT_EQ(rows(Resolution::kMinute).size(), 0u);
  EXPECT_EQ(rows(Resolution::kHour).size(), 1u);
  EXPECT_EQ(resolution_for(b.store->extents(), begin, minutes(5)), Resolution::kHour);
  run(days(300));
  EXPECT_EQ(rows(Resolution::kHour).size(), 0u);
}

TEST(Store, AFolderInAnotherFormatIsRefused) {
  auto keyspace = make_memory_keyspace();
  KeyBatch batch;
  batch.put(KeyFamily::kChunks, std::string(32, 'k'), "v");
  ASSERT_TRUE(keyspace->write(batch));
  FaultyDisk disk(1);
  ManualClock clock{TimeMs{0}};
  Counters counters;
  SeriesTable series;
  const auto opened =
      Store::open("/data", small(), disk, clock, series, counters, std::move(keyspace));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kRefused);
}

// Random writes, commits, sealing, failures and power cuts against a model. Each written value is
// unique, so that a read tells which write it shows.
class Model {
 public:
  void wrote(const std::string& name, int64_t time, Lsn lsn, double value) {
    writes_[name][time].push_back({lsn, value});
  }
  // Running: exactly what was written last.
  void check_live(Bench& b) {
    for (auto& [name, times] : writes_) {
      const auto points = b.read(name);
      ASSERT_EQ(points.size(), times.size()) << name;
      size_t i = 0;
      for (auto& [time, writes] : times) {
        ASSERT_EQ(points[i].time.ms, time);
        ASSERT_EQ(points[i++].value, writes.back().value) << name << " at " << time;
      }
    }
  }
  // After a crash: everything answered is there once; what was not answered may be.
  void check_recovered(Bench& b, Lsn durable) {
    for (auto& [name, times] : writes_) {
      std::map<int64_t, double> found;
      for (const Sample& s : b.read(name))
        ASSERT_TRUE(found.emplace(s.time.ms, s.value).second) << "twice at " << s.time.ms;
      for (auto at = times.begin(); at != times.end();) {
        auto& [time, writes] = *at;
        size_t answered = 0;
        while (answered < writes.size() && writes[answered].lsn <= durable) ++answered;
        const auto value = found.find(time);
        if (value == found.end()) {
          ASSERT_EQ(answered, 0u) << name << " at " << time << " is lost";
          at = times.erase(at);
          continue;
        }
        size_t shown = 0;
        while (shown < writes.size() && writes[shown].value != value->second) ++shown;
        ASSERT_LT(shown, writes.size()) << name << " at " << time << " was never written so";
        ASSERT_GE(shown + 1, answered) << name << " at " << time << " shows an older write";
        writes = {{Lsn{0}, value->second}};
        found.erase(value);
        ++at;
      }
      ASSERT_TRUE(found.empty()) << name << " has points that were never written";
    }
  }

 private:
  struct Write {
    Lsn lsn;
    double value;
  };
  std::map<std::string, std::map<int64_t, std::vector<Write>>> writes_;
};

// What is told of the store is what a look at every key finds.
void check_sums(Bench& b) {
  const auto told = b.store->stats();
  ASSERT_TRUE(told) << told.error().text();
  const auto counted = count_days(*b.keyspace);
  ASSERT_TRUE(counted) << counted.error().text();
  ASSERT_EQ(told->days.size(), counted->size());
  for (size_t i = 0; i < counted->size(); ++i) {
    const DaySums &sums = told->days[i], &seen = (*counted)[i];
    ASSERT_EQ(sums.day, seen.day);
    ASSERT_EQ(sums.chunks, seen.chunks) << "day " << seen.day;
    ASSERT_EQ(sums.points, seen.points) << "day " << seen.day;
    ASSERT_EQ(sums.bytes, seen.bytes) << "day " << seen.day;
    ASSERT_LE(sums.first, seen.first);
    ASSERT_GE(sums.last, seen.last);
  }
  StoreStats folder;
  ASSERT_TRUE(read_stats(*b.keyspace, folder));
  ASSERT_EQ(told->series, folder.series);
  ASSERT_EQ(told->catalogue_bytes, folder.catalogue_bytes);
  ASSERT_EQ(told->chunks, folder.chunks);
}

void write_some(Bench& b, Model& model, Random& random, int64_t now, double& serial) {
  Batch batch;
  std::vector<std::pair<std::string, size_t>> rows;
  for (uint64_t i = 1 + random.below(20); i > 0; --i) {
    const std::string name = "s" + std::to_string(random.below(5));
    const SeriesRef ref = b.ref(name, batch);
    for (size_t f = 1; f < batch.fresh.size(); ++f)
      if (batch.fresh.back().ref == batch.fresh[f - 1].ref) {
        batch.fresh.pop_back();
        break;
      }
    rows.emplace_back(name, batch.size());
    int64_t back = random.below(4) == 0 ? static_cast<int64_t>(random.below(300)) : 0;
    if (random.below(12) == 0) back = days(static_cast<int64_t>(random.below(9))).count + back / 30;
    batch.add(ref, TimeMs{now - back}, serial += 0.5);
  }
  const Batch copy = batch;
  const auto frame = b.append(std::move(batch));
  if (!frame) return;
  for (const auto& [name, row] : rows)
    model.wrote(name, copy.time[row].ms, (*frame)->lsn, copy.value[row]);
}

// With `engine` RocksDB on a faulty disk is below instead of a map.
void run_random(uint64_t seed, std::unique_ptr<FaultyRocks> engine = nullptr) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  FaultyRocks* const rocks = engine.get();
  Bench b(seed * 3 + 1, small(), engine ? std::move(engine) : make_memory_keyspace());
  Model model;
  double serial = 0;
  int64_t now = b.clock.now().ms;
  for (int life = 0; life < 4; ++life) {
    if (random.below(3) > 0) b.disk.cut_after(1 + random.below(200));
    for (int step = 0; step < 150; ++step) {
      now += static_cast<int64_t>(random.below(20));
      if (random.below(25) == 0) now += hours(11).count;
      b.clock.set(TimeMs{now});
      const uint64_t what = random.below(36);
      const auto shard = static_cast<uint32_t>(random.below(2));
      if (what < 10)
        write_some(b, model, random, now, serial);
      else if (what < 16)
        (void)b.store->journal().commit_now();
      else if (what < 20)
        b.store->collect(shard, 1 + random.below(4));
      else if (what < 24)
        (void)b.store->seal_step(TimeMs{now});
      else if (what == 24)
        b.disk.fail_sync_after(random.below(3));
      else if (what == 25)
        b.disk.fail_write_after(random.below(3), random.below(2) == 0);
      else if (what == 26 && rocks != nullptr)
        random.below(2) == 0 ? rocks->heal() : rocks->fail_after(random.below(9), step % 2 == 0);
      else if (what == 26)
        b.keyspace->fail_next(random.below(3));
      else if (what == 27)
        (void)b.keyspace->flush();  // the engine may, by itself
      else if (what == 28)
        b.disk.set_capacity(random.below(2) == 0 ? UINT64_MAX : 6 * 4096);
      else if (what > 29)
        (void)b.store->compact_step(TimeMs{now});
      else
        (void)b.store->write_checkpoint(b.durable, "models", {"state"});
      b.settle();
      if (step % 10 == 0) model.check_live(b);
      if (step % 10 == 5) check_sums(b);
      if (testing::Test::HasFatalFailure()) return;
    }
    b.disk.heal();
    if (rocks != nullptr) rocks->heal();
    const Lsn durable = b.durable;
    b.crash();
    ASSERT_TRUE(b.report.damage.empty()) << b.report.damage[0].text();
    model.check_recovered(b, durable);
    check_sums(b);
    if (testing::Test::HasFatalFailure()) return;
  }
}
TEST(Store, EveryAnsweredPointIsFoundOnceWhateverHappens) {
  for (uint64_t seed = 1; seed <= 30 && !HasFatalFailure(); ++seed) run_random(seed);
}

TEST(Store, SoDoesAStoreWhoseEngineFailsToo) {
  for (uint64_t seed = 1; seed <= 1 && !HasFatalFailure(); ++seed) {
    std::string folder = (std::filesystem::temp_directory_path() / "store-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    run_random(seed, open_faulty_rocks(folder));
    std::filesystem::remove_all(folder);
  }
}

}  // namespace
}  // namespace tocsin
