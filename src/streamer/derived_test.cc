// Counters, rates, aggregates.
#include <gtest/gtest.h>

#include <cmath>

#include "base/text.h"
#include "streamer/test_rig.h"
#include "streamer/transform.h"

namespace tocsin::streamer {
namespace {

constexpr TimeMs kStart{1'795'000'000'000};
TimeMs at(int64_t seconds_in) { return kStart + seconds(seconds_in); }

struct TransformCase {
  const char* name;
  Transform transform;
  std::vector<std::pair<int64_t, double>> sent;
  std::vector<double> expected;
};
class Transforms : public testing::TestWithParam<TransformCase> {};
TEST_P(Transforms, ByEventTime) {
  CounterTransform transform;
  std::vector<double> got;
  for (const auto& [time, value] : GetParam().sent)
    if (const auto out = transform.apply(GetParam().transform, at(time), value, 10))
      got.push_back(*out);
  EXPECT_EQ(got, GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(
    All, Transforms,
    testing::Values(
        TransformCase{"none", Transform::kNone, {{0, 7}, {10, 8}}, {7, 8}},
        TransformCase{"rate", Transform::kRate, {{0, 100}, {10, 150}, {30, 150}}, {5, 0}},
        TransformCase{"reset_counts_from_zero", Transform::kRate, {{0, 100}, {10, 30}}, {3}},
        TransformCase{"increase", Transform::kIncrease, {{0, 100}, {10, 150}, {20, 20}}, {50, 20}},
        TransformCase{"delta_may_fall", Transform::kDelta, {{0, 5}, {10, 3}}, {-2}},
        TransformCase{"a_gap_starts_anew", Transform::kRate, {{0, 0}, {111, 10}, {121, 20}}, {1}},
        TransformCase{"no_gap_yet", Transform::kRate, {{0, 0}, {110, 110}}, {1}},
        TransformCase{"same_time_twice", Transform::kRate, {{0, 0}, {0, 10}, {10, 10}}, {1}}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Counters, AreJudgedByTheirRateAndNeverRaw) {
  Rig rig(std::make_shared<const WorkerSet>());
  const SeriesRef raw = rig.series("requests_total", {{"host", "a"}});
  for (int i = 0; i < 50; ++i) rig.send(raw, at(10 * i), 1000.0 * i);
  const auto tests = rig.streamers[0].tests(raw);
  ASSERT_EQ(tests.size(), 1);
  EXPECT_EQ(rig.table.labels(tests[0].series).text(), "requests_total:rate{host=\"a\"}");
  EXPECT_EQ(tests[0].state, TestView::State::kGuarded);
  EXPECT_EQ(rig.streamers[0].tests(tests[0].series).size(), 1) << "found by the derived series too";
  ASSERT_EQ(rig.derived.size(), 49);
  EXPECT_EQ(rig.derived[0].value, 100);
  EXPECT_EQ(rig.derived[0].time, at(10));
  EXPECT_EQ(rig.derived[0].series, tests[0].series);
}

TEST(Counters, TwoWorkersOfOneRateDeriveItOnce) {
  Rig rig(
      workers_of("workers:\n  - {id: a, select: x_total}\n  - {id: b, select: x_total}\n"
                 "  - {id: raw, select: x_total, transform: none}\n"));
  const SeriesRef raw = rig.series("x_total");
  for (int i = 0; i < 3; ++i) rig.send(raw, at(10 * i), i);
  EXPECT_EQ(rig.derived.size(), 2);
  EXPECT_EQ(rig.streamers[0].tests(raw).size(), 3);
}

std::string sum_yaml(const std::string& op = "sum", const std::string& every = "10s") {
  return "workers:\n  - {id: s, select: 'bets{site=~\".+\"}', aggregate: {op: " + op +
         ", by: [site], every: " + every + "}, models: [{kind: threshold, above: 1000}]}\n";
}

std::vector<std::string> derived_of(const Rig& rig) {
  std::vector<std::string> out;
  for (const Point& point : rig.derived)
    out.push_back(rig.table.labels(point.series).text() + " " +
                  std::to_string((point.time - kStart).count / 1000) + " " +
                  number_text(point.value));
  return out;
}

TEST(Aggregate, ClosesWhenAllKnownMembersReported) {
  Rig rig(workers_of(sum_yaml()));
  const SeriesRef a = rig.series("bets", {{"site", "m"}, {"host", "a"}});
  const SeriesRef b = rig.series("bets", {{"site", "m"}, {"host", "b"}});
  const SeriesRef other = rig.series("bets", {{"site", "x"}, {"host", "a"}});
  for (int64_t t : {0, 10, 20}) {
    rig.send(a, at(t), 1);
    rig.send(b, at(t), 2);
    rig.send(other, at(t), 5);
  }
  EXPECT_EQ(derived_of(rig),
            (std::vector<std::string>{"bets:sum{site=\"m\"} 0 3", "bets:sum{site=\"m\"} 10 3",
                                      "bets:sum{site=\"x\"} 0 5", "bets:sum{site=\"x\"} 10 5",
                                      "bets:sum{site=\"m\"} 20 3", "bets:sum{site=\"x\"} 20 5"}));
}

TEST(Aggregate, ClosesAtTheWatermarkWithoutASilentMember) {
  Rig rig(workers_of(sum_yaml()));
  const SeriesRef a = rig.series("bets", {{"site", "m"}, {"host", "a"}});
  const SeriesRef b = rig.series("bets", {{"site", "m"}, {"host", "b"}});
  for (int64_t t = 0; t < 50; t += 10) {
    rig.send(a, at(t), 1);
    rig.send(b, at(t), 2);
  }
  rig.derived.clear();
  for (int64_t t = 50; t <= 110; t += 10) rig.send(a, at(t), 1);
  EXPECT_TRUE(rig.derived.empty()) << "b may still come";
  rig.send(a, at(120), 1);
  ASSERT_FALSE(rig.derived.empty()) << "60 s of lateness after the end of the slot at 50 s";
  EXPECT_EQ(rig.derived[0].time, at(50));
  EXPECT_EQ(rig.derived[0].value, 1);
}

TEST(Aggregate, ClosesByATimerWhenAllFallSilent) {
  Rig rig(workers_of(sum_yaml("sum", "60s")));
  const SeriesRef a = rig.series("bets", {{"site", "m"}, {"host", "a"}});
  const int64_t begin = 60 - kStart.ms / 1000 % 60;  // of a slot
  for (int64_t t = 0; t < 30; t += 10) rig.send(a, at(begin + t), 1);
  rig.advance(at(begin + 119));
  EXPECT_TRUE(rig.derived.empty());
  rig.advance(at(begin + 120));
  ASSERT_EQ(rig.derived.size(), 1);
  EXPECT_EQ(rig.derived[0].value, 1) << "a member's last value counts, once";
  rig.send(a, at(begin + 40), 1);
  EXPECT_EQ(rig.streamers[0].counts().slots_late, 1);
}

struct OpCase {
  const char* op;
  double expected;
};
class AggregateOps : public testing::TestWithParam<OpCase> {};
TEST_P(AggregateOps, Reduce) {
  Rig rig(workers_of(sum_yaml(GetParam().op)));
  std::vector<SeriesRef> members;
  for (int i = 0; i < 10; ++i)
    members.push_back(rig.series("bets", {{"site", "m"}, {"host", std::to_string(i)}}));
  for (int64_t t : {0, 10, 20}) {
    Batch batch;
    for (size_t i = 0; i < members.size(); ++i)
      batch.add(members[i], at(t), static_cast<double>(i + 1));
    rig.send(std::move(batch), at(t));
  }
  ASSERT_EQ(rig.derived.size(), 3);
  EXPECT_EQ(rig.derived[1].value, GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(All, AggregateOps,
                         testing::Values(OpCase{"sum", 55}, OpCase{"mean", 5.5}, OpCase{"min", 1},
                                         OpCase{"max", 10}, OpCase{"count", 10}, OpCase{"p50", 5},
                                         OpCase{"p90", 9}, OpCase{"p99", 10}, OpCase{"p1", 1}),
                         [](const auto& tested) { return std::string(tested.param.op); });

TEST(Aggregate, OfRatesIsJudged) {
  Rig rig(
      workers_of("workers:\n  - {id: s, select: bets_total, aggregate: {op: sum}, models: "
                 "[{kind: threshold, above: 15}], opens: 1 of 1}\n"));
  const SeriesRef a = rig.series("bets_total", {{"host", "a"}});
  const SeriesRef b = rig.series("bets_total", {{"host", "b"}});
  for (int i = 0; i < 5; ++i) {
    rig.send(a, at(10 * i), 100.0 * i);
    rig.send(b, at(10 * i), 100.0 * i);
  }
  ASSERT_EQ(rig.opened(), 1);
  const Violation& v = rig.changes(ViolationChange::What::kOpened)[0]->violation;
  EXPECT_EQ(rig.table.labels(v.series).text(), "bets_total:rate:sum");
  EXPECT_EQ(v.last.value, 20);
}

}  // namespace
}  // namespace tocsin::streamer
