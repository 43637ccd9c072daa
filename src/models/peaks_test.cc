#include "models/peaks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "base/random.h"

namespace tocsin::models {
namespace {

constexpr uint32_t kWeekS = 604'800;
constexpr uint32_t kCadenceS = 60;

// One series of reaches, and the violations that a judge of n of m would open at the edge.
struct Watched {
  PeaksPlan plan;
  Peaks peaks{};
  uint32_t time_s = 1'800'000'000;
  std::array<int, 8> sides{};  // of the last points beyond the edge; 0 = within
  bool open = false;
  uint64_t episodes = 0;

  void see(double reach) {
    time_s += kCadenceS;
    std::copy_backward(sides.begin(), sides.end() - 1, sides.end());
    sides[0] = reach > peaks.edge ? 1 : reach < -peaks.edge ? -1 : 0;
    int up = 0, down = 0;
    for (size_t i = 0; i < plan.of; ++i) up += sides[i] > 0, down += sides[i] < 0;
    if (up == 0 && down == 0) open = false;
    if (!open && (up >= plan.points || down >= plan.points)) {
      open = true;
      ++episodes;
      peaks.opened(plan, kCadenceS);
    }
    peaks.note(plan, reach, kCadenceS, time_s);
  }
};

using Draw = std::function<double(Random&)>;
double normal(Random& random) { return 0.21 * random.normal(); }
double exponential(Random& random) {
  const double sign = random.uniform() < 0.5 ? -1 : 1;
  return sign * -0.1 * std::log(1 - random.uniform());
}
double student3(Random& random) {
  double squares = 0;
  for (int i = 0; i < 3; ++i) squares += std::pow(random.normal(), 2);
  return 0.1 * random.normal() / std::sqrt(squares / 3);
}
double mostly_zero(Random& random) {
  return random.uniform() < 0.03 ? 0.3 + random.uniform() : 0.01 * random.normal();
}

struct Case {
  const char* name;
  double (*draw)(Random&);
  double per_week;
  uint8_t points, of;
};
class Wanted : public testing::TestWithParam<Case> {};

// Twenty series, three weeks to learn, three weeks counted.
TEST_P(Wanted, EpisodesComeAsOftenAsWanted) {
  const Case& one = GetParam();
  constexpr uint64_t kSeries = 20;
  uint64_t episodes = 0;
  for (uint64_t i = 0; i < kSeries; ++i) {
    Watched series{{one.per_week, 0.456, one.points, one.of}};
    Random random(i + 1);
    for (uint32_t at = 0; at < 3 * kWeekS; at += kCadenceS) series.see(one.draw(random));
    const uint64_t learned = series.episodes;
    for (uint32_t at = 0; at < 3 * kWeekS; at += kCadenceS) series.see(one.draw(random));
    episodes += series.episodes - learned;
  }
  const double rate = static_cast<double>(episodes) / (3 * kSeries);
  EXPECT_LE(rate, 2 * one.per_week);
  EXPECT_GE(rate, one.per_week / 2.5);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Wanted,
                         testing::Values(Case{"normal_one", normal, 1, 2, 3},
                                         Case{"normal_ten", normal, 10, 2, 3},
                                         Case{"exponential_one", exponential, 1, 2, 3},
                                         Case{"exponential_ten", exponential, 10, 2, 3},
                                         Case{"heavy_one", student3, 1, 2, 3},
                                         Case{"heavy_ten", student3, 10, 2, 3},
                                         Case{"sparse_one", mostly_zero, 1, 2, 3},
                                         Case{"each_point_counts", normal, 1, 1, 1},
                                         Case{"six_of_eight", normal, 1, 6, 8}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Tail, OfExponentialExcessesIsFound) {
  const PeaksPlan plan{1, 0.456, 1, 1};
  Peaks peaks;
  Random random(5);
  uint32_t time_s = 1'800'000'000;
  for (uint32_t i = 0; i < 8 * kWeekS / kCadenceS; ++i)
    peaks.note(plan, -0.1 * std::log(1 - random.uniform()), kCadenceS, time_s += kCadenceS);
  EXPECT_NEAR(peaks.tail().scale, 0.1, 0.035);
  EXPECT_NEAR(peaks.tail().shape, 0, 0.2);
  // 10,080 points a week: one a week lies beyond 0.1 ln 10,080 = 0.92.
  EXPECT_NEAR(peaks.edge / std::exp(peaks.correction), 0.92, 0.15);
}

TEST(Support, GrowsWithWhatWasSeenAndIsNotExceeded) {
  const auto learned = [](double per_week) {
    Watched series{{per_week, 0.456, 2, 3}};
    Random random(9);
    for (uint32_t at = 0; at < 4 * kWeekS; at += kCadenceS)
      series.peaks.note(series.plan, normal(random), kCadenceS, series.time_s += kCadenceS);
    return series.peaks;
  };
  const PeaksPlan rare{0.1, 0.456, 2, 3};
  EXPECT_GT(Peaks{}.supported_per_week(rare, kCadenceS), 0.3);
  const Peaks peaks = learned(0.1);
  EXPECT_LT(peaks.supported_per_week(rare, kCadenceS), 0.1);
  // Asked for the impossible it gives what can be said: the correction alone is another.
  const Peaks never = learned(1e-6), hardly = learned(peaks.supported_per_week(rare, kCadenceS));
  EXPECT_NEAR(never.edge / std::exp(never.correction), hardly.edge / std::exp(hardly.correction),
              0.02);
}

TEST(Poison, ADayOfWildPointsWidensByStepsOnly) {
  Watched series{{1, 0.456, 2, 3}};
  Random random(11);
  for (uint32_t at = 0; at < 3 * kWeekS; at += kCadenceS) series.see(normal(random));
  Peaks& peaks = series.peaks;
  const double before = peaks.edge;
  for (uint32_t i = 0; i < 86'400 / kCadenceS; ++i)
    peaks.note(series.plan, i % 10 < 3 ? 50 : 0, kCadenceS, series.time_s += kCadenceS);
  EXPECT_LT(peaks.edge, 3.5 * before);
  EXPECT_GE(peaks.edge, before);
}

TEST(Bounds, NoReachBreaksIt) {
  const PeaksPlan plan{1, 0.456, 2, 3};
  Peaks peaks;
  Random random(3);
  uint32_t time_s = 5;
  for (int i = 0; i < 20'000; ++i) {
    const double size = std::pow(10.0, 20 * random.uniform() - 10);
    const double cadence = std::pow(10.0, 6 * random.uniform() - 2);
    if (random.uniform() < 0.1) peaks.opened(plan, cadence);
    time_s += static_cast<uint32_t>(random.below(1'000'000));
    if (random.uniform() < 0.01) time_s = static_cast<uint32_t>(random.below(1'000'000'000));
    peaks.note(plan, random.uniform() < 0.5 ? size : -size, cadence, time_s);
    ASSERT_GE(peaks.edge, static_cast<float>(Peaks::kEdgeMin));
    ASSERT_LE(peaks.edge, static_cast<float>(Peaks::kEdgeMax));
    ASSERT_TRUE(std::isfinite(peaks.body) && peaks.body > 0);
    ASSERT_GT(peaks.supported_per_week(plan, cadence), 0);
  }
}

// What the judge leaves out: points within the body while none beyond it is near.
TEST(Idle, PointsWithinTheBodyNeedNotBeNoted) {
  const PeaksPlan plan{1, 0.456, 2, 3};
  Peaks all, some;
  Random random(13);
  uint32_t time_s = 1'800'000'000;
  for (uint32_t i = 0; i < 2 * kWeekS / kCadenceS; ++i) {
    const double reach = normal(random);
    time_s += kCadenceS;
    all.note(plan, reach, kCadenceS, time_s);
    if (!some.idle(reach)) some.note(plan, reach, kCadenceS, time_s);
  }
  EXPECT_NEAR(all.edge, some.edge, 0.06);
  EXPECT_NEAR(all.clusters, some.clusters, 5);
}

}  // namespace
}  // namespace tocsin::models
