// Several seasons at once: one profile per season in one worker.
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "streamer/test_rig.h"

namespace tocsin::streamer {
namespace {

constexpr TimeMs kMonday{1'795'392'000'000};  // 2026-11-23T00:00:00Z
constexpr const char* kYaml =
    "workers:\n  - id: kpis\n    select: sales\n    tier: kpi\n    models:\n"
    "      - {kind: profile, season: week, weight: 0.8}\n"
    "      - {kind: profile, season: day, weight: 0.2}\n";

double sales(int64_t minute, Random& random) {
  const double day = std::sin(6.283185307179586 * static_cast<double>(minute % 1440) / 1440);
  return (100 + 60 * day) * (1 + 0.04 * random.normal());
}

TEST(TwoSeasons, TheDayGuardsUntilTheWeekIsKnown) {
  Rig rig(workers_of(kYaml));
  EXPECT_EQ(rig.set->worker({0}).model_names()[0], "profile -1");
  EXPECT_EQ(rig.set->worker({0}).model_names()[4], "profile day -1");
  const SeriesRef ref = rig.series("sales");
  Random random(3);
  int64_t minute = 0;
  const auto run = [&](int64_t days_count, double factor) {
    for (const int64_t end = minute + days_count * 1440; minute < end; minute += 5)
      rig.send(ref, kMonday + minutes(minute), factor * sales(minute, random));
  };
  const auto weight_of_week = [&] {
    double weight = 0;
    for (const ModelBand& band : rig.streamers[0].models(ref, WorkerRef{0}))
      if (band.model < 4) weight += band.weight;
    return weight;
  };
  run(1, 1);
  EXPECT_EQ(rig.streamers[0].tests(ref).at(0).state, TestView::State::kLearning);
  run(4, 1);
  EXPECT_EQ(rig.streamers[0].tests(ref).at(0).state, TestView::State::kGuarded);
  EXPECT_EQ(weight_of_week(), 0) << "no week is known yet";
  run(17, 1);
  EXPECT_NEAR(weight_of_week(), 0.8, 1e-6);
  EXPECT_EQ(rig.opened(), 0U);
  for (int i = 0; i < 3; ++i, minute += 5)
    rig.send(ref, kMonday + minutes(minute), 0.5 * sales(minute, random));
  EXPECT_EQ(rig.opened(), 1U);
}

TEST(TwoSeasons, TheSameSeasonTwiceIsRefused) {
  EXPECT_THROW(workers_of("workers:\n  - id: a\n    select: x\n    models:\n"
                          "      - {kind: profile}\n      - {kind: profile, season: week}\n"),
               std::runtime_error);
  EXPECT_THROW(workers_of("workers:\n  - id: a\n    select: x\n    models:\n"
                          "      - {kind: profile}\n      - {kind: profile, season: day}\n"
                          "      - {kind: profile, season: day}\n"),
               std::runtime_error);
}

}  // namespace
}  // namespace tocsin::streamer
