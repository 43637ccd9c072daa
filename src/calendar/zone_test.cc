#include "calendar/zone.h"

#include <gtest/gtest.h>

namespace tocsin::calendar {
namespace {

struct OffsetCase {
  const char* name;
  const char* zone;
  const char* at;
  int64_t minutes;
};
class ZoneOffset : public testing::TestWithParam<OffsetCase> {};

TEST_P(ZoneOffset, IsWhatTheWallClockShows) {
  const OffsetCase& tested = GetParam();
  const auto zone = Zone::find(tested.zone);
  ASSERT_TRUE(zone) << zone.error().text();
  const TimeMs at = *parse_time(tested.at);
  EXPECT_EQ(zone->offset(at).count / 60'000, tested.minutes);
  Zone::Cursor cursor;
  EXPECT_EQ(zone->wall_ms(at, cursor), at.ms + tested.minutes * 60'000);
  EXPECT_EQ(zone->wall_ms(at, cursor), at.ms + tested.minutes * 60'000) << "from the cursor";
}

INSTANTIATE_TEST_SUITE_P(
    Transitions, ZoneOffset,
    testing::Values(
        OffsetCase{"utc", "UTC", "2026-07-01T00:00:00Z", 0},
        OffsetCase{"berlin_before_spring", "Europe/Berlin", "2026-03-29T00:59:59Z", 60},
        OffsetCase{"berlin_after_spring", "Europe/Berlin", "2026-03-29T01:00:00Z", 120},
        OffsetCase{"berlin_before_autumn", "Europe/Berlin", "2026-10-25T00:59:59Z", 120},
        OffsetCase{"berlin_after_autumn", "Europe/Berlin", "2026-10-25T01:00:00Z", 60},
        OffsetCase{"new_york_winter", "America/New_York", "2026-01-15T12:00:00Z", -300},
        OffsetCase{"new_york_summer", "America/New_York", "2026-07-15T12:00:00Z", -240},
        OffsetCase{"lord_howe_half_hour_winter", "Australia/Lord_Howe", "2026-07-01T00:00:00Z",
                   630},
        OffsetCase{"lord_howe_half_hour_summer", "Australia/Lord_Howe", "2026-12-01T00:00:00Z",
                   660},
        OffsetCase{"apia_before_the_skipped_day", "Pacific/Apia", "2011-12-30T09:59:59Z", -600},
        OffsetCase{"apia_after_the_skipped_day", "Pacific/Apia", "2011-12-30T10:00:00Z", 840},
        OffsetCase{"lagos_has_no_summer", "Africa/Lagos", "2026-07-01T00:00:00Z", 60},
        OffsetCase{"the_year_9999", "Europe/Madrid", "9999-01-01T00:00:00Z", 60}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Zone, UnknownNameIsRefusedWithTheNearest) {
  const auto zone = Zone::find("Europe/Madird");
  ASSERT_FALSE(zone);
  EXPECT_EQ(zone.error().code, ErrorCode::kInvalid);
  EXPECT_NE(zone.error().message.find("did you mean \"Europe/Madrid\"?"), std::string::npos)
      << zone.error().message;
  EXPECT_FALSE(Zone::find(""));
  EXPECT_FALSE(Zone::find("../../etc/passwd"));
}

TEST(Zone, CursorCrossesTransitionsBothWays) {
  const Zone zone = *Zone::find("Europe/Berlin");
  const TimeMs spring = *parse_time("2026-03-29T01:00:00Z");
  Zone::Cursor cursor;
  EXPECT_EQ(zone.wall_ms(spring - milliseconds(1), cursor) - spring.ms, 3'600'000 - 1);
  EXPECT_EQ(zone.wall_ms(spring, cursor) - spring.ms, 7'200'000);
  EXPECT_EQ(zone.wall_ms(spring - milliseconds(1), cursor) - spring.ms, 3'600'000 - 1);
}

TEST(Season, WeeksBeginOnMonday) {
  const auto at = [](const char* text) { return parse_time(text)->ms; };
  const SeasonPosition sunday = season_position(Season::kWeek, at("2026-11-22T23:59:59Z"));
  const SeasonPosition monday = season_position(Season::kWeek, at("2026-11-23T00:00:00Z"));
  EXPECT_EQ(monday.period, sunday.period + 1);
  EXPECT_EQ(monday.offset_ms, 0);
  EXPECT_EQ(sunday.offset_ms, season_ms(Season::kWeek) - 1000);
}

TEST(Season, BeforeTheEpochCountsDown) {
  const SeasonPosition day = season_position(Season::kDay, -1);
  EXPECT_EQ(day.period, -1);
  EXPECT_EQ(day.offset_ms, season_ms(Season::kDay) - 1);
  // Thursday 1970-01-01 is in the week that began on Monday 1969-12-29.
  EXPECT_EQ(season_position(Season::kWeek, 0).period, 0);
  EXPECT_EQ(season_position(Season::kWeek, 0).offset_ms, 3 * 86'400'000);
  EXPECT_EQ(season_position(Season::kWeek, -4 * 86'400'000LL).period, -1);
}

TEST(Season, SpringSkipsAnHourAndAutumnRepeatsOne) {
  const Zone zone = *Zone::find("Europe/Madrid");
  Zone::Cursor cursor;
  const auto hour_of = [&](const char* text) {
    const int64_t wall = zone.wall_ms(*parse_time(text), cursor);
    return season_position(Season::kDay, wall).offset_ms / 3'600'000;
  };
  EXPECT_EQ(hour_of("2026-03-29T00:30:00Z"), 1);
  EXPECT_EQ(hour_of("2026-03-29T01:30:00Z"), 3);
  EXPECT_EQ(hour_of("2026-10-25T00:30:00Z"), 2);
  EXPECT_EQ(hour_of("2026-10-25T01:30:00Z"), 2);
}

}  // namespace
}  // namespace tocsin::calendar
