// A violation is an interval; silence and absence; late, future and past points. docs/semantics.md.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"
#include "streamer/test_rig.h"

namespace tocsin::streamer {
namespace {

using What = ViolationChange::What;
constexpr TimeMs kStart{1'795'000'000'000};
TimeMs at(int64_t seconds_in) { return kStart + seconds(seconds_in); }

std::string limit_worker(const std::string& more = "") {
  return "workers:\n  - {id: limit, select: queue, tier: kpi, models: [{kind: threshold, above: "
         "10}]" +
         more + "}\n";
}

// One point per 10 s: '-' inside, '+' outside, ' ' nothing comes. Letters tell when a violation was
// opened (o), updated (u), absent (a) or ended (e) since the character before.
std::string play(const std::string& yaml, const std::string& script) {
  Rig rig(workers_of(yaml));
  const SeriesRef ref = rig.series("queue");
  std::string out;
  size_t seen = 0;
  for (size_t i = 0; i < script.size(); ++i) {
    const TimeMs now = at(10 * static_cast<int64_t>(i));
    rig.advance(now);
    if (script[i] != ' ') rig.send(ref, now, script[i] == '+' ? 15 : 5);
    std::string letters;
    for (; seen < rig.items.size(); ++seen)
      if (const auto* change = std::get_if<ViolationChange>(&rig.items[seen].what))
        letters += "ouae"[static_cast<int>(change->what)];
    out += letters.empty() ? "." : letters;
  }
  EXPECT_FALSE(rig.out_of_order);
  return out;
}

struct ScriptCase {
  const char* name;
  const char* opens;
  const char* points;
  const char* expected;
};
class ViolationScript : public testing::TestWithParam<ScriptCase> {};
TEST_P(ViolationScript, Plays) {
  EXPECT_EQ(play(limit_worker(std::string(", opens: ") + GetParam().opens), GetParam().points),
            GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(
    All, ViolationScript,
    testing::Values(ScriptCase{"one_of_three_is_not_enough", "2 of 3", "--+--+--", "........"},
                    ScriptCase{"two_of_three", "2 of 3", "--+-+-", "....ou"},
                    ScriptCase{"two_in_a_row", "2 of 3", "--++--", "...ouu"},
                    ScriptCase{"ends_after_three_inside", "2 of 3", "++---", ".ouue"},
                    ScriptCase{"two_inside_do_not_end_it", "2 of 3", "++--+---", ".ouuuuue"},
                    ScriptCase{"one_of_one", "1 of 1", "-+-", ".oe"},
                    ScriptCase{"three_of_five", "3 of 5", "+-+-+--+", "....ouuu"},
                    ScriptCase{"after_the_end_it_counts_anew", "2 of 3", "++---+-+", ".ouue..o"},
                    ScriptCase{"without_data_it_becomes_absent_not_ended", "2 of 3", "--++      ",
                               "...o..a..."},
                    ScriptCase{"and_goes_on_when_data_comes_back", "2 of 3", "--++   +---",
                               "...o..auuue"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Violation, IsDescribedAsSemanticsSay) {
  Rig rig(workers_of(limit_worker()));
  const SeriesRef ref = rig.series("queue", {{"site", "lagos"}});
  for (int i = 0; i < 10; ++i) rig.send(ref, at(10 * i), 5);
  for (int i = 10; i < 16; ++i) rig.send(ref, at(10 * i), 11 + i);
  ASSERT_EQ(rig.opened(), 1);
  const Violation& opened = rig.changes(What::kOpened)[0]->violation;
  EXPECT_EQ(opened.opened, at(100)) << "event time of the first point outside";
  EXPECT_EQ(opened.points_outside, 2);
  EXPECT_FALSE(opened.motion) << "unknown with fewer than 4 points";
  EXPECT_EQ(opened.cadence, seconds(10));
  EXPECT_EQ(opened.tier, Tier::kKpi);
  EXPECT_EQ(
      opened.id,
      IdBuilder().add("queue{site=\"lagos\"}").add("limit").add("above").add(at(100).ms).finish());
  const Violation& last = rig.changes(What::kUpdated).back()->violation;
  EXPECT_EQ(last.id, opened.id);
  EXPECT_EQ(last.points_outside, 6);
  EXPECT_EQ(last.worst.value, 26);
  ASSERT_TRUE(last.motion);
  EXPECT_GT(last.motion->speed, 0) << "positive = worsening";
  EXPECT_NEAR(last.motion->raw_slope, 0.1, 1e-9) << "units per second";
  const auto& tail = *rig.changes(What::kOpened)[0]->tail;
  ASSERT_EQ(tail.size(), 12);
  EXPECT_EQ(tail.back().value, 22);
  EXPECT_TRUE(tail.back().outside);
}

TEST(Violation, PositionIsThatOfItsRow) {
  Rig rig(workers_of(limit_worker(", opens: 1 of 1")));
  Batch batch;
  batch.add(rig.series("other"), at(0), 1);
  batch.add(rig.series("queue"), at(0), 50);
  rig.send(std::move(batch), at(0));
  ASSERT_EQ(rig.opened(), 1);
  const StreamItem& item = rig.items[1];
  EXPECT_EQ(item.at.lsn.value, 1);
  EXPECT_EQ(item.at.due, TimeMs{});
  EXPECT_EQ(item.at.row, 1);
}

TEST(Violation, ASeriesLearnsNothingWhileItIsOpen) {
  Rig rig(std::make_shared<const WorkerSet>());
  const SeriesRef ref = rig.series("requests");
  Random random(1);
  int64_t t = 0;
  const auto send = [&](double value) { rig.send(ref, at(10 * t++), value + random.normal()); };
  for (int i = 0; i < 500; ++i) send(100);
  for (int i = 0; i < 300; ++i) send(200);
  const JudgedPoint& last = rig.changes(What::kUpdated).back()->violation.last;
  EXPECT_NEAR(last.expected, 100, 2);
  EXPECT_EQ(rig.opened(), 1) << "updated in place";
  for (int i = 0; i < 3; ++i) send(100);
  EXPECT_EQ(rig.changes(What::kEnded).size(), 1);
}

TEST(Violation, EvidenceAcceptsANewNormalAfterSixHoursAKpiDoesNot) {
  for (const bool kpi : {false, true}) {
    Rig rig(workers_of(std::string("workers:\n  - {id: w, select: memory, tier: ") +
                       (kpi ? "kpi" : "evidence") + "}\n"));
    const SeriesRef ref = rig.series("memory");
    Random random(1);
    int64_t t = 0;
    for (; t < 100; ++t) rig.send(ref, at(60 * t), 100 + random.normal());
    const int64_t shifted = t;
    for (; t < shifted + 359; ++t) rig.send(ref, at(60 * t), 150 + random.normal());
    EXPECT_EQ(rig.opened(), 1);
    EXPECT_TRUE(rig.changes(What::kEnded).empty());
    for (; t < shifted + 500; ++t) rig.send(ref, at(60 * t), 150 + random.normal());
    EXPECT_EQ(rig.changes(What::kEnded).size(), kpi ? 0 : 1);
    EXPECT_EQ(rig.opened(), 1);
    if (!kpi) {
      EXPECT_NEAR(rig.streamers[0].models(ref, WorkerRef{0})[0].expected, 150, 2);
    }
  }
}

TEST(Points, ThatAreNotNewerAreLateAndNotTestedAgain) {
  Rig rig(workers_of(limit_worker(", opens: 1 of 1")));
  const SeriesRef ref = rig.series("queue");
  rig.send(ref, at(10), 5);
  Batch again;
  again.add(ref, at(10), 50);
  again.add(ref, at(5), 50);
  rig.send(std::move(again), at(11));
  EXPECT_EQ(rig.opened(), 0);
  EXPECT_EQ(rig.streamers[0].counts().late, 2);
}

struct FutureCase {
  const char* name;
  int64_t ahead_s;
  size_t opened;
};
class Future : public testing::TestWithParam<FutureCase> {};
TEST_P(Future, BeyondLatenessIsKeptAndNotJudged) {
  Rig rig(workers_of(limit_worker(", opens: 1 of 1")));
  const SeriesRef ref = rig.series("queue");
  Batch batch;
  batch.add(ref, at(GetParam().ahead_s), 50);
  rig.send(std::move(batch), at(0));
  EXPECT_EQ(rig.opened(), GetParam().opened);
  EXPECT_EQ(rig.streamers[0].counts().future, 1 - GetParam().opened);
  if (GetParam().opened > 0) return;
  rig.send(ref, at(1), 50);
  EXPECT_EQ(rig.opened(), 1) << "it did not move the watermark";
}
INSTANTIATE_TEST_SUITE_P(Both, Future,
                         testing::Values(FutureCase{"at_the_edge", 60, 1},
                                         FutureCase{"beyond", 61, 0},
                                         FutureCase{"year_9999", 250'000'000'000, 0}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Points, OlderThanADayAreHistory) {
  Rig rig(workers_of(limit_worker(", opens: 1 of 1")));
  const SeriesRef ref = rig.series("queue");
  Batch batch;
  batch.add(ref, at(0), 50);
  batch.add(ref, at(10), 50);
  rig.send(std::move(batch), at(2 * 86'400));
  EXPECT_TRUE(rig.items.empty());
  EXPECT_EQ(rig.streamers[0].counts().late, 2);
  rig.send(ref, at(2 * 86'400 + 10), 50);
  EXPECT_EQ(rig.opened(), 1) << "live points open anew";
}

TEST(Points, ThatAreNoNumbersAreCounted) {
  Rig rig(std::make_shared<const WorkerSet>());
  const SeriesRef ref = rig.series("x");
  int64_t t = 0;
  for (const double value : {std::numeric_limits<double>::quiet_NaN(), 1e300, -1e31,
                             std::numeric_limits<double>::infinity()})
    rig.send(ref, at(++t), value);
  EXPECT_EQ(rig.streamers[0].counts().not_a_number, 4);
  EXPECT_EQ(rig.streamers[0].counts().learning, 0);
}

TEST(Import, OpensAndClosesNothingLive) {
  Rig rig(workers_of(limit_worker()));
  const SeriesRef ref = rig.series("queue");
  for (int i = 0; i < 5; ++i) rig.import(ref, at(10 * i), 50, at(1000));
  EXPECT_TRUE(rig.items.empty());
  rig.send(ref, at(1000), 50);
  EXPECT_EQ(rig.opened(), 0) << "history does not count among the last three";
  rig.send(ref, at(1010), 50);
  EXPECT_EQ(rig.opened(), 1);
  for (int i = 0; i < 5; ++i) rig.import(ref, at(1011 + i), 5, at(1020));
  EXPECT_TRUE(rig.changes(What::kEnded).empty());
}

TEST(Marks, NothingIsJudgedInThem) {
  const std::string mark = "marks:\n  - {from: '" + to_iso(at(100)) + "', to: '" + to_iso(at(200)) +
                           "', why: test, match: 'queue{site=\"m\"}'}\n";
  Rig rig(workers_of(limit_worker(", opens: 1 of 1") + mark));
  const SeriesRef in = rig.series("queue", {{"site", "m"}});
  const SeriesRef out = rig.series("queue", {{"site", "x"}});
  for (const int64_t t : {100, 199}) rig.send(in, at(t), 50);
  EXPECT_EQ(rig.opened(), 0);
  EXPECT_EQ(rig.streamers[0].tests(in)[0].reason, "not tested: in an excluded period");
  rig.send(out, at(150), 50);
  EXPECT_EQ(rig.opened(), 1) << "the mark is of another series";
  rig.send(in, at(200), 50);
  EXPECT_EQ(rig.opened(), 2) << "the end is not included";
}

std::string silence_worker(const std::string& more = "") {
  return "workers:\n  - {id: beat, select: adapter, models: [{kind: silence}]" + more + "}\n";
}

TEST(Silence, OpensAfterThreeCadencesAndEndsWhenPointsReturn) {
  Rig rig(workers_of(silence_worker()));
  const SeriesRef ref = rig.series("adapter");
  for (int i = 0; i < 10; ++i) rig.send(ref, at(10 * i), 1);
  EXPECT_EQ(rig.streamers[0].tests(ref)[0].state, TestView::State::kGuarded);
  rig.advance(at(90 + 30) - milliseconds(1));
  EXPECT_EQ(rig.opened(), 0);
  rig.advance(at(90 + 31));
  ASSERT_EQ(rig.opened(), 1);
  const StreamItem& item = rig.items[rig.items.size() - 2];
  EXPECT_EQ(item.at.due, at(120)) << "at its own due time";
  EXPECT_EQ(item.arrival, at(120));
  const Violation& silent = std::get<ViolationChange>(item.what).violation;
  EXPECT_EQ(silent.direction, Direction::kSilent);
  EXPECT_EQ(silent.opened, at(90)) << "the last point seen";
  EXPECT_EQ(silent.last.time, at(90));
  EXPECT_EQ(rig.streamers[0].tests(ref)[0].state, TestView::State::kOpen);
  rig.send(ref, at(200), 1);
  ASSERT_EQ(rig.changes(What::kEnded).size(), 1);
  EXPECT_EQ(rig.changes(What::kEnded)[0]->violation.ended, at(200));
}

TEST(Silence, ATimerRunsBeforeTheFrameThatArrivesAtItsTime) {
  Rig rig(workers_of(silence_worker()));
  const SeriesRef ref = rig.series("adapter");
  for (int i = 0; i < 10; ++i) rig.send(ref, at(10 * i), 1);
  rig.send(ref, at(120), 1);
  EXPECT_EQ(rig.opened(), 1);
  EXPECT_EQ(rig.changes(What::kEnded).size(), 1);
}

TEST(Silence, BatchesOfAMinuteAreNoSilence) {
  Rig rig(workers_of(silence_worker()));
  const SeriesRef ref = rig.series("adapter");
  for (int minute = 1; minute < 20; ++minute) {
    Batch batch;
    for (int i = 0; i < 6; ++i) batch.add(ref, at(60 * minute - 60 + 10 * i), 1);
    rig.send(std::move(batch), at(60 * minute));
    if (minute == 3) rig.items.clear();
  }
  EXPECT_EQ(rig.opened(), 0);
}

TEST(Silence, WaitsForLatenessWherePointsComeOutOfOrder) {
  Rig rig(workers_of(silence_worker()));
  const SeriesRef ref = rig.series("adapter");
  for (int i = 0; i < 10; ++i) rig.send(ref, at(10 * i), 1);
  Batch batch;
  batch.add(ref, at(85), 1);
  rig.send(std::move(batch), at(91));
  rig.advance(at(91 + 59));
  EXPECT_EQ(rig.opened(), 0);
  rig.advance(at(91 + 61));
  EXPECT_EQ(rig.opened(), 1);
}

TEST(Silence, IsSuspendedForTwoCadencesAfterAnInterruption) {
  Rig rig(workers_of(silence_worker()));
  const SeriesRef ref = rig.series("adapter");
  for (int i = 0; i < 10; ++i) rig.send(ref, at(10 * i), 1);
  rig.restart();
  rig.streamers[0].interrupted(at(1000));
  rig.advance(at(1019));
  EXPECT_EQ(rig.opened(), 0);
  rig.advance(at(1021));
  EXPECT_EQ(rig.opened(), 1) << "it did not come back";
}

TEST(Missing, ViolationNeedsNoSilenceModel) {
  Rig rig(workers_of("workers:\n  - {id: w, select: adapter, missing: violation}\n"));
  const SeriesRef ref = rig.series("adapter");
  for (int i = 0; i < 10; ++i) rig.send(ref, at(10 * i), 1);
  rig.advance(at(300));
  EXPECT_EQ(rig.opened(), 1);
}

TEST(Missing, ZeroFillsTheGapsOfAnErrorCounter) {
  Rig rig(
      workers_of("workers:\n  - {id: w, select: errors, missing: zero, models: [{kind: threshold, "
                 "below: 0.5}]}\n"));
  const SeriesRef ref = rig.series("errors");
  for (int i = 0; i < 10; ++i) rig.send(ref, at(10 * i), 1);
  rig.advance(at(200));
  EXPECT_EQ(rig.opened(), 1) << "zeros came";
  EXPECT_NEAR(rig.streamers[0].tests(ref)[0].last.value, 0, 0);
  EXPECT_EQ(rig.streamers[0].tests(ref)[0].state, TestView::State::kOpen) << "never absent";
}

TEST(Status, LearningGuardedAbsentAndBack) {
  Rig rig(std::make_shared<const WorkerSet>());
  const SeriesRef ref = rig.series("x");
  Random random(1);
  for (int i = 0; i < 40; ++i) {
    rig.send(ref, at(10 * i), random.normal());
    if (i == 3) {
      EXPECT_EQ(rig.streamers[0].tests(ref)[0].reason, "learning: 4 of 30 points");
    }
  }
  rig.advance(at(1000));
  EXPECT_EQ(rig.streamers[0].tests(ref)[0].state, TestView::State::kAbsent);
  rig.send(ref, at(1010), random.normal());
  EXPECT_EQ(rig.lines(), (std::vector<std::string>{"learning x by default", "guarded x by default",
                                                   "absent x by default", "guarded x by default"}));
  const auto& learning = std::get<SeriesStatus>(rig.items[0].what);
  EXPECT_EQ(learning.guarded_from, TimeMs{}) << "cannot say before a cadence is known";
}

TEST(Threshold, ForWaitsItsTime) {
  Rig rig(
      workers_of("workers:\n  - {id: w, select: q, opens: 1 of 1, models: [{kind: threshold, "
                 "above: 10, for: 30s}]}\n"));
  const SeriesRef ref = rig.series("q");
  for (const int64_t t : {0, 10, 20}) rig.send(ref, at(t), 50);
  EXPECT_EQ(rig.opened(), 0);
  rig.send(ref, at(25), 5);
  for (const int64_t t : {30, 40, 50}) rig.send(ref, at(t), 50);
  EXPECT_EQ(rig.opened(), 0) << "it begins anew";
  rig.send(ref, at(60), 50);
  EXPECT_EQ(rig.opened(), 1);
}

TEST(ConstantSeries, ThatMovesOnceIsJudgedSanely) {
  Rig rig(std::make_shared<const WorkerSet>());
  const SeriesRef ref = rig.series("replicas");
  int64_t t = 0;
  for (; t < 200; ++t) rig.send(ref, at(10 * t), 1000);
  for (int i = 0; i < 3; ++i, ++t) rig.send(ref, at(10 * t), 1005);
  EXPECT_EQ(rig.opened(), 0) << "within 1 %, the standard minimum deviation";
  for (int i = 0; i < 3; ++i, ++t) rig.send(ref, at(10 * t), 1500);
  ASSERT_EQ(rig.opened(), 1);
  const JudgedPoint& last = rig.changes(What::kOpened)[0]->violation.last;
  EXPECT_GT(last.distance, 5);
  EXPECT_LE(last.distance, 1000);
  EXPECT_LE(last.score, 300);
}

}  // namespace
}  // namespace tocsin::streamer
