#include "demo/betting_house.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

namespace tocsin::demo {
namespace {

size_t index_of(const BettingHouse& house, std::string_view name, std::string_view site) {
  for (size_t i = 0; i < house.series().size(); ++i)
    if (house.series()[i].labels.name() == name && house.series()[i].labels.get("site") == site)
      return i;
  ADD_FAILURE() << name << " of " << site;
  return 0;
}

TimeMs at(const char* iso) { return *parse_time(iso); }

double mean(const BettingHouse& house, size_t index, TimeMs from, DurationMs length) {
  double sum = 0;
  int count = 0;
  for (TimeMs time = from; time < from + length; time = time + seconds(10), ++count)
    sum += house.value(index, time).value_or(0);
  return sum / count;
}

TEST(BettingHouse, HasTwelveKpisAndFortyEvidenceSeriesPerSite) {
  const BettingHouse house(1);
  std::map<std::string, std::pair<std::set<std::string>, int>> sites;
  for (const HouseSeries& one : house.series()) {
    auto& [kpis, evidence] = sites[std::string(one.labels.get("site"))];
    if (one.kpi)
      kpis.insert(std::string(one.labels.name()));
    else
      ++evidence;
  }
  ASSERT_EQ(sites.size(), 5U);
  for (const auto& [name, zone] : BettingHouse::sites()) {
    EXPECT_THAT(sites[name].first,
                testing::ElementsAre("bets", "deposits", "errors", "logins", "payment_ms",
                                     "payments_fail", "payments_ok", "queue_age", "sessions",
                                     "settlement_lag", "stakes", "withdrawals"))
        << name;
    EXPECT_EQ(sites[name].second, 40) << name;
  }
}

TEST(BettingHouse, AValueIsTheSameWheneverItIsAsked) {
  const BettingHouse forward(7), backward(7), another(8);
  std::vector<double> values, reversed;
  size_t differ = 0;
  constexpr int kSteps = 50;
  const TimeMs start = at("2026-10-24T23:00:00Z");
  for (int step = 0; step < kSteps; ++step)
    for (size_t i = 0; i < forward.series().size(); ++i) {
      const TimeMs time = start + minutes(7 * step);
      values.push_back(*forward.value(i, time));
      differ += *another.value(i, time) != values.back() ? 1U : 0U;
    }
  for (int step = kSteps - 1; step >= 0; --step)
    for (size_t i = backward.series().size(); i-- > 0;)
      reversed.push_back(*backward.value(i, start + minutes(7 * step)));
  EXPECT_TRUE(std::equal(values.begin(), values.end(), reversed.rbegin(), reversed.rend()));
  EXPECT_GT(differ, values.size() / 2) << "another seed is another house";
}

TEST(BettingHouse, FollowsEachSitesOwnClock) {
  const BettingHouse house(1);
  struct Case {
    const char* name;
    const char* site;
    const char* evening;  // 20:30 there
  };
  for (const Case& c : std::vector<Case>{{"madrid in winter", "madrid", "2026-11-18T19:30:00Z"},
                                         {"madrid in summer", "madrid", "2026-07-15T18:30:00Z"},
                                         {"london in winter", "london", "2026-11-18T20:30:00Z"},
                                         {"london in summer", "london", "2026-07-15T19:30:00Z"},
                                         {"lagos", "lagos", "2026-07-15T19:30:00Z"}}) {
    const size_t logins = index_of(house, "logins", c.site);
    const auto at_hours = [&](int64_t later) {
      return mean(house, logins, at(c.evening) + hours(later) - minutes(10), minutes(20));
    };
    EXPECT_GT(at_hours(0), 1.02 * at_hours(-2)) << c.name;
    EXPECT_GT(at_hours(0), 1.02 * at_hours(2)) << c.name;
    EXPECT_GT(at_hours(0), 3 * at_hours(9)) << c.name << ": and quiet before dawn";
  }
}

TEST(BettingHouse, HasAWeek) {
  const BettingHouse house(1);
  const size_t stakes = index_of(house, "stakes", "rome");
  const double tuesday = mean(house, stakes, at("2026-11-17T19:00:00Z"), hours(1));
  const double saturday = mean(house, stakes, at("2026-11-21T19:00:00Z"), hours(1));
  EXPECT_GT(saturday, 1.2 * tuesday);
  EXPECT_NEAR(mean(house, stakes, at("2026-11-14T19:00:00Z"), hours(1)), saturday, 0.03 * saturday);
}

TEST(BettingHouse, AppliesAnEffectWithinItsTimeAndSiteOnly) {
  const TimeMs from = at("2026-11-18T12:00:00Z"), to = from + minutes(4);
  BettingHouse house(3);
  const BettingHouse healthy(3);
  Script script;
  script.effects.push_back({"madrid", "bets", from, to, seconds(20), 0.4});
  script.effects.push_back({"rome", "psp_adapter_up", from, to, {}, 1, true});
  house.add(script);
  const size_t bets = index_of(house, "bets", "madrid"),
               adapter = index_of(house, "psp_adapter_up", "rome");
  const auto share = [&](TimeMs time) {
    return *house.value(bets, time) / *healthy.value(bets, time);
  };
  EXPECT_EQ(share(from - seconds(10)), 1);
  EXPECT_NEAR(share(from + seconds(10)), 0.7, 0.01);
  EXPECT_NEAR(share(from + seconds(20)), 0.4, 0.01);
  EXPECT_NEAR(share(to - seconds(10)), 0.4, 0.01);
  EXPECT_EQ(share(to), 1);
  EXPECT_TRUE(house.value(adapter, from - seconds(2)).has_value());
  EXPECT_FALSE(house.value(adapter, from).has_value());
  EXPECT_FALSE(house.value(adapter, to - seconds(2)).has_value());
  EXPECT_TRUE(house.value(adapter, to).has_value());
  for (size_t i = 0; i < house.series().size(); ++i) {
    if (i == bets || i == adapter) continue;
    EXPECT_EQ(house.value(i, from + minutes(1)), healthy.value(i, from + minutes(1)));
  }
}

TEST(BettingHouse, EffectsThatOverlapMultiply) {
  const TimeMs from = at("2026-11-18T12:00:00Z"), to = from + minutes(4);
  BettingHouse house(3);
  const BettingHouse healthy(3);
  Script one, two;
  one.effects.push_back({"malta", "stakes", from, to, {}, 2});
  two.effects.push_back({"malta", "stakes", from, to, {}, 1.5});
  house.add(one);
  house.add(two);
  const size_t stakes = index_of(house, "stakes", "malta");
  EXPECT_NEAR(*house.value(stakes, from) / *healthy.value(stakes, from), 3, 0.01);
}

}  // namespace
}  // namespace tocsin::demo
