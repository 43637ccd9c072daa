#include "models/presence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "base/random.h"
#include "models/archive.h"

namespace tocsin::models {
namespace {

constexpr TimeMs kMonday{1'762'732'800'000};  // 2025-11-10T00:00:00Z
constexpr double kScore = 4;
using Rate = std::function<double(TimeMs)>;  // points per minute

int hour_in(TimeMs time) { return static_cast<int>((time - kMonday).count / 3'600'000 % 24); }
int day_in(TimeMs time) { return static_cast<int>((time - kMonday).count / 86'400'000 % 7); }

// A customer that works from 8 to 20 on weekdays and hardly at night.
double by_day(TimeMs time) {
  if (day_in(time) >= 5) return 0.01;
  return hour_in(time) >= 8 && hour_in(time) < 20 ? 2 : 0.005;
}
double steady(TimeMs) { return 0.5; }

// What the silence of one series would have said.
struct Watched {
  explicit Watched(Rate of, uint64_t seed = 1) : rate(std::move(of)), random(seed) {}

  // Points come until `to`; false alarms are counted from `from` on.
  int run(TimeMs from, TimeMs to) {
    int alarms = 0;
    for (; at < to; at = at + seconds(1)) {
      if (random.uniform() >= rate(at) / 60) continue;
      if (presence.due(last, kScore, 0) < at && at >= from) ++alarms;
      if (last > kTimeMin) presence.learn(last, at);
      last = at;
    }
    return alarms;
  }
  double minutes_until_noticed() const {
    return (presence.due(last, kScore, 0) - last).seconds() / 60;
  }

  Presence presence{calendar::Zone()};
  Rate rate;
  Random random;
  TimeMs at = kMonday, last = kMonday;
};

TEST(Presence, ADaysCustomerIsMissedInMinutesByDayAndNotAtNight) {
  int alarms = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    Watched watched(by_day, seed);
    alarms += watched.run(kMonday, kMonday + days(28));
    watched.run(kMonday, kMonday + days(28) + hours(14));
    EXPECT_GT(watched.minutes_until_noticed(), 3) << "two a minute: chance alone makes gaps";
    EXPECT_LT(watched.minutes_until_noticed(), 12);
    watched.run(kMonday, kMonday + days(28) + hours(20));
    EXPECT_GT(watched.minutes_until_noticed(), 10 * 60) << "nobody is missed at night";
  }
  EXPECT_LE(alarms, 6) << "in 24 series-weeks";
}

struct Steady {
  const char* name;
  double per_minute, least, most;  // minutes until it is noticed
};
class PresenceSteady : public testing::TestWithParam<Steady> {};
TEST_P(PresenceSteady, IsMissedWhenItIsRare) {
  const Steady& tested = GetParam();
  int alarms = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    Watched watched([&](TimeMs) { return tested.per_minute; }, seed);
    alarms += watched.run(kMonday, kMonday + days(14));
    EXPECT_GE(watched.minutes_until_noticed(), tested.least);
    EXPECT_LE(watched.minutes_until_noticed(), tested.most);
  }
  EXPECT_LE(alarms, 1) << "in 12 series-weeks";
}
// By chance alone a gap of -ln(1e-4 / 60) = 13.3 expected points is rarer than 1e-4 an hour.
INSTANTIATE_TEST_SUITE_P(Rates, PresenceSteady,
                         testing::Values(Steady{"ten_a_minute", 10, 1, 3},
                                         Steady{"one_a_minute", 1, 9, 20},
                                         Steady{"six_an_hour", 0.1, 60, 240}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Presence, BurstsAreWaitedForLonger) {
  // Ten points within ten seconds, every ten minutes or so.
  const auto burst = [](uint64_t seed, bool bursts) {
    Presence presence{calendar::Zone()};
    Random random(seed);
    TimeMs last = kMonday;
    for (int i = 0; i < 30'000; ++i) {
      const bool inside = bursts && i % 10 != 0;
      const double gap_s = inside ? 1 : -std::log(1 - random.uniform()) * (bursts ? 600 : 61);
      const TimeMs next = last + DurationMs{1 + static_cast<int64_t>(gap_s * 1000)};
      presence.learn(last, next);
      last = next;
    }
    return (presence.due(last, kScore, 0) - last).seconds();
  };
  EXPECT_GT(burst(1, true), 3 * burst(1, false)) << "the same number of points";
}

TEST(Presence, TheFirstDaysKnowNothingAndSayNothing) {
  Watched watched(steady);
  EXPECT_EQ(watched.run(kMonday, kMonday + days(7)), 0);
  Watched day(by_day);
  EXPECT_EQ(day.run(kMonday, kMonday + days(7)), 0) << "the first nights and weekend";
  EXPECT_EQ(Presence{calendar::Zone()}.due(kMonday, kScore, 60), kTimeMax);
}

TEST(Presence, UnknownHoursMayBeToldByTheCaller) {
  Presence presence{calendar::Zone()};
  for (int i = 0; i < 40; ++i) presence.learn(kMonday + seconds(i), kMonday + seconds(i + 1));
  const TimeMs thursday = kMonday + days(3);
  EXPECT_EQ(presence.due(thursday, kScore, 0), kTimeMax) << "nothing is expected";
  const TimeMs due = presence.due(thursday, kScore, 3600);
  EXPECT_LT((due - thursday).seconds(), 40) << "3600 an hour are";
}

TEST(Presence, TheWallClockOfTheSiteCounts) {
  const auto madrid = calendar::Zone::find("Europe/Madrid");
  ASSERT_TRUE(madrid);
  // Points every 20 s from 8 to 20 by the clock of Madrid, over the change to summer time.
  Presence presence{*madrid};
  const TimeMs start{1'771'804'800'000};  // 2026-02-23T00:00:00Z, a Monday
  TimeMs last = start;
  calendar::Zone::Cursor cursor;
  for (TimeMs at = start; at < start + days(42); at = at + seconds(20)) {
    const int64_t hour = madrid->wall_ms(at, cursor) / 3'600'000 % 24;
    if (hour < 8 || hour >= 20) continue;
    if (at > last) presence.learn(last, at);
    last = at;
  }
  // 2026-04-06 is a Monday in summer time: 9:30 by the wall clock is 7:30 UTC.
  const TimeMs monday = start + days(42);
  const TimeMs morning = monday + minutes(7 * 60 + 30), evening = monday + minutes(18 * 60 + 5);
  EXPECT_LT((presence.due(morning, kScore, 0) - morning).seconds(), 15 * 60);
  EXPECT_GT((presence.due(evening, kScore, 0) - evening).seconds(), 10 * 3600);
}

TEST(Presence, SavedAndLoadedItSaysTheSame) {
  Watched watched(by_day);
  watched.run(kMonday, kMonday + days(9));
  ByteWriter out;
  Saver saver(out);
  watched.presence.visit(saver);
  Presence loaded{calendar::Zone()};
  ByteReader in(out.bytes());
  Loader loader(in);
  loaded.visit(loader);
  ASSERT_TRUE(loader.ok());
  TimeMs at = watched.last;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(loaded.due(at, kScore, 0), watched.presence.due(at, kScore, 0));
    loaded.learn(at, at + seconds(37));
    watched.presence.learn(at, at + seconds(37));
    at = at + seconds(37);
  }
}

TEST(Presence, GapsThatAreNoGaps) {
  Presence presence{calendar::Zone()};
  presence.learn(kMonday, kMonday);
  presence.learn(kMonday, kMonday - seconds(5));
  presence.learn(kMonday, kMonday + days(4000));
  EXPECT_FALSE(presence.ready());
  EXPECT_EQ(presence.expected(kMonday, kMonday + hours(1), 0), 0);
}

}  // namespace
}  // namespace tocsin::models
