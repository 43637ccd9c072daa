#include "rules/momentum.h"

#include <gtest/gtest.h>

#include <limits>

namespace tocsin::rules {
namespace {

using Trend = Momentum::Trend;

Violation moving(double distance, double speed, Tier tier = Tier::kKpi) {
  Violation out;
  out.tier = tier;
  out.last.distance = distance;
  out.motion = Motion{speed, 0.5, 0};
  return out;
}

Momentum of(std::initializer_list<Violation> list) {
  MomentumSum sum;
  for (const Violation& each : list) sum.add(each);
  return sum.finish();
}

Violation with(Violation violation, ViolationState state) {
  violation.state = state;
  return violation;
}

TEST(Momentum, TrendHasASteadyMiddle) {
  EXPECT_EQ(of({moving(-5, 0.21)}).trend, Trend::kWorsening);
  EXPECT_EQ(of({moving(-5, 0.2)}).trend, Trend::kSteady);
  EXPECT_EQ(of({moving(5, -0.2)}).trend, Trend::kSteady);
  EXPECT_EQ(of({moving(5, -0.21)}).trend, Trend::kRecovering);
}

// It rose for most of the window and falls since: its slope still says up.
TEST(Momentum, IsNotWorseningWhileTheDistanceFalls) {
  Violation falls = moving(6, 2);
  falls.cadence = seconds(10);
  falls.motion->acceleration = -8;  // the later half falls by 2.7 a minute
  EXPECT_EQ(of({falls}).trend, Trend::kRecovering);
  EXPECT_DOUBLE_EQ(of({falls}).predicted, 6) << "not where the slope points";
  Violation rises = moving(6, -2);
  rises.cadence = seconds(10);
  rises.motion->acceleration = 8;
  EXPECT_EQ(of({rises}).trend, Trend::kWorsening);
  falls.motion->acceleration = -2;  // it only rises more slowly
  EXPECT_EQ(of({falls}).trend, Trend::kWorsening);
  falls.cadence = minutes(1);  // seen over 7 minutes that is another thing
  EXPECT_EQ(of({falls}).trend, Trend::kRecovering);
}

TEST(Momentum, IsUnknownWithoutSpeedAndNeverRecoveringWithoutData) {
  Violation young = moving(3, 0);
  young.motion.reset();
  EXPECT_EQ(of({young}).trend, Trend::kUnknown);
  EXPECT_DOUBLE_EQ(of({young}).distance, 3);
  EXPECT_EQ(of({}).trend, Trend::kUnknown);
  EXPECT_EQ(of({with(moving(3, 1), ViolationState::kAbsent)}).trend, Trend::kUnknown);
  EXPECT_EQ(
      of({with(moving(3, 1), ViolationState::kEnded), with(moving(3, 1), ViolationState::kAbsent)})
          .trend,
      Trend::kUnknown);
  EXPECT_EQ(of({with(moving(3, 1), ViolationState::kEnded)}).trend, Trend::kRecovering);
}

TEST(Momentum, WeighsKpiTwiceAsMuchAsEvidence) {
  const Momentum both = of({moving(-6, 3), moving(3, 0, Tier::kEvidence)});
  EXPECT_DOUBLE_EQ(both.distance, 5);
  EXPECT_DOUBLE_EQ(both.speed, 2);
  EXPECT_DOUBLE_EQ(both.acceleration, 0.5);
}

TEST(Momentum, PredictionIsClamped) {
  EXPECT_DOUBLE_EQ(of({moving(4, 0.8)}).predicted, 8);
  EXPECT_DOUBLE_EQ(of({moving(4, 100)}).predicted, 12);
  EXPECT_DOUBLE_EQ(of({moving(1, 100)}).predicted, 10);
  EXPECT_DOUBLE_EQ(of({moving(4, -1)}).predicted, 0);
}

TEST(Momentum, LeavesOutWhatIsNotFinite) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const Momentum sum = of({moving(kNan, kNan), moving(4, 1)});
  EXPECT_DOUBLE_EQ(sum.distance, 4);
  EXPECT_DOUBLE_EQ(sum.speed, 1);
}

TEST(Momentum, HitsAreWithinOneOrThirtyPercent) {
  EXPECT_TRUE(is_hit(1, 2));
  EXPECT_FALSE(is_hit(0.99, 2));
  EXPECT_TRUE(is_hit(13, 10));
  EXPECT_FALSE(is_hit(13.1, 10));
}

TEST(Momentum, PredictsOnceAMinuteAndScoresWhenDue) {
  OpenAlert alert;
  Momentum momentum = of({moving(4, 1)});
  for (int64_t second = 0; second <= 600; ++second) {
    track_predictions(alert, momentum, TimeMs{} + seconds(second));
    ASSERT_LE(alert.predictions.size(), kPredictionsMax);
  }
  EXPECT_EQ(alert.predictions_due, 6u);  // made at 0 to 5 min, due at 5 to 10 min
  EXPECT_EQ(alert.hits, 0u);             // it was to be 9 and stayed 4
}

TEST(Momentum, StopsPredictingAfterADay) {
  OpenAlert alert;
  int wakes = 0;
  for (; alert.next_prediction < kTimeMax && wakes < 10'000; ++wakes)
    track_predictions(alert, of({moving(4, 0)}), alert.next_prediction);
  EXPECT_EQ(wakes, 24 * 60 + 6);
  EXPECT_EQ(alert.predictions_due, 24u * 60);
  EXPECT_TRUE(alert.predictions.empty());
}

}  // namespace
}  // namespace tocsin::rules
