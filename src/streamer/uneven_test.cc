// Silence of series that do not come by the clock.
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "streamer/test_rig.h"

namespace tocsin::streamer {
namespace {

constexpr TimeMs kMonday{1'795'392'000'000};  // 2026-11-23T00:00:00Z
constexpr const char* kYaml =
    "workers:\n  - {id: s, select: orders, tier: kpi, models: [{kind: silence}]}\n";

// Orders of a customer by chance, `rate` a minute by the hour; the clock runs on by seconds.
struct Customer {
  explicit Customer(const std::string& yaml = kYaml) : rig(workers_of(yaml)) {
    orders = rig.series("orders");
  }
  static double by_day(TimeMs at) {
    const int64_t hour = (at - kMonday).count / 3'600'000 % 24;
    return hour >= 8 && hour < 20 ? 2 : 0.004;
  }
  template <class Rate>
  void run(TimeMs until, const Rate& rate) {
    for (; at < until; at = at + seconds(1)) {
      if (random.uniform() < rate(at) / 60) rig.send(orders, at, 1);
      if (at.ms % 60'000 == 0) rig.advance(at);
    }
  }
  // Minutes from the last order until the violation, with no order any more.
  double noticed_after(DurationMs most) {
    const size_t before = rig.opened();
    const TimeMs stopped = at;
    while (at < stopped + most && rig.opened() == before) rig.advance(at = at + seconds(10));
    return rig.opened() == before ? 1e9 : (at - stopped).seconds() / 60;
  }
  Rig rig;
  SeriesRef orders;
  Random random{3};
  TimeMs at = kMonday;
};

TEST(UnevenSeries, ACustomerIsMissedInMinutesByDayAndNotByNight) {
  Customer customer;
  customer.run(kMonday + days(21), Customer::by_day);
  EXPECT_LE(customer.rig.opened(), 3U) << "in three weeks, the first nights among them";
  const size_t before = customer.rig.opened();
  customer.run(kMonday + days(22) + hours(14), Customer::by_day);
  EXPECT_LE(customer.rig.opened(), before + 1);
  EXPECT_LT(customer.noticed_after(hours(3)), 12) << "two a minute, and then none";

  Customer night;
  night.run(kMonday + days(22) + hours(21), Customer::by_day);
  EXPECT_GT(night.noticed_after(hours(9)), 9 * 60) << "nobody buys at night";
}

// History a point a minute, then one every ten seconds: the quick start's heartbeat was taken for
// a series without a pace, and its silence was not noticed.
TEST(UnevenSeries, APaceThatChangesOnceIsEven) {
  for (const int64_t cadence : {10, 60, 120}) {
    Customer customer;
    const TimeMs begin = kMonday + days(2);
    for (TimeMs at = kMonday; at < begin; at = at + minutes(1))
      customer.rig.import(customer.orders, at, 1, begin);
    customer.at = begin;
    for (int i = 0; i < 60; ++i, customer.at = customer.at + seconds(cadence)) {
      customer.rig.send(customer.orders, customer.at, 1);
      customer.rig.advance(customer.at);
    }
    EXPECT_EQ(customer.rig.opened(), 0U) << cadence;
    EXPECT_LT(customer.noticed_after(hours(2)), 5 * static_cast<double>(cadence) / 60 + 1)
        << cadence;
  }
}

TEST(UnevenSeries, ARegularOneIsAsQuickAsItsCadence) {
  Customer customer;
  for (int i = 0; i < 3000; ++i) customer.rig.send(customer.orders, kMonday + seconds(10 * i), 1);
  customer.at = kMonday + seconds(29'990);
  const double minutes_until = customer.noticed_after(minutes(10));
  EXPECT_NEAR(minutes_until, 0.5, 0.2) << "three cadences";
}

TEST(UnevenSeries, OneMissedPointMakesNobodySlow) {
  Customer customer;
  for (int i = 0; i < 3000; ++i)
    if (i % 500 != 499) customer.rig.send(customer.orders, kMonday + seconds(10 * i), 1);
  customer.at = kMonday + seconds(29'980);
  EXPECT_LE(customer.noticed_after(minutes(10)), 0.8);
}

TEST(UnevenSeries, UntilItIsKnownItIsNotGuardedAndRingsNoBell) {
  Customer customer;
  customer.run(kMonday + hours(14), Customer::by_day);
  EXPECT_LE(customer.rig.opened(), 1U) << "before the third uneven gap a cadence is believed";
  const size_t before = customer.rig.opened();
  EXPECT_GT(customer.noticed_after(hours(2)), 100) << "its hours are not known yet";
  EXPECT_EQ(customer.rig.opened(), before);
}

// A series that comes by the clock, but only in its hours, is learned to have them.
TEST(UnevenSeries, OneThatSleepsAtNightIsFalselyMissedForTheFirstWeeksOnly) {
  Customer customer;
  const auto by_clock = [&](int64_t from_day, int64_t to_day) {
    const size_t before = customer.rig.opened();
    for (TimeMs at = kMonday + days(from_day); at < kMonday + days(to_day); at = at + minutes(1)) {
      const int64_t hour = (at - kMonday).count / 3'600'000 % 24;
      if (hour >= 6 && hour < 22) customer.rig.send(customer.orders, at, 1);
      customer.rig.advance(at);
    }
    return customer.rig.opened() - before;
  };
  EXPECT_GT(by_clock(0, 7), 3U) << "nobody can know";
  by_clock(7, 28);
  EXPECT_LE(by_clock(28, 35), 1U);
  // ... and by day it is missed after a few minutes.
  customer.at = kMonday + days(34) + hours(22);
  for (TimeMs at = kMonday + days(35) + hours(6); at < kMonday + days(35) + hours(12);
       at = at + minutes(1))
    customer.rig.send(customer.orders, customer.at = at, 1);
  EXPECT_LT(customer.noticed_after(hours(1)), 8);
}

TEST(UnevenSeries, AfterARestartItKnowsWhatItKnew) {
  Customer whole, cut;
  whole.run(kMonday + days(15), Customer::by_day);
  cut.run(kMonday + days(9), Customer::by_day);
  cut.rig.restart();
  cut.run(kMonday + days(15), Customer::by_day);
  EXPECT_EQ(whole.rig.lines(), cut.rig.lines());
  EXPECT_EQ(whole.noticed_after(hours(20)), cut.noticed_after(hours(20)));
}

TEST(UnevenSeries, OurOwnInterruptionIsNotItsSilence) {
  Customer customer;
  customer.run(kMonday + days(15) + hours(9), Customer::by_day);
  const size_t before = customer.rig.opened();
  const TimeMs back = customer.at + hours(3);
  for (Streamer& one : customer.rig.streamers) one.interrupted(back);
  customer.rig.advance(back + minutes(2));
  EXPECT_EQ(customer.rig.opened(), before);
}

}  // namespace
}  // namespace tocsin::streamer
