#include "store/rollup.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(RollupTest, AQueryGetsTheCoarsestThatFitsItsStepAndReachesBack) {
  const TimeMs now{days(1000).count};
  const auto ago = [&](int64_t d) { return now - days(d); };
  const Extents all{{{ago(90), kTimeMax}, {ago(400), now}, {ago(900), now}}};
  const Extents raw_only{{{ago(90), kTimeMax}, {now, now}, {now, now}}};
  const Extents no_hours{{{ago(90), kTimeMax}, {ago(400), now}, {now, now}}};
  struct Case {
    const char* name;
    const Extents& extents;
    TimeMs from;
    DurationMs step;
    Resolution want;
  } cases[] = {
      {"raw reaches back", all, ago(90), hours(6), Resolution::kRaw},
      {"an hour's step reads hours", all, ago(91), hours(1), Resolution::kHour},
      {"a step just below reads minutes", all, ago(91), hours(1) - milliseconds(1),
       Resolution::kMinute},
      {"finer than a minute: the finest there is", all, ago(91), seconds(10), Resolution::kMinute},
      {"minutes do not reach back", all, ago(401), seconds(10), Resolution::kHour},
      {"nothing reaches back: the furthest", all, ago(950), seconds(10), Resolution::kHour},
      {"no rollups at all", raw_only, ago(500), hours(1), Resolution::kRaw},
      {"only minutes, and not that far", no_hours, ago(500), hours(1), Resolution::kMinute},
  };
  for (const Case& c : cases)
    EXPECT_EQ(resolution_for(c.extents, c.from, c.step), c.want) << c.name;
}

}  // namespace
}  // namespace tocsin
