#include "models/tail.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "models/level.h"

namespace tocsin::models {
namespace {

constexpr double kEdge = 4 / kTailScore;

Level learned(int points, double noise, uint64_t seed = 1) {
  Level level;
  Random random(seed);
  for (int i = 0; i < points; ++i) level.learn(100 + noise * random.normal(), 10);
  return level;
}

TEST(Tail, GaussianBandLiesWhereItShould) {
  const Level level = learned(20'000, 2);
  EXPECT_NEAR(level.level, 100, 0.5);
  EXPECT_NEAR(level.tail.spread, 2, 0.3);
  const Tail::HalfWidths reach = level.tail.half_widths(kEdge);
  EXPECT_GT(reach.up, 4 * 2) << "quieter than the Gaussian tail of 1e-4 (3.7 deviations)";
  EXPECT_LT(reach.up, 6 * 2);
  EXPECT_NEAR(reach.up, reach.down, 0.35 * reach.up);
}

TEST(Tail, OneWildPointDoesNotWidenTheBand) {
  for (const double wild : {200.0, 1e4, 1e9, 1e15, -1e15}) {
    Level level = learned(2000, 1);
    const double before = level.tail.half_widths(kEdge).up;
    const double centre = level.level;
    level.learn(wild, 10);
    EXPECT_LT(level.tail.half_widths(kEdge).up, 1.1 * before) << wild;
    EXPECT_NEAR(level.level, centre, 0.2) << wild;
  }
}

TEST(Tail, ALongIncidentIsNotLearnedAsNormal) {
  Level level = learned(2000, 1);
  const double before = level.tail.half_widths(kEdge).up;
  for (int i = 0; i < 8; ++i) level.learn(1000, 10);
  EXPECT_LT(level.tail.half_widths(kEdge).up, 1.5 * before);
}

TEST(Tail, SidesAreCalibratedApart) {
  Level level;
  Random random(5);
  for (int i = 0; i < 20'000; ++i) level.learn(10 - std::log(1 - random.uniform()), 10);
  const Tail::HalfWidths reach = level.tail.half_widths(kEdge);
  EXPECT_GT(reach.up, 2 * reach.down) << "an exponential distribution has no tail below";
}

TEST(Tail, ViolationsWidenTheBandAndItIsForgotten) {
  Tail tail;
  for (int i = 0; i < 100; ++i) tail.learn(i % 2 == 0 ? 1 : -1, 60);
  tail.violation_opened();
  EXPECT_FLOAT_EQ(tail.limiter, 1.25F);
  for (int i = 0; i < 7 * 1440; ++i) tail.learn(i % 2 == 0 ? 1 : -1, 60);
  EXPECT_FLOAT_EQ(tail.limiter, 1);
  for (int i = 0; i < 1000; ++i) tail.violation_opened();
  EXPECT_LE(tail.limiter, 100);
}

TEST(Level, LearnsThirtyPoints) {
  EXPECT_FALSE(learned(29, 1).ready());
  EXPECT_TRUE(learned(30, 1).ready());
}

TEST(Level, ConstantSeriesHasNoSpread) {
  const Level level = learned(1000, 0);
  EXPECT_EQ(level.level, 100);
  EXPECT_EQ(level.tail.half_widths(kEdge).up, 0);
}

TEST(Level, StaysFiniteOnExtremes) {
  Level level;
  for (int i = 0; i < 1000; ++i) level.learn(i % 3 == 0 ? 1e30 : i % 3 == 1 ? -1e30 : 0, 1e9);
  EXPECT_TRUE(std::isfinite(level.level));
  EXPECT_FALSE(std::isnan(level.tail.half_widths(kEdge).up));
}

}  // namespace
}  // namespace tocsin::models
