#include "store/head.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/random.h"

namespace tocsin {
namespace {

constexpr SeriesRef kA{3};
constexpr SeriesRef kB{70'000};

std::vector<Sample> all_of(const Head& head, SeriesRef ref, TimeMs from = kTimeMin,
                           TimeMs to = kTimeMax) {
  std::vector<Sample> out;
  head.copy_points(ref, from, to, out);
  return out;
}
std::string text(const std::vector<Sample>& samples) {
  std::string out;
  for (const Sample& s : samples)
    out += std::to_string(s.time.ms) + "=" + std::to_string(static_cast<int>(s.value)) + " ";
  return out;
}

TEST(Head, PointsCanBeReadAtOnceInOrderLateOrTwice) {
  Head head;
  head.begin(Lsn{1});
  EXPECT_EQ(head.append(kA, TimeMs{10}, 1), Appended::kInOrder);
  EXPECT_EQ(head.append(kA, TimeMs{30}, 3), Appended::kInOrder);
  EXPECT_EQ(head.append(kA, TimeMs{20}, 2), Appended::kOutOfOrder);
  EXPECT_EQ(head.append(kA, TimeMs{30}, 33), Appended::kOutOfOrder);
  EXPECT_EQ(head.append(kA, TimeMs{-5}, 0), Appended::kOutOfOrder);
  EXPECT_EQ(head.append(kB, TimeMs{15}, 9), Appended::kInOrder);
  EXPECT_EQ(text(all_of(head, kA)), "-5=0 10=1 20=2 30=33 ");
  EXPECT_EQ(text(all_of(head, kA, TimeMs{10}, TimeMs{20})), "10=1 20=2 ");
  EXPECT_EQ(text(all_of(head, kB)), "15=9 ");
  EXPECT_EQ(text(all_of(head, SeriesRef{4})), "");
  EXPECT_EQ(head.latest(kA)->value, 33);
  EXPECT_EQ(head.latest(kB)->time, TimeMs{15});
  EXPECT_FALSE(head.latest(SeriesRef{99}));
  EXPECT_EQ(head.late_total(), 3u);
}

TEST(Head, AChunkIsSealedAtItsLimits) {
  HeadOptions options;
  options.stagger = false;
  options.points_max = 4;
  options.span_max = milliseconds(100);
  Head head(options);
  head.begin(Lsn{1});
  for (int i = 0; i < 4; ++i) head.append(kA, TimeMs{i}, i);
  EXPECT_TRUE(head.take_sealed().empty());
  head.append(kA, TimeMs{4}, 4);
  auto sealed = head.take_sealed();
  ASSERT_EQ(sealed.size(), 1u);
  EXPECT_EQ(sealed[0]->count, 4);
  EXPECT_EQ(sealed[0]->end, TimeMs{3});
  head.append(kA, TimeMs{104}, 5);  // exactly the span
  EXPECT_TRUE(head.take_sealed().empty());
  head.append(kA, TimeMs{105}, 6);
  EXPECT_EQ(head.take_sealed().size(), 1u);
  EXPECT_EQ(text(all_of(head, kA)), "0=0 1=1 2=2 3=3 4=4 104=5 105=6 ");
}

TEST(Head, WhatWasSealedIsKeptUntilFlushed) {
  HeadOptions options;
  options.previous_bytes_max = 0;
  Head head(options);
  head.begin(Lsn{5});
  head.append(kA, TimeMs{1}, 1);
  head.append(kB, TimeMs{1}, 1);
  head.done(Lsn{5});
  head.begin(Lsn{6});
  head.append(kB, TimeMs{2}, 2);
  EXPECT_TRUE(head.seal_older_than(Lsn{4}, 100));
  head.done(Lsn{6});
  EXPECT_TRUE(head.take_sealed().empty());
  EXPECT_EQ(head.sealed_lsn(), Lsn{4});
  EXPECT_FALSE(head.seal_older_than(Lsn{5}, 1));
  EXPECT_EQ(head.sealed_lsn(), Lsn{4});
  EXPECT_TRUE(head.seal_older_than(Lsn{5}, 1));
  const auto sealed = head.take_sealed();
  ASSERT_EQ(sealed.size(), 2u);
  EXPECT_EQ(head.sealed_lsn(), Lsn{5});
  EXPECT_EQ(text(all_of(head, kB)), "1=1 2=2 ");
  sealed[0]->flushed = true;
  EXPECT_FALSE(head.release_flushed());
  EXPECT_EQ(text(all_of(head, kA)), "");
  sealed[1]->flushed = true;
  head.release_flushed();
  EXPECT_EQ(head.unflushed(), 0u);
  EXPECT_EQ(head.latest(kA)->value, 1);  // still known
}

void flush(Head& head) {
  for (const SealedChunkPtr& chunk : head.take_sealed()) chunk->flushed = true;
  head.release_flushed();
}

TEST(Head, ThePreviousChunkStaysReadable) {
  HeadOptions options;
  options.stagger = false;
  options.points_max = 4;
  Head head(options);
  head.set_newest_on_disk(TimeMs{-1});
  head.begin(Lsn{1});
  EXPECT_EQ(head.whole_from(kA), TimeMs{0}) << "the disk has nothing newer, nor has anybody";
  for (int i = 0; i < 6; ++i) head.append(kA, TimeMs{i}, i);
  flush(head);
  EXPECT_EQ(text(all_of(head, kA)), "0=0 1=1 2=2 3=3 4=4 5=5 ");
  EXPECT_EQ(head.whole_from(kA), TimeMs{0});
  for (int i = 6; i < 9; ++i) head.append(kA, TimeMs{i}, i);
  flush(head);
  EXPECT_EQ(text(all_of(head, kA)), "4=4 5=5 6=6 7=7 8=8 ");
  EXPECT_EQ(head.whole_from(kA), TimeMs{4});
  head.append(kA, TimeMs{5}, 55);  // late: over the previous chunk
  EXPECT_EQ(text(all_of(head, kA)), "4=4 5=55 6=6 7=7 8=8 ");
  head.done(Lsn{1});
  EXPECT_TRUE(head.seal_older_than(Lsn{1}, 10));
  flush(head);
  EXPECT_EQ(text(all_of(head, kA)), "");  // with the late point it is only on disk
  EXPECT_EQ(head.whole_from(kA), TimeMs{9}) << "after its newest point";
  head.append(kA, TimeMs{9}, 9);
  EXPECT_EQ(head.whole_from(kA), TimeMs{9});
}

TEST(Head, WhatMayBeOnDiskFromBeforeIsNotCalledWhole) {
  Head head;
  head.set_newest_on_disk(TimeMs{100});
  head.begin(Lsn{1});
  head.append(kA, TimeMs{100}, 1);
  EXPECT_EQ(head.whole_from(kA), TimeMs{101});
  head.append(kB, TimeMs{150}, 1);
  EXPECT_EQ(head.whole_from(kB), TimeMs{101}) << "nothing can lie between";
  Head unknown;  // what the disk has cannot be said
  unknown.set_newest_on_disk(kTimeMax);
  unknown.begin(Lsn{1});
  unknown.append(kA, TimeMs{100}, 1);
  EXPECT_EQ(unknown.whole_from(kA), kTimeMax);
}

TEST(Head, PastItsMemoryNoPreviousChunkIsAdded) {
  HeadOptions options;
  options.points_max = 2;
  options.previous_bytes_max = 64;
  Head head(options);
  head.set_newest_on_disk(kTimeMin);
  head.begin(Lsn{1});
  for (int i = 0; i < 3; ++i)
    for (const SeriesRef ref : {kA, kB}) head.append(ref, TimeMs{i}, i);
  flush(head);
  EXPECT_EQ(text(all_of(head, kA)), "0=0 1=1 2=2 ");
  EXPECT_EQ(text(all_of(head, kB)), "2=2 ");
  EXPECT_EQ(head.whole_from(kB), TimeMs{2});
}

TEST(Head, ThePreviousChunkOfASeriesWithManyNewerPointsMakesRoom) {
  HeadOptions options;
  options.points_max = 64;
  options.previous_bytes_max = 1000;  // one of 64 rough values, not two
  options.stagger = false;
  Head head(options);
  head.set_newest_on_disk(kTimeMin);
  head.begin(Lsn{1});
  const auto send = [&](SeriesRef ref, int from, int to) {
    for (int i = from; i < to; ++i) head.append(ref, TimeMs{i}, std::sqrt(i));
  };
  send(kA, 0, 65);  // its first chunk is sealed and kept
  EXPECT_EQ(head.whole_from(kA), TimeMs{0});
  send(kB, 0, 65);
  EXPECT_EQ(head.whole_from(kB), TimeMs{0}) << "what waits to be flushed is there as well";
  flush(head);
  const bool b_had_room = head.whole_from(kB) == TimeMs{0};
  ASSERT_FALSE(b_had_room) << "the limit is too wide for this test";
  send(kA, 65, 100);  // 36 points are readable alone
  send(kB, 65, 129);
  EXPECT_EQ(head.whole_from(kA), TimeMs{64}) << "it made room";
  EXPECT_EQ(head.whole_from(kB), TimeMs{64}) << "the chunk before the open one";
  flush(head);
  EXPECT_EQ(all_of(head, kB).size(), 65u);
}

TEST(Head, ChunksOfAFleetDoNotEndInTheSameSecond) {
  constexpr uint32_t kFleet = 2000;
  Head head;
  std::map<size_t, size_t> sealed_at;
  for (int round = 0; round < 400; ++round) {
    head.begin(Lsn{static_cast<uint64_t>(round) + 1});
    for (uint32_t i = 0; i < kFleet; ++i)
      head.append(SeriesRef{i}, TimeMs{int64_t{round} * 10'000}, round);
    sealed_at[static_cast<size_t>(round)] = head.take_sealed().size();
  }
  size_t most = 0, all = 0;
  for (const auto& [round, count] : sealed_at) {
    most = std::max(most, count);
    all += count;
  }
  EXPECT_GT(all, 2 * kFleet);
  EXPECT_LT(most, kFleet / 20) << "of " << all;
}

TEST(Head, AChunkEndsWithItsDay) {
  Head head;
  head.begin(Lsn{1});
  const int64_t midnight = days(20'000).count;
  for (const int64_t time : {midnight - 2, midnight - 1, midnight, midnight + 1})
    head.append(kA, TimeMs{time}, 1);
  auto sealed = head.take_sealed();
  ASSERT_EQ(sealed.size(), 1u);
  EXPECT_EQ(sealed[0]->end, TimeMs{midnight - 1});
  head.append(kB, TimeMs{midnight + 5}, 1);
  head.append(kB, TimeMs{midnight - 5}, 1);
  head.append(kB, TimeMs{midnight + 3}, 1);
  EXPECT_TRUE(head.seal_started_before(TimeMs{midnight}, 10));
  sealed = head.take_sealed();  // kB has late points: they and its open chunk, cut at midnight
  ASSERT_EQ(sealed.size(), 2u);
  EXPECT_EQ(sealed[0]->end, TimeMs{midnight - 5});
  EXPECT_EQ(sealed[1]->start, TimeMs{midnight + 3});
  EXPECT_TRUE(head.seal_started_before(TimeMs{midnight}, 10));
  EXPECT_TRUE(head.take_sealed().empty());
  EXPECT_FALSE(head.seal_started_before(TimeMs{midnight + days(1).count}, 1));
  EXPECT_TRUE(head.seal_started_before(TimeMs{midnight + days(1).count}, 1));
  EXPECT_EQ(head.take_sealed().size(), 1u);  // kA's
}

TEST(Head, APointThatIsNotDoneIsNeverCountedAsSealed) {
  Head head;
  head.begin(Lsn{9});
  head.append(kA, TimeMs{1}, 1);
  EXPECT_TRUE(head.seal_older_than(Lsn{9}, 100));
  EXPECT_EQ(head.sealed_lsn(), Lsn{0});
}

TEST(Head, BackfillIsSealedWithoutBreakingUpTheOpenChunk) {
  HeadOptions options;
  options.late_points_max = 8;
  Head head(options);
  head.begin(Lsn{1});
  head.append(kA, TimeMs{1'000'000}, 1);
  for (int i = 0; i < 8; ++i) head.append(kA, TimeMs{i}, i);
  auto sealed = head.take_sealed();
  ASSERT_EQ(sealed.size(), 1u);
  EXPECT_EQ(sealed[0]->end, TimeMs{7});
  for (int i = 0; i < 8; ++i) head.append(kA, TimeMs{999'999 + i % 2}, 50 + i);
  sealed = head.take_sealed();
  ASSERT_EQ(sealed.size(), 1u);
  EXPECT_EQ(sealed[0]->count, 2);
  EXPECT_EQ(text(all_of(head, kA, TimeMs{100}, kTimeMax)), "999999=56 1000000=57 ");
}

TEST(Head, ExtremeTimesAndValues) {
  Head head;
  head.begin(Lsn{1});
  const double nan = std::nan("");
  for (const int64_t t : {INT64_MIN, INT64_MIN + 1, int64_t{0}, INT64_MAX - 1, INT64_MAX})
    head.append(kA, TimeMs{t}, nan);
  head.append(kA, TimeMs{INT64_MAX}, 4);
  EXPECT_EQ(all_of(head, kA, TimeMs{INT64_MIN}, TimeMs{INT64_MAX}).size(), 5u);
  EXPECT_EQ(head.latest(kA)->value, 4);
}

// Random points, seals and releases against a map; what is flushed goes to the model's disk.
void run_random(uint64_t seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  HeadOptions options;
  options.points_max = 16;
  options.late_points_max = 12;
  options.span_max = milliseconds(400);
  options.previous_bytes_max = random.below(3) * 256;
  Head head(options);
  head.set_newest_on_disk(kTimeMin);
  std::map<uint32_t, std::map<int64_t, double>> model;
  std::map<uint32_t, std::vector<Sample>> disk;
  std::vector<SealedChunkPtr> sealing;
  for (uint64_t lsn = 1; lsn < 150; ++lsn) {
    head.begin(Lsn{lsn});
    for (int i = 0; i < 12; ++i) {
      const SeriesRef ref{static_cast<uint32_t>(random.below(3))};
      const auto now = static_cast<int64_t>(lsn * 10);
      const int64_t time =
          random.below(3) == 0 ? now - static_cast<int64_t>(random.below(900)) : now;
      const double value = static_cast<double>(random.below(100'000)) / 7;
      head.append(ref, TimeMs{time}, value);
      model[ref.index][time] = value;
    }
    head.done(Lsn{lsn});
    if (random.below(10) == 0)
      head.seal_older_than(Lsn{lsn - random.below(lsn)}, 1 + random.below(3));
    for (auto& chunk : head.take_sealed()) sealing.push_back(chunk);
    if (random.below(5) == 0) {
      for (auto& chunk : sealing) {  // in seal order: later chunks win
        std::vector<Sample> samples, merged;
        ASSERT_TRUE(decode_samples(chunk->bytes, samples));
        ASSERT_EQ(samples.size(), chunk->count);
        merge_samples(disk[chunk->series.index], samples, merged);
        disk[chunk->series.index] = std::move(merged);
        chunk->flushed = true;
      }
      sealing.clear();
      head.release_flushed();
    }
    const SeriesRef ref{static_cast<uint32_t>(random.below(3))};
    std::vector<Sample> merged;
    merge_samples(disk[ref.index], all_of(head, ref), merged);
    ASSERT_EQ(merged.size(), model[ref.index].size());
    size_t i = 0;
    for (const auto& [time, value] : model[ref.index]) {
      ASSERT_EQ(merged[i].time.ms, time);
      ASSERT_EQ(merged[i++].value, value) << "at " << time;
    }
    // What the head calls whole, it gives without the disk.
    const TimeMs whole = head.whole_from(ref);
    const auto alone = all_of(head, ref, whole);
    auto expected = model[ref.index].lower_bound(whole.ms);
    ASSERT_EQ(static_cast<size_t>(std::distance(expected, model[ref.index].end())), alone.size());
    for (const Sample& sample : alone) {
      ASSERT_EQ(expected->first, sample.time.ms);
      ASSERT_EQ((expected++)->second, sample.value);
    }
    if (!model[ref.index].empty()) {
      ASSERT_EQ(head.latest(ref)->time.ms, model[ref.index].rbegin()->first);
    }
  }
}
TEST(Head, AgreesWithAMapOnRandomOperations) {
  for (uint64_t seed = 1; seed <= 40 && !HasFatalFailure(); ++seed) run_random(seed);
}

TEST(Head, AFleetForFifteenMinutesStaysWithinItsMemory) {
  HeadOptions options;
  options.stagger = false;  // open chunks alone: previous ones have a limit of their own
  Head head(options);
  Random random(1);
  constexpr uint32_t kSeries = 2000;  // of 200,000: a hundredth
  for (int step = 0; step < 90; ++step) {
    head.begin(Lsn{static_cast<uint64_t>(step) + 1});
    for (uint32_t s = 0; s < kSeries; ++s)
      head.append(SeriesRef{s}, TimeMs{1'795'411'000'000 + step * 10'000 + s % 7},
                  std::round(random.normal() * 40 + 1000) / (s % 2 == 0 ? 1 : 10));
  }
  // 300 bytes each for the fleet, and what a head reserves for its first 4,096 series.
  EXPECT_LE(head.bytes(), kSeries * 330u + 400'000u);
}

}  // namespace
}  // namespace tocsin
