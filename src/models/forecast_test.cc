#include "models/forecast.h"

#include <gtest/gtest.h>

#include "models/test_drive.h"

namespace tocsin::models {
namespace {

ModelSpec disk(double limit = 95) {
  ModelSpec spec;
  spec.kind = ModelKind::kForecast;
  spec.numbers["limit"] = limit;
  return spec;
}
ModelSpec with(ModelSpec spec, std::string_view key, double value) {
  spec.numbers[std::string(key)] = value;
  return spec;
}
constexpr double kHourMs = 3'600'000;

double hours_of(DurationMs span) {
  return span == Outlook::kNever ? INFINITY : span.seconds() / 3600;
}

struct Ride {
  Ride(const ModelSpec& spec, const Shape& shape, int points, double cadence_s = 60,
       uint64_t seed = 1)
      : model(spec), random(seed), shape_(shape), cadence(cadence_s) {
    go(points);
  }
  void go(int points) {
    for (const int until = at + points; at < until; ++at) {
      const TimeMs time = kStart + DurationMs{static_cast<int64_t>(at * cadence * 1000)};
      said = show(model, time, shape_(at, random), cadence);
      const Vote* vote = model.vote();
      if (vote == nullptr) continue;
      if (first_ready < 0) first_ready = at;
      outside += vote->outside;
      if (vote->outside && first_outside < 0) first_outside = at;
      outlook = *vote->outlook;
      is_outside = vote->outside;
      well_inside = vote->well_inside;
    }
  }
  Forecast model;
  Random random;
  Shape shape_;
  double cadence;
  int at = 0, outside = 0, first_ready = -1, first_outside = -1;
  bool is_outside = false, well_inside = false;
  Said said;
  Outlook outlook;
};

double wave(double i, double period) { return std::sin(i * 6.283185307179586 / period); }
// Rises from `from` and falls back after each period, on a floor that rises.
Shape teeth(double floor_per_hour, double height, int period, double noise) {
  return [=](int i, Random& r) {
    return 30 + floor_per_hour * i / 60 + height * (i % period) / period + noise * r.normal();
  };
}

struct Reach {
  const char* name;
  Shape shape;
  int points;
  double cadence_s;
  double hours;      // from the last point to the limit of 95, in truth; 0 = not within 60 h
  double tolerance;  // of `expected`, as a share
};
class ForecastReach : public testing::TestWithParam<Reach> {};
TEST_P(ForecastReach, SaysWhenTheLimitIsReached) {
  const Reach& row = GetParam();
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Ride ride(disk(), row.shape, row.points, row.cadence_s, seed);
    ASSERT_GE(ride.first_ready, 0);
    if (row.hours == 0) {
      EXPECT_GT(hours_of(ride.outlook.latest), 60);
      continue;
    }
    EXPECT_NEAR(hours_of(ride.outlook.expected), row.hours, row.tolerance * row.hours) << seed;
    EXPECT_LE(hours_of(ride.outlook.earliest), row.hours * 1.05);
    EXPECT_GE(hours_of(ride.outlook.latest), row.hours * 0.95);
    EXPECT_LT(hours_of(ride.outlook.latest), 3 * row.hours);
    EXPECT_TRUE(ride.is_outside);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Shapes, ForecastReach,
    testing::Values(
        Reach{"ramp", [](int i, Random& r) { return 40 + i / 60.0 * 2 + 0.1 * r.normal(); }, 900,
              60, 12.5, 0.1},
        Reach{"ramp_without_noise", [](int i, Random&) { return 40 + i / 60.0 * 2; }, 900, 60, 12.5,
              0.03},
        Reach{"ramp_with_noise", [](int i, Random& r) { return 40 + i / 60.0 * 2 + r.normal(); },
              900, 60, 12, 0.2},
        Reach{"ramp_10s", [](int i, Random& r) { return 40 + i / 360.0 * 4 + 0.5 * r.normal(); },
              3600, 10, 3.75, 0.15},
        Reach{"ramp_hourly", [](int i, Random& r) { return 40 + i * 1.0 + 0.03 * r.normal(); }, 45,
              3600, 11, 0.1},
        Reach{"flat", [](int, Random& r) { return 90 + r.normal(); }, 3000, 60, 0, 0},
        Reach{"falls", [](int i, Random& r) { return 90 - i / 600.0 + r.normal(); }, 3000, 60, 0,
              0},
        Reach{"constant", [](int, Random&) { return 94.0; }, 3000, 60, 0, 0},
        Reach{"leak_after_two_flat_days",
              [](int i, Random& r) {
                return 40 + (i > 2880 ? (i - 2880) / 60.0 * 4 : 0) + 0.3 * r.normal();
              },
              2880 + 360, 60, 7.75, 0.2},
        Reach{"single_spikes",
              [](int i, Random& r) {
                return i % 61 == 7 ? 94.9 : 40 + i / 60.0 * 2 + 0.1 * r.normal();
              },
              900, 60, 12.5, 0.15},
        // Peaks at 30 + 25 + floor: 95 in 40 h from the start, at the top of a tooth.
        Reach{"rotation_every_two_hours", teeth(1, 25, 120, 0.2), 1440, 60, 16, 0.2},
        Reach{"collection_every_ten_minutes", teeth(4, 25, 8, 0.2), 560, 60, 1.4, 0.6},
        Reach{"rotation_that_keeps_it_down", teeth(0, 40, 180, 0.2), 4000, 60, 0, 0},
        Reach{"daily_rotation", teeth(0, 40, 1440, 0.2), 7 * 1440 + 600, 60, 0, 0},
        Reach{"day", [](int i, Random& r) { return 60 + 20 * wave(i, 1440) + r.normal(); },
              5 * 1440 + 200, 60, 0, 0}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct Quiet {
  const char* name;
  Shape shape;
  double cadence_s;
  int points_max = 0;  // outside, of 13 days
};
class ForecastQuiet : public testing::TestWithParam<Quiet> {};
TEST_P(ForecastQuiet, HealthySeriesAreNotWarnedOf) {
  // Of the first day nothing is asked: the first tooth is a ramp.
  const auto per_day = static_cast<int>(86'400 / GetParam().cadence_s);
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Ride ride(disk(), GetParam().shape, per_day, GetParam().cadence_s, seed);
    ride.outside = 0;
    ride.go(13 * per_day);
    EXPECT_LE(ride.outside, GetParam().points_max) << seed;
  }
}
INSTANTIATE_TEST_SUITE_P(
    Shapes, ForecastQuiet,
    testing::Values(
        Quiet{"noise_near_the_limit", [](int, Random& r) { return 85 + 2 * r.normal(); }, 60},
        Quiet{"constant", [](int, Random&) { return 94.9; }, 60},
        Quiet{"autocorrelated",
              [x = 0.0](int, Random& r) mutable {
                x = 0.95 * x + 0.31 * r.normal();
                return 80 + x;
              },
              60, 15},
        Quiet{"rotation", teeth(0, 40, 180, 0.2), 60},
        Quiet{"fast_teeth", teeth(0, 40, 10, 0.2), 60},
        Quiet{"spikes", [](int, Random& r) { return r.uniform() < 0.01 ? 94 : 60 + r.normal(); },
              60},
        Quiet{"slow_growth", [](int i, Random& r) { return 40 + i / 1440.0 + 0.5 * r.normal(); },
              60}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Forecast, TheIntervalIsAsWideAsItSays) {
  int within = 0;
  constexpr int kRides = 200;
  for (uint64_t seed = 1; seed <= kRides; ++seed) {
    Random random(1000 + seed);
    const double per_hour = 1 + 3 * random.uniform();
    Ride ride(
        disk(), [&](int i, Random& r) { return 40 + per_hour * i / 60 + 2 * r.normal(); }, 720, 60,
        seed);
    // Its edge is what touches the limit: about 1.25 deviations above its mean.
    const double truth = (95 - 2.5 - 40 - per_hour * 719 / 60) / per_hour;
    within += hours_of(ride.outlook.earliest) <= truth && truth <= hours_of(ride.outlook.latest);
  }
  EXPECT_GT(within, 0.7 * kRides) << "80 % is said";
}

TEST(Forecast, UncertaintyGrowsWithTheHorizon) {
  const auto width = [](double limit) {
    Ride ride(disk(limit), [](int i, Random& r) { return 40 + i / 60.0 + r.normal(); }, 720);
    return hours_of(ride.outlook.latest) - hours_of(ride.outlook.earliest);
  };
  EXPECT_LT(width(55), 0.6 * width(70));
  EXPECT_LT(width(70), 0.7 * width(95));
}

TEST(Forecast, ItOpensWithinAndEndsBeyond) {
  // 10 a day: 24 h before 95 it is at 85.
  Ride ride(disk(), [](int i, Random& r) { return 60 + i / 144.0 + 0.05 * r.normal(); }, 5000);
  const double opened_at = 60 + ride.first_outside / 144.0;
  EXPECT_NEAR(opened_at, 85, 1);
  EXPECT_TRUE(ride.is_outside);
  // Cleaned up: the level is another, and after half a window so is the slope.
  ride.shape_ = [](int, Random& r) { return 40 + 0.05 * r.normal(); };
  ride.go(240);
  EXPECT_FALSE(ride.is_outside);
  EXPECT_TRUE(ride.well_inside);
}

TEST(Forecast, ReachedIsReached) {
  Ride ride(disk(), [](int i, Random&) { return std::min(97.0, 40 + i / 10.0); }, 1000);
  EXPECT_TRUE(ride.is_outside);
  EXPECT_EQ(ride.outlook.expected, DurationMs{});
  EXPECT_EQ(ride.outlook.latest, DurationMs{});
}

TEST(Forecast, ALimitBelow) {
  ModelSpec spec;
  spec.kind = ModelKind::kForecast;
  spec.numbers["limit_below"] = 10;
  Ride ride(spec, [](int i, Random& r) { return 100 - i / 60.0 * 4 + 0.1 * r.normal(); }, 900);
  EXPECT_NEAR(hours_of(ride.outlook.expected), 7.5, 0.5);
  EXPECT_EQ(ride.outlook.limit, 10);
  EXPECT_TRUE(ride.is_outside);
  EXPECT_FALSE(ride.model.vote()->above);
  EXPECT_LT(ride.model.vote()->distance, 0);
  EXPECT_GT(ride.said.curve.lower, 40) << "from here the limit would be a day away";
  EXPECT_EQ(ride.said.curve.upper, INFINITY);
}

TEST(Forecast, TheEndsAreChosen) {
  const Shape shape = [](int i, Random& r) { return 60 + i / 144.0 + 0.4 * r.normal(); };
  const auto opened = [&](double end) {
    return Ride(with(disk(), "end", end), shape, 5000).first_outside;
  };
  const int expected = opened(0), earliest = opened(1), latest = opened(2);
  EXPECT_LT(earliest, expected);
  EXPECT_LT(expected, latest);
}

TEST(Forecast, TheBandIsWhereTheLimitWouldBeWithinAway) {
  Ride ride(disk(), [](int i, Random&) { return 40 + i / 144.0; }, 3000);
  EXPECT_NEAR(ride.said.curve.upper, 85, 0.5);
  EXPECT_EQ(ride.said.curve.lower, -INFINITY);
  EXPECT_EQ(ride.said.value > ride.said.curve.upper, ride.is_outside);
}

TEST(Forecast, GapsAndIrregularPointsChangeNothing) {
  Forecast model(disk());
  Random random(3);
  TimeMs time = kStart;
  for (int i = 0; i < 1500; ++i) {
    time = time + seconds(5 + static_cast<int64_t>(random.below(110)));
    if (i % 400 == 399) time = time + hours(2);
    show(model, time, 40 + (time - kStart).seconds() / 3600 + 0.2 * random.normal(), 60);
  }
  const double truth = 55 - (time - kStart).seconds() / 3600;
  ASSERT_NE(model.vote(), nullptr);
  EXPECT_NEAR(hours_of(model.vote()->outlook->expected), truth, 0.1 * truth);
}

TEST(Forecast, LearnsHalfAWindow) {
  Ride ride(disk(), [](int i, Random&) { return i * 0.01; }, 400);
  EXPECT_NEAR(ride.first_ready, 180, 16);
  const Learned learned = ride.model.learned(kStart + minutes(90), 60);
  EXPECT_EQ(learned.guarded_from, kStart + hours(3));
  EXPECT_NEAR(learned.share, 0.5, 0.01);
}

TEST(Forecast, RotationThatFailsIsSeenWithinTheTooth) {
  // Falls back from 55 every three hours, until it does not.
  const int fails = 3 * 1440;
  Ride ride(
      disk(),
      [&](int i, Random& r) {
        const int in_tooth = i < fails ? i % 180 : i - fails;
        return 30 + 25 * in_tooth / 180.0 + 0.2 * r.normal();
      },
      1440);
  ride.outside = 0;
  ride.go(fails - 1440);
  EXPECT_EQ(ride.outside, 0);
  ride.go(310);  // two hours past the peak: at 73, 8.3 an hour
  EXPECT_TRUE(ride.is_outside);
  EXPECT_NEAR(hours_of(ride.outlook.expected), 22 / 8.33, 0.6);
}

ModelSpec capacity() {
  ModelSpec spec;
  spec.kind = ModelKind::kForecast;
  spec.numbers["sustained"] = 600'000;
  return spec;
}

// Once a series with fewer than four points in ten minutes had never held anything.
TEST(Held, CountsWhatComesRarely) {
  for (const int minutes_apart : {1, 2, 5, 10}) {
    Held held(minutes(10));
    std::optional<double> found;
    for (int m = 0; m <= 40; m += minutes_apart)
      if (const auto now = held.learn(kStart + minutes(m), m < 20 ? 5 : 7)) found = now;
    EXPECT_EQ(found, 7) << minutes_apart;
  }
  Held gaps(minutes(10));
  for (int m = 0; m <= 100; m += 20) EXPECT_FALSE(gaps.learn(kStart + minutes(m), 5)) << m;
}

TEST(Capacity, IsTheHighestLevelHeldBefore) {
  // Two weeks ago 500 were held for half an hour, 900 for a minute.
  const Shape shape = [](int i, Random& r) {
    if (i >= 3000 && i < 3030) return 500 + r.normal();
    if (i == 5000) return 900.0;
    return 300 + 50 * wave(i, 1440) + r.normal();
  };
  Ride ride(capacity(), shape, 25'000);
  EXPECT_NEAR(ride.outlook.limit, 498, 3);
  EXPECT_EQ(ride.outside, 0) << "demand does not grow";
  // From now on 20 a day: the peak of 350 reaches 498 in a week.
  const int grows = ride.at;
  ride.shape_ = [=](int i, Random& r) {
    return 300 + 50 * wave(i, 1440) + 20.0 * (i - grows) / 1440 + r.normal();
  };
  ride.go(6 * 1440);
  EXPECT_TRUE(ride.is_outside);
  EXPECT_GT(ride.first_outside, grows);
  const double days = hours_of(ride.outlook.expected) / 24;
  EXPECT_GT(days, 0.2);
  EXPECT_LT(days, 3.5);
}

TEST(Capacity, AHealthyWeekIsQuiet) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Ride ride(
        capacity(),
        [](int i, Random& r) {
          const double day = (i / 1440) % 7 < 5 ? 1 : 0.6;
          return day * (300 + 100 * wave(i, 1440)) + 5 * r.normal();
        },
        5 * 7 * 1440, 60, seed);
    EXPECT_EQ(ride.outside, 0) << seed;
  }
}

TEST(Forecast, StaysFiniteOnExtremes) {
  Forecast model(disk());
  for (const Said& said : drive(
           model, [](int i, Random&) { return i % 3 == 0   ? 1e30
                                              : i % 3 == 1 ? -1e30
                                                           : 0; }, 2000,
           3600))
    ASSERT_FALSE(std::isnan(said.curve.upper));
  drive(model, [](int, Random&) { return 1.0; }, 3, 1);  // time goes back
  EXPECT_FALSE(model.vote() != nullptr && model.vote()->outside);
}

TEST(Forecast, TimesBefore1970) {
  Forecast model(disk());
  for (int i = 0; i < 600; ++i)
    show(model, TimeMs{-40'000'000'000 + i * 60'000LL}, 40 + i / 60.0, 60);
  ASSERT_NE(model.vote(), nullptr);
  EXPECT_NEAR(hours_of(model.vote()->outlook->expected), 45, 2);
}

// Demand beside throughput, a point a minute.
struct Pairs {
  explicit Pairs(double window_days = 7) : model(spec(window_days)) {}
  static ModelSpec spec(double window_days) {
    ModelSpec out = with(capacity(), "forecast_window", window_days * 24 * kHourMs);
    out.texts["throughput"] = "done";
    return out;
  }
  // `cap`: the most that is done.
  void go(int minutes_long, const std::function<double(int)>& demand, double cap = INFINITY) {
    for (int i = 0; i < minutes_long; ++i, ++at) {
      const double asked_for = demand(i) * (1 + 0.005 * random.normal());
      const Asked asked{kStart + minutes(at), asked_for, 60, 4, std::min(cap, asked_for)};
      ready = model.weigh(asked, {&curve, 1});
      model.learn(asked, asked.value);
      outside += ready && model.vote()->outside;
    }
  }
  Forecast model;
  Random random{4};
  Curve curve;
  int at = 0, outside = 0;
  bool ready = false;
};

TEST(Throughput, DemandIsHeldAgainstTheHighestThatWasEverHeld) {
  Pairs pairs;
  const auto usual = [](int i) { return 500 + 100 * wave(i, 1440); };
  pairs.go(1440, usual);
  pairs.go(120, [](int) { return 1300.0; }, 1000);  // it can do no more
  pairs.go(16 * 1440, usual);
  ASSERT_TRUE(pairs.ready);
  EXPECT_NEAR(pairs.model.vote()->outlook->limit, 1000, 1);
  EXPECT_EQ(pairs.outside, 0) << "demand does not grow";
  pairs.go(10 * 1440, [&](int i) { return usual(i) + 20.0 * i / 1440; });
  // At a peak of 800 by now, by 20 a day: ten days are left, and 7 are asked for.
  EXPECT_FALSE(pairs.model.vote()->outside);
  EXPECT_NEAR(hours_of(pairs.model.vote()->outlook->expected) / 24, 10, 2.5);
  pairs.go(6 * 1440, [&](int i) { return usual(i) + 200 + 20.0 * i / 1440; });
  EXPECT_TRUE(pairs.model.vote()->outside);
  EXPECT_NEAR(hours_of(pairs.model.vote()->outlook->expected) / 24, 4, 1.5);
  // And past it, with the machines as they are.
  pairs.go(7 * 1440, [&](int i) { return usual(i) + 320 + 20.0 * i / 1440; }, 1000);
  EXPECT_TRUE(pairs.model.vote()->outside);
  EXPECT_EQ(pairs.model.vote()->outlook->expected, DurationMs{}) << "it is passed";
}

TEST(Throughput, NobodyKnowsALimitThatWasNeverMet) {
  Pairs pairs;
  pairs.go(30 * 1440, [](int i) { return 500 + 100 * wave(i, 1440) + 20.0 * i / 1440; });
  EXPECT_EQ(pairs.outside, 0) << "each day is the record, and is met";
  // New machines: what was once the most is no limit any more when more is done.
  Pairs grown;
  grown.go(10 * 1440, [](int) { return 500.0; });
  grown.go(2 * 1440, [](int) { return 700.0; });
  EXPECT_FALSE(grown.model.vote()->outside);
  EXPECT_NEAR(grown.model.vote()->outlook->limit, 700, 15);
}

struct Cut {
  const char* name;
  ModelSpec spec;
};
class ForecastCut : public testing::TestWithParam<Cut> {};
TEST_P(ForecastCut, AnywhereItGoesOnTheSame) {
  const Shape shape = [](int i, Random& r) { return teeth(0.5, 20, 150, 0.5)(i, r); };
  for (const int cut : {0, 1, 3, 100, 359, 360, 700, 1201}) {
    Forecast whole(GetParam().spec), first(GetParam().spec), second(GetParam().spec);
    Random one(5), two(5);
    for (int i = 0; i < 1500; ++i) {
      if (i == cut) {
        const std::string text = saved(first);
        ByteReader in(text);
        second.load(in);
        EXPECT_TRUE(in.done());
      }
      const TimeMs time = kStart + minutes(i);
      const Said expected = show(whole, time, shape(i, one), 60);
      const Said got = show(i < cut ? first : second, time, shape(i, two), 60);
      ASSERT_EQ(expected.ready, got.ready);
      ASSERT_EQ(expected.curve.upper, got.curve.upper) << cut << " " << i;
    }
    EXPECT_EQ(saved(whole), saved(second));
  }
}
INSTANTIATE_TEST_SUITE_P(Specs, ForecastCut,
                         testing::Values(Cut{"limit", disk()}, Cut{"throughput", Pairs::spec(0.25)},
                                         Cut{"sustained",
                                             with(capacity(), "forecast_window", 6 * kHourMs)}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Forecast, ADamagedTextLeavesAModelThatHasLearnedNothing) {
  Ride ride(disk(), [](int i, Random&) { return i * 0.01; }, 400);
  const std::string text = saved(ride.model);
  for (size_t length = 0; length < text.size(); length += 3) {
    ByteReader in(std::string_view(text).substr(0, length));
    Forecast loaded(disk());
    loaded.load(in);
    EXPECT_EQ(saved(loaded), saved(Forecast(disk()))) << length;
  }
}

}  // namespace
}  // namespace tocsin::models
