#include "models/novelty.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"
#include "models/novelty_memory.h"

namespace tocsin::models {
namespace {

// The nearest region, the slow way.
struct NaiveRegions {
  std::vector<float> met;
  float distance(float value) const {
    float best = met.empty() ? 0 : INFINITY;
    for (const float each : met) best = std::min(best, std::abs(value - each));
    return best;
  }
};

TEST(NoveltyMemory, FindsTheNearestRegionAsASearchThroughAllWould) {
  Random random(5);
  NoveltyMemory memory;
  NaiveRegions naive;
  for (int i = 0; i < 3000; ++i) {
    const auto value = static_cast<float>(random.normal());
    const float distance = memory.distance(value);
    ASSERT_EQ(distance, naive.distance(value)) << i;
    if (naive.met.empty() || distance > 0.1F) naive.met.push_back(value);
    ASSERT_LE(naive.met.size(), NoveltyMemory::kRegions) << "no thinning is meant here";
    memory.add(value, distance, 0.1F);
  }
}

TEST(NoveltyMemory, IsBoundedAndKeepsItsEndsNearWhereverItHasBeen) {
  NoveltyMemory memory;
  for (int i = 0; i < 100'000; ++i) {
    const auto value = static_cast<float>(i % 10'000);
    memory.add(value, memory.distance(value), 0.5F);
  }
  EXPECT_EQ(memory.least(), 0);
  for (int i = 0; i < 10'000; ++i)
    ASSERT_LT(memory.distance(static_cast<float>(i)), 10'000.0F / 96 * 2.5F) << i;
}

TEST(NoveltyMemory, ScoreAndDistanceAreEachOthersInverse) {
  Random random(6);
  NoveltyMemory memory;
  for (int i = 0; i < 5000; ++i) {
    const auto value = static_cast<float>(random.normal() * (i % 50 == 0 ? 3 : 1));
    memory.add(value, memory.distance(value), 0.16F);
  }
  for (const double score : {-1.6, -0.25, 0.0, 1.0, 2.0})
    EXPECT_NEAR(memory.score(static_cast<float>(memory.distance_at(score))), score, 0.01);
}

TEST(NoveltyMemory, SaysNothingOfItsFirstTwentyValues) {
  NoveltyMemory memory;
  for (int i = 0; i < 19; ++i) memory.add(1, memory.distance(1), 0.1F);
  EXPECT_EQ(memory.score(1e6F), NoveltyMemory::kScoreMin);
  memory.add(1, 0, 0.1F);
  EXPECT_EQ(memory.score(1e6F), NoveltyMemory::kScoreMax);
}

class Told {
 public:
  bool add(double value) {
    const int64_t wall_ms = count_ * 300'000LL;
    novelty_.weigh(wall_ms, wall_ms, value, weighed_);
    novelty_.learn(wall_ms, value, weighed_);
    ++count_;
    return weighed_.told;
  }
  int add_all(int points, const std::function<double(int)>& shape) {
    int told = 0;
    for (int i = 0; i < points; ++i) told += add(shape(i));
    return told;
  }
  const Novelty::Weighed& weighed() const { return weighed_; }

 private:
  Novelty novelty_;
  Novelty::Weighed weighed_;
  int64_t count_ = 0;
};

TEST(Novelty, ANewKindIsToldOnceAndNotAgain) {
  Random random(1);
  Told series;
  const auto noise = [&](int) { return 100 + random.normal(); };
  series.add_all(2000, noise);
  EXPECT_TRUE(series.add(120));
  series.add_all(300, noise);
  EXPECT_FALSE(series.add(120)) << "met before";
  series.add_all(300, noise);
  EXPECT_TRUE(series.add(70)) << "another kind";
}

// Once each series told of four to ten extremes of its first day.
TEST(Novelty, ASeriesIsNotToldOfItsFirstDayPieceByPiece) {
  int told = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    Told series;
    told += series.add_all(2 * 288, [&](int i) {
      return 1000 + 400 * std::sin(i * 6.283185 / 288) + 20 * random.normal();
    });
  }
  EXPECT_LE(told, 16) << "of twenty series";
  Random random(3);
  Told series;
  series.add_all(
      300, [&](int i) { return 1000 + 400 * std::sin(i * 6.283185 / 288) + 20 * random.normal(); });
  EXPECT_TRUE(series.add(0)) << "after a day what stands out is told";
}

TEST(Novelty, TheBandIsTheNearestRegionMet) {
  Random random(2);
  Told series;
  series.add_all(2000, [&](int) { return 100 + random.normal(); });
  ASSERT_TRUE(series.add(120));
  EXPECT_EQ(series.weighed().channel, Novelty::Channel::kValue);
  EXPECT_NEAR(series.weighed().nearest, 103.5, 1.5);
  EXPECT_LT(series.weighed().nearest + series.weighed().allowed, 120);
}

TEST(Novelty, OneMoreOfACountIsNoNews) {
  Random random(3);
  Told series;
  const auto count = [&](int) {
    int sum = 0;
    for (int i = 0; i < 60; ++i) sum += random.below(10) == 0;
    return static_cast<double>(sum);  // about 6, with chance in it
  };
  EXPECT_LE(series.add_all(8000, count), 6);
  EXPECT_TRUE(series.add(90));
}

TEST(Novelty, IsTheSameForAScaledAndMirroredSeries) {
  Random random(4);
  Told plain, mirrored;
  int differ = 0, told = 0;
  for (int i = 0; i < 6000; ++i) {
    const double value = std::sin(i * 0.02) + 0.1 * random.normal() + (i % 1700 == 1500 ? 3 : 0);
    const bool one = plain.add(value);
    differ += one != mirrored.add(-4 * value);
    told += one;
  }
  EXPECT_GE(told, 1);
  EXPECT_EQ(differ, 0);
}

TEST(Novelty, IsFewerToldTheOlderTheSeries) {
  Random random(7);
  Told series;
  const auto walk = [&, at = 0.0](int) mutable { return at += random.normal(); };
  const int early = series.add_all(2000, walk);
  int late = 0;
  for (int i = 0; i < 10; ++i) late = series.add_all(2000, walk);
  EXPECT_GT(early, 0);
  EXPECT_LE(late, 2000 / 700) << "what it has to be silent for grows to 4 % of its age";
}

TEST(Novelty, FitsItsBudgetOfMemory) { EXPECT_LE(sizeof(Novelty), 12'000U); }

}  // namespace
}  // namespace tocsin::models
