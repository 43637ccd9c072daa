#include "intake/cardinality.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace tocsin::intake {
namespace {

constexpr TimeMs kNow{1'795'411'000'000};

Labels request(int service, int id) {
  return Labels::of("requests", {{"service", fmt::format("s{}", service)},
                                 {"request_id", fmt::format("r{}", id)}});
}
const Cardinality::Value* value(const Cardinality& all, std::string_view label,
                                std::string_view text) {
  for (const Cardinality::Value& one : all.values())
    if (one.label != Cardinality::kNone && all.labels()[one.label].name == label &&
        one.text == text)
      return &one;
  return nullptr;
}

TEST(Cardinality, CountsNamesValuesAndSenders) {
  Cardinality all;
  for (int i = 0; i < 30; ++i)
    all.added({static_cast<uint32_t>(i)}, request(i % 3, i), kNow, i < 10 ? "a" : "b");
  EXPECT_EQ(all.series(), 30u);
  EXPECT_EQ(all.hours().sum(kNow), 30u);
  EXPECT_EQ(all.label("request_id")->values.count(), 30u);
  EXPECT_EQ(all.label("service")->values.count(), 3u);
  EXPECT_EQ(all.label("service")->series, 30u);
  EXPECT_EQ(all.label("service")->growth.hours().sum(kNow), 3u) << "in values, not in series";
  EXPECT_EQ(value(all, "service", "s1")->series, 10u);
  EXPECT_EQ(value(all, "service", "s1")->growth.hours().sum(kNow), 10u);
  ASSERT_EQ(all.senders().size(), 2u);
  EXPECT_EQ(all.senders()[1].name, "b");
  EXPECT_EQ(all.senders()[1].series, 20u);
  EXPECT_EQ(all.recent().front().series, SeriesRef{29});
  EXPECT_EQ(all.label("nothing"), nullptr);
}

TEST(Cardinality, WhatWasThereBeforeIsNoGrowth) {
  Cardinality all;
  for (int i = 0; i < 30; ++i) all.count(request(0, i));
  EXPECT_EQ(all.series(), 30u);
  EXPECT_EQ(all.label("request_id")->growth.hours().sum(kNow), 0u);
  all.added({30}, request(0, 30), kNow, "a");
  EXPECT_EQ(all.label("request_id")->growth.hours().sum(kNow), 1u);
  EXPECT_EQ(value(all, "service", "s0")->series, 31u);
  EXPECT_EQ(value(all, "service", "s0")->growth.hours().sum(kNow), 1u);
}

TEST(Cardinality, ALabelOfTooManyValuesIsNotFollowedButCounted) {
  Cardinality all({.values_of_label = 10});
  for (int i = 0; i < 100; ++i) all.added({static_cast<uint32_t>(i)}, request(i % 3, i), kNow, "a");
  EXPECT_TRUE(all.label("request_id")->too_many);
  EXPECT_EQ(all.label("request_id")->values.count(), 100u);
  EXPECT_EQ(value(all, "request_id", "r1"), nullptr);
  EXPECT_EQ(value(all, "service", "s2")->series, 33u);
  const auto used = std::count_if(all.values().begin(), all.values().end(),
                                  [](const auto& one) { return one.label != Cardinality::kNone; });
  EXPECT_EQ(used, 4) << "three services and a name";
  all.added({100}, Labels::of("other", {{"zone", "z"}}), kNow, "a");
  EXPECT_EQ(value(all, "zone", "z")->series, 1u) << "in a place that became free";
}

TEST(Cardinality, IsBoundedInEverything) {
  Cardinality all({.labels = 5, .values_of_label = 1000, .values = 50, .senders = 4, .recent = 8});
  for (int i = 0; i < 1000; ++i)
    all.added({static_cast<uint32_t>(i)},
              Labels::of("m", {{fmt::format("l{}", i % 20), fmt::format("v{}", i)}}), kNow,
              fmt::format("sender {}", i));
  EXPECT_EQ(all.series(), 1000u);
  EXPECT_EQ(all.labels().size(), 5u);
  EXPECT_GT(all.labels_left_out(), 0u);
  EXPECT_LE(all.values().size(), 50u);
  EXPECT_EQ(all.senders().size(), 4u);
  EXPECT_EQ(all.senders().back().name, "others");
  EXPECT_EQ(all.senders().back().series, 997u);
  EXPECT_EQ(all.recent().size(), 8u);
}

TEST(Cardinality, GrowthSurvivesSavingAndTheCountsAreMadeAnew) {
  Cardinality before;
  for (int i = 0; i < 100; ++i) before.added({static_cast<uint32_t>(i)}, request(0, i), kNow, "a");
  ByteWriter out;
  before.save(out);
  Cardinality after;
  ByteReader in(out.bytes());
  ASSERT_TRUE(after.load(in));
  EXPECT_TRUE(in.done());
  EXPECT_EQ(after.series(), 0u);
  for (int i = 0; i < 100; ++i) after.count(request(0, i));
  EXPECT_EQ(after.hours().sum(kNow), 100u);
  EXPECT_EQ(after.label("request_id")->growth.began(), kNow);
  EXPECT_EQ(after.label("request_id")->growth.hours().sum(kNow), 100u);
  EXPECT_EQ(value(after, "service", "s0")->growth.hours().sum(kNow), 100u);
  EXPECT_EQ(value(after, "service", "s0")->series, 100u);
  EXPECT_EQ(after.senders()[0].series, 100u);
}

TEST(Cardinality, ABrokenRecordIsRefusedAndChangesNothing) {
  Cardinality whole;
  for (int i = 0; i < 30; ++i) whole.added({static_cast<uint32_t>(i)}, request(0, i), kNow, "a");
  ByteWriter out;
  whole.save(out);
  for (size_t cut = 0; cut < out.size(); ++cut) {
    Cardinality other;
    ByteReader in(std::string_view(out.bytes()).substr(0, cut));
    EXPECT_FALSE(other.load(in)) << cut;
    EXPECT_EQ(other.labels().size(), 0u);
  }
}

}  // namespace
}  // namespace tocsin::intake
