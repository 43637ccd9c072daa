#include "store/compactor.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>

#include "base/random.h"
#include "store/rollup_fill.h"
#include "store/store_stats.h"
#include "store/stored_chunk.h"

namespace tocsin {
namespace {

constexpr int64_t kDay = days(1).count;
constexpr int64_t kTuesday = days(20'004).count;  // 2024-10-08

// Chunks and rows in memory, written as the sealer would.
struct Bench {
  explicit Bench(CompactorOptions o = {}) : options(o) {
    EXPECT_TRUE(chunks.sums().load());
    remake();
  }
  void remake() {
    compactor = std::make_unique<Compactor>(*keyspace, chunks.sums(), options, counters);
    ASSERT_TRUE(compactor->load());
  }
  void write(uint32_t series, const std::vector<Sample>& samples) {
    for (size_t from = 0; from < samples.size();) {
      auto chunk = std::make_shared<SealedChunk>();
      const TimeMs day_end = range_of(RowSpan::kDay, samples[from].time).to;
      std::vector<Sample> part;
      for (; from < samples.size() && part.size() < 128 && samples[from].time <= day_end; ++from)
        part.push_back(samples[from]);
      chunk->series = SeriesRef{series};
      chunk->start = part.front().time;
      chunk->end = part.back().time;
      chunk->count = static_cast<uint16_t>(part.size());
      chunk->bytes = encode_samples(part);
      chunk->sealed_at = Lsn{++lsn};
      const SealedChunkPtr list[] = {chunk};
      ASSERT_TRUE(chunks.write(list));
    }
    for (const Sample& s : samples) model[series][s.time.ms] = s.value;
  }
  // Passes until there is nothing more to do.
  void run(TimeMs now) {
    for (int steps = 0; steps < 10'000; ++steps) {
      const auto more = compactor->step(now, kTimeMin);
      ASSERT_TRUE(more) << more.error().text();
      if (!*more) return;
    }
    FAIL() << "no end";
  }
  std::vector<Sample> read(uint32_t series, TimeMs from = kTimeMin, TimeMs to = kTimeMax) {
    std::vector<Sample> out;
    EXPECT_TRUE(chunks.read(SeriesRef{series}, from, to, out, &damage));
    return out;
  }
  RollupColumns rollup(uint32_t series, Resolution resolution) {
    RollupColumns out;
    EXPECT_TRUE(chunks.read_rollup(SeriesRef{series}, resolution, kTimeMin, kTimeMax, out));
    return out;
  }
  size_t count(KeyFamily family, char resolution = -1) {
    size_t found = 0;
    EXPECT_TRUE(keyspace->scan(family, "", std::string(40, '\xff'),
                               [&](std::string_view key, std::string_view) {
                                 found += resolution < 0 || key[0] == resolution;
                                 return true;
                               }));
    return found;
  }
  void check() {
    for (const auto& [series, points] : model) {
      const auto got = read(series);
      ASSERT_EQ(got.size(), points.size()) << "series " << series;
      size_t i = 0;
      for (const auto& [time, value] : points) {
        ASSERT_EQ(got[i].time.ms, time);
        ASSERT_EQ(std::bit_cast<uint64_t>(got[i++].value), std::bit_cast<uint64_t>(value));
      }
    }
  }
  // Rollups of all days before `end` against a count of the points themselves.
  void check_rollups(int64_t end) {
    for (const Resolution resolution : {Resolution::kMinute, Resolution::kHour})
      for (const auto& [series, points] : model) {
        std::map<int64_t, std::vector<double>> slots;
        const int64_t step = step_of(resolution).count;
        for (const auto& [time, value] : points)
          if (time < end) slots[time / step * step].push_back(value);
        const RollupColumns got = rollup(series, resolution);
        ASSERT_EQ(got.size(), slots.size()) << "series " << series << " " << to_text(resolution);
        size_t i = 0;
        for (const auto& [time, values] : slots) {
          double sum = 0, least = NAN, most = NAN, number = 0;
          for (const double v : values) {
            if (std::isnan(v)) continue;
            sum += v;
            ++number;
            least = std::isnan(least) ? v : std::min(least, v);
            most = std::isnan(most) ? v : std::max(most, v);
          }
          ASSERT_EQ(got.time[i].ms, time);
          ASSERT_EQ(got.count[i], number);
          ASSERT_EQ(got.sum[i], sum);
          ASSERT_TRUE(got.min[i] == least || (std::isnan(least) && std::isnan(got.min[i])));
          ASSERT_TRUE(got.max[i] == most || (std::isnan(most) && std::isnan(got.max[i])));
          ASSERT_EQ(std::bit_cast<uint64_t>(got.last[i]), std::bit_cast<uint64_t>(values.back()));
          ++i;
        }
      }
  }

  CompactorOptions options;
  std::unique_ptr<FragileKeyspace> keyspace = make_memory_keyspace();
  Counters counters;
  SeriesTable table;
  Chunks chunks{*keyspace, table, counters};
  std::unique_ptr<Compactor> compactor;
  std::map<uint32_t, std::map<int64_t, double>> model;
  std::vector<ChunkDamage> damage;
  uint64_t lsn = 0;
};

std::vector<Sample> every(int64_t step, int64_t from, int64_t to, uint64_t seed = 1) {
  Random random(seed);
  std::vector<Sample> out;
  for (int64_t t = from; t < to; t += step)
    out.push_back({TimeMs{t}, std::round(random.normal() * 40) / 4});
  return out;
}

TEST(Compactor, ADayThatIsOverBecomesOneRowOfItsGroup) {
  Bench b;
  for (uint32_t s = 0; s < 40; ++s) b.write(s, every(60'000, kTuesday, kTuesday + kDay, s));
  b.run(TimeMs{kTuesday + kDay + hours(1).count - 1});
  EXPECT_EQ(b.count(KeyFamily::kRows), 0u);  // it is left alone for an hour
  EXPECT_EQ(b.compactor->rolled_to(), TimeMs{kTuesday});
  b.run(TimeMs{kTuesday + kDay + hours(2).count});
  EXPECT_EQ(b.count(KeyFamily::kChunks), 0u);
  EXPECT_EQ(b.count(KeyFamily::kRows, 0), 2u);  // two groups
  EXPECT_EQ(b.count(KeyFamily::kRows, 1), 2u);
  EXPECT_EQ(b.count(KeyFamily::kRows, 2), 2u);
  EXPECT_EQ(b.compactor->rolled_to(), TimeMs{kTuesday + kDay});
  b.check();
  b.check_rollups(kTuesday + kDay);
  b.remake();
  EXPECT_EQ(b.compactor->rolled_to(), TimeMs{kTuesday + kDay});
}

TEST(Compactor, AskedForAllItPacksTheDayThatIsNotOverToo) {
  Bench bench;
  std::vector<Sample> morning, evening;
  for (int64_t i = 0; i < 600; ++i) morning.push_back({TimeMs{kTuesday + i * 10'000}, 0.5 * i});
  for (int64_t i = 600; i < 900; ++i) evening.push_back({TimeMs{kTuesday + i * 10'000}, 0.5 * i});
  const TimeMs noon{kTuesday + kDay / 2};
  bench.write(7, morning);
  bench.run(noon);
  EXPECT_EQ(bench.count(KeyFamily::kRows, 0), 0) << "nothing is over yet";
  const uint64_t ended = bench.compactor->all_ended();
  bench.compactor->ask_all();
  bench.run(noon);
  EXPECT_EQ(bench.compactor->all_ended(), ended + 1);
  EXPECT_EQ(bench.count(KeyFamily::kChunks), 0);
  EXPECT_EQ(bench.count(KeyFamily::kRows, 0), 1);
  EXPECT_LE(bench.compactor->rolled_to(), TimeMs{kTuesday}) << "the day's rollups will change";
  bench.check();
  bench.write(7, evening);
  bench.check();
  bench.run(TimeMs{kTuesday + kDay + hours(2).count});
  EXPECT_EQ(bench.count(KeyFamily::kChunks), 0);
  EXPECT_EQ(bench.count(KeyFamily::kRows, 0), 1) << "the day's row is made anew";
  bench.check();
}

TEST(Compactor, AReadOfARangeReturnsThatRange) {
  Bench b;
  b.write(3, every(10'000, kTuesday, kTuesday + 2 * kDay));
  b.run(TimeMs{kTuesday + kDay + hours(2).count});  // a row and, for the second day, chunks
  const auto got = b.read(3, TimeMs{kTuesday + kDay - 20'000}, TimeMs{kTuesday + kDay + 20'000});
  ASSERT_EQ(got.size(), 5u);
  for (size_t i = 0; i < 5; ++i)
    EXPECT_EQ(got[i].time.ms, kTuesday + kDay - 20'000 + static_cast<int64_t>(i) * 10'000);
  EXPECT_TRUE(b.read(3, TimeMs{kTuesday - 1000}, TimeMs{kTuesday - 1}).empty());
  EXPECT_TRUE(b.read(4).empty());
}

TEST(Compactor, SlowSeriesAreJoinedForTheWeek) {
  Bench b;
  const int64_t thursday = days(20'006).count;  // 20,006 = 2,858 weeks
  ASSERT_EQ(range_of(RowSpan::kWeek, TimeMs{thursday}).from.ms, thursday);
  for (uint32_t s = 0; s < 3; ++s) b.write(s, every(300'000, thursday, thursday + 7 * kDay, s));
  b.write(40, every(10'000, thursday, thursday + 2 * kDay));  // 8,640 a day: stays as it is
  for (int day = 1; day < 7; ++day) b.run(TimeMs{thursday + day * kDay + hours(2).count});
  EXPECT_EQ(b.count(KeyFamily::kRows, 0), 6u + 2u);
  b.run(TimeMs{thursday + 7 * kDay + hours(2).count});
  EXPECT_EQ(b.count(KeyFamily::kRows, 0), 1u + 2u);
  EXPECT_EQ(b.count(KeyFamily::kRows, 1), 1u + 1u);
  EXPECT_EQ(b.count(KeyFamily::kRows, 2), 1u + 1u);
  b.check();
  b.check_rollups(thursday + 7 * kDay);
}

TEST(Compactor, LatePointsOfAJoinedWeekAreRolledAgain) {
  Bench b;
  const int64_t thursday = days(20'006).count;
  for (uint32_t s = 0; s < 3; ++s) b.write(s, every(300'000, thursday, thursday + 7 * kDay, s));
  int64_t now = thursday + 8 * kDay;
  b.run(TimeMs{now});
  b.write(1, {{TimeMs{thursday + 300'000}, 777}, {TimeMs{thursday + 300'001}, 778}});
  b.write(2, {{TimeMs{thursday + 3 * kDay}, -1}});
  b.write(1, {{TimeMs{thursday + 300'000}, 779}});  // and once more
  b.write(31, {{TimeMs{thursday + kDay}, 5}});      // a series that was not there
  b.check();
  b.run(TimeMs{now + minutes(59).count});
  EXPECT_EQ(b.count(KeyFamily::kChunks), 4u);  // late points are collected for an hour
  b.run(TimeMs{now + hours(1).count});
  EXPECT_EQ(b.count(KeyFamily::kChunks), 0u);
  EXPECT_EQ(b.count(KeyFamily::kRows, 0), 1u);
  b.check();
  b.check_rollups(thursday + 7 * kDay);
}

TEST(Compactor, LongSlicesAreCutIntoSeveralRows) {
  CompactorOptions options;
  options.slice_points = 100;
  options.join_below = 50;
  Bench b(options);
  b.write(0, every(60'000, kTuesday, kTuesday + kDay));
  b.write(1, every(7'000, kTuesday + kDay / 2, kTuesday + kDay / 2 + 3'000'000));
  b.write(2, {{TimeMs{kTuesday + 5}, 1}});
  b.run(TimeMs{kTuesday + 2 * kDay});
  EXPECT_GE(b.count(KeyFamily::kRows, 0), 15u);
  b.check();
  b.check_rollups(kTuesday + kDay);
}

TEST(Compactor, NoRollupsAreMadeThatNobodyWants) {
  CompactorOptions options;
  options.minutes = false;
  Bench b(options);
  b.write(0, every(60'000, kTuesday, kTuesday + kDay));
  b.run(TimeMs{kTuesday + 2 * kDay});
  EXPECT_EQ(b.count(KeyFamily::kRows, 1), 0u);
  EXPECT_EQ(b.count(KeyFamily::kRows, 2), 1u);
}

// Days that were packed while nobody wanted rollups get them later, a few at a time, also when it
// is interrupted; asked for anew they are not made twice.
TEST(RollupFill, DaysThatWerePackedBeforeGetTheirRollups) {
  CompactorOptions without;
  without.minutes = without.hours = false;
  without.slice_points = 500;
  without.join_below = 200;
  Bench b(without);
  for (const uint32_t s : {0U, 1U, 40U, 100U})
    b.write(s, every(60'000, kTuesday, kTuesday + 3 * kDay, s));
  b.write(2, every(3'600'000, kTuesday, kTuesday + 3 * kDay));  // joined into a week
  b.run(TimeMs{kTuesday + 12 * kDay});
  ASSERT_EQ(b.count(KeyFamily::kRows, 1) + b.count(KeyFamily::kRows, 2), 0u);
  const auto fill = [&](bool minutes, bool hours) {
    for (int rounds = 1;; ++rounds) {
      RollupFill filler(*b.keyspace, b.chunks.sums(), minutes, hours);
      const auto more = filler.step(kTimeMin, 2);
      EXPECT_TRUE(more);
      b.run(TimeMs{kTuesday + (12 + rounds) * kDay});
      if (!more || !*more) return rounds;
    }
  };
  EXPECT_EQ(fill(false, false), 1);
  b.options = {};
  b.remake();
  EXPECT_GT(fill(true, true), 3);
  EXPECT_EQ(b.count(KeyFamily::kChunks), 0u);
  b.check();
  b.check_rollups(kTuesday + 12 * kDay);
  EXPECT_EQ(fill(true, true), 1);
  EXPECT_EQ(b.count(KeyFamily::kChunks), 0u) << "nothing is lacking";
}

TEST(RollupFill, ADayBeforeTheBorderIsLeftToRetention) {
  CompactorOptions without;
  without.minutes = without.hours = false;
  Bench b(without);
  b.write(0, every(60'000, kTuesday, kTuesday + kDay));
  b.run(TimeMs{kTuesday + 2 * kDay});
  RollupFill filler(*b.keyspace, b.chunks.sums(), true, true);
  EXPECT_FALSE(filler.step(TimeMs{kTuesday + 14 * kDay}, 100).value());
  EXPECT_EQ(b.count(KeyFamily::kChunks), 0u);
}

TEST(Compactor, MarkersOfStalenessAreSeenInTheLastValueOnly) {
  const double stale = std::bit_cast<double>(uint64_t{0x7ff0000000000002});
  Bench b;
  b.write(0, {{TimeMs{kTuesday}, 4},
              {TimeMs{kTuesday + 1000}, stale},
              {TimeMs{kTuesday + 60'000}, stale},
              {TimeMs{kTuesday + 120'000}, -0.0},
              {TimeMs{kTuesday + 121'000}, std::numeric_limits<double>::infinity()}});
  b.run(TimeMs{kTuesday + 2 * kDay});
  b.check();
  b.check_rollups(kTuesday + kDay);
  EXPECT_EQ(b.rollup(0, Resolution::kMinute).count[1], 0);
}

// A row in which one series is damaged: told with its range, the others served, left as it is.
TEST(Compactor, ADamagedPartOfARowIsReportedAndTheRestServed) {
  Bench b;
  for (uint32_t s = 0; s < 3; ++s) b.write(s, every(60'000, kTuesday, kTuesday + kDay, s));
  b.run(TimeMs{kTuesday + kDay + hours(2).count});
  KeyBatch damage;
  ASSERT_TRUE(b.keyspace->scan(KeyFamily::kRows, "", std::string(1, '\1'),
                               [&](std::string_view key, std::string_view value) {
                                 std::string changed(value);
                                 changed.back() = static_cast<char>(changed.back() ^ 1);
                                 damage.put(KeyFamily::kRows, std::string(key), changed);
                                 return true;
                               }));
  ASSERT_TRUE(b.keyspace->write(damage));
  EXPECT_EQ(b.read(0).size(), 1440u);
  EXPECT_EQ(b.read(1).size(), 1440u);
  EXPECT_TRUE(b.damage.empty());
  EXPECT_EQ(b.read(2).size(), 0u);
  ASSERT_EQ(b.damage.size(), 1u);
  EXPECT_EQ(b.damage[0].from, TimeMs{kTuesday});
  EXPECT_EQ(b.damage[0].to, TimeMs{kTuesday + kDay - 60'000});
  b.write(0, {{TimeMs{kTuesday + 1}, 5}});
  b.run(TimeMs{kTuesday + 2 * kDay});
  EXPECT_EQ(b.count(KeyFamily::kChunks), 1u);  // not joined: what is left of the row stays
  EXPECT_EQ(b.read(0).size(), 1441u);
}

TEST(StoreStats, CountsWhatIsThereByKind) {
  Bench b;
  for (uint32_t s = 0; s < 40; ++s)
    b.write(s, every(60'000, kTuesday, kTuesday + kDay + 600'000, s));
  b.run(TimeMs{kTuesday + kDay + hours(2).count});
  StoreStats stats;
  ASSERT_TRUE(read_stats(*b.keyspace, stats));
  EXPECT_EQ(stats.chunks, 40u);
  EXPECT_EQ(stats.chunk_points, 400u);
  EXPECT_EQ(stats.points[0], 40u * 1440);
  EXPECT_EQ(stats.points[1], 40u * 1440);
  EXPECT_EQ(stats.points[2], 40u * 24);
  ASSERT_EQ(stats.partitions.size(), 3u);
  EXPECT_EQ(stats.partitions[0].rows, 2u);
  uint64_t bytes = 0;
  for (const PartitionStats& partition : stats.partitions) bytes += partition.bytes;
  EXPECT_EQ(bytes, b.keyspace->disk_bytes(KeyFamily::kRows, "", std::string(40, '\xff')));
  EXPECT_EQ(stats.newest, stats.partitions[0].to);
  EXPECT_LT(stats.raw_bytes_per_point(), 2);
  // Made anew, the sums are those of what is there now.
  b.write(0, {{TimeMs{kTuesday + 1}, 1}});
  b.run(TimeMs{kTuesday + kDay + hours(4).count});
  StoreStats again;
  ASSERT_TRUE(read_stats(*b.keyspace, again));
  EXPECT_EQ(again.points[0], 40u * 1440 + 1);
  EXPECT_EQ(again.points[1], 40u * 1440);
  EXPECT_EQ(again.partitions[0].rows, 2u);
  // What is dropped is not counted.
  ASSERT_TRUE(b.chunks.drop_before(Resolution::kRaw, TimeMs{kTuesday + 14 * kDay}));
  StoreStats dropped;
  ASSERT_TRUE(read_stats(*b.keyspace, dropped));
  EXPECT_EQ(dropped.points[0] + dropped.chunk_points, 0u);
  EXPECT_EQ(dropped.points[1], 40u * 1440);
}

TEST(StoreStats, ChunksThatNobodyCountedAreCountedByTheNextStart) {
  const struct {
    const char* name;
    void (*harm)(KeyBatch&);
  } rows[] = {
      {"sums were never kept",
       [](KeyBatch& batch) {
         batch.remove(KeyFamily::kMeta, "chunk_sums");
         batch.remove(KeyFamily::kMeta, "d" + chunk_seek(20'004));
       }},
      {"sums that are no sums",
       [](KeyBatch& batch) { batch.put(KeyFamily::kMeta, "d" + chunk_seek(20'004), "\x01"); }},
      {"a key that is no day", [](KeyBatch& batch) { batch.put(KeyFamily::kMeta, "dx", "\x01"); }},
      {"another form of sums",
       [](KeyBatch& batch) { batch.put(KeyFamily::kMeta, "chunk_sums", "2"); }},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Bench b;
    for (uint32_t s = 0; s < 3; ++s)
      b.write(s, every(60'000, kTuesday, kTuesday + kDay + 600'000, s));
    KeyBatch batch;
    row.harm(batch);
    ASSERT_TRUE(b.keyspace->write(batch));
    StoreStats folder;  // told all the same
    ASSERT_TRUE(read_stats(*b.keyspace, folder));
    EXPECT_EQ(folder.chunk_points, 3u * 1450);
    Chunks anew(*b.keyspace, b.table, b.counters);
    ASSERT_TRUE(anew.sums().load());
    const std::vector<DaySums> sums = anew.sums().days();
    ASSERT_EQ(sums.size(), 2u);
    EXPECT_EQ(sums[0].points, 3u * 1440);
    EXPECT_EQ(sums[0].first, TimeMs{kTuesday});
    EXPECT_EQ(sums[0].last, TimeMs{kTuesday + kDay - 60'000});
    EXPECT_EQ(sums[1].points, 3u * 10);
    const auto kept = read_day_sums(*b.keyspace);
    ASSERT_TRUE(kept && *kept);
    EXPECT_EQ((*kept)->size(), 2u);
  }
}

TEST(StoreStats, AChunkWrittenAgainCountsOnce) {
  Bench b;
  b.write(0, every(60'000, kTuesday, kTuesday + 100 * 60'000));
  --b.lsn;  // as the journal gives it back after a crash
  b.write(0, every(60'000, kTuesday, kTuesday + 100 * 60'000));
  ASSERT_EQ(b.chunks.sums().days().size(), 1u);
  EXPECT_EQ(b.chunks.sums().days()[0].points, 100u);
  EXPECT_EQ(b.chunks.sums().days()[0].chunks, 1u);
}

TEST(StoreStats, WhatACrashLeftOfADroppedWeekIsForgotten) {
  Bench b;
  b.write(0, every(60'000, kTuesday, kTuesday + 2 * kDay));
  b.run(TimeMs{kTuesday + kDay + hours(2).count});
  // The engine's files went at once, the sums would have gone with the next flush.
  ASSERT_TRUE(b.keyspace->drop_range(KeyFamily::kChunks, "", std::string(40, '\xff')));
  ASSERT_TRUE(b.keyspace->drop_range(KeyFamily::kRows, "", std::string(40, '\xff')));
  const TimeMs border{kTuesday + 14 * kDay};
  for (const Resolution resolution : {Resolution::kRaw, Resolution::kMinute, Resolution::kHour})
    ASSERT_TRUE(b.chunks.drop_before(resolution, border));
  StoreStats stats;
  ASSERT_TRUE(read_stats(*b.keyspace, stats));
  EXPECT_TRUE(stats.partitions.empty());
  EXPECT_TRUE(stats.days.empty());
  EXPECT_TRUE(b.chunks.sums().days().empty());
}

// Flips one bit of every value in turn: verify names series and range, and nothing else.
TEST(Verify, FindsEveryFlippedBit) {
  Bench b;
  const SeriesRef named = b.table.find_or_add(Labels::of("a"), 0).value().ref;
  ASSERT_EQ(named.index, 0u);
  for (uint32_t s = 0; s < 3; ++s)
    b.write(s, every(60'000, kTuesday, kTuesday + kDay + 600'000, s));
  b.run(TimeMs{kTuesday + kDay + hours(2).count});
  size_t calls = 0;
  const auto whole = verify_store(*b.keyspace, [&](const VerifyReport&) { return ++calls > 0; });
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->damaged, 0u);
  EXPECT_EQ(whole->chunks, 3u);
  EXPECT_EQ(whole->rows, 3u);
  EXPECT_EQ(whole->series, 1u);
  EXPECT_EQ(whole->points, 3u * 1450);
  EXPECT_EQ(whole->rollups, 3u * (1440 + 24));
  EXPECT_EQ(whole->bytes, whole->bytes_total);
  EXPECT_GE(calls, 1u);
  Random random(5);
  for (const KeyFamily family : {KeyFamily::kChunks, KeyFamily::kRows, KeyFamily::kCatalogue}) {
    std::vector<std::pair<std::string, std::string>> all;
    ASSERT_TRUE(b.keyspace->scan(family, "", std::string(40, '\xff'),
                                 [&](std::string_view key, std::string_view value) {
                                   all.emplace_back(key, value);
                                   return true;
                                 }));
    for (const auto& [key, value] : all)
      for (int i = 0; i < 20; ++i) {
        std::string changed = value;
        const size_t at = i == 0 ? 0 : random.below(value.size());
        changed[at] = static_cast<char>(changed[at] ^ (1 << random.below(8)));
        KeyBatch batch;
        batch.put(family, key, changed);
        ASSERT_TRUE(b.keyspace->write(batch));
        const auto report = verify_store(*b.keyspace, {});
        ASSERT_TRUE(report);
        EXPECT_GE(report->damaged, 1u) << "byte " << at;
        EXPECT_EQ(report->damage.empty(), family == KeyFamily::kCatalogue);
        for (const ChunkDamage& damage : report->damage) {
          EXPECT_LT(damage.series.index, kGroupSeries);
          EXPECT_GE(damage.from, TimeMs{kTuesday});
          EXPECT_LT(damage.from, TimeMs{kTuesday + 2 * kDay});
        }
        KeyBatch back;
        back.put(family, key, value);
        ASSERT_TRUE(b.keyspace->write(back));
      }
  }
}

TEST(Compactor, AgreesWithAMapOnRandomWritesLateOnesAndFailures) {
  for (uint64_t seed = 1; seed <= 4 && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    CompactorOptions options;
    options.slice_points = 40 + random.below(100);
    options.join_below = 10 + random.below(60);
    Bench b(options);
    int64_t now = days(20'006).count;
    for (int step = 0; step < 120; ++step) {
      now += static_cast<int64_t>(random.below(hours(5).count));
      std::map<int64_t, double> points;
      const int64_t back = random.below(4) == 0 ? static_cast<int64_t>(random.below(12)) * kDay : 0;
      for (uint64_t i = 1 + random.below(200); i > 0; --i)
        points[(now - back - static_cast<int64_t>(random.below(hours(5).count))) / 1000 * 1000] =
            static_cast<double>(random.below(1000)) / 8;
      std::vector<Sample> samples;
      for (const auto& [time, value] : points) samples.push_back({TimeMs{time}, value});
      b.write(static_cast<uint32_t>(random.below(3)) * 20, samples);
      for (uint64_t i = random.below(6); i > 0; --i) {
        if (random.below(20) == 0) b.keyspace->fail_next(1);
        (void)b.compactor->step(TimeMs{now}, kTimeMin);
      }
      if (random.below(15) == 0) b.remake();
      b.keyspace->fail_next(0);
      if (step % 10 == 0) b.check();
      if (HasFatalFailure()) return;
    }
    now += 30 * kDay;
    b.run(TimeMs{now});
    b.run(TimeMs{now + hours(2).count});
    EXPECT_EQ(b.count(KeyFamily::kChunks), 0u);
    b.check();
    b.check_rollups(now);
  }
}

}  // namespace
}  // namespace tocsin
