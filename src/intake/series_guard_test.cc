#include "intake/series_guard.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <thread>

#include "config/reader.h"

namespace tocsin::intake {
namespace {

constexpr TimeMs kNow{1'795'411'000'000};
constexpr std::string_view kSender = "telegraf 10.0.0.7";

struct Fixture {
  Counters counters;
  ManualClock clock{kNow};
  SeriesTable table{1'000'000};
  SeriesGuard guard;
  explicit Fixture(SeriesLimits limits = {}, const CardinalityCaps& caps = {})
      : guard(table, clock, counters, std::move(limits), caps) {
    table.set_gate(&guard);
  }
  // "" if it is there now, or why it was refused.
  std::string add(const Labels& labels, std::string_view sender = kSender) {
    const auto added = table.find_or_add(labels, 0, sender);
    return added ? "" : added.error().message;
  }
  std::string add(std::string_view service, int id) {
    return add(Labels::of(
        "requests", {{"service", std::string(service)}, {"request_id", fmt::format("r{}", id)}}));
  }
  SeriesGuard::Report report() {
    const auto all = guard.report();
    EXPECT_LE(all.size(), 1u);
    return all.empty() ? SeriesGuard::Report{} : all.front();
  }
  CardinalityView view(CardinalityQuery query = {}) { return guard.view(query); }
};

TEST(SeriesGuard, PastALimitNewSeriesAreRefusedAndKnownOnesGoOn) {
  Fixture f({.series = 100, .per = {{"service", 3}}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(f.add("checkout", i), "");
  EXPECT_EQ(f.add("checkout", 3),
            "the limit of 3 series for service=\"checkout\" is reached (limits.per); known series "
            "go on");
  EXPECT_EQ(f.add("checkout", 1), "") << "known";
  EXPECT_EQ(f.add("payments", 3), "") << "another service";
  EXPECT_EQ(f.add(Labels::of("no_service", {{"request_id", "r9"}})), "");
  EXPECT_EQ(f.table.size(), 5u);
  EXPECT_EQ(f.view().series, 5u);
}

TEST(SeriesGuard, TheLimitOfAllSeries) {
  Fixture f({.series = 2, .per = {{"service", 3}}});
  f.add("a", 0);
  f.add("a", 1);
  EXPECT_EQ(f.add("a", 2), "the limit of 2 series is reached (limits.series); known series go on");
  EXPECT_EQ(f.add("a", 1), "");
}

TEST(SeriesGuard, WhatTocsinMakesItselfIsCountedAndNeverRefused) {
  Fixture f({.series = 1, .per = {}});
  EXPECT_EQ(f.add(Labels::of("a:rate"), ""), "");
  EXPECT_EQ(f.add(Labels::of("b:rate"), ""), "");
  EXPECT_NE(f.add(Labels::of("c")), "");
  EXPECT_EQ(f.view().series, 2u);
}

// The naive twin remembers all labels and counts them anew for each question.
RC_GTEST_PROP(SeriesGuard, CountsExactly, ()) {
  const SeriesLimits limits{.series = *rc::gen::inRange<uint64_t>(1, 30),
                            .per = {{"service", *rc::gen::inRange<uint64_t>(1, 8)},
                                    {"customer", *rc::gen::inRange<uint64_t>(1, 8)}}};
  Fixture f(limits);
  SeriesLimits now = limits;
  std::set<Labels> there;
  const auto ops = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 10'000));
  for (const int op : ops) {
    if (op % 17 == 0) {  // a reload
      now.series = static_cast<uint64_t>(op % 40 + 1);
      now.per = op % 2 ? std::vector<SeriesLimits::PerValue>{{"id", 2}} : limits.per;
      f.guard.set_limits(now);
      continue;
    }
    std::vector<Labels::Pair> pairs{{"id", std::to_string(op % 50)}};
    if (op % 3) pairs.emplace_back("service", std::to_string(op % 4));
    if (op % 5) pairs.emplace_back("customer", std::to_string(op / 10 % 3));
    const Labels labels = Labels::of("m", pairs);
    const bool known = there.contains(labels);
    bool full = there.size() >= now.series;
    for (const auto& per : now.per) {
      const std::string_view value = labels.get(per.label);
      const auto same = std::count_if(there.begin(), there.end(), [&](const Labels& one) {
        return one.get(per.label) == value;
      });
      full |= !value.empty() && static_cast<uint64_t>(same) >= per.series;
    }
    const bool kept = f.add(labels).empty();
    RC_ASSERT(kept == (known || !full));
    if (kept) there.insert(labels);
    RC_ASSERT(f.view().series == there.size());
  }
}

TEST(SeriesGuard, CountsExactlyWhenAllLoopsAddAtOnceAndTheLimitsAreReloaded) {
  constexpr int kThreads = 4, kEach = 3000;
  constexpr uint64_t kMost = 5000;
  Fixture f({.series = 100'000, .per = {{"service", kMost}}});
  std::atomic<uint64_t> refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i)
        if (!f.add("checkout", t % 2 * kEach + i).empty()) ++refused;  // two of each series
    });
  for (int i = 0; i < 50; ++i) {
    f.guard.set_limits({.series = 100'000, .per = {{"customer", 1}}});
    f.guard.set_limits({.series = 100'000, .per = {{"service", kMost}}});
    f.view();
  }
  for (std::thread& thread : threads) thread.join();
  // While the limit was away more may have come; from then on the count is that of the table.
  const uint64_t there = f.table.size();
  EXPECT_EQ(f.view().limits.at(1).fullest, there);
  EXPECT_EQ(f.add("checkout", 1'000'000).empty(), there < kMost);
}

TEST(SeriesGuard, TheAlertNamesTheServiceAndTheLabelThatGrew) {
  Fixture f({.series = 1000, .per = {{"service", 50}}});
  for (int i = 0; i < 30; ++i) f.add("checkout", 0 - i % 3);
  EXPECT_TRUE(f.guard.report().empty()) << "far from the limit";
  for (int i = 0; i < 60; ++i) f.add("checkout", i);
  const auto told = f.report();
  EXPECT_EQ(told.of, "service=checkout");
  EXPECT_EQ(told.label, "service");
  EXPECT_EQ(told.value, "checkout");
  EXPECT_EQ(told.grew, "request_id");
  EXPECT_EQ(told.refused, 12u) << "two of the sixty were among the first three";
  const auto view = f.view();
  ASSERT_EQ(view.troubles.size(), 1u);
  EXPECT_EQ(view.troubles[0].refused_series, 12u);
  EXPECT_EQ(view.troubles[0].example_sender, kSender);
  EXPECT_EQ(view.limits[1].refused, 12u);
}

TEST(SeriesGuard, NearALimitItIsToldWhileItGrows) {
  Fixture f({.series = 1000, .per = {{"service", 10}}});
  for (int i = 0; i < 7; ++i) f.add("a", i);
  EXPECT_EQ(f.guard.report().size(), 0u);
  f.add("a", 7);
  EXPECT_EQ(f.report().added, 1u) << "the eighth of ten";
  EXPECT_EQ(f.report().refused, 0u);
  EXPECT_EQ(f.report().grew, "request_id");
  f.clock.advance(minutes(21));
  EXPECT_EQ(f.guard.report().size(), 0u) << "it stopped";
  f.add("a", 8);
  EXPECT_EQ(f.report().added, 1u) << "and goes on";
}

TEST(SeriesGuard, RefusalsEndWhenNothingNewIsSent) {
  Fixture f({.series = 1000, .per = {{"service", 1}}});
  f.add("a", 0);
  f.clock.advance(hours(1));
  f.add("a", 1);
  EXPECT_EQ(f.report().refused, 1u);
  f.clock.advance(seconds(89));
  EXPECT_EQ(f.report().refused, 1u);
  f.clock.advance(seconds(20));
  EXPECT_EQ(f.guard.report().size(), 0u);
}

TEST(SeriesGuard, WhatGrewIsSaidAnewInAnotherEpisodeButNotWithinOne) {
  Fixture f({.series = 1000, .per = {{"service", 5}}});
  for (int i = 0; i < 20; ++i) f.add("a", i);
  EXPECT_EQ(f.report().grew, "request_id");
  const auto user = [&](int i) {
    return Labels::of("requests", {{"service", "a"}, {"user", fmt::format("u{}", i)}});
  };
  for (int i = 0; i < 200; ++i) f.add(user(i));
  EXPECT_EQ(f.report().grew, "request_id") << "an alert's scope does not change under it";
  f.clock.advance(hours(2));
  EXPECT_EQ(f.guard.report().size(), 0u);
  for (int i = 0; i < 20; ++i) f.add(user(i));
  EXPECT_EQ(f.report().grew, "user");
}

TEST(SeriesGuard, TheTotalNamesWhoseSeriesCameMost) {
  Fixture f({.series = 60, .per = {}});
  for (int i = 0; i < 10; ++i) f.add("small", i);
  for (int i = 0; i < 100; ++i) f.add("large", 100 + i);
  EXPECT_EQ(f.report().of, "all series");
  EXPECT_EQ(f.report().label, "service");
  EXPECT_EQ(f.report().value, "large");
  EXPECT_EQ(f.report().grew, "request_id");
}

TEST(SeriesGuard, LimitsInTroubleAreBounded) {
  Fixture f({.series = 1'000'000, .per = {{"service", 1}}});
  for (int i = 0; i < 1000; ++i) {
    f.add(fmt::format("s{}", i), 0);
    EXPECT_NE(f.add(fmt::format("s{}", i), 1), "");
  }
  EXPECT_EQ(f.guard.report().size(), SeriesGuard::kTroublesMax);
  EXPECT_EQ(f.view().limits[1].refused, 1000u) << "all are counted";
  f.clock.advance(hours(2));
  f.guard.report();
  f.add("s999", 1);
  EXPECT_EQ(f.report().value, "s999") << "one that is over made room";
}

TEST(SeriesGuard, AfterARestartTheCountsAreThoseOfTheTable) {
  const SeriesLimits limits{.series = 100, .per = {{"service", 10}}};
  std::string saved;
  Fixture before(limits);
  for (int i = 0; i < 5; ++i) before.add("a", i);
  saved = before.guard.save();
  before.clock.advance(minutes(10));
  for (int i = 5; i < 8; ++i) before.add("a", i);  // after the record; the journal has them

  Fixture after(limits);
  ASSERT_TRUE(after.guard.load(saved));
  std::vector<NewSeries> fresh;
  for (uint32_t i = 0; i < before.table.size(); ++i) {
    const Labels& labels = before.table.labels({i});
    ASSERT_TRUE(after.table.restore({i}, labels, 0));
    if (i >= 4) fresh.push_back({{i}, labels});  // one that the record has as well
  }
  after.guard.journal_has(fresh, kNow + minutes(10), "curl 127.0.0.1");
  after.guard.journal_has(fresh, kNow + minutes(11), "another");
  after.clock.advance(minutes(12));
  after.guard.recovered();
  const auto view = after.view();
  EXPECT_EQ(view.series, 8u);
  EXPECT_EQ(view.since, kNow);
  EXPECT_EQ(view.last_day, 8u);
  ASSERT_EQ(view.senders.size(), 2u);
  EXPECT_EQ(view.senders[1].name, "curl 127.0.0.1");
  EXPECT_EQ(view.senders[1].series, 3u);
  EXPECT_EQ(after.add("a", 8), "");
  EXPECT_EQ(after.add("a", 9), "");
  EXPECT_NE(after.add("a", 10), "");
}

TEST(SeriesGuard, ADamagedRecordIsRefused) {
  Fixture f;
  for (int i = 0; i < 5; ++i) f.add("a", i);
  const std::string saved = f.guard.save();
  for (size_t at = 0; at < saved.size(); ++at) {
    std::string damaged = saved;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_FALSE(Fixture().guard.load(damaged)) << at;
    EXPECT_FALSE(Fixture().guard.load(saved.substr(0, at))) << at;
  }
  EXPECT_TRUE(Fixture().guard.load(saved));
}

TEST(SeriesGuard, TheViewFilters) {
  Fixture f;
  for (int i = 0; i < 30; ++i) f.add("a", i);
  f.add(Labels::of("disk", {{"host", "h"}}), "curl 127.0.0.1");
  const auto host = f.view({.label = "host", .sender = "", .limit = 20});
  ASSERT_EQ(host.labels.size(), 1u);
  EXPECT_EQ(host.labels[0].name, "host");
  ASSERT_EQ(host.values.size(), 1u);
  ASSERT_EQ(host.recent.size(), 1u);
  EXPECT_EQ(host.recent[0].labels.name(), "disk");
  const auto curl = f.view({.label = "", .sender = "curl 127.0.0.1", .limit = 20});
  ASSERT_EQ(curl.senders.size(), 1u);
  EXPECT_EQ(curl.recent.size(), 1u);
  const auto all = f.view({.label = "", .sender = "", .limit = 5});
  EXPECT_EQ(all.values.size(), 5u);
  EXPECT_EQ(all.labels[0].name, "request_id") << "most values first";
  EXPECT_EQ(all.values[0].series, 30u) << "fastest first";
  EXPECT_EQ(all.senders[0].grew, "request_id");
}

SeriesLimits read(const std::string& yaml, std::string& problems) {
  config::Problems found;
  const auto node = config::Node::parse(yaml, "test", found);
  SeriesLimits out;
  {
    config::MapReader reader(*node, "limits", found);
    read_series_limits(reader, out);
  }
  problems = found.text();
  return out;
}

TEST(SeriesLimits, AreRead) {
  std::string problems;
  const SeriesLimits got = read(
      "{series: 50, per: [{label: service, series: 10}, {label: customer, series: 5}], warn_at: "
      "0.5}",
      problems);
  EXPECT_EQ(problems, "");
  EXPECT_EQ(got, (SeriesLimits{50, {{"service", 10}, {"customer", 5}}, 0.5}));
}

TEST(SeriesLimits, MistakesHavePlaces) {
  const std::pair<const char*, const char*> rows[] = {
      {"series: 0", "test:1:9: series: 0 is not from 1 to"},
      {"series: 99999999999", "test:1:9: series: 99999999999 is not from"},
      {"series: many", "test:1:9: series: expected"},
      {"per: [{label: a}]", "series"},
      {"per: [{series: 4}]", "label"},
      {"per: [{label: a, series: 0}]", "0 is not from 1"},
      {"per: [{label: a, series: 1}, {label: a, series: 2}]", "has a limit already"},
      {"warn_at: 0", "must be above 0"},
      {"warn_at: 80", "at most 1"},
      {"sreies: 5", "series"},
  };
  for (const auto& [yaml, expected] : rows) {
    std::string problems;
    read(yaml, problems);
    EXPECT_NE(problems.find(expected), std::string::npos) << yaml << "\n" << problems;
    EXPECT_EQ(std::count(problems.begin(), problems.end(), '\n'), 1) << yaml << "\n" << problems;
  }
}

}  // namespace
}  // namespace tocsin::intake
