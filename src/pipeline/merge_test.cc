#include "pipeline/merge.h"

#include <gtest/gtest.h>

#include <string>

namespace tocsin::pipeline {
namespace {

StreamItem row(uint64_t lsn, uint64_t index) {
  return {Position{Lsn{lsn}, {}, index}, TimeMs{static_cast<int64_t>(lsn) * 100}, SeriesStatus{}};
}
StreamItem timer(uint64_t lsn, int64_t due) {
  return {Position{Lsn{lsn}, TimeMs{due}, 7}, TimeMs{due}, SeriesStatus{}};
}
Passed frame(uint64_t lsn) { return {Lsn{lsn}, TimeMs{static_cast<int64_t>(lsn) * 100}, false}; }
Passed tick(uint64_t lsn, int64_t time) { return {Lsn{lsn}, TimeMs{time}, true}; }

// What comes out, as words: "lsn.row", "lsn@due", "|lsn time" for an advance.
std::string taken(Merge& merge, uint64_t durable) {
  std::string out;
  merge.take(Lsn{durable}, {.advance =
                                [&](Lsn last, TimeMs time) {
                                  out += "|" + std::to_string(last.value) + " " +
                                         std::to_string(time.ms) + " ";
                                },
                            .item =
                                [&](const StreamItem& item) {
                                  out += std::to_string(item.at.lsn.value);
                                  out += item.at.due.ms != 0 ? "@" + std::to_string(item.at.due.ms)
                                                             : "." + std::to_string(item.at.row);
                                  out += " ";
                                }});
  return out;
}

void report(Merge& merge, uint32_t shard, std::vector<StreamItem> items,
            std::vector<Passed> passed) {
  merge.add(shard, items, passed);
}

TEST(Merge, WaitsForTheSlowestShard) {
  Merge merge(2);
  report(merge, 0, {row(1, 0), row(2, 5)}, {frame(1), frame(2)});
  EXPECT_EQ(taken(merge, 9), "");
  report(merge, 1, {}, {frame(1)});
  EXPECT_EQ(taken(merge, 9), "|0 100 1.0 ");
  report(merge, 1, {row(2, 3)}, {frame(2)});
  EXPECT_EQ(taken(merge, 9), "|1 200 2.3 2.5 ");
  EXPECT_EQ(merge.waiting(), 0U);
}

TEST(Merge, HoldsBackWhatIsNotDurable) {
  Merge merge(1);
  report(merge, 0, {row(1, 0), row(2, 0)}, {frame(1), frame(2)});
  EXPECT_EQ(taken(merge, 1), "|0 100 1.0 ");
  EXPECT_EQ(taken(merge, 1), "");
  EXPECT_EQ(taken(merge, 2), "|1 200 2.0 ");
}

TEST(Merge, TimersComeAfterTheirFrameAndBeforeTheNext) {
  Merge merge(2);
  report(merge, 0, {row(1, 0), timer(1, 150)}, {frame(1), frame(2)});
  report(merge, 1, {timer(1, 140), row(2, 0)}, {frame(1), frame(2)});
  EXPECT_EQ(taken(merge, 2), "|0 100 1.0 1@140 1@150 |1 200 2.0 ");
}

TEST(Merge, ATickOfOneShardWaitsForTheOthers) {
  Merge merge(2);
  report(merge, 0, {timer(1, 150)}, {frame(1), tick(1, 160)});
  report(merge, 1, {}, {frame(1)});
  EXPECT_EQ(taken(merge, 1), "|0 100 ");
  report(merge, 1, {}, {tick(1, 160)});
  EXPECT_EQ(taken(merge, 1), "1@150 |1 160 ");
}

TEST(Merge, TicksDoNotChangeTheOrderOfItems) {
  Merge with(1), without(1);
  report(with, 0, {row(1, 0), timer(1, 150), row(2, 0)}, {frame(1), tick(1, 170), frame(2)});
  report(without, 0, {row(1, 0), timer(1, 150), row(2, 0)}, {frame(1), frame(2)});
  EXPECT_EQ(taken(with, 2), "|0 100 1.0 1@150 |1 170 |1 200 2.0 ");
  EXPECT_EQ(taken(without, 2), "|0 100 1.0 1@150 |1 200 2.0 ");
}

}  // namespace
}  // namespace tocsin::pipeline
