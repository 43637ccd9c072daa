#include "calendar/recurrence.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace tocsin::calendar {
namespace {

TimeMs at(const char* text) { return *parse_time(text); }

std::string texts(const std::vector<Occurrence>& found) {
  std::string out;
  for (const Occurrence& one : found) out += to_iso(one.begin) + "/" + to_iso(one.end) + "\n";
  return out;
}

struct RuleCase {
  const char* name;
  const char* zone;
  const char* lines;
  const char* from;
  const char* to;
  const char* expected;
};
class RecurrenceCase : public testing::TestWithParam<RuleCase> {};

TEST_P(RecurrenceCase, GivesTheOccurrences) {
  const RuleCase& tested = GetParam();
  const auto parsed = Recurrence::parse(tested.lines, *Zone::find(tested.zone));
  ASSERT_TRUE(parsed) << parsed.error().text();
  EXPECT_EQ(texts(parsed->occurrences(at(tested.from), at(tested.to), 100)), tested.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, RecurrenceCase,
    testing::Values(
        RuleCase{"once", "UTC", "DTSTART:20260301T100000\nDTEND:20260301T110000", "2026-01-01",
                 "2027-01-01", "2026-03-01T10:00:00Z/2026-03-01T11:00:00Z\n"},
        RuleCase{"what_began_before_counts", "UTC",
                 "DTSTART:20260301T100000\nDTEND:20260301T110000", "2026-03-01T10:59:59Z",
                 "2027-01-01", "2026-03-01T10:00:00Z/2026-03-01T11:00:00Z\n"},
        RuleCase{"what_has_ended_does_not", "UTC", "DTSTART:20260301T100000\nDTEND:20260301T110000",
                 "2026-03-01T11:00:00Z", "2027-01-01", ""},
        RuleCase{"nightly_over_the_missing_hour", "Europe/Berlin",
                 "DTSTART:20260101T023000\nDTEND:20260101T040000\nRRULE:FREQ=DAILY", "2026-03-28",
                 "2026-03-31",
                 "2026-03-28T01:30:00Z/2026-03-28T03:00:00Z\n"
                 "2026-03-29T01:00:00Z/2026-03-29T02:00:00Z\n"
                 "2026-03-30T00:30:00Z/2026-03-30T02:00:00Z\n"},
        RuleCase{"nightly_over_the_doubled_hour", "Europe/Berlin",
                 "DTSTART:20260101T023000\nDTEND:20260101T040000\nRRULE:FREQ=DAILY", "2026-10-25",
                 "2026-10-26", "2026-10-25T00:30:00Z/2026-10-25T03:00:00Z\n"},
        RuleCase{"duration_in_hours_is_time_that_passes", "Europe/Berlin",
                 "DTSTART:20260101T220000\nDURATION:PT8H\nRRULE:FREQ=DAILY", "2026-10-24T12:00:00Z",
                 "2026-10-25T12:00:00Z", "2026-10-24T20:00:00Z/2026-10-25T04:00:00Z\n"},
        RuleCase{"duration_in_days_is_wall_clock", "Europe/Berlin",
                 "DTSTART:20261024T090000\nDURATION:P1D", "2026-10-01", "2026-11-01",
                 "2026-10-24T07:00:00Z/2026-10-25T08:00:00Z\n"},
        RuleCase{"new_york_sundays", "America/New_York",
                 "DTSTART:20260301T013000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=SU;UNTIL="
                 "20260315T053000Z",
                 "2026-01-01", "2027-01-01",
                 "2026-03-01T06:30:00Z/2026-03-01T07:30:00Z\n"
                 "2026-03-08T06:30:00Z/2026-03-08T07:30:00Z\n"
                 "2026-03-15T05:30:00Z/2026-03-15T06:30:00Z\n"},
        RuleCase{"lord_howe", "Australia/Lord_Howe",
                 "DTSTART:20260403T014500\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4", "2026-01-01",
                 "2027-01-01",
                 "2026-04-02T14:45:00Z/2026-04-02T15:45:00Z\n"
                 "2026-04-03T14:45:00Z/2026-04-03T15:45:00Z\n"
                 "2026-04-04T14:45:00Z/2026-04-04T15:45:00Z\n"
                 "2026-04-05T15:15:00Z/2026-04-05T16:15:00Z\n"},
        RuleCase{"apia_has_no_30_december_2011", "Pacific/Apia",
                 "DTSTART:20111228T120000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4", "2011-01-01",
                 "2012-02-01",
                 "2011-12-28T22:00:00Z/2011-12-28T23:00:00Z\n"
                 "2011-12-29T22:00:00Z/2011-12-29T23:00:00Z\n"
                 "2011-12-30T10:00:00Z/2011-12-30T11:00:00Z\n"
                 "2011-12-30T22:00:00Z/2011-12-30T23:00:00Z\n"},
        RuleCase{"tzid_wins_over_the_given_zone", "Asia/Tokyo",
                 "DTSTART;TZID=America/New_York:20260701T090000\nDURATION:PT1H", "2026-01-01",
                 "2027-01-01", "2026-07-01T13:00:00Z/2026-07-01T14:00:00Z\n"},
        RuleCase{"z_wins_over_the_given_zone", "Asia/Tokyo",
                 "DTSTART:20260701T090000Z\nDURATION:PT1H", "2026-01-01", "2027-01-01",
                 "2026-07-01T09:00:00Z/2026-07-01T10:00:00Z\n"},
        RuleCase{"all_day_follows_the_zone", "Europe/Berlin", "DTSTART;VALUE=DATE:20260329",
                 "2026-01-01", "2027-01-01", "2026-03-28T23:00:00Z/2026-03-29T22:00:00Z\n"},
        RuleCase{"all_day_until_is_a_date", "UTC",
                 "DTSTART;VALUE=DATE:20260330\nRRULE:FREQ=DAILY;UNTIL=20260331", "2026-01-01",
                 "2027-01-01",
                 "2026-03-30T00:00:00Z/2026-03-31T00:00:00Z\n"
                 "2026-03-31T00:00:00Z/2026-04-01T00:00:00Z\n"},
        RuleCase{"until_as_a_date_takes_the_whole_day", "UTC",
                 "DTSTART:20260330T230000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260331",
                 "2026-01-01", "2027-01-01",
                 "2026-03-30T23:00:00Z/2026-03-31T00:00:00Z\n"
                 "2026-03-31T23:00:00Z/2026-04-01T00:00:00Z\n"},
        RuleCase{"exdate_and_rdate", "Europe/Berlin",
                 "DTSTART:20260601T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\n"
                 "EXDATE:20260602T100000,20260603T080000Z\nRDATE:20260610T100000,20260611T100000",
                 "2026-01-01", "2027-01-01",
                 "2026-06-01T08:00:00Z/2026-06-01T09:00:00Z\n"
                 "2026-06-04T08:00:00Z/2026-06-04T09:00:00Z\n"
                 "2026-06-10T08:00:00Z/2026-06-10T09:00:00Z\n"
                 "2026-06-11T08:00:00Z/2026-06-11T09:00:00Z\n"},
        RuleCase{"exdate_as_a_date_takes_the_day", "UTC",
                 "DTSTART:20260601T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\n"
                 "EXDATE;VALUE=DATE:20260602",
                 "2026-01-01", "2027-01-01",
                 "2026-06-01T10:00:00Z/2026-06-01T11:00:00Z\n"
                 "2026-06-03T10:00:00Z/2026-06-03T11:00:00Z\n"},
        RuleCase{"the_last_friday_of_a_month", "UTC",
                 "DTSTART:20260130T180000\nDURATION:PT2H\nRRULE:FREQ=MONTHLY;BYDAY=-1FR",
                 "2026-02-01", "2026-04-01",
                 "2026-02-27T18:00:00Z/2026-02-27T20:00:00Z\n"
                 "2026-03-27T18:00:00Z/2026-03-27T20:00:00Z\n"},
        RuleCase{"every_other_week_long_after_the_start", "UTC",
                 "DTSTART:20200106T000000\nDURATION:P7D\nRRULE:FREQ=WEEKLY;INTERVAL=2",
                 "2026-11-20", "2026-12-10",
                 "2026-11-16T00:00:00Z/2026-11-23T00:00:00Z\n"
                 "2026-11-30T00:00:00Z/2026-12-07T00:00:00Z\n"},
        RuleCase{
            "leap_day", "UTC",
            "DTSTART:20240229T000000\nDURATION:PT1H\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
            "2025-01-01", "2029-01-01", "2028-02-29T00:00:00Z/2028-02-29T01:00:00Z\n"},
        RuleCase{"lower_case_is_read", "UTC",
                 "DTSTART:20260601T100000\nDURATION:PT1H\nRRULE:freq=daily;count=1", "2026-01-01",
                 "2027-01-01", "2026-06-01T10:00:00Z/2026-06-01T11:00:00Z\n"}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct RefusedCase {
  const char* name;
  const char* lines;
  const char* words;
};
class RecurrenceRefused : public testing::TestWithParam<RefusedCase> {};

TEST_P(RecurrenceRefused, SaysWhy) {
  const auto parsed = Recurrence::parse(GetParam().lines, Zone());
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
  EXPECT_NE(parsed.error().message.find(GetParam().words), std::string::npos)
      << parsed.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Lines, RecurrenceRefused,
    testing::Values(
        RefusedCase{"nothing", "", "DTSTART"},
        RefusedCase{"no_start", "RRULE:FREQ=DAILY", "DTSTART: missing"},
        RefusedCase{"start_is_no_date", "DTSTART:20260230T100000", "DTSTART"},
        RefusedCase{"end_before_start", "DTSTART:20260301T100000\nDTEND:20260301T090000",
                    "before DTSTART"},
        RefusedCase{"unknown_zone", "DTSTART;TZID=Mars/Olympus:20260301T100000", "Mars/Olympus"},
        RefusedCase{"unknown_frequency", "DTSTART:20260301T100000\nRRULE:FREQ=OFTEN", "OFTEN"},
        RefusedCase{"every_second", "DTSTART:20260301T100000\nRRULE:FREQ=SECONDLY", "FREQ must"},
        RefusedCase{"every_minute", "DTSTART:20260301T100000\nRRULE:FREQ=MINUTELY", "FREQ must"},
        RefusedCase{"never", "DTSTART:20260301T100000\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
                    "never happens"},
        RefusedCase{"too_many", "DTSTART:20260301T100000\nRRULE:FREQ=DAILY;COUNT=10001",
                    "COUNT must"},
        RefusedCase{"another_calendar", "DTSTART:20260301T100000\nRRULE:RSCALE=CHINESE;FREQ=YEARLY",
                    "RSCALE"},
        RefusedCase{"two_events", "DTSTART:20260301T100000\nEND:VEVENT\nBEGIN:VEVENT",
                    "lines DTSTART"},
        RefusedCase{"ended_before_it_began",
                    "DTSTART:20260301T100000\nRRULE:FREQ=DAILY;UNTIL=20250101T000000Z",
                    "never happens"},
        RefusedCase{"year_without_zone_tables", "DTSTART:21500301T100000", "1900 to 2099"}),
    [](const auto& tested) { return std::string(tested.param.name); });

// The naive twin looks at every day since the start.
RC_GTEST_PROP(Recurrence, WeeklyRulesEqualADayByDayCount, ()) {
  const Zone zone = *Zone::find(*rc::gen::element<const char*>("Europe/Berlin", "America/New_York",
                                                               "Australia/Lord_Howe", "UTC"));
  const int64_t first_day = day_number({2020, 1, 1}) + *rc::gen::inRange(0, 400);
  const int interval = *rc::gen::inRange(1, 5);
  const auto days = *rc::gen::nonEmpty(rc::gen::container<std::set<int>>(rc::gen::inRange(0, 7)));
  const int64_t minute = *rc::gen::inRange(0, 1440);
  constexpr const char* kNames[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
  RecurrenceSpec spec;
  spec.zone = zone;
  spec.start_wall_ms = first_day * kDayMs + minute * 60'000;
  spec.wall_span_ms = *rc::gen::inRange<int64_t>(1, 2000) * 60'000;
  std::string rule = "FREQ=WEEKLY;INTERVAL=" + std::to_string(interval) + ";BYDAY=";
  for (const int day : days) rule += std::string(rule.back() == '=' ? "" : ",") + kNames[day];
  spec.rules = {rule};
  const Recurrence made = *Recurrence::make(spec);
  const TimeMs from{(first_day + *rc::gen::inRange(-20, 2500)) * kDayMs};
  const TimeMs to = from + tocsin::days(*rc::gen::inRange(1, 60));

  std::vector<Occurrence> expected;
  const int64_t first_week = first_day - weekday_of_day(first_day);
  for (int64_t day = first_day; day < first_day + 2700; ++day) {
    const int64_t week = (day - weekday_of_day(day) - first_week) / 7;
    if (week % interval != 0 || !days.contains(weekday_of_day(day))) continue;
    const int64_t wall = day * kDayMs + minute * 60'000;
    const Occurrence one{instant_of_wall(zone, wall),
                         instant_of_wall(zone, wall + spec.wall_span_ms)};
    if (one.begin < to && one.end > from) expected.push_back(one);
  }
  const bool same = made.occurrences(from, to, 1000) == expected;
  RC_ASSERT(same);

  const auto next = made.next(from);
  RC_ASSERT(next.has_value());
  RC_ASSERT(next->begin > from);
  for (const Occurrence& one : expected) RC_ASSERT(one.begin <= from || next->begin <= one.begin);
}

// The naive twin of monthly rules: every day that is the n-th such weekday, or such a day of month.
RC_GTEST_PROP(Recurrence, MonthlyRulesEqualADayByDayCount, ()) {
  const int64_t first_day = day_number({2020, 1, 1}) + *rc::gen::inRange(0, 400);
  const int interval = *rc::gen::inRange(1, 5);
  const bool by_weekday = *rc::gen::arbitrary<bool>();
  const int weekday = *rc::gen::inRange(0, 7);
  const int nth = *rc::gen::inRange(1, 5);
  const int day_of_month = *rc::gen::inRange(1, 32);
  constexpr const char* kNames[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
  RecurrenceSpec spec;
  spec.start_wall_ms = first_day * kDayMs;
  spec.exact_span = hours(1);
  spec.rules = {"FREQ=MONTHLY;INTERVAL=" + std::to_string(interval) +
                (by_weekday ? ";BYDAY=" + std::to_string(nth) + kNames[weekday]
                            : ";BYMONTHDAY=" + std::to_string(day_of_month))};
  const Recurrence made = *Recurrence::make(spec);
  const TimeMs from{(first_day + *rc::gen::inRange(-20, 900)) * kDayMs};
  const TimeMs to = from + tocsin::days(400);
  std::vector<Occurrence> expected;
  const CivilDate first = date_of_day(first_day);
  for (int64_t day = first_day; day < first_day + 1400; ++day) {
    const CivilDate date = date_of_day(day);
    const int months = (date.year - first.year) * 12 + date.month - first.month;
    const bool fits = by_weekday ? weekday_of_day(day) == weekday && (date.day - 1) / 7 == nth - 1
                                 : date.day == day_of_month;
    const TimeMs begin{day * kDayMs};
    if (months % interval == 0 && fits && begin < to && begin + hours(1) > from)
      expected.push_back({begin, begin + hours(1)});
  }
  const bool same = made.occurrences(from, to, 1000) == expected;
  RC_ASSERT(same);
}

// Looking from late on gives the same as reading from the start: the skipping is only quicker.
RC_GTEST_PROP(Recurrence, LookingFromLateOnSkipsNothing, ()) {
  const auto rule = *rc::gen::element<const char*>(
      "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYMONTHDAY=-1;INTERVAL=3", "FREQ=DAILY;INTERVAL=5",
      "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=HOURLY;INTERVAL=7",
      "FREQ=MONTHLY;BYSETPOS=-1;"
      "BYDAY=MO,TU,WE,TH,FR",
      "FREQ=WEEKLY;INTERVAL=3;WKST=SU;BYDAY=SU,MO");
  RecurrenceSpec spec;
  spec.start_wall_ms = (day_number({2021, 1, 1}) + *rc::gen::inRange(0, 40)) * kDayMs;
  spec.exact_span = hours(1);
  spec.rules = {rule};
  const Recurrence made = *Recurrence::make(spec);
  const TimeMs start{spec.start_wall_ms};
  const TimeMs from = start + days(*rc::gen::inRange(0, 900));
  const TimeMs to = from + days(100);
  std::vector<Occurrence> expected;
  for (const Occurrence& one : made.occurrences(start, to, 100'000))
    if (one.end > from) expected.push_back(one);
  const bool same = made.occurrences(from, to, 100'000) == expected;
  RC_ASSERT(same);
}

TEST(Recurrence, AnswersAreLimitedAndBeginFirst) {
  const Recurrence daily = *Recurrence::parse(
      "DTSTART:20260101T000000\nDURATION:PT1H\nRRULE:FREQ=DAILY\nRDATE:20260102T120000", Zone());
  EXPECT_EQ(texts(daily.occurrences(at("2026-01-02"), at("2036-01-01"), 2)),
            "2026-01-02T00:00:00Z/2026-01-02T01:00:00Z\n"
            "2026-01-02T12:00:00Z/2026-01-02T13:00:00Z\n");
  EXPECT_TRUE(daily.occurrences(at("2026-01-02"), at("2036-01-01"), 0).empty());
}

TEST(Recurrence, AWeeklyRuleWhoseStartIsNotOneOfItsDaysBeginsInItsFirstWeek) {
  const Recurrence sundays = *Recurrence::parse(
      "DTSTART:20200101T000000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", Zone());
  EXPECT_EQ(to_iso(sundays.next(at("2019-12-01"))->begin), "2020-01-05T00:00:00Z");
}

TEST(Recurrence, NextAndNow) {
  const Recurrence night = *Recurrence::parse(
      "DTSTART:20260101T220000\nDTEND:20260102T060000\nRRULE:FREQ=DAILY;UNTIL=20260103T220000Z",
      Zone());
  EXPECT_EQ(to_iso(night.next(at("2026-01-01T21:59:59Z"))->begin), "2026-01-01T22:00:00Z");
  EXPECT_EQ(to_iso(night.next(at("2026-01-01T22:00:00Z"))->begin), "2026-01-02T22:00:00Z");
  EXPECT_FALSE(night.next(at("2026-01-03T22:00:00Z")));
  EXPECT_EQ(to_iso(night.at(at("2026-01-02T05:59:59Z"))->begin), "2026-01-01T22:00:00Z");
  EXPECT_FALSE(night.at(at("2026-01-02T06:00:00Z")));
}

TEST(Recurrence, OneThatHasPassedIsNotNext) {
  const Recurrence once = *Recurrence::parse("DTSTART:20260301T100000\nDURATION:PT1H", Zone());
  EXPECT_TRUE(once.next(at("2026-02-01")));
  EXPECT_FALSE(once.next(at("2026-03-01T10:00:00Z")));
  EXPECT_FALSE(once.repeats());
}

}  // namespace
}  // namespace tocsin::calendar
