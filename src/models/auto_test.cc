#include "models/auto.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "models/test_drive.h"

namespace tocsin::models {
namespace {

constexpr int kDay = 1440;  // points, at one a minute

// A series under the model as the judge asks it: a violation is open from a score of 4 on until it
// is at most 3.2, and meanwhile the model watches.
class Series {
 public:
  explicit Series(bool novelty, calendar::Zone zone = {}, uint64_t bytes = 1'000'000)
      : budget_{bytes, 0, 0}, model_(std::make_unique<Auto>(spec(novelty), zone, budget_)) {}

  double add(double value) {
    const Asked asked{now_, value, cadence_s_, 4, 1};
    ready_ = model_->weigh(asked, {&curve_, 1});
    const double score = ready_ ? model_->score() : 0;
    if (score >= 4 && !open_) ++violations_;
    open_ = score >= 4 || (open_ && score > 3.2);
    if (open_)
      model_->watch(asked);
    else
      model_->learn(asked, value);
    now_ = now_ + DurationMs{static_cast<int64_t>(1000 * cadence_s_)};
    return score;
  }
  double add_all(int points, const std::function<double(int)>& shape) {
    double worst = 0;
    for (int i = 0; i < points; ++i) worst = std::max(worst, add(shape(count_++)));
    return worst;
  }
  static ModelSpec spec(bool novelty) {
    ModelSpec out;
    out.kind = ModelKind::kAuto;
    out.numbers["novelty"] = novelty ? 1 : 0;
    return out;
  }
  void cadence(double cadence_s) { cadence_s_ = cadence_s; }
  void gap(DurationMs length) { now_ = now_ + length; }
  int violations() const { return violations_; }
  bool open() const { return open_; }
  bool ready() const { return ready_; }
  const Curve& curve() const { return curve_; }
  Auto& model() { return *model_; }
  const Budget& budget() const { return budget_; }
  TimeMs now() const { return now_; }
  void now(TimeMs time) { now_ = time; }
  void drop() { model_ = nullptr; }

 private:
  Budget budget_;
  std::unique_ptr<Auto> model_;
  TimeMs now_ = kStart;
  double cadence_s_ = 60;
  Curve curve_;
  int violations_ = 0;
  int count_ = 0;
  bool open_ = false, ready_ = false;
};

// A day's curve from 50 to 150 with noise of 1.
class DayCurve {
 public:
  double operator()(int minute) {
    return 100 + 50 * std::sin(2 * std::numbers::pi * minute / kDay) + random_.normal();
  }

 private:
  Random random_{3};
};

TEST(Auto, LearnsFiveDaysAloneAndThirtyPointsWithNovelty) {
  for (const bool novelty : {false, true}) {
    Series series(novelty);
    series.add_all(30, [](int i) { return i % 5; });
    EXPECT_FALSE(series.ready());
    series.add(2);
    EXPECT_EQ(series.ready(), novelty);
    EXPECT_EQ(series.model().learned(series.now(), 60).share == 1, novelty);
    series.add_all(5 * kDay - 31, [](int i) { return i % 5; });
    series.add(2);
    EXPECT_TRUE(series.ready());
  }
}

TEST(Auto, IsQuietOnAHealthyDailyCurve) {
  for (const bool novelty : {false, true}) {
    Series series(novelty);
    DayCurve day;
    const auto shape = [&](int i) { return day(i); };
    series.add_all(14 * kDay, shape);
    const int early = series.violations();
    series.add_all(28 * kDay, shape);
    EXPECT_LE(early, novelty ? 12 : 1) << (novelty ? "with novelty" : "alone");
    EXPECT_LE(series.violations() - early, novelty ? 6 : 2) << (novelty ? "with novelty" : "alone");
  }
}

struct Incident {
  const char* name;
  double factor;  // on the value
  int from;       // minute of the day
  int within;     // points until it is told
};
class AutoIncident : public testing::TestWithParam<Incident> {};
TEST_P(AutoIncident, IsFoundAloneAndByBothAndHeldOpen) {
  const Incident& row = GetParam();
  for (const bool novelty : {false, true}) {
    Series series(novelty);
    DayCurve day;
    series.add_all(14 * kDay + row.from, [&](int i) { return day(i); });
    const int before = series.violations();
    int told = -1;
    for (int i = 0; i < 90; ++i) {
      series.add(row.factor * day(row.from + i));
      if (told < 0 && series.open()) told = i;
      if (i >= row.within) {
        ASSERT_TRUE(series.open()) << i << (novelty ? " with novelty" : " alone");
      }
    }
    EXPECT_GE(told, 0);
    EXPECT_LE(told, row.within);
    EXPECT_EQ(series.violations(), before + 1) << "one violation, not many";
    for (int i = 90; i < 150; ++i) series.add(day(row.from + i));
    EXPECT_FALSE(series.open()) << "it is over";
  }
}
INSTANTIATE_TEST_SUITE_P(Kinds, AutoIncident,
                         testing::Values(Incident{"drop_at_noon", 0.5, 720, 1},
                                         Incident{"drop_at_the_peak", 0.6, 360, 1},
                                         Incident{"surge_at_night", 1.7, 1000, 1},
                                         Incident{"outage", 0, 360, 0}),
                         [](const auto& row) { return row.param.name; });

TEST(Auto, ALongIncidentBuysNoDeafness) {
  Series series(false);
  DayCurve day;
  series.add_all(14 * kDay, [&](int i) { return day(i); });
  for (int again = 0; again < 5; ++again) {
    const int before = series.violations();
    for (int i = 0; i < 300; ++i) series.add(0.5 * day(i));
    EXPECT_EQ(series.violations(), before + 1) << again;
    for (int i = 300; i < kDay; ++i) series.add(day(i));
    EXPECT_FALSE(series.open()) << again;
  }
}

TEST(Auto, WhatWasOutOfBandDoesNotComeBackAsNormalADayLater) {
  Series series(false);
  DayCurve day;
  series.add_all(14 * kDay + 600, [&](int i) { return day(i); });
  const double expected = series.curve().expected;
  for (int i = 600; i < 720; ++i) series.add(0.4 * day(i));
  for (int i = 720; i < kDay + 599; ++i) series.add(day(i));
  const int before = series.violations();
  series.add(day(599));
  series.add(day(600));
  EXPECT_NEAR(series.curve().expected, expected, 3);
  EXPECT_EQ(series.violations(), before);
}

TEST(Auto, AConstantSeriesThatMovesOnceIsOneViolationOfABoundedScore) {
  for (const bool novelty : {false, true}) {
    Series series(novelty);
    series.add_all(8 * kDay, [](int) { return 7; });
    EXPECT_EQ(series.violations(), 0);
    EXPECT_EQ(series.curve().lower <= 7 && 7 <= series.curve().upper, true);
    const double score = series.add(8);
    EXPECT_GE(score, 4);
    EXPECT_LE(score, 300);
    series.add_all(2 * kDay, [](int) { return 7; });
    EXPECT_EQ(series.violations(), 1);
    EXPECT_FALSE(series.open());
  }
}

TEST(Auto, ANewLevelIsTakenOverWhenItIsAccepted) {
  Series series(false);
  DayCurve day;
  series.add_all(14 * kDay, [&](int i) { return day(i); });
  for (int i = 0; i < 30; ++i) series.add(day(i) + 60);
  ASSERT_TRUE(series.open());
  const MotionPoint last{series.now() - minutes(1), 0, day(29) + 60};
  series.model().accept({&last, 1}, 60);
  for (int i = 30; i < 300; ++i) series.add(day(i) + 60);
  EXPECT_FALSE(series.open());
  EXPECT_EQ(series.violations(), 1);
}

TEST(Auto, WithNoveltyTheResidualOpensOnlyOnceItHasEarnedIt) {
  Series young(true), old(true);
  DayCurve one, other;
  young.add_all(6 * kDay, [&](int i) { return one(i); });
  old.add_all(8 * kDay, [&](int i) { return other(i); });
  // Odd for the hour, but met at another.
  EXPECT_LT(young.add(70), 4);
  EXPECT_GT(young.model().score(), 3);
  EXPECT_GE(old.add(70), 4);
}

TEST(Auto, DaysAreOfTheSitesWallClockAcrossSummerTime) {
  const auto madrid = calendar::Zone::find("Europe/Madrid");
  ASSERT_TRUE(madrid) << madrid.error().message;
  // Ten days before the clocks are set back on 2026-10-25, every day busy from 9 to 17 local time.
  Series local(false, *madrid), utc(false);
  Random random(8);
  for (Series* series : {&local, &utc}) {
    series->now(TimeMs{1792022400000});
    for (int i = 0; i < 11 * kDay; ++i) {
      calendar::Zone::Cursor cursor;
      const int64_t hour = madrid->wall_ms(series->now(), cursor) / 3'600'000 % 24;
      series->add((hour >= 9 && hour < 17 ? 100 : 20) + random.normal());
    }
  }
  EXPECT_EQ(local.violations(), 0);
  EXPECT_GE(utc.violations(), 1) << "by UTC the day begins an hour late after the change";
}

TEST(Auto, WithoutMemoryForADayItGoesByTheLevel) {
  Series series(false, {}, 100);
  Random random(9);
  series.add_all(6 * kDay, [&](int) { return 100 + random.normal(); });
  EXPECT_GT(series.budget().refused, 0U);
  EXPECT_EQ(series.budget().bytes, 0U);
  EXPECT_TRUE(series.ready());
  EXPECT_LT(series.curve().lower, 100);
  EXPECT_GT(series.curve().upper, 100);
  EXPECT_GE(series.add(150), 4);
}

struct Memory {
  const char* name;
  bool novelty;
  bool moves;
  uint64_t bytes_max;
};
class AutoMemory : public testing::TestWithParam<Memory> {};
TEST_P(AutoMemory, IsBoundedAndGivenBack) {
  const Memory& row = GetParam();
  Series series(row.novelty);
  series.add_all(3 * kDay,
                 [day = DayCurve(), &row](int i) mutable { return row.moves ? day(i) : 5; });
  EXPECT_LE(series.model().bytes(), row.bytes_max);
  series.drop();
  EXPECT_EQ(series.budget().bytes, 0U);
}
INSTANTIATE_TEST_SUITE_P(Kinds, AutoMemory,
                         testing::Values(Memory{"evidence_still", false, false, 450},
                                         Memory{"evidence", false, true, 450 + 576},
                                         Memory{"kpi", true, true, 13'000}),
                         [](const auto& row) { return row.param.name; });

// A stream with all that may happen to it: seasons, noise, integers, spikes, gaps, level shifts.
double wild(int i, Random& random) {
  const double base = 100 + 40 * std::sin(i * 0.02) + 3 * random.normal();
  if (i % 977 > 960) return 3 * base;
  if (i % 1501 > 1400) return std::floor(base / 10);
  return i > 5000 ? base + 200 : base;
}

TEST(Auto, SavedAndLoadedAnywhereItGoesOnToTheBit) {
  for (const bool novelty : {false, true})
    for (const int cut : {0, 1, 29, 30, 777, 2016, 4999, 6500}) {
      Budget budget{1'000'000, 0, 0};
      Auto whole(Series::spec(novelty), {}, budget), again(Series::spec(novelty), {}, budget);
      Auto* running = &whole;
      Random random(11), same(11);
      const auto step = [](Auto& model, int i, double value) {
        Curve curve;
        const Asked asked{kStart + minutes(5 * i + (i > 3000 ? 600 : 0)), value, 300, 4, 1};
        model.weigh(asked, {&curve, 1});
        const double score = model.score();
        if (score >= 4)
          model.watch(asked);
        else
          model.learn(asked, value);
        return score;
      };
      for (int i = 0; i < 7000; ++i) {
        const double value = wild(i, random);
        const double score = step(whole, i, value);
        if (i < cut) continue;
        if (i == cut) {
          Auto before(Series::spec(novelty), {}, budget);
          for (int k = 0; k < cut; ++k) step(before, k, wild(k, same));
          const std::string text = saved(before);
          ByteReader in(text);
          again.load(in);
          ASSERT_TRUE(in.done());
          ASSERT_EQ(saved(again), text);
          running = &again;
        }
        ASSERT_EQ(step(*running, i, value), score) << "cut at " << cut << ", point " << i;
      }
      ASSERT_EQ(saved(again), saved(whole));
    }
}

TEST(Auto, AMalformedTextLeavesAModelThatHasLearnedNothing) {
  Series series(true);
  series.add_all(800, [day = DayCurve()](int i) mutable { return day(i); });
  const std::string text = saved(series.model());
  const std::string fresh = saved(Series(true).model());
  for (size_t length = 0; length < text.size(); length += 1 + length / 40) {
    Budget budget{1'000'000, 0, 0};
    {
      Auto again(Series::spec(true), {}, budget);
      ByteReader in(std::string_view(text).substr(0, length));
      again.load(in);
      ASSERT_EQ(saved(again), fresh) << length;
    }
    ASSERT_EQ(budget.bytes, 0U) << length;
  }
}

TEST(Auto, BitsTurnedInItsTextNeverMakeItRunAway) {
  Series series(true);
  series.add_all(3000, [day = DayCurve()](int i) mutable { return day(i); });
  const std::string text = saved(series.model());
  Random random(12);
  for (int round = 0; round < 400; ++round) {
    std::string turned = text;
    turned[random.below(turned.size())] ^= static_cast<char>(1 << random.below(8));
    Budget budget{1'000'000, 0, 0};
    Auto again(Series::spec(true), {}, budget);
    ByteReader in(turned);
    again.load(in);
    Curve curve;
    for (int i = 0; i < 50; ++i) {
      const Asked asked{series.now() + minutes(i), 100.0 + i, 60, 4, 1};
      again.weigh(asked, {&curve, 1});
      again.learn(asked, asked.value);
    }
  }
}

TEST(Auto, AskedForABandAloneItLeavesNoTrace) {
  Series series(true);
  series.add_all(2000, [day = DayCurve()](int i) mutable { return day(i); });
  const std::string before = saved(series.model());
  Curve curve;
  ASSERT_TRUE(series.model().weigh({series.now(), std::nan(""), 60, 4, 1}, {&curve, 1}));
  EXPECT_LT(curve.lower, curve.expected);
  EXPECT_LT(curve.expected, curve.upper);
  EXPECT_EQ(series.model().score(), -1);
  EXPECT_EQ(saved(series.model()), before);
}

}  // namespace
}  // namespace tocsin::models
