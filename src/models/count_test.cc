#include "models/count.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/random.h"

namespace tocsin::models {
namespace {

constexpr TimeMs kStart{1'795'000'000'000};
constexpr double kTurn = 6.283185307179586;

ModelSpec spec_of(Count::ByHour by_hour = Count::ByHour::kAuto) {
  ModelSpec spec;
  spec.kind = ModelKind::kCount;
  spec.numbers["by_hour"] = static_cast<double>(by_hour);
  return spec;
}

double poisson(Random& random, double mean) {
  if (mean > 200) return std::max(0.0, std::round(mean + std::sqrt(mean) * random.normal()));
  const double least = std::exp(-mean);
  int count = 0;
  for (double product = random.uniform(); product > least; product *= random.uniform()) ++count;
  return count;
}

// The judge's rule in small: 2 of the last 3 outside open, 3 well inside end.
struct Fed {
  explicit Fed(const ModelSpec& spec) : model(spec, calendar::Zone(), budget) {}

  void feed(double value) {
    const Asked asked{kStart + seconds(at), value, 60, 4, 1};
    at += 60;
    guarded = model.weigh(asked, {&curve, 1});
    const double score = guarded ? model.score() : 0;
    const bool outside = guarded && score >= 4;
    if (outside != (guarded && (value < curve.lower || value > curve.upper))) ++disagreed;
    outsides += outside ? 1 : 0;
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

  Budget budget{1 << 20, 0, 0};
  Count model;
  Curve curve;
  int64_t at = 0;  // seconds since kStart
  unsigned history = 0;
  bool guarded = false, open = false;
  int inside_run = 0, opened = 0, outsides = 0, disagreed = 0;
};

struct Healthy {
  const char* name;
  double (*next)(Random& random, double seconds, double& state);
  double most;  // violations per series-week
};
double daily(double seconds, double swing) {
  return 1 + swing * std::sin(kTurn * seconds / 86'400);
}
class CountQuiet : public testing::TestWithParam<Healthy> {};
TEST_P(CountQuiet, OnHealthySeries) {
  constexpr int kSeries = 12, kMinutes = 7 * 1440;
  int opened = 0, disagreed = 0;
  for (int i = 0; i < kSeries; ++i) {
    Fed fed(spec_of());
    Random random(static_cast<uint64_t>(i) + 1);
    double state = 0;
    for (int m = 0; m < kMinutes; ++m) fed.feed(GetParam().next(random, 60.0 * m, state));
    opened += fed.opened;
    disagreed += fed.disagreed;
  }
  EXPECT_LE(static_cast<double>(opened) / kSeries, GetParam().most);
  EXPECT_EQ(disagreed, 0) << "the score and the band are one";
}
INSTANTIATE_TEST_SUITE_P(
    Kinds, CountQuiet,
    testing::Values(
        Healthy{"zeros", [](Random&, double, double&) { return 0.0; }, 0},
        Healthy{"constant", [](Random&, double, double&) { return 7.0; }, 0},
        Healthy{"one_an_hour", [](Random& r, double, double&) { return poisson(r, 0.017); }, 0.1},
        Healthy{"one_in_three", [](Random& r, double, double&) { return poisson(r, 0.3); }, 0.1},
        Healthy{"three", [](Random& r, double, double&) { return poisson(r, 3); }, 0.1},
        Healthy{"thirty", [](Random& r, double, double&) { return poisson(r, 30); }, 0.1},
        Healthy{"thousands", [](Random& r, double, double&) { return poisson(r, 3000); }, 0.1},
        Healthy{"a_mean_that_wanders",
                [](Random& r, double, double& state) {
                  state = 0.98 * state + 0.1 * r.normal();
                  return poisson(r, 10 * std::exp(state));
                },
                0.5},
        Healthy{"a_day_of_twenty",
                [](Random& r, double s, double&) { return poisson(r, 20 * daily(s, 0.4)); }, 0.2},
        Healthy{"a_day_of_thousands",
                [](Random& r, double s, double&) { return poisson(r, 1000 * daily(s, 0.4)); }, 0.2},
        Healthy{"a_day_that_nearly_stops",
                [](Random& r, double s, double&) { return poisson(r, 2 * daily(s, 0.9)); }, 1.5},
        Healthy{
            "bursts",
            [](Random& r, double, double&) { return poisson(r, r.uniform() < 0.01 ? 10 : 0.1); },
            6}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct Incident {
  const char* name;
  double usual, now;
  int mostly, always;  // minutes until a violation opens: of half of the series, and of all
};
class CountQuick : public testing::TestWithParam<Incident> {};
TEST_P(CountQuick, FindsIt) {
  const Incident& tested = GetParam();
  std::vector<int> delays;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Fed fed(spec_of());
    Random random(seed);
    for (int m = 0; m < 2 * 1440; ++m) fed.feed(poisson(random, tested.usual));
    if (fed.open) continue;
    const int before = fed.opened;
    int minutes = 0;
    while (minutes < 500 && fed.opened == before) {
      fed.feed(poisson(random, tested.now));
      ++minutes;
    }
    delays.push_back(minutes);
  }
  std::sort(delays.begin(), delays.end());
  ASSERT_GE(delays.size(), 38U);
  EXPECT_LE(delays[delays.size() / 2], tested.mostly);
  EXPECT_LE(delays.back(), tested.always);
  RecordProperty("minutes", delays[delays.size() / 2]);
}
INSTANTIATE_TEST_SUITE_P(Kinds, CountQuick,
                         testing::Values(Incident{"none_of_twenty", 20, 0, 2, 3},
                                         Incident{"none_of_three", 3, 0, 7, 15},
                                         Incident{"none_of_one", 1, 0, 20, 60},
                                         Incident{"none_of_one_in_two", 0.5, 0, 45, 150},
                                         Incident{"five_of_one_an_hour", 0.017, 5, 2, 4},
                                         Incident{"one_of_one_an_hour", 0.017, 1, 10, 30},
                                         Incident{"double_of_thirty", 30, 60, 3, 6},
                                         Incident{"half_of_thirty", 30, 15, 4, 10},
                                         Incident{"a_tenth_off_ten_thousand", 1e4, 9e3, 2, 3}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Count, AZeroThatOpenedItGoesOnUntilEventsAreBack) {
  Fed fed(spec_of());
  Random random(4);
  for (int m = 0; m < 2000; ++m) fed.feed(poisson(random, 1));
  ASSERT_FALSE(fed.open);
  for (int m = 0; m < 60; ++m) fed.feed(0);
  ASSERT_TRUE(fed.open) << "one zero is nothing, sixty are";
  ASSERT_EQ(fed.opened, 1);
  int until_ended = 0;
  for (; fed.open && until_ended < 60; ++until_ended) fed.feed(poisson(random, 1));
  EXPECT_GT(until_ended, 3);
  EXPECT_LT(until_ended, 40);
}

TEST(Count, LearnsThirtyPointsAndSaysSo) {
  Fed fed(spec_of());
  for (int m = 0; m < 29; ++m) fed.feed(4);
  EXPECT_FALSE(fed.guarded);
  const Learned learned = fed.model.learned(kStart + minutes(28), 60);
  EXPECT_EQ(learned.points, 29U);
  EXPECT_EQ(learned.guarded_from, kStart + minutes(29));
  fed.feed(4);
  fed.feed(4);
  EXPECT_TRUE(fed.guarded);
  EXPECT_EQ(fed.model.learned(kStart, 60).share, 1);
}

TEST(Count, TheBandIsOfWholeNumbersAtTheExactTails) {
  Fed fed(spec_of());
  for (int m = 0; m < 20'000; ++m) fed.feed(m % 2 == 0 ? 3 : 5);
  fed.feed(4);
  EXPECT_EQ(fed.curve.lower, std::floor(fed.curve.lower));
  EXPECT_EQ(fed.curve.upper, std::floor(fed.curve.upper));
  // Steadier than chance: never narrower than Poisson(4), whose quantiles are 0 and 14.
  EXPECT_EQ(fed.curve.lower, 0);
  EXPECT_NEAR(fed.curve.upper, 14, 1);
}

TEST(Count, OneWildPointDoesNotWidenTheBand) {
  for (const double wild : {1e3, 1e6, 1e12, 1e30}) {
    Fed fed(spec_of());
    Random random(9);
    for (int m = 0; m < 3000; ++m) fed.feed(poisson(random, 5));
    const double before = fed.curve.upper;
    fed.feed(wild);
    fed.feed(5);
    EXPECT_LE(fed.curve.upper, 1.25 * before) << wild;
  }
}

TEST(Count, ValuesThatAreNoCounts) {
  Fed fed(spec_of());
  for (int m = 0; m < 100; ++m) fed.feed(0.5);
  EXPECT_EQ(fed.outsides, 0);
  fed.feed(-1);
  EXPECT_EQ(fed.outsides, 1);
  for (int m = 0; m < 1000; ++m) fed.feed(m % 3 == 0 ? 1e29 : m % 3 == 1 ? -1e29 : 1e-9);
  EXPECT_TRUE(std::isfinite(fed.curve.upper));
  EXPECT_TRUE(std::isfinite(fed.curve.expected));
}

// A customer of the day: 40 an hour from 8 to 20, one at night; quieter on Sundays.
double by_day(int64_t minute) {
  const int64_t hour = minute / 60 % 24, day = minute / 1440 % 7;
  const double usual = hour >= 8 && hour < 20 ? 6 : 0.1;
  return day == 3 ? usual / 10 : usual;
}

TEST(Count, ByHourKnowsTheMorningAndTheLevelDoesNot) {
  int opened[2] = {0, 0};
  for (int on = 0; on < 2; ++on) {
    Fed fed(spec_of(on == 1 ? Count::ByHour::kOn : Count::ByHour::kOff));
    Random random(3);
    for (int m = 0; m < 3 * 7 * 1440; ++m) fed.feed(poisson(random, by_day(m)));
    const int before = fed.opened;
    for (int m = 0; m < 7 * 1440; ++m) fed.feed(poisson(random, by_day(m)));
    opened[on] = fed.opened - before;
  }
  EXPECT_LE(opened[1], 1);
  EXPECT_GE(opened[0], 3);
}

TEST(Count, ByHourIsChosenWhereItPredictsBetter) {
  Fed fed(spec_of(Count::ByHour::kAuto));
  Random random(3);
  for (int m = 0; m < 3 * 7 * 1440; ++m) fed.feed(poisson(random, by_day(m)));
  const int before = fed.opened;
  for (int m = 0; m < 7 * 1440; ++m) fed.feed(poisson(random, by_day(m)));
  EXPECT_LE(fed.opened - before, 1);
  EXPECT_GT(fed.model.bytes(), sizeof(Count));
  Fed steady(spec_of(Count::ByHour::kAuto));
  for (int m = 0; m < 7 * 1440; ++m) steady.feed(poisson(random, 5));
  EXPECT_EQ(steady.model.bytes(), sizeof(Count)) << "hours cost nothing where there are none";
}

TEST(Count, SavedAndLoadedItGoesOnAsItWas) {
  for (const auto by_hour : {Count::ByHour::kAuto, Count::ByHour::kOn}) {
    Fed whole(spec_of(by_hour)), cut(spec_of(by_hour));
    Random random(6);
    std::vector<double> values;
    for (int m = 0; m < 20 * 1440; ++m) values.push_back(poisson(random, by_day(m)));
    for (size_t i = 0; i < values.size(); ++i) {
      if (i == 15 * 1440) {
        ByteWriter out;
        cut.model.save(out);
        Fed fresh(spec_of(by_hour));
        const std::string text(out.bytes());
        ByteReader in(text);
        fresh.model.load(in);
        ASSERT_TRUE(in.ok());
        fresh.at = cut.at, fresh.history = cut.history, fresh.open = cut.open;
        fresh.inside_run = cut.inside_run;
        for (; i < values.size(); ++i) {
          whole.feed(values[i]);
          fresh.feed(values[i]);
          ASSERT_EQ(whole.curve.expected, fresh.curve.expected) << i;
          ASSERT_EQ(whole.curve.upper, fresh.curve.upper) << i;
          ASSERT_EQ(whole.curve.lower, fresh.curve.lower) << i;
        }
        break;
      }
      whole.feed(values[i]);
      cut.feed(values[i]);
    }
  }
}

TEST(Count, AMalformedTextLeavesNothingLearned) {
  Fed fed(spec_of(Count::ByHour::kOn));
  for (int m = 0; m < 100; ++m) fed.feed(4);
  ByteWriter out;
  fed.model.save(out);
  const std::string text = std::string(out.bytes()).substr(0, out.bytes().size() / 2);
  ByteReader in(text);
  fed.model.load(in);
  EXPECT_EQ(fed.model.learned(kStart, 60).points, 0U);
}

TEST(Count, TheAcceptedLevelIsTheNewOne) {
  Fed fed(spec_of());
  Random random(2);
  for (int m = 0; m < 1000; ++m) fed.feed(poisson(random, 4));
  std::vector<MotionPoint> points;
  for (int m = 0; m < 64; ++m) points.push_back({kStart + minutes(1000 + m), 0, 40});
  fed.model.accept(points, 60);
  fed.at += 64 * 60;
  fed.feed(40);
  EXPECT_NEAR(fed.curve.expected, 40, 2);
  EXPECT_EQ(fed.opened, 0);
}

TEST(Count, AsLongAsARunLastsTheUsualCountIsExpected) {
  for (const double now : {60.0, 0.0}) {
    Fed fed(spec_of());
    Random random(2);
    for (int m = 0; m < 1440; ++m) fed.feed(poisson(random, 20));
    const double usual = fed.curve.expected;
    for (int m = 0; m < 15; ++m) {
      fed.feed(now);
      ASSERT_NEAR(fed.curve.expected, usual, 0.1 * usual) << now << " at " << m;
      ASSERT_LE(fed.curve.lower, fed.curve.expected);
      ASSERT_GE(fed.curve.upper, fed.curve.expected);
    }
    EXPECT_TRUE(fed.open) << now;
    EXPECT_EQ(fed.disagreed, 0) << "the score and the band are one";
  }
}

TEST(Count, HoursAreTakenFromTheBudget) {
  Budget budget{sizeof(HourRates), 0, 0};
  {
    const Count first(spec_of(Count::ByHour::kOn), calendar::Zone(), budget);
    const Count second(spec_of(Count::ByHour::kOn), calendar::Zone(), budget);
    EXPECT_EQ(budget.bytes, sizeof(HourRates));
    EXPECT_EQ(budget.refused, 1U);
    EXPECT_EQ(second.bytes(), sizeof(Count));
  }
  EXPECT_EQ(budget.bytes, 0U);
}

}  // namespace
}  // namespace tocsin::models
