#include "models/motion.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace tocsin::models {
namespace {

MotionPoint at(int64_t ms, double distance) { return {TimeMs{ms}, distance, 10 * distance}; }

// The definition, written again without care for cost.
double naive_theil_sen(const std::vector<MotionPoint>& points) {
  std::vector<double> slopes;
  for (size_t i = 0; i < points.size(); ++i)
    for (size_t j = i + 1; j < points.size(); ++j)
      if (points[i].time != points[j].time)
        slopes.push_back((points[j].distance - points[i].distance) /
                         (points[j].time - points[i].time).seconds());
  if (slopes.empty()) return 0;
  std::sort(slopes.begin(), slopes.end());
  const size_t n = slopes.size();
  return n % 2 == 1 ? slopes[n / 2] : (slopes[n / 2 - 1] + slopes[n / 2]) / 2;
}

RC_GTEST_PROP(TheilSen, EqualsTheDefinition, (std::vector<int16_t> values)) {
  std::vector<MotionPoint> points;
  for (size_t i = 0; i < std::min<size_t>(values.size(), 32); ++i)
    points.push_back(at(static_cast<int64_t>(i) * 1000 + values[i] % 300, values[i]));
  RC_ASSERT(std::abs(theil_sen(points, &MotionPoint::distance) - naive_theil_sen(points)) <= 1e-9);
}

TEST(Motion, UnknownBelowFourPoints) {
  MotionTrack track;
  for (int i = 0; i < 3; ++i) {
    track.add(at(i * 10'000, i));
    EXPECT_FALSE(track.motion()) << i + 1;
  }
  track.add(at(30'000, 3));
  ASSERT_TRUE(track.motion());
  EXPECT_NEAR(track.motion()->speed, 6, 1e-9) << "one half band-width per 10 s";
  EXPECT_NEAR(track.motion()->acceleration, 0, 1e-9);
  EXPECT_NEAR(track.motion()->raw_slope, 1, 1e-9) << "10 units per 10 s";
}

TEST(Motion, OneWildPointChangesNothing) {
  MotionTrack track;
  for (int i = 0; i < 8; ++i) track.add(at(i * 10'000, i == 4 ? 500 : i));
  EXPECT_NEAR(track.motion()->speed, 6, 1.0);
}

TEST(Motion, AccelerationIsTheChangeOfSlopePerMinute) {
  MotionTrack track;
  // 4 points at 6 per minute, then 4 at 12 per minute.
  for (int i = 0; i < 4; ++i) track.add(at(i * 10'000, i));
  for (int i = 4; i < 8; ++i) track.add(at(i * 10'000, 3 + 2 * (i - 3)));
  // The halves' middles are 40 s apart.
  EXPECT_NEAR(track.motion()->acceleration, 6 / (40.0 / 60), 1e-9);
}

struct WindowCase {
  const char* name;
  int64_t step_ms;
  size_t points;  // kept after 200
  int64_t span_ms;
};
class MotionWindow : public testing::TestWithParam<WindowCase> {};
TEST_P(MotionWindow, IsTheLongerOfEightPointsAndAMinute) {
  MotionTrack track;
  for (int64_t i = 0; i < 200; ++i) track.add(at(i * GetParam().step_ms, static_cast<double>(i)));
  EXPECT_EQ(track.size(), GetParam().points);
  const auto points = track.points();
  EXPECT_EQ((points.back().time - points.front().time).count, GetParam().span_ms);
  EXPECT_EQ(points.back().time.ms, 199 * GetParam().step_ms) << "the newest is there";
}
INSTANTIATE_TEST_SUITE_P(Cadences, MotionWindow,
                         testing::Values(WindowCase{"one_minute", 60'000, 8, 420'000},
                                         WindowCase{"ten_seconds", 10'000, 8, 70'000},
                                         WindowCase{"five_seconds", 5'000, 13, 60'000},
                                         WindowCase{"two_seconds", 2'000, 31, 60'000}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Motion, FastPointsAreThinnedNotForgotten) {
  MotionTrack track;
  for (int64_t i = 0; i < 6000; ++i) track.add(at(i * 100, static_cast<double>(i)));
  EXPECT_LE(track.size(), MotionTrack::kPoints);
  const auto points = track.points();
  EXPECT_GE((points.back().time - points.front().time).count, 45'000);
  EXPECT_NEAR(track.motion()->speed, 600, 1e-6);
}

}  // namespace
}  // namespace tocsin::models
