#include "intake/growth.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace tocsin::intake {
namespace {

constexpr TimeMs kTen{10 * kHourMs};  // ten o'clock

TEST(HourCounts, ForgetsWhatIsOlderThanItHolds) {
  HourCounts<3> counts;
  counts.add(kTen, 5);
  counts.add(kTen + hours(2), 1);
  EXPECT_EQ(counts.sum(kTen + hours(2)), 6u);
  counts.add(kTen + hours(3), 2);
  EXPECT_EQ(counts.sum(kTen + hours(3)), 3u);
  EXPECT_EQ(counts.of(10), 0u);
  counts.add(kTen, 7);  // too late
  EXPECT_EQ(counts.sum(kTen + hours(3)), 3u);
  EXPECT_EQ(counts.sum(kTen + hours(9)), 0u) << "nothing came since";
}

RC_GTEST_PROP(SlotCounts, AgreesWithAMapOfSlots, ()) {
  SlotCounts<5, 10> counts;
  std::map<int64_t, uint64_t> naive;
  int64_t newest = 0;
  const auto steps = *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(-30, 90));
  int64_t at = 1000;
  for (const int64_t step : steps) {
    at = std::max<int64_t>(0, at + step);
    counts.add(TimeMs{at}, 1);
    newest = std::max(newest, at / 10);
    if (at / 10 > newest - 5) ++naive[at / 10];
    uint64_t expected = 0;
    for (const auto& [slot, count] : naive)
      if (slot > newest - 5) expected += count;
    RC_ASSERT(counts.sum(TimeMs{newest * 10}) == expected);
    ByteWriter out;
    counts.save(out);
    SlotCounts<5, 10> again;
    ByteReader in(out.bytes());
    again.load(in);
    RC_ASSERT(in.done());
    RC_ASSERT(again.sum(TimeMs{newest * 10}) == expected);
  }
}

struct Step {
  DurationMs after;
  uint32_t count;
};
struct Case {
  const char* name;
  std::vector<Step> steps;
  TimeMs began, last;
  bool growing;  // at the last step
};

TEST(Growth, ARunBeginsWithItsFirstHourAndEndsWithAQuietOne) {
  const uint32_t enough = Growth::kGrowing;
  const Case runs[] = {
      {"nothing", {}, {}, {}, false},
      {"a few are no growth", {{minutes(0), enough - 1}}, {}, {}, false},
      {"enough in one hour", {{minutes(5), enough}}, kTen + minutes(5), kTen + minutes(5), true},
      {"it began with the first of them",
       {{minutes(5), 1}, {minutes(40), enough}},
       kTen + minutes(5),
       kTen + minutes(45),
       true},
      {"it goes on over the hour",
       {{minutes(50), enough}, {minutes(20), 1}, {minutes(10), enough}},
       kTen + minutes(50),
       kTen + minutes(80),
       true},
      {"an hour with a few ends it",
       {{minutes(50), enough}, {minutes(20), 1}, {minutes(60), 1}},
       kTen + minutes(50),
       kTen + minutes(70),
       false},
      {"an hour with none ends it",
       {{minutes(0), enough}, {hours(2), enough}},
       kTen + hours(2),
       kTen + hours(2),
       true},
      {"enough, but in two hours", {{minutes(50), enough - 1}, {minutes(20), 1}}, {}, {}, false},
  };
  for (const Case& run : runs) {
    Growth growth;
    TimeMs at = kTen;
    for (const Step& step : run.steps) {
      at = at + step.after;
      growth.add(at, step.count);
    }
    EXPECT_EQ(growth.began(), run.began) << run.name;
    EXPECT_EQ(growth.last(), run.last) << run.name;
    EXPECT_EQ(growth.growing(at), run.growing) << run.name;
    EXPECT_FALSE(growth.growing(at + hours(2))) << run.name;
    ByteWriter out;
    growth.save(out);
    Growth again;
    ByteReader in(out.bytes());
    again.load(in);
    EXPECT_TRUE(in.done());
    again.add(at, 1);
    growth.add(at, 1);
    EXPECT_EQ(again.began(), growth.began()) << run.name;
    EXPECT_EQ(again.growing(at), growth.growing(at)) << run.name;
  }
}

}  // namespace
}  // namespace tocsin::intake
