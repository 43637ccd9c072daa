// Is the standard model quiet on healthy series, and quick on those that are not?
#include <gtest/gtest.h>

#include "streamer/healthy.h"
#include "streamer/test_rig.h"

namespace tocsin::streamer {
namespace {

constexpr TimeMs kStart{1'795'000'000'000};

// Violations that the built-in worker opens within two days, per series-week, by kind.
struct Kind {
  Healthy::Kind kind;
  const char* name;
  double most;  // violations per series-week
};
class Quiet : public testing::TestWithParam<Kind> {};

TEST_P(Quiet, LevelOnHealthySeries) {
  constexpr int kSeries = 250;
  constexpr int64_t kDays = 2;
  const auto set = std::make_shared<const WorkerSet>();
  Options options;
  options.history_after = days(365);
  uint64_t opened = 0;
  for (int i = 0; i < kSeries; ++i) {
    SeriesTable table(10);
    const SeriesRef ref = table.find_or_add(Labels::of("healthy"), 0)->ref;
    Healthy series{GetParam().kind, Random(static_cast<uint64_t>(i) + 1)};
    const int64_t cadence = i % 3 == 0 ? 10 : i % 3 == 1 ? 30 : 60;
    Frame frame{Lsn{1}, kStart + days(kDays), {}};
    for (int64_t s = 0; s < kDays * 86'400; s += cadence)
      frame.batch.add(ref, kStart + seconds(s), series.next(s));
    std::vector<uint32_t> rows(frame.batch.size());
    for (uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
    StreamerOutputs out;
    Streamer streamer(set, table, 0, 1, options);
    streamer.step(frame, rows, out);
    opened += streamer.counts().opened;
  }
  const double rate = static_cast<double>(opened) / (kSeries * kDays / 7.0);
  RecordProperty("violations_per_series_week", std::to_string(rate));
  EXPECT_LE(rate, GetParam().most);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Quiet,
                         testing::Values(Kind{Healthy::kGaussian, "gaussian", 0.02},
                                         Kind{Healthy::kWalk, "random_walk", 0.5},
                                         Kind{Healthy::kHeavy, "student_t3", 1},
                                         Kind{Healthy::kConstant, "constant", 0},
                                         Kind{Healthy::kIntegers, "integers", 0.05},
                                         Kind{Healthy::kSparse, "three_percent_not_zero", 6},
                                         Kind{Healthy::kSeasonal, "daily_season", 0.05},
                                         Kind{Healthy::kBursty, "bursts_that_linger", 3}),
                         [](const auto& tested) { return std::string(tested.param.name); });

// ... and quick: the step of a series opens a violation with its second point.
TEST(Quick, AStepIsSeenAtItsSecondPoint) {
  Rig rig(std::make_shared<const WorkerSet>());
  const SeriesRef ref = rig.series("requests");
  Random random(7);
  int64_t at = 0;
  for (; at < 2000; ++at) rig.send(ref, kStart + seconds(10 * at), 100 + random.normal());
  ASSERT_EQ(rig.opened(), 0);
  rig.send(ref, kStart + seconds(10 * at++), 115 + random.normal());
  EXPECT_EQ(rig.opened(), 0) << "one of three";
  rig.send(ref, kStart + seconds(10 * at++), 115 + random.normal());
  ASSERT_EQ(rig.opened(), 1);
  EXPECT_EQ(rig.changes(ViolationChange::What::kOpened)[0]->violation.direction, Direction::kAbove);
}

TEST(Quick, AStepIsSeenInTheMiddleOfANoisyDay) {
  Rig rig(std::make_shared<const WorkerSet>());
  const SeriesRef ref = rig.series("requests");
  Healthy series{Healthy::kSeasonal, Random(3)};
  int64_t s = 0;
  for (; s < 86'400; s += 30) rig.send(ref, kStart + seconds(s), series.next(s));
  ASSERT_EQ(rig.opened(), 0);
  for (int i = 0; i < 3; ++i, s += 30) rig.send(ref, kStart + seconds(s), 0.5 * series.next(s));
  ASSERT_EQ(rig.opened(), 1);
  EXPECT_EQ(rig.changes(ViolationChange::What::kOpened)[0]->violation.direction, Direction::kBelow);
}

}  // namespace
}  // namespace tocsin::streamer
