#include "query/head_reduce.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/random.h"
#include "query/test_store.h"

namespace tocsin::query {
namespace {

HeadReduced ask(TestStore& t, SeriesGroups groups, int64_t from, int64_t to, const char* how) {
  std::optional<HeadReduced> out;
  reduce_heads(t.heads, t.table, std::make_shared<const SeriesGroups>(std::move(groups)),
               TimeMs{from}, TimeMs{to}, Reduction::parse(how).value(),
               [&](HeadReduced reduced) { out = std::move(reduced); });
  while (!out && t.heads.turn()) {
  }
  EXPECT_TRUE(out);
  return std::move(*out);
}

// Beside a map of all points: groups come to the same, and what the heads lack is named.
TEST(HeadReduce, AgreesWithAMapOnRandomPoints) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    TestStore t;
    std::map<uint32_t, std::map<int64_t, double>> model;
    SeriesGroups groups;
    groups.groups = 3;
    constexpr int64_t kBegin = 1'795'400'000'000;
    for (int i = 0; i < 60; ++i)
      groups.series.push_back(t.put(Labels::of("a", {{"n", std::to_string(i)}}), kBegin + i, i));
    for (uint32_t i = 0; i < 60; ++i) {
      groups.group.push_back(i % 3);
      model[i][kBegin + i] = i;
    }
    for (int round = 0; round < 1500; ++round) {
      const auto i = static_cast<uint32_t>(random.below(60));
      const int64_t late = random.below(8) == 0 ? static_cast<int64_t>(random.below(400)) : 0;
      const int64_t time = kBegin + 100 + round - std::min<int64_t>(late, round);
      const auto value = static_cast<double>(random.below(1000));
      t.put(t.table.labels(groups.series[i]), time, value);
      model[i][time] = value;
      if (random.below(300) == 0) t.flush();
    }
    t.heads.holds = random.below(2) == 0;
    for (const int64_t back : {5, 40, 700, 5000}) {
      const int64_t from = kBegin + 1600 - back;
      const HeadReduced got = ask(t, groups, from, kBegin + 5000, "sum");
      std::vector<double> sums(3), counts(3);
      for (const auto& [i, points] : model) {
        if (std::find(got.rest.begin(), got.rest.end(), i) != got.rest.end()) continue;
        for (auto at = points.lower_bound(from); at != points.end(); ++at) {
          sums[i % 3] += at->second;
          counts[i % 3] += 1;
        }
      }
      for (size_t g = 0; g < 3; ++g) {
        Reducer group = got.groups[g];
        EXPECT_EQ(group.value(), sums[g]) << "group " << g << " of the last " << back;
        EXPECT_EQ(static_cast<double>(group.count()), counts[g]);
      }
    }
  }
}

TEST(HeadReduce, NoSeriesIsAnAnswer) {
  TestStore t;
  SeriesGroups none;
  const HeadReduced got = ask(t, none, 0, 1, "max");
  ASSERT_EQ(got.groups.size(), 1u);
  EXPECT_EQ(got.groups[0].count(), 0u);
  EXPECT_TRUE(got.rest.empty());
}

TEST(HeadReduce, AShardWorksInTurns) {
  TestStore t;
  SeriesGroups groups;
  for (int i = 0; i < 500; ++i)
    groups.series.push_back(
        t.put(Labels::of("a", {{"n", std::to_string(i)}}), t.clock.now().ms, i));
  const HeadReduced got = ask(t, groups, t.clock.now().ms, t.clock.now().ms, "count");
  EXPECT_EQ(got.groups[0].count(), 500u);
  EXPECT_GE(t.heads.turns, 500 / kSeriesPerTurn);
}

}  // namespace
}  // namespace tocsin::query
