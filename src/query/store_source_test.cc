#include "query/store_source.h"

#include <algorithm>
#include <map>

#include "base/random.h"
#include "query/test_store.h"

namespace tocsin::query {
namespace {

std::vector<LabelMatcher> matchers(const char* selector) {
  return SeriesSelector::parse(selector).value().matchers();
}

std::vector<int64_t> times_of(const std::vector<Sample>& samples) {
  std::vector<int64_t> out;
  for (const Sample& sample : samples) out.push_back(sample.time.ms);
  return out;
}

TEST(StoreSource, BothEndsAreIncludedAndEmptySeriesLeftOut) {
  TestStore t;
  for (int64_t time : {10, 20, 30}) t.put(Labels::of("m", {{"i", "a"}}), time, 1);
  t.put(Labels::of("m", {{"i", "b"}}), 99, 1);
  StoreSource source(t.parts(), {});
  const auto got = source.select(matchers("m"), TimeMs{10}, TimeMs{20}, {}, 100).value();
  ASSERT_EQ(got.series.size(), 1u);
  EXPECT_EQ(got.series[0].labels->text(), "m{i=\"a\"}");
  EXPECT_EQ(times_of(got.series[0].samples), (std::vector<int64_t>{10, 20}));
  EXPECT_TRUE(got.notes.empty());
  EXPECT_TRUE(source.select(matchers("m"), TimeMs{20}, TimeMs{10}, {}, 100)->series.empty());
}

// A model is a map: random writes, late and repeated ones among them, flushed now and then.
TEST(StoreSource, EqualsAMapOverHeadsAndDisk) {
  Random random(11);
  TestStore t;
  std::map<std::string, std::map<int64_t, double>> model;
  for (int round = 0; round < 600; ++round) {
    const std::string name = "s" + std::to_string(random.below(7));
    const auto time = static_cast<int64_t>(random.below(4) == 0 ? random.below(5000) : round * 9);
    const double value = random.normal();
    t.put(Labels::of("m", {{"i", name}}), time, value);
    model[name][time] = value;
    if (random.below(60) == 0) t.flush();
    if (random.below(10) != 0) continue;
    const auto from = static_cast<int64_t>(random.below(5400));
    const auto to = from + static_cast<int64_t>(random.below(3000));
    StoreSource source(t.parts(), {});
    const auto got = source.select(matchers("m"), TimeMs{from}, TimeMs{to}, {}, 1'000'000).value();
    std::map<std::string, std::map<int64_t, double>> found;
    for (const promql::SourceSeries& one : got.series)
      for (const Sample& sample : one.samples)
        EXPECT_TRUE(
            found[std::string(one.labels->get("i"))].emplace(sample.time.ms, sample.value).second);
    std::map<std::string, std::map<int64_t, double>> expected;
    for (const auto& [key, points] : model)
      for (auto at = points.lower_bound(from); at != points.end() && at->first <= to; ++at)
        expected[key].insert(*at);
    EXPECT_EQ(found, expected) << "round " << round;
  }
}

TEST(StoreSource, LimitsAreSaid) {
  TestStore t;
  for (int64_t time = 0; time < 20; ++time)
    for (const char* name : {"a", "b"}) t.put(Labels::of("m", {{"i", name}}), time, 1);
  StoreSource source(t.parts(), {});
  EXPECT_TRUE(source.select(matchers("m"), TimeMs{0}, TimeMs{99}, {}, 40));
  const auto cut = source.select(matchers("m"), TimeMs{0}, TimeMs{99}, {}, 39);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::kExhausted);
  StoreSource one(t.parts(), {}, 1);
  EXPECT_EQ(one.select(matchers("m"), TimeMs{0}, TimeMs{99}, {}, 100).error().code,
            ErrorCode::kExhausted);
}

// A shard that never gets round to it does not hold a query beyond its time.
// Points of the series that is visited are held, no others; labels outlive the visit.
TEST(StoreSource, HandsOverASeriesAtATime) {
  TestStore t;
  for (int64_t time = 0; time < 20; ++time)
    for (const char* name : {"a", "b", "c"}) t.put(Labels::of("m", {{"i", name}}), time, 1);
  t.put(Labels::of("m", {{"i", "later"}}), 500, 1);
  StoreSource source(t.parts(), {});
  std::vector<const Labels*> visited;
  const auto visit = [&](promql::SourceSeries& series) -> Result<void> {
    EXPECT_EQ(series.samples.size(), 20u);
    visited.push_back(series.labels);
    return {};
  };
  const auto each = source.select_each(matchers("m"), TimeMs{0}, TimeMs{99}, {}, 20, visit);
  ASSERT_TRUE(each) << "20 are held at a time, " << each.error().message;
  ASSERT_EQ(visited.size(), 3u);
  EXPECT_EQ(visited[2]->text(), "m{i=\"c\"}");
  const auto cut = source.select_each(matchers("m"), TimeMs{0}, TimeMs{99}, {}, 19, visit);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::kExhausted);
  const auto ended = source.select_each(
      matchers("m"), TimeMs{0}, TimeMs{99}, {}, 20,
      [](promql::SourceSeries&) -> Result<void> { return fail(ErrorCode::kRefused, "enough"); });
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message, "enough");
}

TEST(StoreSource, StopsWhileItWaits) {
  TestStore t;
  t.put(Labels::of("m"), 1, 1);
  t.heads.holds = true;
  int asked = 0;
  StoreSource source(t.parts(), [&] { return ++asked > 3; });
  const auto stopped = source.select(matchers("m"), TimeMs{0}, TimeMs{9}, {}, 100);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kUnavailable);
  while (t.heads.turn()) {
  }  // what is left of it does no harm
}

TEST(HeadCopy, ManySeriesTakeManyTurns) {
  TestStore t;
  std::vector<SeriesRef> series;
  for (size_t i = 0; i < 4 * kSeriesPerTurn; ++i)
    series.push_back(t.put(Labels::of("m", {{"i", std::to_string(i)}}), 5, static_cast<double>(i)));
  std::reverse(series.begin(), series.end());
  const auto got = copy_heads_and_wait(t.heads, t.table, series, {TimeMs{0}, TimeMs{9}}, {});
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), series.size());
  EXPECT_GE(t.heads.turns, 4u);
  for (size_t i = 0; i < series.size(); ++i)
    EXPECT_EQ((*got)[i].samples.at(0).value, static_cast<double>(series[i].index));
}

TEST(HeadCopy, TheNewestPointsOnly) {
  TestStore t;
  SeriesRef ref;
  for (int64_t time = 0; time < 6; ++time) ref = t.put(Labels::of("m"), time, 1);
  const auto newest = [&](size_t count) {
    return times_of(copy_heads_and_wait(t.heads, t.table, {ref}, {TimeMs{0}, TimeMs{9}, count}, {})
                        ->at(0)
                        .samples);
  };
  EXPECT_EQ(newest(2), (std::vector<int64_t>{4, 5}));
  EXPECT_EQ(newest(6).size(), 6u);
  EXPECT_EQ(newest(7).size(), 6u);
  EXPECT_TRUE(newest(0).empty());
}

}  // namespace
}  // namespace tocsin::query
