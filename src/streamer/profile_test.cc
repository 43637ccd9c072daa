#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "streamer/test_rig.h"

namespace tocsin::streamer {
namespace {

constexpr double kTurn = 6.283185307179586;
constexpr int64_t kStep = 60;  // seconds

// A KPI of a business: daily and weekly season on the wall clock, noise of 4 %.
double kpi(int64_t wall_s, Random& random) {
  const double day = std::sin(kTurn * static_cast<double>(wall_s % 86'400) / 86'400 - 1.5);
  const int64_t weekday = (wall_s / 86'400 + 3) % 7;
  const double week = weekday >= 5 ? 1.4 : 1.0;
  return week * (100 + 60 * day) * (1 + 0.04 * random.normal());
}

std::string profile_yaml(const std::string& more = "") {
  return "workers:\n  - id: kpis\n    select: 'payments*'\n    tier: kpi\n    models:\n"
         "      - {kind: profile" +
         more +
         "}\n"
         "sites: {zones: {madrid: Europe/Madrid}}\n";
}

struct Weeks {
  explicit Weeks(const std::string& yaml, const char* from = "2026-10-26T00:00:00Z",
                 Options options = {})
      : rig(workers_of(yaml), 1, options), start(*parse_time(from)) {}
  // Sends [now, until) of virtual time, `factor` times the KPI, in its wall clock.
  void run(DurationMs span, double factor = 1, bool import = false) {
    const TimeMs end = now() + span;
    while (now() < end) {
      const int64_t wall = zone.wall_ms(now(), cursor) / 1000;
      const double value = factor * kpi(wall, random);
      if (import)
        rig.import(ref, now(), value, start + days(100));
      else
        rig.send(ref, now(), value);
      at += kStep;
    }
  }
  TimeMs now() const { return start + seconds(at); }
  TestView view() { return rig.streamers[0].tests(ref).at(0); }

  Rig rig;
  TimeMs start;
  int64_t at = 0;
  Random random{42};
  calendar::Zone zone = *calendar::Zone::find("Europe/Madrid");
  calendar::Zone::Cursor cursor;
  SeriesRef ref = rig.series("payments_ok", {{"site", "madrid"}});
};

TEST(Profile, LearnsForTwoPeriods) {
  Weeks weeks(profile_yaml());
  weeks.run(days(13));
  EXPECT_EQ(weeks.view().state, TestView::State::kLearning);
  EXPECT_EQ(weeks.view().guarded_from, weeks.start + days(14));
  EXPECT_NEAR(weeks.view().learned, 13.0 / 14, 0.01);
  EXPECT_EQ(weeks.view().reason, "learning: not guarded until " + to_iso(weeks.start + days(14)));
  weeks.run(days(1) + hours(2));
  EXPECT_EQ(weeks.view().state, TestView::State::kGuarded);
  EXPECT_EQ(weeks.rig.lines(),
            (std::vector<std::string>{"learning payments_ok{site=\"madrid\"} by kpis",
                                      "guarded payments_ok{site=\"madrid\"} by kpis"}));
}

class ProfileDrop : public testing::TestWithParam<double> {};
TEST_P(ProfileDrop, IsCaughtWithinThreePointsAndNothingBefore) {
  Weeks weeks(profile_yaml());
  weeks.run(days(28));
  EXPECT_EQ(weeks.rig.opened(), 0);
  for (const int64_t hour : {3, 6, 6, 6}) {  // by night, at dawn, by day, in the evening
    weeks.run(hours(hour));
    const size_t before = weeks.rig.opened();
    weeks.run(seconds(3 * kStep), 1 - GetParam());
    EXPECT_EQ(weeks.rig.opened(), before + 1) << "after " << hour;
    weeks.run(minutes(10));
  }
  for (const ViolationChange* change : weeks.rig.changes(ViolationChange::What::kOpened)) {
    EXPECT_EQ(change->violation.direction, Direction::kBelow);
    EXPECT_EQ(change->tail->size(), 64);
    EXPECT_EQ(change->violation.last.models.size(), 4);
  }
  EXPECT_EQ(weeks.rig.changes(ViolationChange::What::kEnded).size(), 4);
}
INSTANTIATE_TEST_SUITE_P(By, ProfileDrop, testing::Values(0.41, 0.5, 0.6));

TEST(Profile, EachPeriodIsAModelOfItsOwnWeight) {
  Weeks weeks(profile_yaml(", weights: [4, 3, 2, 1]"));
  weeks.run(days(21) + hours(1));
  const auto models = weeks.rig.streamers[0].models(weeks.ref, WorkerRef{0});
  ASSERT_EQ(models.size(), 4);
  EXPECT_NEAR(models[0].weight, 4.0 / 9, 1e-6);
  EXPECT_NEAR(models[1].weight, 3.0 / 9, 1e-6);
  EXPECT_NEAR(models[2].weight, 2.0 / 9, 1e-6);
  EXPECT_EQ(models[3].weight, 0) << "not seen yet: its weight went to the others";
  EXPECT_EQ(weeks.rig.set->workers()[0].model_names(),
            (std::vector<std::string>{"profile -1", "profile -2", "profile -3", "profile -4"}));
}

TEST(Profile, AMarkedWeekGivesItsWeightToTheOthers) {
  Weeks weeks(
      profile_yaml(", weights: [4, 3, 2, 1]") +
      "marks:\n  - {from: '2026-11-09T00:00:00Z', to: '2026-11-09T06:00:00Z', why: test}\n");
  weeks.run(days(14));
  weeks.run(hours(6), 3);  // a performance test in the third week
  EXPECT_EQ(weeks.rig.opened(), 0) << "nothing is judged in a mark";
  EXPECT_GT(weeks.rig.streamers[0].counts().marked, 0);
  weeks.run(days(7) - hours(6) + hours(3));
  const auto models = weeks.rig.streamers[0].models(weeks.ref, WorkerRef{0});
  EXPECT_EQ(models[0].weight, 0) << "it has no data there";
  EXPECT_NEAR(models[1].weight, 3.0 / 5, 1e-6);
  EXPECT_EQ(weeks.rig.opened(), 0) << "nor does the test come back as a false alarm";
}

// Between 2026-10-25 and 2026-10-26 Madrid's clock goes back; the business follows its clock.
TEST(Profile, FollowsTheWallClockThroughAutumnAndSpring) {
  for (const char* from : {"2026-10-05T00:00:00Z", "2026-03-09T00:00:00Z"}) {
    Weeks weeks(profile_yaml(), from);
    weeks.run(days(28));
    EXPECT_EQ(weeks.rig.opened(), 0) << from;
    EXPECT_EQ(weeks.view().state, TestView::State::kGuarded);
  }
}

TEST(Profile, SeasonOfADayLearnsInTwoDays) {
  Weeks weeks(
      "workers:\n  - {id: d, select: payments_ok, models: [{kind: profile, season: day}]}\n");
  weeks.run(days(1));
  EXPECT_EQ(weeks.view().state, TestView::State::kLearning);
  weeks.run(days(1) + hours(3));
  EXPECT_EQ(weeks.view().state, TestView::State::kGuarded);
}

TEST(Profile, HistoryTeachesAndTellsNothing) {
  Weeks weeks(profile_yaml());
  weeks.run(days(20), 1, true);
  weeks.run(hours(2), 0.3, true);  // an outage in the history
  weeks.run(days(1) - hours(2), 1, true);
  EXPECT_TRUE(weeks.rig.items.empty());
  weeks.run(minutes(5));
  ASSERT_EQ(weeks.rig.items.size(), 1);
  EXPECT_EQ(weeks.rig.lines()[0], "guarded payments_ok{site=\"madrid\"} by kpis");
  weeks.run(minutes(3), 0.5);
  EXPECT_EQ(weeks.rig.opened(), 1);
}

TEST(Profile, BudgetOfMemoryIsKept) {
  Options options;
  options.model_bytes_max = 20'000;  // one period of a week takes 12 KB
  Weeks weeks(profile_yaml(), "2026-10-26T00:00:00Z", options);
  weeks.run(days(16));
  EXPECT_EQ(weeks.view().state, TestView::State::kLearning) << "it abstains";
  EXPECT_GT(weeks.rig.streamers[0].counts().models_refused, 0);
  EXPECT_LE(weeks.rig.streamers[0].model_bytes(), 20'000);
}

TEST(Profile, SparsePointsAreEnough) {
  // One point an hour: a bucket in twelve is filled.
  Rig rig(workers_of(profile_yaml()));
  const SeriesRef ref = rig.series("payments_ok", {{"site", "madrid"}});
  Random random(9);
  const TimeMs start = *parse_time("2026-10-26T00:00:00Z");
  int64_t hour = 0;
  for (; hour < 24 * 28; ++hour) rig.send(ref, start + hours(hour), kpi(hour * 3600, random));
  EXPECT_LE(rig.opened(), 0);
  for (int i = 0; i < 3; ++i, ++hour)
    rig.send(ref, start + hours(hour), 0.3 * kpi(hour * 3600, random));
  EXPECT_EQ(rig.opened(), 1);
}

}  // namespace
}  // namespace tocsin::streamer
