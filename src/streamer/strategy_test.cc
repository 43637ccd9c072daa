// Strategies from outside: the band that a point is held against is what the models' own bands and
// weights say it is, for every strategy, with weights of every kind.
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "streamer/test_rig.h"

namespace tocsin::streamer {
namespace {

constexpr TimeMs kStart{1'794'960'000'000};
constexpr double kTurn = 6.283185307179586;

struct Case {
  const char* name;
  const char* strategy;
  double level, profile, trend;  // weights
};

// The last point of a series of six days with a season, and the bands of each model for it.
JudgedPoint last_point(const Case& one) {
  Rig rig(workers_of(
      "default: off\nworkers:\n  - {id: w, select: '*', tier: kpi, strategy: " +
      std::string(one.strategy) +
      ", min_deviation: {relative: 0}, models: [{kind: level, weight: " +
      std::to_string(one.level) +
      "}, {kind: profile, season: day, periods: 3, weight: " + std::to_string(one.profile) +
      "}, {kind: trend, weight: " + std::to_string(one.trend) + "}]}\n"));
  const SeriesRef ref = rig.series("payments");
  Random random(8);
  for (int64_t minute = 0; minute < 6 * 1440 + 311; minute += 5) {
    const double day = std::sin(kTurn * static_cast<double>(minute) / 1440);
    rig.send(ref, kStart + minutes(minute), 1000 + 400 * day + 20 * random.normal());
  }
  return rig.streamers[0].tail(ref, WorkerRef{0}).back();
}

// What the votes of the models' own bands say about a value.
bool outvoted(const Case& one, const JudgedPoint& point, double value) {
  double outside = 0, total = 0;
  for (const ModelBand& band : point.models) {
    total += band.weight;
    if (value < band.lower || value > band.upper) outside += band.weight;
  }
  if (std::string_view(one.strategy) == "any") return outside > 0;
  if (std::string_view(one.strategy) == "all") return outside >= total - 1e-9;
  return outside > total / 2;  // majority
}

class Strategies : public testing::TestWithParam<Case> {};

TEST_P(Strategies, BandIsWhatTheModelsSay) {
  const Case& one = GetParam();
  const JudgedPoint point = last_point(one);
  size_t speaking = 0;
  double total = 0;
  for (const ModelBand& band : point.models) speaking += band.weight > 0, total += band.weight;
  const size_t switched_on = (one.level > 0) + 3 * (one.profile > 0) + (one.trend > 0);
  ASSERT_EQ(speaking, switched_on) << "weight 0 switches a model off";
  ASSERT_NEAR(total, 1, 1e-6);
  const std::string_view strategy = one.strategy;
  if (strategy == "weighted") {
    double lower = 0, upper = 0;
    for (const ModelBand& band : point.models)
      lower += band.weight * band.lower, upper += band.weight * band.upper;
    EXPECT_NEAR(point.lower, lower, 1e-3);
    EXPECT_NEAR(point.upper, upper, 1e-3);
  } else if (strategy == "best") {
    const ModelBand* best = nullptr;
    for (const ModelBand& band : point.models)
      if (band.weight > 0 &&
          (best == nullptr || band.upper - band.lower < best->upper - best->lower))
        best = &band;
    EXPECT_EQ(point.lower, best->lower);
    EXPECT_EQ(point.upper, best->upper);
  } else {
    for (double value = 0; value < 2500; value += 3.7)
      EXPECT_EQ(value < point.lower || value > point.upper, outvoted(one, point, value)) << value;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Strategies, testing::ValuesIn([] {
                           std::vector<Case> out;
                           constexpr const char* kStrategies[] = {"weighted", "majority", "any",
                                                                  "all", "best"};
                           for (const char* strategy : kStrategies) {
                             out.push_back({"even", strategy, 1, 1, 1});
                             out.push_back({"uneven", strategy, 0.2, 0.7, 0.1});
                             out.push_back({"level_leads", strategy, 3, 1, 1});
                             out.push_back({"without_level", strategy, 0, 1, 1});
                             out.push_back({"without_profile", strategy, 1, 0, 1});
                             out.push_back({"level_alone", strategy, 1, 0, 0});
                             out.push_back({"profile_alone", strategy, 0, 1, 0});
                             out.push_back({"trend_alone", strategy, 0, 0, 1});
                           }
                           return out;
                         }()),
                         [](const auto& tested) {
                           return std::string(tested.param.strategy) + "_" + tested.param.name;
                         });

// A model that has not learned yet gives its weight to the others; with none left nothing is
// tested.
TEST(StrategyEdges, AModelThatLearnsGivesItsWeightAway) {
  for (const char* strategy : {"weighted", "majority", "any", "all", "best"}) {
    Rig rig(workers_of("default: off\nworkers: [{id: w, select: '*', tier: kpi, strategy: " +
                       std::string(strategy) + ", models: [{kind: level}, {kind: profile}]}]\n"));
    const SeriesRef ref = rig.series("payments");
    Random random(2);
    for (int64_t minute = 0; minute < 60; ++minute)
      rig.send(ref, kStart + minutes(minute), 100 + random.normal());
    const JudgedPoint point = rig.streamers[0].tail(ref, WorkerRef{0}).back();
    ASSERT_FALSE(point.models.empty()) << strategy;
    EXPECT_EQ(point.models[0].weight, 1) << strategy;
    EXPECT_EQ(point.lower, std::min(point.models[0].lower, point.expected * 0.99)) << strategy;
  }
}

// All switched off: the series is not guarded, and says so.
TEST(StrategyEdges, WithoutAModelNothingIsGuarded) {
  Rig rig(
      workers_of("default: off\nworkers: [{id: w, select: '*', models: [{kind: level, weight: "
                 "0}]}]\n"));
  const SeriesRef ref = rig.series("payments");
  for (int64_t minute = 0; minute < 100; ++minute)
    rig.send(ref, kStart + minutes(minute), minute < 90 ? 100 : 1e6);
  EXPECT_EQ(rig.opened(), 0u);
}

}  // namespace
}  // namespace tocsin::streamer
