// Do violations of healthy series come as often as the worker's noise budget says?
#include <gtest/gtest.h>

#include <cmath>

#include "streamer/healthy.h"
#include "streamer/test_rig.h"

namespace tocsin::streamer {
namespace {

constexpr TimeMs kStart{1'795'000'000'000};

std::string worker_yaml(const std::string& more) {
  return "default: off\nworkers:\n  - {id: w, select: '*', " + more + "}\n";
}

// Series one after the other, each in a table of its own: episodes per series-week after `learn`.
struct Fleet {
  Healthy::Kind kind;
  int64_t cadence_s = 60;
  int series = 20;
  int64_t learn_weeks = 2, weeks = 2;

  double episodes(const std::shared_ptr<const WorkerSet>& set) const {
    uint64_t counted = 0;
    for (int i = 0; i < series; ++i) {
      SeriesTable table(10);
      const SeriesRef ref = table.find_or_add(Labels::of("healthy"), 0)->ref;
      Healthy healthy{kind, Random(static_cast<uint64_t>(i) + 1)};
      Options options;
      options.history_after = days(365);
      Streamer streamer(set, table, 0, 1, options);
      int64_t at_s = 0;
      const auto feed = [&](int64_t until_s) {
        Frame frame{Lsn{1}, kStart + seconds(until_s), {}};
        for (; at_s < until_s; at_s += cadence_s)
          frame.batch.add(ref, kStart + seconds(at_s), healthy.next(at_s));
        std::vector<uint32_t> rows(frame.batch.size());
        for (uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
        StreamerOutputs out;
        streamer.step(frame, rows, out);
        return streamer.counts().opened;
      };
      const uint64_t before = feed(learn_weeks * 604'800);
      counted += feed((learn_weeks + weeks) * 604'800) - before;
    }
    return static_cast<double>(counted) / static_cast<double>(series * weeks);
  }
};

struct Case {
  const char* name;
  Healthy::Kind kind;
  double wanted;
  double least, most;  // episodes per series-week
};
class Noise : public testing::TestWithParam<Case> {};

TEST_P(Noise, IsAsOftenAsWanted) {
  const Case& one = GetParam();
  const Fleet fleet{one.kind};
  const auto set = workers_of(worker_yaml("noise: " + std::to_string(one.wanted) + " per week"));
  const double rate = fleet.episodes(set);
  RecordProperty("episodes_per_series_week", std::to_string(rate));
  EXPECT_GE(rate, one.least);
  EXPECT_LE(rate, one.most);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Noise,
                         testing::Values(Case{"gaussian_1", Healthy::kGaussian, 1, 0.4, 2.5},
                                         Case{"gaussian_10", Healthy::kGaussian, 10, 4, 25},
                                         Case{"gaussian_tenth", Healthy::kGaussian, 0.1, 0, 0.3},
                                         Case{"walk_1", Healthy::kWalk, 1, 0.4, 2.5},
                                         Case{"heavy_1", Healthy::kHeavy, 1, 0.4, 2.5},
                                         Case{"heavy_10", Healthy::kHeavy, 10, 4, 25},
                                         Case{"heavy_tenth", Healthy::kHeavy, 0.1, 0, 0.3},
                                         Case{"integers_1", Healthy::kIntegers, 1, 0.4, 2.5},
                                         Case{"sparse_1", Healthy::kSparse, 1, 0.3, 2.5},
                                         Case{"seasonal_1", Healthy::kSeasonal, 1, 0.4, 2.5},
                                         Case{"bursty_1", Healthy::kBursty, 1, 0.4, 2.5},
                                         Case{"bursty_10", Healthy::kBursty, 10, 4, 25},
                                         Case{"constant_10", Healthy::kConstant, 10, 0, 0}),
                         [](const auto& tested) { return std::string(tested.param.name); });

// The models with objects of their own take the edge as well, under any strategy.
TEST(NoiseOfModels, ProfileAndLevelKeepTheBudget) {
  for (const char* strategy : {"weighted", "majority", "any", "all", "best"}) {
    Fleet fleet{Healthy::kSeasonal, 300, 8, 3, 3};
    const double rate = fleet.episodes(workers_of(
        worker_yaml("noise: 2 per week, tier: kpi, strategy: " + std::string(strategy) +
                    ", models: [{kind: level}, {kind: profile, season: day, periods: 3}]")));
    EXPECT_GE(rate, 0.6) << strategy;
    EXPECT_LE(rate, 5) << strategy;
  }
}

TEST(NoiseOfModels, WhatIsLoudByItsScoreIsQuietByItsBudget) {
  const Fleet fleet{Healthy::kBursty};
  const double loud = fleet.episodes(workers_of(worker_yaml("score: 4")));
  const double quiet = fleet.episodes(workers_of(worker_yaml("noise: 1 per 30d")));
  EXPECT_GT(loud, 1);
  EXPECT_LT(quiet, 0.5);
}

// Ten series of all kinds for two days, in frames of a minute; items as text.
std::vector<std::string> run(uint32_t shards, bool restart) {
  Rig rig(workers_of(worker_yaml("noise: 20 per week")), shards);
  std::vector<Healthy> fleet;
  std::vector<SeriesRef> refs;
  for (int i = 0; i < 10; ++i) {
    fleet.push_back(
        {static_cast<Healthy::Kind>(i % Healthy::kKinds), Random(77U + static_cast<uint64_t>(i))});
    refs.push_back(rig.series("healthy", {{"n", std::to_string(i)}}));
  }
  for (int64_t minute = 0; minute < 2880; ++minute) {
    Batch batch;
    for (size_t i = 0; i < fleet.size(); ++i)
      batch.add(refs[i], kStart + minutes(minute), fleet[i].next(60 * minute));
    rig.send(std::move(batch), kStart + minutes(minute));
    if (restart && minute % 700 == 699) rig.restart();
  }
  EXPECT_FALSE(rig.out_of_order);
  std::vector<std::string> out;
  for (const StreamItem& item : rig.items) out.push_back(rig.full(item));
  return out;
}

TEST(NoiseState, NeitherShardsNorRestartsChangeWhatIsFound) {
  const auto one = run(1, false);
  EXPECT_GT(one.size(), 50u);
  EXPECT_EQ(run(3, false), one);
  EXPECT_EQ(run(1, true), one);
}

TEST(NoiseState, ABudgetThatIsChangedKeepsWhatWasLearned) {
  const Labels labels = Labels::of("healthy");
  const auto before = workers_of(worker_yaml("noise: 1 per week"));
  const auto after = workers_of(worker_yaml("noise: 5 per week"));
  const auto none = workers_of(worker_yaml("score: 4"));
  EXPECT_EQ(before->worker({0}).definition, after->worker({0}).definition);
  EXPECT_EQ(before->worker({0}).definition, none->worker({0}).definition);
  SeriesTable table(10);
  const SeriesRef ref = table.find_or_add(labels, 0)->ref;
  Streamer streamer(before, table, 0, 1);
  Healthy healthy{Healthy::kGaussian, Random(4)};
  Frame frame{Lsn{1}, kStart, {}};
  frame.batch.kind = BatchKind::kImport;
  for (int64_t at = 0; at < 604'800; at += 60)
    frame.batch.add(ref, kStart + seconds(at), healthy.next(at));
  std::vector<uint32_t> rows(frame.batch.size());
  for (uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
  StreamerOutputs out;
  streamer.step(frame, rows, out);
  ByteWriter saved;
  streamer.save(saved);
  for (const auto& set : {after, none}) {
    Streamer loaded(set, table, 0, 1);
    ByteReader in(saved.bytes());
    ASSERT_TRUE(loaded.load(in));
    EXPECT_NE(loaded.test(0).last.time.ms, 0);
    const NoiseView view = loaded.noise(WorkerRef{0}, std::vector<uint32_t>{0, 1, 77});
    EXPECT_EQ(view.series, set == after ? 1u : 0u);
  }
}

// "A constant series that moves once is judged sanely", with and without a budget.
class Constant : public testing::TestWithParam<const char*> {};

TEST_P(Constant, MovesOnceAndIsOneViolationThatEnds) {
  for (const double from : {0.0, 42.0, -7.0}) {
    Rig rig(workers_of(worker_yaml(GetParam())));
    const SeriesRef ref = rig.series("limit");
    int64_t minute = 0;
    const auto hold = [&](double value, int64_t points) {
      for (int64_t i = 0; i < points; ++i, ++minute) rig.send(ref, kStart + minutes(minute), value);
    };
    hold(from, 2000);
    EXPECT_EQ(rig.opened(), 0u);
    hold(from + 5, 1);
    hold(from, 10);
    EXPECT_EQ(rig.opened(), 0u) << "one of three points";
    hold(from + 5, 1000);
    ASSERT_EQ(rig.opened(), 1u);
    const auto opened = rig.changes(ViolationChange::What::kOpened);
    EXPECT_TRUE(std::isfinite(opened[0]->violation.last.score));
    EXPECT_TRUE(std::isfinite(opened[0]->violation.last.distance));
    const auto ended = rig.changes(ViolationChange::What::kEnded);
    ASSERT_EQ(ended.size(), 1u) << "the new normal after 6 h";
    EXPECT_LE(ended[0]->violation.ended - ended[0]->violation.opened, hours(6) + minutes(2));
    hold(from + 5, 3000);
    EXPECT_EQ(rig.opened(), 1u) << "and nothing more";
    hold(from, 5);
    EXPECT_EQ(rig.opened(), 2u) << "it is as quick as before";
  }
}

INSTANTIATE_TEST_SUITE_P(Budgets, Constant,
                         testing::Values("score: 4", "noise: 1 per week", "noise: 10 per week"));

struct Duration {
  const char* name;
  const char* yaml;
  int64_t outside_minutes;
  size_t opened;
};
class MinDuration : public testing::TestWithParam<Duration> {};

TEST_P(MinDuration, OpensWhenOutsideForSoLong) {
  const Duration& one = GetParam();
  Rig rig(workers_of(worker_yaml(one.yaml)));
  const SeriesRef ref = rig.series("requests");
  Random random(6);
  int64_t minute = 0;
  for (; minute < 2000; ++minute)
    rig.send(ref, kStart + minutes(minute), 100 + 2 * random.normal());
  const TimeMs began = kStart + minutes(minute);
  for (const int64_t end = minute + one.outside_minutes; minute < end; ++minute)
    rig.send(ref, kStart + minutes(minute), 140 + 2 * random.normal());
  const auto opened = rig.changes(ViolationChange::What::kOpened);
  ASSERT_EQ(opened.size(), one.opened);
  for (const ViolationChange* change : opened) EXPECT_EQ(change->violation.opened, began);
}

INSTANTIATE_TEST_SUITE_P(
    Tiers, MinDuration,
    testing::Values(Duration{"at_once", "min_duration: 0s", 2, 1},
                    Duration{"evidence_too_short", "min_duration: 10m", 10, 0},
                    Duration{"evidence_just_so_long", "min_duration: 10m", 11, 1},
                    Duration{"evidence_does_not_learn_it_meanwhile", "min_duration: 2h", 121, 1},
                    Duration{"kpi_too_short", "tier: kpi, min_duration: 10m", 10, 0},
                    Duration{"kpi_just_so_long", "tier: kpi, min_duration: 10m", 11, 1},
                    Duration{"with_a_budget", "noise: 1 per week, min_duration: 10m", 11, 1}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace tocsin::streamer
