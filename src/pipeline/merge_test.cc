#include "pipeline/merge.h"

#include <gtest/gtest.h>

namespace tocsin::pipeline {
namespace {

StreamItem row(uint64_t lsn, uint64_t index) {
  return {Position{Lsn{lsn}, {}, index}, TimeMs{static_cast<int64_t>(lsn) * 100}, SeriesStatus{}};
}
StreamItem timer(uint64_t lsn, int64_t due) {
  return {Position{Lsn{lsn}, TimeMs{due}, 7}, TimeMs{due}, SeriesStatus{}};
}

std::vector<std::pair<uint64_t, int64_t>> places(const std::vector<StreamItem>& items) {
  std::vector<std::pair<uint64_t, int64_t>> out;
  for (const StreamItem& item : items)
    out.emplace_back(item.at.lsn.value,
                     item.at.due.ms != 0 ? -item.at.due.ms : static_cast<int64_t>(item.at.row));
  return out;
}

TEST(Merge, WaitsForTheSlowestShard) {
  Merge merge(2);
  std::vector<StreamItem> a{row(1, 0), row(2, 5)};
  merge.add(0, a, {Lsn{2}, TimeMs{200}});
  std::vector<StreamItem> out;
  merge.take(Lsn{9}, out);
  EXPECT_TRUE(out.empty());
  std::vector<StreamItem> b{row(2, 3)};
  merge.add(1, b, {Lsn{2}, TimeMs{200}});
  EXPECT_EQ(merge.take(Lsn{9}, out), (Done{Lsn{2}, TimeMs{200}}));
  EXPECT_EQ(places(out), (std::vector<std::pair<uint64_t, int64_t>>{{1, 0}, {2, 3}, {2, 5}}));
}

TEST(Merge, HoldsBackWhatIsNotDurable) {
  Merge merge(1);
  std::vector<StreamItem> items{row(1, 0), row(2, 0)};
  merge.add(0, items, {Lsn{2}, TimeMs{200}});
  std::vector<StreamItem> out;
  EXPECT_EQ(merge.take(Lsn{1}, out).lsn, Lsn{1});
  EXPECT_EQ(out.size(), 1U);
  EXPECT_EQ(merge.take(Lsn{2}, out).lsn, Lsn{2});
  EXPECT_EQ(out.size(), 2U);
}

TEST(Merge, TimersComeAfterTheirFrameAndBeforeTheNext) {
  Merge merge(2);
  std::vector<StreamItem> a{row(1, 0), timer(1, 150)};
  std::vector<StreamItem> b{timer(1, 140), row(2, 0)};
  merge.add(0, a, {Lsn{2}, TimeMs{200}});
  merge.add(1, b, {Lsn{2}, TimeMs{200}});
  std::vector<StreamItem> out;
  merge.take(Lsn{2}, out);
  EXPECT_EQ(places(out),
            (std::vector<std::pair<uint64_t, int64_t>>{{1, 0}, {1, -140}, {1, -150}, {2, 0}}));
}

TEST(Merge, ATickOfOneShardWaitsForTheOthersClock) {
  Merge merge(2);
  std::vector<StreamItem> a{timer(1, 150)};
  std::vector<StreamItem> none;
  merge.add(0, a, {Lsn{1}, TimeMs{160}});
  merge.add(1, none, {Lsn{1}, TimeMs{120}});
  std::vector<StreamItem> out;
  merge.take(Lsn{1}, out);
  EXPECT_TRUE(out.empty());
  merge.add(1, none, {Lsn{1}, TimeMs{160}});
  merge.take(Lsn{1}, out);
  EXPECT_EQ(out.size(), 1U);
}

}  // namespace
}  // namespace tocsin::pipeline
