#include "replay/detect_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tocsin::replay {
namespace {

using Kind = DetectAnswer::Kind;

DetectAnswer judged(double score, bool violation = false, bool opened = false) {
  return {Kind::kJudged, score, 10, 5, 15, violation, opened};
}

TEST(DetectChart, OneRowABinWhileThereIsRoom) {
  DetectChart chart(4);
  chart.add(TimeMs{1000}, 1, {Kind::kLearning, 0, 0, 0, 0, false, false});
  chart.add(TimeMs{2000}, 2, judged(1));
  chart.add(TimeMs{2000}, 9, {Kind::kLate, 0, 0, 0, 0, false, false});
  ASSERT_EQ(chart.bins().size(), 2U);
  EXPECT_FALSE(chart.bins()[0].judged);
  EXPECT_EQ(chart.bins()[1].low, 2);
  EXPECT_EQ(chart.bins()[1].upper, 15);
}

TEST(DetectChart, KeepsViolationsWithTheirWorstRow) {
  DetectChart chart(4);
  chart.add(TimeMs{1000}, 1, judged(5, true, true));
  chart.add(TimeMs{2000}, 2, judged(7, true));
  chart.add(TimeMs{3000}, 3, judged(6, true));
  chart.add(TimeMs{4000}, 4, judged(0));
  chart.add(TimeMs{5000}, 5, judged(9, true, true));
  ASSERT_EQ(chart.violations().size(), 2U);
  EXPECT_EQ(chart.violations()[0].from, TimeMs{1000});
  EXPECT_EQ(chart.violations()[0].to, TimeMs{3000});
  EXPECT_EQ(chart.violations()[0].score, 7);
  EXPECT_EQ(chart.violations()[0].value, 2);
  EXPECT_EQ(chart.violations()[1].to, TimeMs{5000});
}

TEST(DetectChart, JsonMayStandInAPage) {
  DetectChart chart;
  chart.add(TimeMs{1000}, 1.5, judged(2));
  chart.add(TimeMs{3000}, 2.5, {Kind::kLearning, 0, 0, 0, 0, false, false});
  Detector::Counts counts;
  counts.judged = 1, counts.learning = 1;
  EXPECT_EQ(chart.json("a</script>", counts),
            "{\"name\":\"a\\u003c/script>\",\"rows_per_bin\":1,\"judged\":1,\"learning\":1,"
            "\"gaps\":0,\"late\":0,\"violation_count\":0,\"violations\":[],"
            "\"from\":[1000,2000],\"span\":[0,0],\"low\":[1.5,2.5],\"high\":[1.5,2.5],"
            "\"expected\":[10,null],\"lower\":[5,null],\"upper\":[15,null],\"score\":[2,0],"
            "\"violation\":[0,0]}");
}

// However many rows: bounded, in order, nothing high, low or worst is lost.
RC_GTEST_PROP(DetectChart, ThinsWithoutLosingExtremes, (const std::vector<int16_t>& values)) {
  DetectChart chart(8);
  int16_t low = INT16_MAX, high = INT16_MIN;
  for (size_t i = 0; i < values.size(); ++i) {
    chart.add(TimeMs{static_cast<int64_t>(i)}, values[i], judged(values[i]));
    low = std::min(low, values[i]), high = std::max(high, values[i]);
  }
  RC_ASSERT(chart.bins().size() <= 8U);
  RC_ASSERT(chart.bins().empty() == values.empty());
  if (values.empty()) return;
  int64_t next = 0;
  double bins_low = 1e9, bins_high = -1e9, score = -1e9;
  for (const DetectChart::Bin& bin : chart.bins()) {
    RC_ASSERT(bin.from.ms == next);
    next = bin.to.ms + 1;
    bins_low = std::min(bins_low, bin.low), bins_high = std::max(bins_high, bin.high);
    score = std::max(score, bin.score);
  }
  RC_ASSERT(next == static_cast<int64_t>(values.size()));
  RC_ASSERT(bins_low == low && bins_high == high && score == high);
}

}  // namespace
}  // namespace tocsin::replay
