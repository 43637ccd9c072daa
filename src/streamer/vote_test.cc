// Models that vote on their own, from points to violations: change and forecast.
#include <gtest/gtest.h>

#include "base/random.h"
#include "streamer/band.h"
#include "streamer/test_rig.h"

namespace tocsin::streamer {
namespace {

constexpr TimeMs kFrom{1'780'000'000'000};

std::string worker(const std::string& models, const std::string& more = "tier: kpi") {
  return "workers:\n  - id: w\n    select: s\n    " + more + "\n    models: [" + models + "]\n";
}

// A value per minute.
void run(Rig& rig, SeriesRef series, int from, int to, const std::function<double(int)>& value) {
  for (int i = from; i < to; ++i) rig.send(series, kFrom + minutes(i), value(i));
}

double disk(int minute) { return 40 + minute / 60.0 + 0.01 * (minute % 5); }

TEST(Vote, AForecastOpensAtOnceAndSaysWhen) {
  Rig rig(workers_of(worker("{kind: forecast, limit: 95, within: 24h}")));
  const SeriesRef series = rig.series("s");
  run(rig, series, 0, 30 * 60, disk);
  EXPECT_EQ(rig.opened(), 0) << "at 70 it is 25 h away";
  run(rig, series, 30 * 60, 33 * 60, disk);
  const auto opened = rig.changes(ViolationChange::What::kOpened);
  ASSERT_EQ(opened.size(), 1);
  const Violation& violation = opened[0]->violation;
  EXPECT_EQ(violation.direction, Direction::kAbove);
  EXPECT_NEAR((violation.opened - kFrom).seconds() / 3600, 31, 0.7);
  ASSERT_TRUE(violation.outlook);
  EXPECT_EQ(violation.outlook->limit, 95);
  EXPECT_NEAR(violation.outlook->expected.seconds() / 3600, 24, 0.1);
  EXPECT_GE(violation.last.score, 4);
  EXPECT_GT(violation.last.distance, 0);
  const auto updated = rig.changes(ViolationChange::What::kUpdated);
  ASSERT_FALSE(updated.empty());
  EXPECT_LT(updated.back()->violation.outlook->expected, hours(23));
  run(rig, series, 33 * 60, 38 * 60, [](int) { return 30; });
  EXPECT_EQ(rig.changes(ViolationChange::What::kEnded).size(), 1) << "cleaned up";
}

double flat(Random& random) { return 100 + 2 * random.normal(); }

TEST(Vote, AChangeOpensAtOnceAndSaysFromWhenAndHowLarge) {
  Rig rig(workers_of(worker("{kind: change, season: day}", "tier: kpi\n    opens: 3 of 3")));
  const SeriesRef series = rig.series("s");
  Random random(3);
  const int at = 5 * 1440;
  run(rig, series, 0, at, [&](int) { return flat(random); });
  EXPECT_EQ(rig.opened(), 0);
  run(rig, series, at, at + 120, [&](int) { return 5 + flat(random); });
  const auto opened = rig.changes(ViolationChange::What::kOpened);
  ASSERT_EQ(opened.size(), 1);
  const Violation& violation = opened[0]->violation;
  ASSERT_TRUE(violation.shift);
  EXPECT_NEAR((violation.shift->since - kFrom).seconds() / 60, at, 20);
  const auto updated = rig.changes(ViolationChange::What::kUpdated);
  ASSERT_FALSE(updated.empty());
  EXPECT_NEAR(updated.back()->violation.shift->before, 100, 1);
  EXPECT_NEAR(updated.back()->violation.shift->after, 105, 1);
  run(rig, series, at + 120, at + 400, [&](int) { return flat(random); });
  EXPECT_EQ(rig.changes(ViolationChange::What::kEnded).size(), 1);
}

TEST(Vote, AnAcceptedChangeIsTheNewNormal) {
  Rig rig(workers_of(worker("{kind: change, season: day}", "tier: evidence")));
  const SeriesRef series = rig.series("s");
  Random random(3);
  run(rig, series, 0, 5 * 1440, [&](int) { return flat(random); });
  run(rig, series, 5 * 1440, 7 * 1440, [&](int) { return 5 + flat(random); });
  EXPECT_EQ(rig.opened(), 1);
  EXPECT_EQ(rig.changes(ViolationChange::What::kEnded).size(), 1) << "after six hours";
}

TEST(Vote, AShiftBelowTheMinimumDeviationIsNone) {
  for (const char* relative : {"0.01", "0.2"}) {
    Rig rig(workers_of(worker("{kind: change, season: day}",
                              "min_deviation: {relative: " + std::string(relative) + "}")));
    const SeriesRef series = rig.series("s");
    Random random(3);
    run(rig, series, 0, 5 * 1440, [&](int) { return flat(random); });
    run(rig, series, 5 * 1440, 5 * 1440 + 120, [&](int) { return 5 + flat(random); });
    EXPECT_EQ(rig.opened(), relative[2] == '0' ? 1 : 0) << relative;
  }
}

TEST(Vote, ItHasNoPartInTheBandOfTheOthers) {
  const auto last = [](const std::string& models) {
    Rig rig(workers_of(worker(models)));
    const SeriesRef series = rig.series("s");
    Random random(3);
    run(rig, series, 0, 5 * 1440, [&](int) { return flat(random); });
    return rig.streamers[0].tail(series, WorkerRef{0}).back();
  };
  const JudgedPoint level = last("{kind: level}");
  const JudgedPoint both =
      last("{kind: level}, {kind: change, season: day}, {kind: forecast, limit: 500}");
  EXPECT_EQ(both.expected, level.expected);
  EXPECT_EQ(both.upper, level.upper);
  ASSERT_EQ(both.models.size(), 3);
  EXPECT_EQ(both.models[0].weight, 1);
  EXPECT_EQ(both.models[1].weight, 0);
}

TEST(Vote, ACheckpointKeepsAnOpenFinding) {
  const auto set = workers_of(
      worker("{kind: trend}, {kind: change, season: day}, {kind: forecast, limit: 130}"));
  Rig straight(set), broken(set);
  const auto value = [](Rig& rig, int minute) {
    const double noise = static_cast<double>((minute * 7919) % 13) - 6;
    static_cast<void>(rig);
    return 100 + 0.3 * noise + (minute > 7300 ? 6 + (minute - 7300) / 40.0 : 0);
  };
  for (Rig* rig : {&straight, &broken}) {
    const SeriesRef series = rig->series("s");
    int done = 0;
    for (const int stop : {40, 5041, 7320, 7400, 7500}) {
      run(*rig, series, done, stop, [&](int i) { return value(*rig, i); });
      if (rig == &broken) rig->restart();
      done = stop;
    }
  }
  ASSERT_GT(straight.opened(), 0);
  ASSERT_EQ(straight.items.size(), broken.items.size());
  for (size_t i = 0; i < straight.items.size(); ++i)
    ASSERT_EQ(straight.full(straight.items[i]), broken.full(broken.items[i])) << i;
  const auto open = broken.streamers[0].open_violations();
  ASSERT_EQ(open.size(), 1);
  EXPECT_TRUE(open[0].shift || open[0].outlook);
}

TEST(Vote, DrawnAndLiveAgree) {
  const auto set = workers_of(worker("{kind: trend}, {kind: forecast, limit: 95}"));
  Rig rig(set);
  const SeriesRef series = rig.series("s");
  run(rig, series, 0, 2000, disk);
  std::vector<DrawnPoint> points;
  for (int i = 0; i < 2000; ++i) points.push_back({kFrom + minutes(i), disk(i)});
  const Drawing drawing = draw_band(*set, WorkerRef{0}, rig.table.labels(series), points);
  const JudgedPoint live = rig.streamers[0].tail(series, WorkerRef{0}).back();
  ASSERT_FALSE(drawing.points.empty());
  const JudgedPoint& drawn = drawing.points.back();
  EXPECT_EQ(drawn.expected, live.expected);
  EXPECT_EQ(drawn.upper, live.upper);
  ASSERT_EQ(drawn.models.size(), 2);
  EXPECT_NEAR(drawn.models[1].upper, 71, 0.5) << "from there 95 is 24 h away";
  EXPECT_EQ(drawing.violations.size(), rig.opened());
  EXPECT_EQ(drawing.violations.size(), 1);
}

}  // namespace
}  // namespace tocsin::streamer
