// The model `auto` as a worker has it: through the judge, as configured.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/random.h"
#include "config/folder.h"
#include "streamer/band.h"

namespace tocsin::streamer {
namespace {

constexpr TimeMs kStart{1'795'000'000'000};
constexpr int kDay = 1440;

std::shared_ptr<const WorkerSet> workers(const std::string& keys) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts(
      {{"w.yaml", "workers: [{id: w, select: '*', " + keys + "}]"}}, problems);
  auto set = WorkerSet::read(folder, problems);
  EXPECT_TRUE(problems.empty()) << keys;
  return set;
}

Drawing draw(const std::string& keys, int points, const std::function<double(int)>& shape) {
  const auto set = workers(keys);
  std::vector<DrawnPoint> series;
  for (int i = 0; i < points; ++i) series.push_back({kStart + minutes(i), shape(i)});
  return draw_band(*set, WorkerRef{0}, Labels::of("sales"), series, kTimeMax);
}

TEST(AutoWorker, TheWordIsShortForTheList) {
  EXPECT_EQ(workers("models: auto")->workers()[0].definition,
            workers("models: [{kind: auto}]")->workers()[0].definition);
}

TEST(AutoWorker, AnotherWordIsRefused) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts(
      {{"w.yaml", "workers: [{id: w, select: '*', models: level}]"}}, problems);
  WorkerSet::read(folder, problems);
  EXPECT_FALSE(problems.empty());
}

struct Opens {
  const char* name;
  const char* keys;
  bool novelty;
  int points, of;
};
class AutoOpens : public testing::TestWithParam<Opens> {};
TEST_P(AutoOpens, AreByTierUnlessSaid) {
  const Worker& worker = workers(GetParam().keys)->workers()[0];
  EXPECT_EQ(worker.models[0].number("novelty", 0) > 0, GetParam().novelty);
  EXPECT_EQ(worker.open_points, GetParam().points);
  EXPECT_EQ(worker.open_of, GetParam().of);
}
INSTANTIATE_TEST_SUITE_P(
    Keys, AutoOpens,
    testing::Values(Opens{"evidence", "models: auto", false, 2, 3},
                    Opens{"kpi", "tier: kpi, models: auto", true, 1, 1},
                    Opens{"kpi_as_said", "tier: kpi, models: auto, opens: 2 of 4", true, 2, 4},
                    Opens{"kpi_without", "tier: kpi, models: [{kind: auto, novelty: off}]", false,
                          2, 3},
                    Opens{"evidence_with", "models: [{kind: auto, novelty: on}]", true, 1, 1}),
    [](const auto& row) { return row.param.name; });

struct Moves {
  const char* name;
  double to;
  size_t violations;
};
class AutoConstant : public testing::TestWithParam<Moves> {};
TEST_P(AutoConstant, SeriesThatMovesIsOutsideFromTheLeastDeviationOn) {
  for (const char* keys : {"models: auto", "tier: kpi, models: auto"}) {
    const Drawing drawing = draw(keys, 7 * kDay, [&](int i) {
      return i < 6 * kDay || i >= 6 * kDay + 20 ? 200 : GetParam().to;
    });
    EXPECT_EQ(drawing.violations.size(), GetParam().violations) << keys;
  }
}
INSTANTIATE_TEST_SUITE_P(By, AutoConstant,
                         testing::Values(Moves{"half_a_percent", 201, 0},
                                         Moves{"five_percent_up", 210, 1},
                                         Moves{"five_percent_down", 190, 1}),
                         [](const auto& row) { return row.param.name; });

TEST(AutoWorker, AnOutageIsOneViolationThatEndsWithIt) {
  for (const char* keys : {"models: auto", "tier: kpi, models: auto"}) {
    Random random(1);
    const int from = 14 * kDay + 600;
    const Drawing drawing = draw(keys, 15 * kDay, [&](int i) {
      const double day = 100 + 50 * std::sin(2 * std::numbers::pi * i / kDay) + random.normal();
      return i >= from && i < from + 60 ? 0 : day;
    });
    ASSERT_FALSE(drawing.violations.empty()) << keys;
    const DrawnViolation& last = drawing.violations.back();
    EXPECT_EQ(last.from, kStart + minutes(from)) << keys;
    EXPECT_FALSE(last.open) << keys;
    EXPECT_LE(last.to, kStart + minutes(from + 60 + 5)) << keys;
    EXPECT_EQ(last.direction, Direction::kBelow) << keys;
  }
}

}  // namespace
}  // namespace tocsin::streamer
