#include "query/range.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace tocsin {
namespace {

std::vector<Sample> line(size_t points) {
  std::vector<Sample> out;
  for (size_t i = 0; i < points; ++i)
    out.push_back({TimeMs{static_cast<int64_t>(i) * 10}, static_cast<double>(i)});
  return out;
}

TEST(Reduce, FewPointsAndNoWidthComeBackAsTheyAre) {
  EXPECT_EQ(reduce_to_width(line(20), {TimeMs{0}, TimeMs{190}, 10}).size(), 20u);
  EXPECT_EQ(reduce_to_width(line(500), {TimeMs{0}, TimeMs{4990}, 0}).size(), 500u);
  EXPECT_EQ(reduce_to_width(line(500), {TimeMs{10}, TimeMs{30}, 10}).size(), 3u);
  EXPECT_TRUE(reduce_to_width({}, {TimeMs{0}, TimeMs{100}, 10}).empty());
  EXPECT_EQ(reduce_to_width(line(5), {TimeMs{20}, TimeMs{20}, 1}).size(), 1u);
}

// A spike of one point is never lost, whatever the width.
TEST(Reduce, ExtremesFirstAndLastAreKept) {
  Random random(1);
  for (const size_t width : {1u, 2u, 7u, 100u}) {
    auto samples = line(1000);
    for (Sample& sample : samples) sample.value = random.normal();
    samples[617].value = 50;
    samples[618].value = -60;
    const auto out = reduce_to_width(samples, {TimeMs{0}, TimeMs{9990}, width});
    EXPECT_LE(out.size(), 2 * width + 2);
    EXPECT_EQ(out.front().time, TimeMs{0});
    EXPECT_EQ(out.back().time, TimeMs{9990});
    EXPECT_TRUE(std::any_of(out.begin(), out.end(), [](auto& s) { return s.value == 50; }));
    EXPECT_TRUE(std::any_of(out.begin(), out.end(), [](auto& s) { return s.value == -60; }));
    for (size_t i = 1; i < out.size(); ++i) EXPECT_LT(out[i - 1].time, out[i].time);
  }
}

TEST(Reduce, NanOnlyPixelsStayGapsAndExtremeRangesWork) {
  auto samples = line(100);
  for (size_t i = 50; i < 100; ++i) samples[i].value = std::nan("");
  const auto out = reduce_to_width(samples, {TimeMs{0}, TimeMs{1000}, 10});
  EXPECT_TRUE(std::isnan(out.back().value));
  EXPECT_FALSE(std::isnan(out.front().value));
  const auto wide = reduce_to_width(samples, {TimeMs{INT64_MIN}, TimeMs{INT64_MAX}, 10});
  EXPECT_LE(wide.size(), 4u);
}

TEST(JoinLatest, TheNewestOfASeriesWins) {
  const auto out = join_latest({{{SeriesRef{2}, {TimeMs{5}, 1}}, {SeriesRef{1}, {TimeMs{9}, 2}}},
                                {{SeriesRef{2}, {TimeMs{6}, 3}}}});
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].series, SeriesRef{1});
  EXPECT_EQ(out[1].sample.value, 3);
}

}  // namespace
}  // namespace tocsin
