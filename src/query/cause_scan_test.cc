#include "query/cause_scan.h"

#include <gtest/gtest.h>

#include "query/test_store.h"

namespace tocsin::query {
namespace {

constexpr int64_t kMinute = 60'000;
constexpr int64_t kStart = 1'795'400'000'000;

// 40 series, a point a minute; `cart` rises in the last five of 60.
struct Fleet : ::testing::Test {
  TestStore store;
  std::vector<SeriesRef> refs;
  CauseWindow window{TimeMs{kStart}, TimeMs{kStart + 55 * kMinute}, TimeMs{kStart + 60 * kMinute}};

  void fill(bool flushed) {
    for (int64_t minute = 0; minute < 60; ++minute) {
      if (flushed && minute == 54) store.flush();
      for (int i = 0; i < 40; ++i) {
        const bool moves = i == 7 && minute >= 55;
        const Labels labels = Labels::of("load", {{"service", "s" + std::to_string(i)}});
        const SeriesRef ref =
            store.put(labels, kStart + minute * kMinute,
                      moves ? 900 : 100 + static_cast<double>((minute * 7 + i) % 11));
        if (minute == 0) refs.push_back(ref);
      }
    }
  }
  void expect_found(const CauseScan& scan) {
    EXPECT_EQ(scan.asked, 40u);
    EXPECT_EQ(scan.not_reached, 0u);
    ASSERT_EQ(scan.scored.size(), 40u);
    for (const ScoredSeries& one : scan.scored) {
      EXPECT_EQ(one.labels, &store.table.labels(SeriesRef{one.id}));
      EXPECT_EQ(one.unusual.strength > 0.5F, one.labels->get("service") == "s7");
    }
  }
};

TEST_F(Fleet, FoundInTheHeads) {
  fill(false);
  const auto scan = scan_causes(store.parts(), refs, window, {});
  ASSERT_TRUE(scan);
  expect_found(*scan);
  EXPECT_GE(store.heads.turns, 2u);
}

TEST_F(Fleet, FoundWithPointsThatAreOnDisk) {
  fill(true);
  const auto scan = scan_causes(store.parts(), refs, window, {});
  ASSERT_TRUE(scan);
  expect_found(*scan);
}

TEST_F(Fleet, ASpanThatIsOnDiskAlone) {
  fill(false);
  store.flush();
  const auto scan = scan_causes(store.parts(), refs, window, {});
  ASSERT_TRUE(scan);
  expect_found(*scan);
}

TEST_F(Fleet, WhatIsEnoughLeavesTheDiskAlone) {
  fill(true);
  const auto scan = scan_causes(store.parts(), refs, window, {[] { return true; }, {}});
  ASSERT_TRUE(scan);
  EXPECT_EQ(scan->asked, 40u);
  EXPECT_EQ(scan->scored.size() + scan->not_reached + scan->without_points, 40u);
}

TEST_F(Fleet, StoppedGivesNothing) {
  fill(false);
  EXPECT_FALSE(scan_causes(store.parts(), refs, window, {{}, [] { return true; }}));
}

TEST_F(Fleet, SeriesWithoutPointsAreCounted) {
  fill(false);
  window.from = window.to = TimeMs{kStart + 500 * kMinute};
  const auto scan = scan_causes(store.parts(), refs, window, {});
  ASSERT_TRUE(scan);
  EXPECT_EQ(scan->without_points, 40u);
  EXPECT_TRUE(scan->scored.empty());
}

}  // namespace
}  // namespace tocsin::query
