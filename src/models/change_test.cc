#include "models/change.h"

#include <gtest/gtest.h>

#include "models/test_drive.h"

namespace tocsin::models {
namespace {

constexpr int kWeek = 7 * 1440;  // points at one a minute
constexpr int kReady = 15'100;   // two weeks and what the scatter takes: 10.5 days

ModelSpec spec_of(calendar::Season season) {
  ModelSpec spec;
  spec.kind = ModelKind::kChange;
  spec.season = season;
  return spec;
}

struct Rig {
  explicit Rig(calendar::Season season = calendar::Season::kWeek)
      : model(spec_of(season), calendar::Zone(), budget) {}

  // As the judge does it: one vote opens, three points well inside end, six hours are accepted.
  struct Found {
    int point = 0;
    Shift shift;
  };
  void add(TimeMs time, double value, double cadence_s) {
    const Asked asked{time, value, cadence_s, 4, 1};
    Curve curve;
    ready = model.weigh(asked, {&curve, 1});
    const Vote* vote = model.vote();
    ++points;
    if (vote != nullptr && !open && vote->outside) {
      open = true;
      inside = 0;
      opened = time;
      found.push_back({points, *vote->shift});
    } else if (vote != nullptr && open) {
      last = *vote;
      inside = vote->well_inside ? inside + 1 : 0;
      if (inside == 3) {
        open = false;
        ++ended;
      } else if (accepts && time - opened >= hours(6)) {
        open = false;
        const MotionPoint point{time, 0, value};
        model.accept({&point, 1}, cadence_s);
      }
    }
    if (open)
      model.watch(asked);
    else
      model.learn(asked, value);
  }
  void run(const Shape& shape, int from, int to, double cadence_s, Random& random) {
    for (int i = from; i < to; ++i)
      add(kStart + DurationMs{static_cast<int64_t>(i * cadence_s * 1000)}, shape(i, random),
          cadence_s);
  }

  Budget budget{1 << 20, 0, 0};
  Change model;
  bool ready = false, open = false, accepts = true;
  int points = 0, inside = 0, ended = 0;
  TimeMs opened;
  Vote last;
  std::vector<Found> found;
};

double wave(int i, int per_day) { return std::sin(i * 6.283185307179586 / per_day); }
double noise(int, Random& random) { return 100 + random.normal(); }
double heavy(int, Random& random) {  // Student t with 3 degrees of freedom
  double sum = 0;
  for (int k = 0; k < 3; ++k) sum += std::pow(random.normal(), 2);
  return 100 + random.normal() / std::sqrt(sum / 3);
}
Shape wandering(double rho) {
  return [rho, x = 0.0](int, Random& random) mutable {
    x = rho * x + std::sqrt(1 - rho * rho) * random.normal();
    return 100 + x;
  };
}
// 13 minutes past the half hour: an edge that no half hour fits.
double office(int i, Random& random) {
  const bool works = (i / 1440) % 7 < 5 && (i / 60) % 24 >= 8 && (i / 60) % 24 < 18;
  return works ? 100 + 5 * random.normal() : 10 + random.normal();
}
double weekday(int i, Random& random) {
  return (i / 1440) % 7 < 5 ? 100 + 10 * wave(i, 1440) + random.normal()
                            : 92 + 3 * wave(i, 1440) + random.normal();
}

struct Healthy {
  const char* name;
  Shape shape;
  double cadence_s;
  double per_week_max;  // false alarms; the aim is 1 / kWeeksBetween = 0.125
};
class ChangeQuiet : public testing::TestWithParam<Healthy> {};
TEST_P(ChangeQuiet, FindsNothingInHealthySeries) {
  const Healthy& row = GetParam();
  constexpr int kSeries = 4, kWeeks = 8;
  const auto per_week = static_cast<int>(7 * 86'400 / row.cadence_s);
  size_t found = 0;
  for (uint64_t seed = 1; seed <= kSeries; ++seed) {
    Rig rig;
    Random random(seed);
    rig.run(row.shape, 0, kWeeks * per_week, row.cadence_s, random);
    EXPECT_TRUE(rig.ready);
    found += rig.found.size();
  }
  EXPECT_LE(static_cast<double>(found), row.per_week_max * kSeries * (kWeeks - 2)) << found;
}
INSTANTIATE_TEST_SUITE_P(
    Shapes, ChangeQuiet,
    testing::Values(
        Healthy{"noise_1min", noise, 60, 0.125}, Healthy{"noise_5min", noise, 300, 0.125},
        Healthy{"noise_1h", noise, 3600, 0.125}, Healthy{"heavy_tails", heavy, 60, 0.125},
        Healthy{"exponential", [](int, Random& r) { return -std::log(1 - r.uniform()); }, 60,
                0.125},
        Healthy{"autocorrelation_0.5", wandering(0.5), 60, 0.125},
        Healthy{"autocorrelation_0.9", wandering(0.9), 60, 0.125},
        Healthy{"autocorrelation_0.99", wandering(0.99), 60, 0.125},
        Healthy{"random_walk", [x = 0.0](int, Random& r) mutable { return x += r.normal(); }, 60,
                0.125},
        Healthy{"day", [](int i, Random& r) { return 100 + 10 * wave(i, 1440) + r.normal(); }, 60,
                0.125},
        Healthy{"strong_day",
                [](int i, Random& r) { return 300 + 100 * wave(i, 1440) + r.normal(); }, 60, 0.125},
        Healthy{"week", weekday, 60, 0.25}, Healthy{"office_hours", office, 60, 0.5},
        Healthy{"ramp", [](int i, Random& r) { return 0.01 * i + r.normal(); }, 60, 0.125},
        Healthy{"constant", [](int, Random&) { return 42.0; }, 60, 0},
        Healthy{"rare_ones", [](int, Random& r) { return r.uniform() < 0.05 ? 1.0 : 0.0; }, 60,
                0.125},
        Healthy{"single_spikes",
                [](int i, Random& r) { return i % 97 == 0 ? 1e6 : 100 + r.normal(); }, 60, 0.125},
        Healthy{"bursts",
                [](int, Random& r) {
                  return r.uniform() < 0.02 ? 100 + 50 * r.uniform() : 100 + r.normal();
                },
                60, 0.125}),
    [](const auto& tested) {
      std::string name = tested.param.name;
      std::erase(name, '.');
      return name;
    });

struct Moved {
  const char* name;
  Shape shape;
  double by;          // in the series' unit
  int points_max;     // until it is found
  double size_error;  // of `after - before`, once it has lasted
};
class ChangeShift : public testing::TestWithParam<Moved> {};
TEST_P(ChangeShift, IsFoundAndSaysFromWhenAndHowLarge) {
  const Moved& row = GetParam();
  const int at = 4 * kWeek + 700;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    Rig rig;
    rig.accepts = false;
    Random random(seed);
    rig.run(row.shape, 0, at, 60, random);
    const size_t before = rig.found.size();
    EXPECT_FALSE(rig.open);
    const Shape moved = [&](int i, Random& r) { return row.shape(i, r) + row.by; };
    rig.run(moved, at, at + 300, 60, random);
    ASSERT_GT(rig.found.size(), before) << seed;
    const Rig::Found& found = rig.found[before];
    EXPECT_LE(found.point - at, row.points_max);
    EXPECT_NEAR((found.shift.since - kStart).seconds() / 60, at, 60);
    EXPECT_TRUE(rig.open) << "it stays";
    EXPECT_EQ(rig.last.above, row.by > 0);
    EXPECT_NEAR(rig.last.shift->after - rig.last.shift->before, row.by, row.size_error);
    rig.run(row.shape, at + 300, at + 700, 60, random);
    EXPECT_FALSE(rig.open) << "and ends when it is back";
  }
}
INSTANTIATE_TEST_SUITE_P(
    Shifts, ChangeShift,
    testing::Values(
        Moved{"one_deviation_up", noise, 1, 80, 0.35},
        Moved{"one_deviation_down", noise, -1, 80, 0.35},
        Moved{"two_deviations", noise, 2, 20, 0.4}, Moved{"five_deviations", noise, -5, 12, 0.5},
        Moved{"far", noise, 1000, 12, 5},
        Moved{"one_deviation_on_a_day",
              [](int i, Random& r) { return 100 + 10 * wave(i, 1440) + r.normal(); }, 1, 120, 0.4},
        Moved{"two_deviations_on_a_week", weekday, -2, 40, 0.5},
        Moved{"two_deviations_autocorrelated", wandering(0.5), 2, 60, 0.6},
        Moved{"on_a_ramp", [](int i, Random& r) { return 0.01 * i + r.normal(); }, 2, 40, 0.5},
        Moved{"of_a_constant", [](int, Random&) { return 42.0; }, 3, 8, 0.1}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Change, ASecondShiftIsFoundFromTheAcceptedLevel) {
  Rig rig;
  Random random(4);
  rig.run(noise, 0, 3 * kWeek, 60, random);
  const Shape moved = [](int i, Random& r) { return noise(i, r) + 3; };
  rig.run(moved, 3 * kWeek, 3 * kWeek + 800, 60, random);
  ASSERT_EQ(rig.found.size(), 1);
  EXPECT_FALSE(rig.open) << "accepted after six hours";
  const Shape again = [](int i, Random& r) { return noise(i, r) + 5; };
  rig.run(again, 3 * kWeek + 800, 3 * kWeek + 900, 60, random);
  ASSERT_EQ(rig.found.size(), 2);
  EXPECT_NEAR(rig.found[1].shift.before, 103, 0.7);
  EXPECT_NEAR(rig.last.shift->after, 105, 0.7);
}

TEST(Change, WithoutAnAnswerTheOldLevelIsNotForgotten) {
  Rig rig;
  rig.accepts = false;
  Random random(4);
  rig.run(noise, 0, 3 * kWeek, 60, random);
  const Shape moved = [](int i, Random& r) { return noise(i, r) + 3; };
  rig.run(moved, 3 * kWeek, 4 * kWeek, 60, random);
  EXPECT_EQ(rig.found.size(), 1);
  EXPECT_TRUE(rig.open);
  EXPECT_NEAR(rig.last.shift->before, 100, 0.5);
  EXPECT_NEAR(rig.last.shift->after, 103, 0.6);
}

TEST(Change, AHigherSensitivityWantsLargerShifts) {
  const auto delay_of = [](double sensitivity, double by) {
    ModelSpec spec = spec_of(calendar::Season::kDay);
    spec.numbers["sensitivity"] = sensitivity;
    Budget budget{1 << 20, 0, 0};
    Change model(spec, calendar::Zone(), budget);
    Random random(2);
    for (int i = 0; i < 3 * kWeek; ++i) {
      const double value = noise(i, random) + (i >= 2 * kWeek ? by : 0);
      const Said said = show(model, kStart + minutes(i), value, 60);
      if (said.ready && model.vote()->outside) return i - 2 * kWeek;
    }
    return -1;
  };
  EXPECT_LT(delay_of(2, 2), delay_of(0.25, 2)) << "a large shift is found sooner";
  EXPECT_EQ(delay_of(3, 0.5), -1) << "and a small one not at all";
  EXPECT_GT(delay_of(0.5, 0.5), 0);
}

TEST(Change, AScoreOfFiveMeansTenTimesFewerFalseAlarms) {
  const auto bar = [](double score) {
    Rig rig;
    Random random(2);
    rig.run(noise, 0, 3 * kWeek, 60, random);
    const Asked asked{kStart + minutes(3 * kWeek), 102, 60, score, 1};
    rig.model.learn(asked, 102);
    int points = 0;
    Curve curve;
    for (int i = 1; i < 100; ++i) {
      const Asked next{kStart + minutes(3 * kWeek + i), 102, 60, score, 1};
      rig.model.weigh(next, {&curve, 1});
      if (rig.model.vote()->outside) return points;
      rig.model.watch(next);
      ++points;
    }
    return points;
  };
  EXPECT_GT(bar(6), bar(4));
}

TEST(Change, SaysUntilWhenItLearns) {
  Rig rig;
  Random random(1);
  rig.run(noise, 0, kReady, 60, random);
  EXPECT_FALSE(rig.ready);
  const Learned learned = rig.model.learned(kStart + minutes(kReady), 60);
  EXPECT_NEAR(learned.share, 0.68, 0.02);
  EXPECT_EQ(learned.guarded_from, kStart + hours(372));
  rig.run(noise, kReady, 372 * 60 + 2, 60, random);
  EXPECT_TRUE(rig.ready);
  Rig day(calendar::Season::kDay);
  day.run(noise, 0, 84 * 60 + 2, 60, random);
  EXPECT_TRUE(day.ready);
}

TEST(Change, WithoutMemoryItAbstains) {
  Budget budget{100, 0, 0};
  Change model(spec_of(calendar::Season::kDay), calendar::Zone(), budget);
  EXPECT_EQ(budget.refused, 1);
  for (const Said& said : drive(model, noise, 6000, 60)) ASSERT_FALSE(said.ready);
  EXPECT_EQ(model.bytes(), 0);
}

TEST(Change, GivesItsMemoryBack) {
  Budget budget{1 << 20, 0, 0};
  {
    Change model(spec_of(calendar::Season::kDay), calendar::Zone(), budget);
    EXPECT_LT(budget.bytes, 8192);
    EXPECT_EQ(budget.bytes, model.bytes());
  }
  EXPECT_EQ(budget.bytes, 0);
}

TEST(Change, StaysFiniteOnExtremes) {
  Rig rig(calendar::Season::kDay);
  Random random(1);
  rig.run([](int i, Random&) { return i % 3 == 0   ? 1e30
                                      : i % 3 == 1 ? -1e30
                                                   : 0; }, 0, 6000, 60,
          random);
  Curve curve;
  rig.model.weigh({kStart + days(9), 1e30, 60, 4, 1}, {&curve, 1});
  EXPECT_TRUE(std::isfinite(curve.expected));
  EXPECT_FALSE(std::isnan(curve.upper));
}

TEST(Change, GapsAndIrregularPointsAreNoShift) {
  Rig rig;
  Random random(9);
  TimeMs time = kStart;
  for (int i = 0; i < 5 * kWeek; ++i) {
    time = time + seconds(5 + static_cast<int64_t>(random.below(110)));
    if (i % 9000 == 8000) time = time + hours(30);
    const double minute = (time - kStart).seconds() / 60;
    rig.add(time, 100 + 10 * std::sin(minute * 6.283185307179586 / 1440) + random.normal(), 60);
  }
  EXPECT_TRUE(rig.ready);
  EXPECT_EQ(rig.found.size(), 0);
}

TEST(Change, AskingForTheBandOnlyChangesNothing) {
  Rig rig(calendar::Season::kDay);
  Random random(1);
  rig.run(noise, 0, 6000, 60, random);
  const std::string before = saved(rig.model);
  Curve curve;
  rig.model.weigh({kStart + days(9), NAN, 60, 4, 1}, {&curve, 1});
  EXPECT_FALSE(rig.model.vote()->outside);
  EXPECT_EQ(saved(rig.model), before);
}

TEST(Change, CutAnywhereItGoesOnTheSame) {
  const Shape shape = [](int i, Random& r) { return noise(i, r) + (i > 6200 && i < 6500 ? 4 : 0); };
  for (const int cut : {0, 1, 31, 2879, 2881, 5040, 6210, 6300, 6510}) {
    Rig whole(calendar::Season::kDay), first(calendar::Season::kDay);
    Rig second(calendar::Season::kDay);
    Random one(5), two(5);
    whole.run(shape, 0, 7000, 60, one);
    first.run(shape, 0, cut, 60, two);
    const std::string text = saved(first.model);
    ByteReader in(text);
    second.model.load(in);
    EXPECT_TRUE(in.done());
    second.open = first.open;
    second.inside = first.inside;
    second.opened = first.opened;
    second.run(shape, cut, 7000, 60, two);
    EXPECT_EQ(saved(whole.model), saved(second.model)) << cut;
    EXPECT_EQ(whole.found.size(), first.found.size() + second.found.size());
    EXPECT_GE(whole.found.size(), 1);
  }
}

TEST(Change, ADamagedTextLeavesAModelThatHasLearnedNothing) {
  Rig rig(calendar::Season::kDay);
  Random random(1);
  rig.run(noise, 0, 6000, 60, random);
  const std::string text = saved(rig.model);
  for (size_t length = 0; length < text.size(); length += 7) {
    ByteReader in(std::string_view(text).substr(0, length));
    Rig loaded(calendar::Season::kDay);
    loaded.model.load(in);
    EXPECT_EQ(loaded.model.learned(kStart + days(9), 60).share, 0) << length;
    EXPECT_EQ(saved(loaded.model), saved(Rig(calendar::Season::kDay).model));
  }
}

}  // namespace
}  // namespace tocsin::models
