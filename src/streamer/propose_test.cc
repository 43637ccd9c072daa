#include "streamer/propose.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "config/folder.h"

namespace tocsin::streamer {
namespace {

constexpr int64_t kMinute = 60'000;

std::string yaml_of(const CandidateModels& models) {
  std::string out = "workers:\n  - id: w\n    select: x\n    models:\n";
  for (const std::string& model : models.models) out += "      - " + model + "\n";
  return out;
}

std::vector<Candidate> read(const std::vector<CandidateModels>& list) {
  std::vector<Candidate> out;
  for (const CandidateModels& models : list) {
    config::Problems problems;
    const auto folder = config::Folder::from_texts({{"w.yaml", yaml_of(models)}}, problems);
    auto set = WorkerSet::read(folder, problems);
    EXPECT_TRUE(problems.empty()) << models.name << ": " << problems.text();
    out.push_back({models, set, *set->find("w"), false});
  }
  return out;
}

// Five-minute points of some weeks.
std::vector<DrawnPoint> points(int64_t days, double (*value)(double day, Random& random)) {
  Random random(2);
  std::vector<DrawnPoint> out;
  for (int64_t i = 0; i < days * 288; ++i)
    out.push_back(
        {TimeMs{1'700'000'000'000 + i * 5 * kMinute}, value(static_cast<double>(i) / 288, random)});
  return out;
}

std::vector<Proposal> propose(const std::vector<DrawnPoint>& of) {
  const TimeMs from = of[of.size() * 2 / 3].time;
  return propose_models(read(candidate_models(of)), Labels::of("x"), of, from);
}

double daily(double day) { return 100 + 40 * std::sin(6.283185307179586 * day); }

TEST(Propose, EveryCandidateCanBeWrittenIntoAFile) {
  const std::vector<DrawnPoint> small{{TimeMs{1}, 2}, {TimeMs{2}, 0}};
  EXPECT_GE(read(candidate_models(small)).size(), 6U);
}

TEST(Propose, CountsAreTriedForSmallWholeNumbersOnly) {
  const auto has_count = [](std::vector<DrawnPoint> of) {
    const auto list = candidate_models(of);
    return std::any_of(list.begin(), list.end(),
                       [](const auto& one) { return one.name == "count"; });
  };
  EXPECT_TRUE(has_count({{TimeMs{1}, 0}, {TimeMs{2}, 3}}));
  EXPECT_FALSE(has_count({{TimeMs{1}, 0.5}, {TimeMs{2}, 3}}));
  EXPECT_FALSE(has_count({{TimeMs{1}, -1}}));
  EXPECT_FALSE(has_count({{TimeMs{1}, 51}}));
  EXPECT_TRUE(has_count({{TimeMs{1}, 50}}));
  EXPECT_FALSE(has_count({}));
}

TEST(Propose, ADailySeasonWantsAProfile) {
  const auto list =
      propose(points(12, [](double day, Random& random) { return daily(day) + random.normal(); }));
  EXPECT_NE(list.front().models.name.find("profile of the day"), std::string::npos)
      << list.front().models.name;
  EXPECT_TRUE(list.front().learned);
  EXPECT_LT(list.front().quality.left_over(), 0.1) << list.front().quality.words;
  for (const Proposal& one : list)
    if (one.models.name == "level") {
      EXPECT_GT(list.front().rank, one.rank + 0.5);
      EXPECT_FALSE(one.quality.white) << "the season is left over: " << one.quality.words;
      EXPECT_NE(one.why.find("-fold as likely as under"), std::string::npos) << one.why;
    }
}

TEST(Propose, NoiseWantsNoMoreThanALevel) {
  const auto list =
      propose(points(12, [](double, Random& random) { return 50 + random.normal(); }));
  double level = 0;
  for (const Proposal& one : list)
    if (one.models.name == "level") level = one.rank;
  EXPECT_LT(list.front().rank - level, 0.25) << "nothing is much better: " << list.front().why;
}

TEST(Propose, WhatHasNotLearnedIsNotCompared) {
  const auto list =
      propose(points(9, [](double day, Random& random) { return daily(day) + random.normal(); }));
  ASSERT_FALSE(list.back().learned);
  EXPECT_NE(list.back().models.name.find("week"), std::string::npos);
  EXPECT_NE(list.back().why.find("learning"), std::string::npos) << list.back().why;
  EXPECT_TRUE(list.front().learned) << "and does not keep the others from being compared";
}

TEST(Propose, ASeriesWithoutPointsHasNoProposalThatHasLearned) {
  for (const Proposal& one : propose_models(read(candidate_models({})), Labels::of("x"), {}, {}))
    EXPECT_FALSE(one.learned);
}

// Later points never change what is said of earlier ones: the score is out of sample.
TEST(Propose, IsCausal) {
  auto of = points(10, [](double day, Random& random) { return daily(day) + random.normal(); });
  const auto candidates = read(candidate_models(of));
  const Drawing whole = draw_band(*candidates[0].set, candidates[0].worker, Labels::of("x"), of);
  of.resize(of.size() / 2);
  const Drawing half = draw_band(*candidates[0].set, candidates[0].worker, Labels::of("x"), of);
  const auto a = band_residuals(whole, kTimeMin), b = band_residuals(half, kTimeMin);
  ASSERT_LT(b.size(), a.size());
  for (size_t i = 0; i < b.size(); ++i) EXPECT_EQ(a[i].value, b[i].value);
}

}  // namespace
}  // namespace tocsin::streamer
