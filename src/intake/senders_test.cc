#include "intake/senders.h"

#include <gtest/gtest.h>

namespace tocsin::intake {
namespace {

constexpr TimeMs kStart{1'795'411'000'000};

Batch batch_of(SenderRef sender, uint32_t first, uint32_t count) {
  Batch batch;
  batch.sender = sender;
  for (uint32_t i = 0; i < count; ++i) batch.add({first + i}, kStart, i);
  return batch;
}

TEST(Senders, AreNamedByProductAndAddress) {
  const struct {
    const char *agent, *product;
  } cases[] = {{"Telegraf/1.24.4 Go/1.19", "telegraf"},
               {"curl/7.88.1", "curl"},
               {"Mozilla/5.0 (X11)", "mozilla"},
               {"", "unknown"},
               {"/1.0", "unknown"},
               {"my\tagent", "my_agent"}};
  for (const auto& test : cases) EXPECT_EQ(sender_product(test.agent), test.product);
  EXPECT_EQ(sender_product(std::string(1000, 'x')).size(), 64u);
}

TEST(Senders, AreRememberedWithTheirCountsAndLastError) {
  Counters counters;
  SenderTable table(counters);
  const SenderRef curl = table.seen("influx v1", "curl/7", "127.0.0.1", kStart);
  EXPECT_EQ(table.seen("influx v1", "curl/8", "127.0.0.1", kStart + seconds(1)), curl);
  const SenderRef v2 = table.seen("influx v2", "curl/8", "127.0.0.1", kStart);
  EXPECT_NE(v2, curl);
  EXPECT_NE(table.seen("influx v1", "curl/8", "127.0.0.2", kStart), curl);
  table.count(curl, kStart + seconds(2), 10, 3);
  table.count(curl, kStart + seconds(1), 5, 0);
  table.error(curl, kStart + seconds(1), "unable to parse");
  const auto view = table.find(curl);
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->name, "curl 127.0.0.1");
  EXPECT_EQ(view->protocol, "influx v1");
  EXPECT_EQ(view->agent, "curl/8");
  EXPECT_EQ(view->address, "127.0.0.1");
  EXPECT_EQ(view->first_seen, kStart);
  EXPECT_EQ(view->last_seen, kStart + seconds(2));
  EXPECT_EQ(view->points, 15u);
  EXPECT_EQ(view->rejected, 3u);
  EXPECT_EQ(view->last_error, "unable to parse");
  EXPECT_EQ(view->last_error_at, kStart + seconds(1));
  ASSERT_EQ(table.list().size(), 3u);
  EXPECT_EQ(table.list()[0].ref, curl);
  EXPECT_EQ(table.list()[1].ref, v2);
}

TEST(Senders, KeepTheLastTwentySeriesNewestFirst) {
  Counters counters;
  SenderTable table(counters);
  const SenderRef sender = table.seen("influx v1", "curl", "::1", kStart);
  table.sample(batch_of(sender, 0, 3), kStart);
  table.sample(batch_of(sender, 2, 3), kStart);  // short batches are always looked at
  auto recent = table.find(sender)->recent;
  ASSERT_EQ(recent.size(), 5u);
  for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(recent[i].series.index, 4 - i);
  EXPECT_EQ(recent[2].value, 0);  // series 2 as it was sent last
  table.sample(batch_of(sender, 100, 30), kStart + milliseconds(200));
  recent = table.find(sender)->recent;
  ASSERT_EQ(recent.size(), 20u);
  EXPECT_EQ(recent.front().series.index, 129u);
  EXPECT_EQ(recent.back().series.index, 110u);
}

TEST(Senders, LookAtOneLongBatchPer200Milliseconds) {
  Counters counters;
  SenderTable table(counters);
  const SenderRef sender = table.seen("influx v1", "curl", "::1", kStart);
  table.sample(batch_of(sender, 0, 21), kStart);
  table.sample(batch_of(sender, 100, 21), kStart + milliseconds(199));
  EXPECT_EQ(table.find(sender)->recent.front().series.index, 20u);
  table.sample(batch_of(sender, 100, 21), kStart + milliseconds(200));
  EXPECT_EQ(table.find(sender)->recent.front().series.index, 120u);
}

TEST(Senders, EstimateTheNumberOfSeries) {
  Counters counters;
  SenderTable table(counters);
  for (const uint32_t count : {1u, 20u, 100u, 1000u, 50'000u}) {
    const SenderRef sender = table.seen("influx v1", "a" + std::to_string(count), "::1", kStart);
    table.sample(batch_of(sender, 7, count), kStart);
    table.sample(batch_of(sender, 7, count), kStart + seconds(1));
    const auto series = static_cast<double>(table.find(sender)->series);
    EXPECT_NEAR(series, count, 0.15 * count) << count;
  }
}

TEST(Senders, ForgetTheOnesSilentLongest) {
  Counters counters;
  SenderTable table(counters, 3);
  const SenderRef a = table.seen("influx v1", "a", "::1", kStart);
  const SenderRef b = table.seen("influx v1", "b", "::1", kStart + seconds(1));
  const SenderRef c = table.seen("influx v1", "c", "::1", kStart + seconds(2));
  table.seen("influx v1", "a", "::1", kStart + seconds(3));
  EXPECT_EQ(table.size(), 3u);
  const SenderRef d = table.seen("influx v1", "d", "::1", kStart + seconds(4));
  EXPECT_EQ(table.size(), 3u);
  EXPECT_TRUE(table.find(a) && table.find(c) && table.find(d));
  EXPECT_FALSE(table.find(b));
  EXPECT_EQ(counters.counter("tocsin_senders_forgotten_total", "", "").value(), 1u);
  table.count(b, kStart, 1, 1);  // a request that was on its way
  table.sample(batch_of(b, 0, 1), kStart);
  EXPECT_NE(table.seen("influx v1", "b", "::1", kStart + seconds(5)), b);
}

}  // namespace
}  // namespace tocsin::intake
