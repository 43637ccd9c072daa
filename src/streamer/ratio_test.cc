// Ratios: two series become one, slot by slot, and the model knows what stands behind each value.
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "base/text.h"
#include "streamer/band.h"
#include "streamer/test_rig.h"

namespace tocsin::streamer {
namespace {

constexpr TimeMs kStart{1'794'999'960'000};  // of a minute
TimeMs at(int64_t seconds_in) { return kStart + seconds(seconds_in); }

std::string yaml(const std::string& more = "") {
  return "workers:\n  - id: fails\n    select: 'payments_fail{customer=~\".+\"}'\n    tier: kpi\n" +
         more +
         "    models: [{kind: ratio, of: payments_attempts, every: 60s, min_attempts: 10}]\n";
}

struct Payments : Rig {
  explicit Payments(const std::string& text, uint32_t shard_count = 1)
      : Rig(workers_of(text), shard_count) {}
  void minute(int64_t m, const std::string& customer, double failures, double attempts) {
    Batch batch;
    const std::vector<Labels::Pair> labels{{"customer", customer}};
    batch.add(series("payments_fail", labels), at(60 * m), failures);
    batch.add(series("payments_attempts", labels), at(60 * m), attempts);
    send(std::move(batch), at(60 * m));
  }
  std::vector<std::string> made() const {
    std::vector<std::string> out;
    for (const Point& point : derived)
      out.push_back(table.labels(point.series).text() + " " +
                    std::to_string((point.time - kStart).count / 60'000) + " " +
                    number_text(point.value));
    return out;
  }
};

TEST(RatioOfTwoSeries, ClosesWhenBothReported) {
  Payments rig(yaml());
  for (int64_t m = 0; m < 3; ++m) rig.minute(m, "a", 2, 40);
  EXPECT_EQ(rig.made(), (std::vector<std::string>{"payments_fail:ratio{customer=\"a\"} 0 0.05",
                                                  "payments_fail:attempts{customer=\"a\"} 0 40",
                                                  "payments_fail:ratio{customer=\"a\"} 1 0.05",
                                                  "payments_fail:attempts{customer=\"a\"} 1 40",
                                                  "payments_fail:ratio{customer=\"a\"} 2 0.05",
                                                  "payments_fail:attempts{customer=\"a\"} 2 40"}));
}

TEST(RatioOfTwoSeries, NoAttemptsIsNoPoint) {
  Payments rig(yaml());
  for (int64_t m = 0; m < 4; ++m) rig.minute(m, "a", 0, m == 1 ? 0 : 10);
  EXPECT_EQ(rig.derived.size(), 6U) << "three ratios and their attempts";
}

TEST(RatioOfTwoSeries, CountersAreTurnedIntoIncreases) {
  Rig rig(
      workers_of("workers:\n  - {id: f, select: x_failed_total, models: [{kind: ratio, of: "
                 "x_total}]}\n"));
  const SeriesRef failed = rig.series("x_failed_total"), all = rig.series("x_total");
  for (int i = 0; i < 30; ++i) {
    Batch batch;
    batch.add(failed, at(10 * i), 1000 + i);
    batch.add(all, at(10 * i), 7.0 * i);
    rig.send(std::move(batch), at(10 * i));
  }
  std::vector<double> ratios, attempts;  // the default worker tests x_total by its rate besides
  for (const Point& point : rig.derived) {
    const std::string name(rig.table.labels(point.series).name());
    if (name == "x_failed_total:ratio") ratios.push_back(point.value);
    if (name == "x_failed_total:attempts") attempts.push_back(point.value);
  }
  ASSERT_GE(ratios.size(), 3U);
  EXPECT_DOUBLE_EQ(ratios[1], 1.0 / 7);
  EXPECT_EQ(attempts[1], 42) << "six increases in the minute are added up";
}

TEST(RatioOfTwoSeries, MissingFailuresAreZeroOnlyWhereTheWorkerSaysSo) {
  for (const bool zero : {false, true}) {
    Rig rig(workers_of(yaml(zero ? "    missing: zero\n" : "")));
    const SeriesRef all = rig.series("payments_attempts", {{"customer", "a"}});
    for (int64_t m = 0; m < 5; ++m) rig.send(all, at(60 * m), 10);
    EXPECT_EQ(rig.derived.empty(), !zero);
    if (zero) {
      EXPECT_EQ(rig.derived[0].value, 0);
    }
  }
}

TEST(RatioOfTwoSeries, AttemptsAreTestedByTheDefaultWorkerToo) {
  Payments rig(yaml());
  for (int64_t m = 0; m < 3; ++m) rig.minute(m, "a", 1, 40);
  const auto tests = rig.streamers[0].tests(rig.series("payments_attempts", {{"customer", "a"}}));
  ASSERT_EQ(tests.size(), 2U) << "its own, and the ratio it stands behind";
}

TEST(RatioOfTwoSeries, ASmallCustomerIsAsVisibleAsALargeOne) {
  for (const double attempts : {12.0, 4000.0}) {
    Payments rig(yaml());
    Random random(5);
    const auto failing = [&](double p) {
      double failures = 0;
      for (int i = 0; i < attempts; ++i) failures += random.uniform() < p ? 1 : 0;
      return failures;
    };
    int64_t m = 0;
    for (; m < 600; ++m) rig.minute(m, "a", failing(0.02), attempts);
    ASSERT_EQ(rig.opened(), 0U) << attempts;
    for (; m < 605; ++m) rig.minute(m, "a", failing(0.6), attempts);
    ASSERT_EQ(rig.opened(), 1U) << attempts;
    const Violation& found = rig.changes(ViolationChange::What::kOpened)[0]->violation;
    EXPECT_EQ(found.direction, Direction::kAbove);
    EXPECT_GE(found.last.score, 4);
    EXPECT_EQ(rig.table.labels(found.series).text(), "payments_fail:ratio{customer=\"a\"}");
  }
}

// Both series of a pair must meet, wherever their own shards are.
TEST(RatioOfTwoSeries, IsTheSameOnAnyNumberOfShardsAndAfterARestart) {
  std::vector<std::vector<std::string>> runs;
  for (const uint32_t shards : {1U, 3U}) {
    Payments rig(yaml(), shards);
    Random random(3);
    for (int64_t m = 0; m < 200; ++m) {
      for (const char* customer : {"a", "b", "c", "d"})
        rig.minute(m, customer, std::floor(3 * random.uniform()) + (m > 180 ? 20 : 0), 50);
      if (m == 100 && shards == 3) rig.restart();
    }
    EXPECT_EQ(rig.opened(), 4U) << shards;
    std::vector<std::string> lines = rig.lines();
    std::sort(lines.begin(), lines.end());
    runs.push_back(lines);
  }
  EXPECT_EQ(runs[0], runs[1]);
}

// The band of a chart is that of the live points: both know the attempts.
TEST(RatioOfTwoSeries, IsDrawnAsItWasJudged) {
  Payments rig(yaml());
  Random random(9);
  for (int64_t m = 0; m < 400; ++m)
    rig.minute(m, "a", std::floor(4 * random.uniform()) + (m > 395 ? 30 : 0),
               20 + std::floor(50 * random.uniform()));
  std::vector<DrawnPoint> points;
  for (size_t i = 0; i + 1 < rig.derived.size(); i += 2)
    points.push_back({rig.derived[i].time, rig.derived[i].value, rig.derived[i + 1].value});
  const Labels ratio = rig.table.labels(rig.derived[0].series);
  const Drawing drawing = draw_band(*rig.set, WorkerRef{0}, ratio, points);
  const auto judged = rig.streamers[0].tail(rig.derived[0].series, WorkerRef{0});
  ASSERT_FALSE(judged.empty());
  ASSERT_GE(drawing.points.size(), judged.size());
  for (size_t i = 0; i < judged.size(); ++i) {
    const JudgedPoint& drawn = drawing.points[drawing.points.size() - judged.size() + i];
    EXPECT_EQ(drawn.time, judged[i].time);
    EXPECT_EQ(drawn.upper, judged[i].upper);
  }
  EXPECT_EQ(drawing.violations.size(), rig.opened());
}

// Both timers are due at the full minute. Once they used the same positions, and the merge of the
// shards, which relies on their order, ended the program.
TEST(RatioOfTwoSeries, WhatAClosedSlotSaysComesBehindItsSeriesAbsence) {
  Payments rig(yaml("    missing: zero\n"));
  for (int64_t m = 0; m < 600; ++m) rig.minute(m, "a", m < 590 ? 0 : 3, 3);
  ASSERT_EQ(rig.opened(), 1U);
  const SeriesRef attempts = rig.series("payments_attempts", {{"customer", "a"}});
  for (int64_t m = 600; m < 640; ++m) {
    rig.advance(at(60 * m));
    rig.send(attempts, at(60 * m), 3);
  }
  EXPECT_EQ(rig.changes(ViolationChange::What::kAbsent).size(), 1U);
  EXPECT_EQ(rig.changes(ViolationChange::What::kEnded).size(), 1U);
  EXPECT_FALSE(rig.out_of_order);
}

// A forecast with throughput: demand as it came, or of what waits and what was done.
TEST(DemandOfTwoSeries, IsWhatWasAskedForPerSecond) {
  for (const bool queue : {false, true}) {
    const std::string demand = queue ? "demand: queue, " : "";
    Rig rig(
        workers_of("workers:\n  - {id: f, tier: kpi, select: asked, models: [{kind: forecast, "
                   "throughput: done_total, " +
                   demand + "sustained: 10m, every: 60s}]}\n"));
    const SeriesRef asked = rig.series("asked"), done = rig.series("done_total");
    for (int m = 0; m < 6; ++m) {
      Batch batch;
      batch.add(asked, at(60 * m), queue ? 120.0 * m : 7);
      batch.add(done, at(60 * m), 300.0 * m);
      rig.send(std::move(batch), at(60 * m));
      if (m == 3) rig.restart();
    }
    std::vector<std::string> made;
    for (const Point& point : rig.derived)
      made.push_back(rig.table.labels(point.series).text() + " " + number_text(point.value));
    // 300 a minute are 5 a second; 120 more a minute wait than before, 2 a second.
    std::vector<std::string> wanted;
    for (int m = 1; m < 6; ++m) {
      wanted.push_back("asked:demand 7");
      wanted.push_back("asked:throughput 5");
    }
    std::erase_if(made, [](const std::string& line) { return !line.starts_with("asked:"); });
    EXPECT_EQ(made, wanted) << queue;
  }
}

TEST(RatioConfig, WhatCannotBeIsSaid) {
  const auto problem = [](const std::string& text) {
    try {
      workers_of(text);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::string begin = "workers:\n  - {id: a, select: ";
  EXPECT_NE(problem(begin + "x, models: [{kind: ratio}]}\n").find("needs of"), std::string::npos);
  EXPECT_NE(problem(begin + "x*, models: [{kind: ratio, of: y}]}\n").find("one series name"),
            std::string::npos);
  EXPECT_NE(problem(begin + "x, models: [{kind: ratio, of: x}]}\n").find("of itself"),
            std::string::npos);
  EXPECT_NE(problem(begin + "x, aggregate: {op: sum}, models: [{kind: ratio, of: y}]}\n")
                .find("none of its own"),
            std::string::npos);
  EXPECT_EQ(problem(begin + "x, models: [{kind: ratio, of: y}, {kind: silence}]}\n"), "");
  const std::string forecast = begin + "x, models: [{kind: forecast, throughput: ";
  EXPECT_NE(problem(forecast + "x, sustained: 10m}]}\n").find("what is done"), std::string::npos);
  EXPECT_NE(problem(forecast + "y, limit: 3}]}\n").find("goes with sustained"), std::string::npos);
  EXPECT_NE(problem(forecast + "y, sustained: 10m}, {kind: ratio, of: z}]}\n").find("not both"),
            std::string::npos);
  EXPECT_NE(problem(begin + "x, models: [{kind: forecast, demand: queue, limit: 3}]}\n")
                .find("goes with throughput"),
            std::string::npos);
  EXPECT_EQ(problem(forecast + "y, sustained: 10m, demand: queue, every: 10s}]}\n"), "");
}

TEST(CountConfig, CountersAreTestedByTheirIncrease) {
  Rig rig(workers_of("workers:\n  - {id: f, select: x_total, models: [{kind: count}]}\n"));
  const SeriesRef x = rig.series("x_total");
  for (int i = 0; i < 5; ++i) rig.send(x, at(60 * i), 3.0 * i);
  ASSERT_EQ(rig.derived.size(), 4U);
  EXPECT_EQ(rig.table.labels(rig.derived[0].series).text(), "x_total:increase");
  EXPECT_EQ(rig.derived[0].value, 3);
}

// The model alone in its worker says itself how rare a point is.
TEST(CountInAWorker, NothingWhereTwentyAreUsualIsAViolationWithItsExactScore) {
  Rig rig(
      workers_of("workers:\n  - {id: f, select: orders, tier: kpi, models: [{kind: count}]}\n"));
  const SeriesRef orders = rig.series("orders");
  Random random(2);
  const auto poisson = [&](double mean) {
    int count = 0;
    for (double p = random.uniform(); p > std::exp(-mean); p *= random.uniform()) ++count;
    return static_cast<double>(count);
  };
  int64_t m = 0;
  for (; m < 1440; ++m) rig.send(orders, at(60 * m), poisson(20));
  ASSERT_EQ(rig.opened(), 0U);
  rig.send(orders, at(60 * m++), 0);
  rig.send(orders, at(60 * m++), 0);
  ASSERT_EQ(rig.opened(), 1U);
  const Violation& found = rig.changes(ViolationChange::What::kOpened)[0]->violation;
  EXPECT_EQ(found.direction, Direction::kBelow);
  EXPECT_NEAR(found.last.score, 8, 2.5) << "-log10 of e^-20 is 8.7, less what is not known";
  for (int i = 0; i < 12; ++i) rig.send(orders, at(60 * m++), poisson(20));
  EXPECT_EQ(rig.changes(ViolationChange::What::kEnded).size(), 1U);
}

}  // namespace
}  // namespace tocsin::streamer
