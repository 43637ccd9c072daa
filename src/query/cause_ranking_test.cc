#include "query/cause_ranking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace tocsin::query {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeMs kOpened{10'000'000'000};

struct World {
  std::deque<Labels> labels;  // do not move
  std::vector<ScoredSeries> series;
  CauseQuestion question;

  World() {
    question.reference = kOpened;
    question.group_labels = standard_group_labels();
  }
  void add(std::string_view name, std::vector<Labels::Pair> pairs, float strength,
           DurationMs lead = minutes(1)) {
    labels.push_back(Labels::of(name, std::move(pairs)));
    Unusual unusual;
    unusual.strength = strength;
    if (strength > 0.3F) unusual.began = kOpened - lead;
    series.push_back({&labels.back(), static_cast<uint32_t>(series.size()), unusual});
  }
  std::vector<std::string> groups() const {
    std::vector<std::string> out;
    for (const CauseGroup& group : rank_causes(series, question).groups) out.push_back(group.value);
    return out;
  }
  std::vector<std::string> causes() const {
    std::vector<std::string> out;
    for (const Cause& cause : rank_causes(series, question).causes)
      out.push_back(labels[cause.series].text());
    return out;
  }
};

TEST(CauseRanking, TheStrongestFirst) {
  World world;
  world.add("cpu", {{"service", "cart"}}, 0.9F);
  world.add("cpu", {{"service", "shop"}}, 0.4F);
  world.add("cpu", {{"service", "mail"}}, 0);
  EXPECT_THAT(world.groups(), ElementsAre("cart", "shop"));
  EXPECT_THAT(world.causes(), ElementsAre("cpu{service=\"cart\"}", "cpu{service=\"shop\"}"));
}

TEST(CauseRanking, WhatAllDoAtOnceIsNobodysDoing) {
  World world;
  for (int i = 0; i < 20; ++i) world.add("requests", {{"service", "s" + std::to_string(i)}}, 0.9F);
  for (int i = 0; i < 20; ++i)
    world.add("cpu", {{"service", "s" + std::to_string(i)}}, i == 7 ? 0.7F : 0.05F);
  EXPECT_EQ(world.groups().front(), "s7");
  EXPECT_EQ(world.causes().front(), "cpu{service=\"s7\"}");
}

TEST(CauseRanking, SeveralFiguresSayMoreThanOne) {
  World world;
  world.add("cpu_seconds", {{"service", "one"}}, 0.8F);
  world.add("cpu_seconds", {{"service", "three"}}, 0.8F);
  world.add("heap_bytes", {{"service", "three"}}, 0.8F);
  world.add("error_share", {{"service", "three"}}, 0.8F);
  EXPECT_THAT(world.groups(), ElementsAre("three", "one"));
}

TEST(CauseRanking, PercentilesOfOneThingCountOnce) {
  World world;
  world.add("request_latency_p90", {{"service", "one"}}, 0.8F);
  world.add("request_latency_p95", {{"service", "one"}}, 0.7F);
  world.add("request_latency_p99", {{"service", "one"}}, 0.7F);
  const CauseOrder order = rank_causes(world.series, world.question);
  ASSERT_EQ(order.causes.size(), 1u);
  EXPECT_EQ(order.causes[0].alike, 2u);
  EXPECT_EQ(order.groups[0].moved, 3u);
}

TEST(CauseRanking, WhatMovedFirstComesFirst) {
  World world;
  world.add("cpu", {{"service", "late"}}, 0.8F, minutes(0));
  world.add("cpu", {{"service", "early"}}, 0.8F, minutes(4));
  EXPECT_THAT(world.groups(), ElementsAre("early", "late"));
}

TEST(CauseRanking, ARareLabelInCommonWeighsMore) {
  World world;
  world.question.about = Labels({{"site", "madrid"}, {"host", "web-3"}});
  for (int i = 0; i < 50; ++i)
    world.add("idle", {{"site", "madrid"}, {"service", "other" + std::to_string(i)}}, 0);
  world.add("cpu", {{"site", "madrid"}, {"service", "far"}}, 0.8F);
  world.add("cpu", {{"site", "madrid"}, {"service", "near"}, {"host", "web-3"}}, 0.78F);
  EXPECT_THAT(world.groups(), ElementsAre("near", "far"));
  const CauseOrder order = rank_causes(world.series, world.question);
  EXPECT_THAT(order.causes[0].related,
              ElementsAre(Labels::Pair{"host", "web-3"}, Labels::Pair{"site", "madrid"}));
}

TEST(CauseRanking, SeriesWithoutAGroupStandForThemselves) {
  World world;
  world.add("queue_depth", {{"queue", "a"}}, 0.9F);
  world.add("queue_depth", {{"queue", "b"}}, 0.8F);
  EXPECT_THAT(world.groups(), IsEmpty());
  EXPECT_EQ(world.causes().size(), 2u);
}

TEST(CauseRanking, IsBoundedAndTheSameWhateverTheOrder) {
  World forth, back;
  for (int i = 0; i < 100; ++i) forth.add("queue_depth", {{"queue", std::to_string(i)}}, 0.8F);
  for (int i = 99; i >= 0; --i) back.add("queue_depth", {{"queue", std::to_string(i)}}, 0.8F);
  EXPECT_EQ(forth.causes().size(), 20u);
  EXPECT_EQ(forth.causes(), back.causes());
}

TEST(CauseRanking, NothingGivesNothing) {
  const CauseOrder order = rank_causes({}, {});
  EXPECT_THAT(order.causes, IsEmpty());
  EXPECT_THAT(order.groups, IsEmpty());
}

TEST(CauseRanking, KindsAndFamiliesOfNames) {
  struct Row {
    const char* name;
    FigureKind kind;
    const char* family;
  };
  const Row rows[] = {
      {"PodServerLatencyP90(s)", FigureKind::kLatency, "pod server"},
      {"CpuUsageRate(%)", FigureKind::kResource, "cpu usage"},
      {"http_request_duration_seconds_sum", FigureKind::kLatency, "http request"},
      {"http_requests_total", FigureKind::kTraffic, "http requests"},
      {"node_network_receive_bytes_total", FigureKind::kTraffic, "node network"},
      {"grpc_server_errors", FigureKind::kError, "grpc server"},
      {"logins", FigureKind::kOther, "logins"},
      {"p99", FigureKind::kOther, "p"},
      {"", FigureKind::kOther, ""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(figure_kind(row.name), row.kind) << row.name;
    EXPECT_EQ(figure_family(row.name), row.family) << row.name;
  }
}

}  // namespace
}  // namespace tocsin::query
