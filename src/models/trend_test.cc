#include "models/trend.h"

#include <gtest/gtest.h>

#include "models/level.h"
#include "models/test_drive.h"

namespace tocsin::models {
namespace {

constexpr double kEdge = 4 / kTailScore;

// Mean half width of the band, and mean distance of the values from the expected, over the later
// half.
struct Fit {
  double half_width = 0, error = 0;
  int outside = 0;
};

Fit fit(const std::vector<Said>& said) {
  Fit out;
  const size_t from = said.size() / 2;
  for (size_t i = from; i < said.size(); ++i) {
    out.half_width += (said[i].curve.upper - said[i].curve.lower) / 2;
    out.error += std::abs(said[i].value - said[i].curve.expected);
    out.outside += said[i].outside();
  }
  out.half_width /= static_cast<double>(said.size() - from);
  out.error /= static_cast<double>(said.size() - from);
  return out;
}

// The same of `level`, by which `trend` is measured.
Fit level_fit(const Shape& shape, int points, double cadence_s) {
  Level level;
  Random random(1);
  std::vector<Said> said;
  for (int i = 0; i < points; ++i) {
    const double value = shape(i, random);
    const Tail::HalfWidths reach = level.tail.half_widths(kEdge);
    said.push_back(
        {level.ready(), {1, level.level, level.level - reach.down, level.level + reach.up}, value});
    level.learn(value, cadence_s);
  }
  return fit(said);
}

struct AgainstLevel {
  const char* name;
  Shape shape;
  double cadence_s;
  double error_max;  // of level's
  double width_max;  // of level's
};
class TrendAgainstLevel : public testing::TestWithParam<AgainstLevel> {};
TEST_P(TrendAgainstLevel, IsBetterOnRampsAndHardlyWorseOnNoise) {
  const AgainstLevel& row = GetParam();
  Trend trend;
  const Fit mine = fit(drive(trend, row.shape, 4000, row.cadence_s));
  const Fit theirs = level_fit(row.shape, 4000, row.cadence_s);
  EXPECT_LT(mine.error, row.error_max * theirs.error) << mine.error << " to " << theirs.error;
  EXPECT_LT(mine.half_width, row.width_max * theirs.half_width)
      << mine.half_width << " to " << theirs.half_width;
  EXPECT_LE(mine.outside, 4);
}
INSTANTIATE_TEST_SUITE_P(
    Shapes, TrendAgainstLevel,
    testing::Values(
        AgainstLevel{"flat_noise_10s", [](int, Random& r) { return 100 + r.normal(); }, 10, 1.2,
                     1.2},
        AgainstLevel{"flat_noise_1min", [](int, Random& r) { return 100 + r.normal(); }, 60, 1.2,
                     1.2},
        AgainstLevel{"flat_noise_10min", [](int, Random& r) { return 100 + r.normal(); }, 600, 1.2,
                     1.2},
        AgainstLevel{"ramp_1min", [](int i, Random& r) { return 0.5 * i + r.normal(); }, 60, 0.4,
                     0.5},
        AgainstLevel{"ramp_down_10s", [](int i, Random& r) { return -0.2 * i + r.normal(); }, 10,
                     0.2, 0.3},
        AgainstLevel{"growth_that_speeds_up",
                     [](int i, Random& r) { return 1e-4 * i * i + 3 * r.normal(); }, 60, 0.5, 0.6},
        AgainstLevel{
            "smooth_day",
            [](int i, Random& r) { return 100 * std::sin(i * 6.2831853 / 1440) + r.normal(); }, 60,
            0.4, 0.5}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct Wild {
  const char* name;
  double value;
};
class TrendWild : public testing::TestWithParam<Wild> {};
TEST_P(TrendWild, OnePointMovesNeitherLevelNorSlopeBeyondAClip) {
  Trend trend;
  drive(trend, [](int i, Random& r) { return 0.5 * i + r.normal(); }, 2000, 60);
  const double slope = trend.slope_per_s();
  const TimeMs time = kStart + DurationMs{2000LL * 60'000};
  const Said before = show(trend, time, GetParam().value, 60);
  EXPECT_TRUE(before.outside());
  const Said after = show(trend, time + seconds(60), 1000.5, 60);
  EXPECT_FALSE(after.outside());
  EXPECT_NEAR(after.curve.expected, 1000.5, 1);
  EXPECT_NEAR(trend.slope_per_s(), slope, 0.1 * slope);
  EXPECT_LT(after.curve.upper - after.curve.lower, 1.1 * (before.curve.upper - before.curve.lower));
}
INSTANTIATE_TEST_SUITE_P(Values, TrendWild,
                         testing::Values(Wild{"far", 2000}, Wild{"very_far", 1e12},
                                         Wild{"below", -1e9}, Wild{"extreme", 1e29}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Trend, IrregularCadenceIsHandledByTime) {
  Trend trend;
  Random random(3);
  TimeMs time = kStart;
  int outside = 0;
  double error = 0;
  for (int i = 0; i < 4000; ++i) {
    time = time + DurationMs{static_cast<int64_t>(1000 * (5 + 110 * random.uniform()))};
    const double value = 0.01 * (time - kStart).seconds() + random.normal();
    const Said said = show(trend, time, value, 60);
    if (i < 2000) continue;
    outside += said.outside();
    error += std::abs(value - said.curve.expected) / 2000;
  }
  EXPECT_LE(outside, 2);
  EXPECT_LT(error, 0.9) << "of noise alone: 0.8";
  EXPECT_NEAR(trend.slope_per_s(), 0.01, 0.002);
}

TEST(Trend, AGapWidensTheBandUntilPointsHaveShownWhereItIs) {
  Trend trend;
  drive(trend, [](int i, Random& r) { return 0.5 * i + r.normal(); }, 2000, 60);
  const auto width_at = [&](int minute) {
    Curve curve;
    trend.weigh({kStart + minutes(minute), 0, 60, 4, 1}, {&curve, 1});
    return curve.upper - curve.lower;
  };
  const double near = width_at(2000);
  EXPECT_NEAR(width_at(2003), 1.73 * near, 0.05 * near);
  EXPECT_NEAR(width_at(2016), 4 * near, 0.1 * near);
  EXPECT_NEAR(width_at(12'000), 10 * near, 0.1 * near) << "it has an end";
  Random random(8);
  Said said;
  for (int i = 0; i < 12; ++i) {
    said = show(trend, kStart + minutes(2100 + i), 1060 + 0.5 * i + random.normal(), 60);
    EXPECT_FALSE(said.outside()) << i;
  }
  EXPECT_NEAR(said.curve.upper - said.curve.lower, near, 0.4 * near);
}

TEST(Trend, OverAGapTheSlopeWearsOff) {
  Trend trend;
  drive(trend, [](int i, Random& r) { return 6.0 * i + r.normal(); }, 2000, 60);
  Curve curve;
  trend.weigh({kStart + minutes(2060), 0, 60, 4, 1}, {&curve, 1});
  EXPECT_NEAR(curve.expected, 6 * 2060, 40);
  trend.weigh({kStart + days(30), 0, 60, 4, 1}, {&curve, 1});
  EXPECT_LT(curve.expected, 12'000 + 6.1 * 360) << "at most six hours of it";
}

TEST(Trend, WhileAViolationIsOpenTheLineGoesOnAndLearnsNothing) {
  Trend trend;
  drive(trend, [](int i, Random& r) { return 0.5 * i + r.normal(); }, 2000, 60);
  Curve before, after;
  trend.weigh({kStart + minutes(2000), 0, 60, 4, 1}, {&before, 1});
  for (int i = 2000; i < 2030; ++i) trend.watch({kStart + minutes(i), 5000, 60, 4, 1});
  trend.weigh({kStart + minutes(2030), 0, 60, 4, 1}, {&after, 1});
  EXPECT_NEAR(after.expected, 1015, 5);
  EXPECT_NEAR(after.upper - after.lower, before.upper - before.lower, 1e-9);
}

TEST(Trend, AcceptedItStartsFromTheNewNormal) {
  Trend trend;
  drive(trend, [](int i, Random& r) { return 0.5 * i + r.normal(); }, 2000, 60);
  std::vector<MotionPoint> points;
  for (int i = 0; i < 40; ++i) points.push_back({kStart + minutes(2000 + i), 0, 50.0 + i % 2});
  trend.accept(points, 60);
  Curve curve;
  ASSERT_TRUE(trend.weigh({kStart + minutes(2040), 0, 60, 4, 1}, {&curve, 1}));
  EXPECT_NEAR(curve.expected, 50.5, 1);
}

TEST(Trend, LearnsThirtyPoints) {
  Trend trend;
  const auto said = drive(trend, [](int i, Random&) { return i; }, 40, 60);
  EXPECT_FALSE(said[29].ready);
  EXPECT_TRUE(said[30].ready);
  EXPECT_NEAR(said[30].curve.expected, 30, 1e-6);
  EXPECT_EQ(trend.learned(kStart, 60).points_needed, 30);
}

TEST(Trend, StaysFiniteOnExtremes) {
  Trend trend;
  const auto said = drive(
      trend, [](int i, Random&) { return i % 3 == 0   ? 1e30
                                         : i % 3 == 1 ? -1e30
                                                      : 0; }, 1000, 1e6);
  for (const Said& one : said) {
    ASSERT_TRUE(std::isfinite(one.curve.expected));
    ASSERT_FALSE(std::isnan(one.curve.upper));
  }
}

TEST(Trend, APointThatIsNotNewerChangesNothing) {
  Trend trend;
  drive(trend, [](int i, Random& r) { return i + r.normal(); }, 100, 60);
  const std::string before = saved(trend);
  trend.learn({kStart + minutes(50), 7, 60, 4, 1}, 7);
  EXPECT_EQ(saved(trend), before);
}

TEST(Trend, CutAnywhereItGoesOnTheSame) {
  const Shape shape = [](int i, Random& r) {
    return 0.3 * i + r.normal() * (i % 50 == 7 ? 90 : 1);
  };
  for (const int cut : {0, 1, 2, 5, 29, 31, 400, 999}) {
    Trend whole, first, second;
    Random one(5), two(5);
    for (int i = 0; i < 1000; ++i) {
      if (i == cut) {
        const std::string text = saved(first);
        ByteReader in(text);
        second.load(in);
        EXPECT_TRUE(in.done());
      }
      const TimeMs time = kStart + seconds(30 * i + i % 3);
      const Said expected = show(whole, time, shape(i, one), 30);
      const Said got = show(i < cut ? first : second, time, shape(i, two), 30);
      ASSERT_EQ(expected.curve.upper, got.curve.upper) << cut << " " << i;
    }
    EXPECT_EQ(saved(whole), saved(second));
  }
}

TEST(Trend, ADamagedTextLeavesAModelThatHasLearnedNothing) {
  Trend trend;
  drive(trend, [](int i, Random& r) { return i + r.normal(); }, 100, 60);
  const std::string text = saved(trend);
  for (size_t length = 0; length < text.size(); ++length) {
    ByteReader in(std::string_view(text).substr(0, length));
    Trend loaded;
    loaded.load(in);
    EXPECT_EQ(loaded.learned(kStart, 60).points, 0) << length;
  }
}

}  // namespace
}  // namespace tocsin::models
