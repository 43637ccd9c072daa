#include "models/ratio.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/random.h"

namespace tocsin::models {
namespace {

constexpr TimeMs kStart{1'795'000'000'000};

ModelSpec spec_of(double min_attempts = 20) {
  ModelSpec spec;
  spec.kind = ModelKind::kRatio;
  spec.numbers["min_attempts"] = min_attempts;
  return spec;
}

// Failures among n attempts: exact for small n, by the normal for large.
double failing(Random& random, double n, double p) {
  if (n * p * (1 - p) > 400)
    return std::clamp(std::round(n * p + std::sqrt(n * p * (1 - p)) * random.normal()), 0.0, n);
  double failures = 0;
  for (int i = 0; i < n; ++i) failures += random.uniform() < p ? 1 : 0;
  return failures;
}

// The judge's rule in small: 2 of the last 3 outside open, 3 well inside end.
struct Fed {
  explicit Fed(double min_attempts = 20) : model(spec_of(min_attempts), calendar::Zone(), budget) {}

  void feed(double failures, double attempts) {
    const double value = failures / attempts;
    const Asked asked{kStart + seconds(at), value, 60, 4, attempts};
    at += 60;
    guarded = model.weigh(asked, {&curve, 1});
    const double score = guarded ? model.score() : 0;
    outside = guarded && score >= 4;
    if (outside != (guarded && (value < curve.lower || value > curve.upper))) ++disagreed;
    history = (history << 1 | (outside ? 1U : 0U)) & 7U;
    if (open) {
      inside_run = score <= 3.2 ? inside_run + 1 : 0;
      if (inside_run >= 3) open = false, history = 0;
    } else if (outside && std::popcount(history) >= 2) {
      open = true;
      inside_run = 0;
      ++opened;
      model.violation_opened();
    }
    if (open)
      model.watch(asked);
    else
      model.learn(asked, outside ? std::clamp(value, curve.lower, curve.upper) : value);
  }

  Budget budget{0, 0, 0};
  Ratio model;
  Curve curve;
  int64_t at = 0;
  unsigned history = 0;
  bool guarded = false, open = false, outside = false;
  int inside_run = 0, opened = 0, disagreed = 0;
};

struct Healthy {
  const char* name;
  double attempts, p;
  double varies;  // relative deviation of p from slot to slot
};
class RatioQuiet : public testing::TestWithParam<Healthy> {};
TEST_P(RatioQuiet, OnHealthySeries) {
  constexpr int kSeries = 8, kMinutes = 7 * 1440;
  int opened = 0, disagreed = 0;
  for (uint64_t seed = 1; seed <= kSeries; ++seed) {
    Fed fed;
    Random random(seed);
    for (int m = 0; m < kMinutes; ++m) {
      const double n = std::max(1.0, std::round(GetParam().attempts * (0.5 + random.uniform())));
      const double p = GetParam().p * std::exp(GetParam().varies * random.normal());
      fed.feed(failing(random, n, std::min(1.0, p)), n);
    }
    opened += fed.opened;
    disagreed += fed.disagreed;
  }
  EXPECT_LE(static_cast<double>(opened) / kSeries, 0.3);
  EXPECT_EQ(disagreed, 0) << "the score and the band are one";
}
INSTANTIATE_TEST_SUITE_P(Kinds, RatioQuiet,
                         testing::Values(Healthy{"a_small_customer", 3, 0.02, 0},
                                         Healthy{"a_large_one", 5000, 0.02, 0},
                                         Healthy{"nearly_always", 50, 0.97, 0},
                                         Healthy{"one_in_a_thousand", 200, 0.001, 0},
                                         Healthy{"that_varies", 500, 0.05, 0.3},
                                         Healthy{"large_that_varies", 20'000, 0.05, 0.2}),
                         [](const auto& tested) { return std::string(tested.param.name); });

struct Incident {
  const char* name;
  double attempts, usual, now;
  int mostly, always;  // minutes until a violation opens: of half of the series, and of all
};
class RatioQuick : public testing::TestWithParam<Incident> {};
TEST_P(RatioQuick, FindsIt) {
  const Incident& tested = GetParam();
  std::vector<int> delays;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Fed fed;
    Random random(seed);
    for (int m = 0; m < 2 * 1440; ++m)
      fed.feed(failing(random, tested.attempts, tested.usual), tested.attempts);
    const int before = fed.opened;
    int minutes = 0;
    while (minutes < 300 && fed.opened == before) {
      fed.feed(failing(random, tested.attempts, tested.now), tested.attempts);
      ++minutes;
    }
    delays.push_back(minutes);
  }
  std::sort(delays.begin(), delays.end());
  EXPECT_LE(delays[delays.size() / 2], tested.mostly);
  EXPECT_LE(delays.back(), tested.always);
}
INSTANTIATE_TEST_SUITE_P(Kinds, RatioQuick,
                         testing::Values(Incident{"a_small_customer_fails", 5, 0.02, 1, 6, 8},
                                         Incident{"a_small_customer_half_fails", 5, 0.02, 0.5, 7,
                                                  15},
                                         Incident{"a_middle_one_fails", 50, 0.02, 0.5, 2, 3},
                                         Incident{"a_large_one_by_a_half", 5000, 0.02, 0.03, 3, 6},
                                         Incident{"a_large_one_doubles", 5000, 0.02, 0.04, 2, 3},
                                         Incident{"success_falls", 200, 0.97, 0.8, 3, 4}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Ratio, TheBandIsThatOfTheBinomialLaw) {
  Fed fed;
  for (int m = 0; m < 20'000; ++m) fed.feed(1, 100);
  fed.feed(1, 100);
  EXPECT_NEAR(fed.curve.expected, 0.01, 0.002);
  EXPECT_EQ(fed.curve.lower, 0);
  EXPECT_NEAR(fed.curve.upper, 0.07, 0.02);
  fed.feed(100, 10'000);
  EXPECT_LT(fed.curve.upper, 0.03) << "more attempts say more";
}

TEST(Ratio, BelowTheMinimumNothingIsSaidAloneButARunIs) {
  Fed fed(20);
  for (int m = 0; m < 2000; ++m) fed.feed(0, 5);
  fed.feed(5, 5);
  EXPECT_FALSE(fed.outside) << "five attempts are less than twenty";
  EXPECT_EQ(fed.curve.lower, 0);
  EXPECT_EQ(fed.curve.upper, 1);
  for (int m = 0; m < 4; ++m) fed.feed(5, 5);
  EXPECT_TRUE(fed.outside) << "twenty-five are not";
  Fed eager(1);
  for (int m = 0; m < 2000; ++m) eager.feed(0, 5);
  eager.feed(5, 5);
  EXPECT_TRUE(eager.outside);
}

// Once the band ended below what is usual, and the violation said that 0.002 was expected.
TEST(Ratio, AsLongAsARunLastsTheUsualShareIsExpected) {
  for (const double now : {0.08, 0.0}) {
    Fed fed;
    Random random(2);
    for (int m = 0; m < 1440; ++m) fed.feed(failing(random, 500, 0.02), 500);
    const double usual = fed.curve.expected;
    EXPECT_NEAR(usual, 0.02, 0.004);
    for (int m = 0; m < 15; ++m) {
      fed.feed(500 * now, 500);
      ASSERT_NEAR(fed.curve.expected, usual, 0.1 * usual) << now << " at " << m;
      ASSERT_LE(fed.curve.lower, fed.curve.expected);
      ASSERT_GE(fed.curve.upper, fed.curve.expected);
    }
    EXPECT_TRUE(fed.open) << now;
    EXPECT_EQ(fed.disagreed, 0) << "the score and the band are one";
  }
}

TEST(Ratio, SavedAndLoadedItGoesOnAsItWas) {
  Fed whole, fresh;
  Random random(8);
  for (int m = 0; m < 500; ++m) {
    const double failures = failing(random, 40, 0.1);
    whole.feed(failures, 40);
  }
  ByteWriter out;
  whole.model.save(out);
  const std::string text(out.bytes());
  ByteReader in(text);
  fresh.model.load(in);
  ASSERT_TRUE(in.ok());
  fresh.at = whole.at, fresh.history = whole.history;
  for (int m = 0; m < 500; ++m) {
    const double failures = failing(random, 40, m > 300 ? 0.3 : 0.1);
    whole.feed(failures, 40);
    fresh.feed(failures, 40);
    ASSERT_EQ(whole.curve.upper, fresh.curve.upper);
    ASSERT_EQ(whole.open, fresh.open);
  }
  ByteReader cut(std::string_view(text).substr(0, 11));
  fresh.model.load(cut);
  EXPECT_EQ(fresh.model.learned(kStart, 60).points, 0U);
}

TEST(Ratio, StaysFiniteOnWhatIsNoRatio) {
  Fed fed;
  for (int m = 0; m < 500; ++m) fed.feed(m % 3 == 0 ? 1e9 : -5, m % 7 == 0 ? 1e15 : 3);
  EXPECT_TRUE(std::isfinite(fed.curve.expected));
  EXPECT_LE(fed.curve.upper, 1);
  EXPECT_GE(fed.curve.lower, 0);
}

TEST(Ratio, TheAcceptedRatioIsTheNewOne) {
  Fed fed;
  for (int m = 0; m < 500; ++m) fed.feed(1, 100);
  std::vector<MotionPoint> points;
  for (int m = 0; m < 64; ++m) points.push_back({kStart, 0, 0.3});
  fed.model.accept(points, 60);
  fed.feed(30, 100);
  EXPECT_NEAR(fed.curve.expected, 0.3, 0.02);
  EXPECT_FALSE(fed.outside);
}

}  // namespace
}  // namespace tocsin::models
