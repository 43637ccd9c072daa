#include "query/cause_score.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tocsin::query {
namespace {

constexpr TimeMs kFrom{10'000'000'000};
constexpr CauseWindow kWindow{kFrom - hours(2), kFrom, kFrom + minutes(5)};

// A point a minute: those before end a minute before kFrom.
std::vector<Sample> points(const std::vector<double>& before, const std::vector<double>& during) {
  std::vector<Sample> out;
  const auto count = static_cast<int64_t>(before.size());
  for (int64_t i = 0; i < count; ++i)
    out.push_back({kFrom - minutes(count - i), before[static_cast<size_t>(i)]});
  for (size_t i = 0; i < during.size(); ++i)
    out.push_back({kFrom + minutes(static_cast<int64_t>(i)), during[i]});
  return out;
}

std::optional<Unusual> score(const std::vector<double>& before, const std::vector<double>& during,
                             bool counter = false) {
  CauseWindow window = kWindow;  // ends with the last point: the series goes on
  if (!during.empty()) window.to = kFrom + minutes(static_cast<int64_t>(during.size()) - 1);
  return CauseScorer(window).score(points(before, during), counter);
}

std::vector<double> wave(size_t count) {
  std::vector<double> out;
  for (size_t i = 0; i < count; ++i) out.push_back(100 + static_cast<double>(i * 7 % 11));
  return out;
}

struct Row {
  const char* name;
  std::vector<double> during;
  float least, most;  // strength
};

TEST(CauseScore, StrengthBySituation) {
  const Row rows[] = {
      {"as before", {103, 107, 101, 110, 104, 102}, 0, 0.2F},
      {"one wild point", {103, 9'000, 101, 110, 104, 102}, 0, 0.2F},
      {"twice the level", {200, 210, 205, 207, 199, 203}, 0.6F, 0.8F},
      {"half the level", {51, 49, 50, 52, 50, 50}, 0.45F, 0.7F},
      {"a hundred times", {1e4, 1.1e4, 1e4, 1e4, 1e4, 1e4}, 0.95F, 1},
      {"the last three of six", {103, 107, 101, 400, 410, 405}, 0.8F, 1},
      {"points that are no numbers are left out", {NAN, INFINITY, 103, -INFINITY}, 0, 0.2F},
  };
  for (const Row& row : rows) {
    const auto unusual = score(wave(100), row.during);
    ASSERT_TRUE(unusual) << row.name;
    EXPECT_GE(unusual->strength, row.least) << row.name;
    EXPECT_LE(unusual->strength, row.most) << row.name;
    EXPECT_DOUBLE_EQ(unusual->usual, 105) << row.name;
  }
}

TEST(CauseScore, SaysNothingWithoutPoints) {
  EXPECT_FALSE(score({}, {1, 2, 3}));
  EXPECT_FALSE(score({1, 2}, {1, 2, 3}));
  EXPECT_FALSE(score({1, 2, 3}, {}));
  EXPECT_FALSE(score({1, 2, 3}, {NAN}));
  EXPECT_TRUE(score({1, 2, 3}, {1}));
  EXPECT_FALSE(score({1, 2, 3}, {1}, true)) << "a counter's first point gives no rate";
}

TEST(CauseScore, AConstantThatMovesOnceIsNotInfinitelyUnusual) {
  const auto error = score(std::vector<double>(100, 0), {0, 1, 1, 1, 1});
  ASSERT_TRUE(error);
  EXPECT_LT(error->deviations, 501);
  const auto small = score(std::vector<double>(100, 50), {50.1, 50.1, 50.1, 50.1, 50.1});
  EXPECT_LT(small->strength, 0.01F);
  const auto zeros = score(std::vector<double>(100, 0), {0, 0, 0});
  EXPECT_EQ(zeros->strength, 0);
}

TEST(CauseScore, ACounterIsItsRate) {
  std::vector<double> before, during;
  for (int i = 0; i < 100; ++i) before.push_back(i * 600);  // 10 a second
  for (int i = 0; i < 6; ++i) during.push_back(60'000 + i * 6'000);
  const auto faster = score(before, during, true);
  ASSERT_TRUE(faster);
  EXPECT_TRUE(faster->rate);
  EXPECT_DOUBLE_EQ(faster->usual, 10);
  EXPECT_NEAR(faster->now, 100, 1);
  during.clear();
  for (int i = 0; i < 6; ++i) during.push_back(i * 600);  // began anew
  const auto restarted = score(before, during, true);
  EXPECT_LT(restarted->strength, 0.2F) << "a restart is no fall";
}

TEST(CauseScore, BeginsWithTheFirstOfTwoPointsOutside) {
  const auto unusual = score(wave(100), {103, 900, 101, 900, 910, 905});
  EXPECT_EQ(unusual->began, kFrom + minutes(3));
  EXPECT_EQ(score(wave(100), {103, 104, 102})->began, TimeMs{});
  EXPECT_EQ(score(wave(100), {103, 104, 900})->began, kFrom + minutes(2)) << "nothing follows it";
}

TEST(CauseScore, WhatIsUsualIsLongerForALongSpan) {
  EXPECT_EQ(cause_window(kFrom, kFrom + minutes(5)).before_from, kFrom - hours(2));
  EXPECT_EQ(cause_window(kFrom, kFrom + hours(1)).before_from, kFrom - hours(8));
  EXPECT_EQ(cause_window(kFrom, kFrom + hours(100)).before_from, kFrom - hours(24));
}

struct Stop {
  const char* name;
  std::vector<int> seconds;  // of its points, before the end of the span
  bool stopped;
  float least, most;  // strength
};

std::vector<int> every(int step, int from, int to) {
  std::vector<int> out;
  for (int at = from; at > to; at -= step) out.push_back(at);
  return out;
}

TEST(CauseScore, ASeriesThatStoppedIsUnusualByItsPauses) {
  std::vector<int> uneven = every(60, 7000, 300);
  uneven.erase(uneven.begin() + 20, uneven.begin() + 24);  // five minutes once
  const Stop rows[] = {
      {"goes on", every(60, 7020, 0), false, 0, 0.2F},
      {"two pauses", every(60, 7020, 60), false, 0, 0.2F},
      {"three pauses", every(60, 7020, 120), true, 0.49F, 0.51F},
      {"five minutes of ten seconds", every(10, 7020, 299), true, 0.9F, 1},
      {"as long as once before", uneven, false, 0, 0.2F},
      {"a quarter of an hour before the span", every(60, 7020, 1100), true, 0.8F, 1},
      {"long before", every(60, 7020, 2000), false, 0, 0},
      {"too few points to know", every(60, 800, 400), false, 0, 0.2F},
  };
  for (const Stop& row : rows) {
    std::vector<Sample> samples;
    for (const int before : row.seconds)
      samples.push_back({kWindow.to - seconds(before), 100.0 + before % 7});
    for (const bool counter : {false, true}) {
      const auto unusual = CauseScorer(kWindow).score(samples, counter);
      EXPECT_EQ(unusual && unusual->stopped, row.stopped) << row.name;
      if (!row.stopped) continue;
      EXPECT_GE(unusual->strength, row.least) << row.name;
      EXPECT_LE(unusual->strength, row.most) << row.name;
      EXPECT_EQ(unusual->began, samples.back().time + unusual->pause) << row.name;
      EXPECT_EQ(unusual->now, samples.back().value) << row.name;
    }
  }
}

// The same by the definition: everything sorted, nothing shared between calls.
double naive_deviation(std::vector<double> before, const std::vector<double>& during) {
  std::sort(before.begin(), before.end());
  const auto at = [&](double q) {
    const double place = q * static_cast<double>(before.size() - 1);
    const auto low = static_cast<size_t>(std::floor(place));
    const double high = before[std::min(low + 1, before.size() - 1)];
    return before[low] + (place - std::floor(place)) * (high - before[low]);
  };
  double largest = 0;
  for (const double value : during) largest = std::max(largest, std::fabs(value));
  const double scale = std::max({(at(0.75) - at(0.25)) / 1.349, (at(0.95) - at(0.05)) / 3.29,
                                 0.05 * std::fabs(at(0.5)), 0.002 * largest});
  std::vector<double> deviations;
  for (const double value : during)
    deviations.push_back(scale > 0 ? std::fabs(value - at(0.5)) / scale : 0);
  std::sort(deviations.rbegin(), deviations.rend());
  const size_t n = deviations.size();
  if (n <= 5) return deviations[(n - 1) / 2];
  return deviations[std::max<size_t>(2, (n + 19) / 20 - 1)];
}

RC_GTEST_PROP(CauseScore, IsWhatTheDefinitionSays, ()) {
  const auto value = rc::gen::map(rc::gen::inRange(-1000, 1000), [](int v) { return v / 8.0; });
  const auto before = *rc::gen::container<std::vector<double>>(
      *rc::gen::inRange(3, static_cast<int>(kBeforeMax) + 1), value);
  const auto during = *rc::gen::container<std::vector<double>>(*rc::gen::inRange(1, 5), value);
  const auto unusual = score(before, during);
  RC_ASSERT(unusual.has_value());
  const double naive = naive_deviation(before, during);
  RC_ASSERT(std::fabs(unusual->deviations - naive) <= 1e-5 * (1 + naive));
  RC_ASSERT(unusual->strength >= 0 && unusual->strength < 1);
}

RC_GTEST_PROP(CauseScore, DoesNotLookAtDirection, ()) {
  const auto value = rc::gen::map(rc::gen::inRange(-1000, 1000), [](int v) { return v / 8.0; });
  auto before = *rc::gen::container<std::vector<double>>(
      *rc::gen::inRange(3, static_cast<int>(kBeforeMax) + 1), value);
  auto during = *rc::gen::container<std::vector<double>>(*rc::gen::inRange(1, 5), value);
  const float up = score(before, during)->strength;
  for (double& v : before) v = -v;
  for (double& v : during) v = -v;
  RC_ASSERT(std::fabs(score(before, during)->strength - up) < 1e-5F);
}

}  // namespace
}  // namespace tocsin::query
