#include "calendar/wall_clock.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tocsin::calendar {
namespace {

struct WallCase {
  const char* name;
  const char* zone;
  const char* wall;
  WallPolicy policy;
  const char* instant;
};
constexpr WallPolicy kFirst{};
constexpr WallPolicy kSecond{Doubled::kSecond, Missing::kAtJump};
constexpr WallPolicy kShifted{Doubled::kFirst, Missing::kShifted};

class WallInstant : public testing::TestWithParam<WallCase> {};

TEST_P(WallInstant, IsTheOneThatThePolicySays) {
  const WallCase& tested = GetParam();
  const Zone zone = *Zone::find(tested.zone);
  const TimeMs found = instant_of_wall(zone, *parse_wall(tested.wall), tested.policy);
  EXPECT_EQ(to_iso(found), tested.instant);
}

INSTANTIATE_TEST_SUITE_P(
    Zones, WallInstant,
    testing::Values(WallCase{"utc", "UTC", "2026-03-29T02:30", kFirst, "2026-03-29T02:30:00Z"},
                    WallCase{"berlin_plain", "Europe/Berlin", "2026-07-01T09:00", kFirst,
                             "2026-07-01T07:00:00Z"},
                    WallCase{"berlin_before_the_jump", "Europe/Berlin", "2026-03-29T01:59:59",
                             kFirst, "2026-03-29T00:59:59Z"},
                    WallCase{"berlin_missing_begins", "Europe/Berlin", "2026-03-29T02:00", kFirst,
                             "2026-03-29T01:00:00Z"},
                    WallCase{"berlin_missing", "Europe/Berlin", "2026-03-29T02:30", kFirst,
                             "2026-03-29T01:00:00Z"},
                    WallCase{"berlin_missing_shifted", "Europe/Berlin", "2026-03-29T02:30",
                             kShifted, "2026-03-29T01:30:00Z"},
                    WallCase{"berlin_after_the_jump", "Europe/Berlin", "2026-03-29T03:00", kFirst,
                             "2026-03-29T01:00:00Z"},
                    WallCase{"berlin_doubled_first", "Europe/Berlin", "2026-10-25T02:30", kFirst,
                             "2026-10-25T00:30:00Z"},
                    WallCase{"berlin_doubled_second", "Europe/Berlin", "2026-10-25T02:30", kSecond,
                             "2026-10-25T01:30:00Z"},
                    WallCase{"berlin_doubled_is_over", "Europe/Berlin", "2026-10-25T03:00", kFirst,
                             "2026-10-25T02:00:00Z"},
                    WallCase{"new_york_missing", "America/New_York", "2026-03-08T02:15", kFirst,
                             "2026-03-08T07:00:00Z"},
                    WallCase{"new_york_missing_shifted", "America/New_York", "2026-03-08T02:15",
                             kShifted, "2026-03-08T07:15:00Z"},
                    WallCase{"new_york_doubled_first", "America/New_York", "2026-11-01T01:30",
                             kFirst, "2026-11-01T05:30:00Z"},
                    WallCase{"new_york_doubled_second", "America/New_York", "2026-11-01T01:30",
                             kSecond, "2026-11-01T06:30:00Z"},
                    WallCase{"lord_howe_missing_half_hour", "Australia/Lord_Howe",
                             "2026-10-04T02:15", kFirst, "2026-10-03T15:30:00Z"},
                    WallCase{"lord_howe_after_it", "Australia/Lord_Howe", "2026-10-04T02:30",
                             kFirst, "2026-10-03T15:30:00Z"},
                    WallCase{"lord_howe_doubled_first", "Australia/Lord_Howe", "2026-04-05T01:45",
                             kFirst, "2026-04-04T14:45:00Z"},
                    WallCase{"lord_howe_doubled_second", "Australia/Lord_Howe", "2026-04-05T01:45",
                             kSecond, "2026-04-04T15:15:00Z"},
                    WallCase{"apia_the_day_that_was_not", "Pacific/Apia", "2011-12-30T12:00",
                             kFirst, "2011-12-30T10:00:00Z"},
                    WallCase{"apia_the_day_before", "Pacific/Apia", "2011-12-29T12:00", kFirst,
                             "2011-12-29T22:00:00Z"},
                    WallCase{"apia_the_day_after", "Pacific/Apia", "2011-12-31T12:00", kFirst,
                             "2011-12-30T22:00:00Z"}),
    [](const auto& tested) { return std::string(tested.param.name); });

// Later on the wall is never earlier in time: shifts that follow each other on the wall do so.
RC_GTEST_PROP(WallClock, KeepsTheOrderOfWallTimes, ()) {
  const char* names[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
                         "Africa/Casablanca"};
  const Zone zone = *Zone::find(names[*rc::gen::inRange(0, 5)]);
  const int64_t first = *rc::gen::inRange<int64_t>(1'300'000'000, 1'900'000'000) * 1000;
  const int64_t second = first + *rc::gen::inRange<int64_t>(0, 7'200) * 1000;
  RC_ASSERT(instant_of_wall(zone, first) <= instant_of_wall(zone, second));
}

// There and back: an instant's wall time means it again, or its twin of the doubled hour.
RC_GTEST_PROP(WallClock, AnInstantIsFoundAgain, ()) {
  const char* names[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"};
  const Zone zone = *Zone::find(names[*rc::gen::inRange(0, 4)]);
  const TimeMs at{*rc::gen::inRange<int64_t>(0, 2'200'000'000) * 1000};
  const int64_t wall = wall_of_instant(zone, at);
  const TimeMs first = instant_of_wall(zone, wall, {Doubled::kFirst, Missing::kAtJump});
  const TimeMs second = instant_of_wall(zone, wall, {Doubled::kSecond, Missing::kAtJump});
  RC_ASSERT(first == at || second == at);
  RC_ASSERT(wall_of_instant(zone, first) == wall);
}

TEST(WallClock, DatesAreCountedFrom1970) {
  EXPECT_EQ(day_number({1970, 1, 1}), 0);
  EXPECT_EQ(day_number({2026, 11, 23}), 20'780);
  EXPECT_EQ(date_of_day(-1), (CivilDate{1969, 12, 31}));
  EXPECT_EQ(date_of_wall(-1), (CivilDate{1969, 12, 31}));
  EXPECT_EQ(date_of_wall(-kDayMs), (CivilDate{1969, 12, 31}));
  EXPECT_EQ(weekday_of_day(0), 3) << "a Thursday";
  EXPECT_EQ(weekday_of_day(-4), 6) << "a Sunday";
  EXPECT_EQ(weekday_of_day(day_number({2026, 11, 23})), 0) << "a Monday";
}

TEST(WallClock, TextsAreReadAsWritten) {
  for (const char* text : {"2026-03-29T02:30", "2024-02-29T23:59:59", "1999-12-31T00:00"})
    EXPECT_EQ(wall_text(*parse_wall(text)), text);
  EXPECT_EQ(parse_wall("2026-03-29"), parse_wall("2026-03-29 00:00"));
  for (const char* text : {"", "2026-02-29", "2026-13-01", "2026-03-29T25:00", "2026-03-29T24:00",
                           "2026-03-29T02:30Z", "2026-03-29T2:30", "2026-03-29T02:30:60", "29.3."})
    EXPECT_FALSE(parse_wall(text)) << text;
  EXPECT_EQ(parse_time_of_day("24:00"), kDayMs);
  EXPECT_EQ(parse_time_of_day("9:05"), 32'700'000);
  for (const char* text : {"24:01", "9", "09:5", "09:60", ":30", "-1:30", "009:30"})
    EXPECT_FALSE(parse_time_of_day(text)) << text;
  EXPECT_EQ(parse_weekday("Mon"), 0);
  EXPECT_EQ(parse_weekday("sun"), 6);
  EXPECT_FALSE(parse_weekday("sunday"));
}

}  // namespace
}  // namespace tocsin::calendar
