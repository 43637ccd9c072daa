#include "calendar/day_calendar.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "calendar/days_of.h"

namespace tocsin::calendar {
namespace {

Day day(std::string_view text) { return parse_day(text).value(); }

DayEntry dated(std::string_view first, std::string_view last, std::string day_class) {
  return {std::nullopt, {}, day(first), day(last), std::move(day_class), "", ""};
}
DayEntry yearly(std::string_view first, std::string_view last, std::string day_class) {
  return {parse_month_day(first), *parse_month_day(last), {}, {}, std::move(day_class), "", ""};
}

TEST(Day, ReadsAndWritesDates) {
  EXPECT_EQ(day("1970-01-01").number, 0);
  EXPECT_EQ(to_text(day("2028-02-29") + 1), "2028-03-01");
  EXPECT_EQ(weekday(day("2026-11-23")), 0) << "a Monday";
  EXPECT_EQ(weekday(Day{-1}), 2) << "a Wednesday";
  for (const char* text : {"2026-02-29", "2026-13-01", "2026-1-01", "26-01-01", "1969-12-31",
                           "2100-01-01", "2026-00-10", "2026-12-+1", ""})
    EXPECT_FALSE(parse_day(text)) << text;
  for (const char* text : {"02-30", "13-01", "1-1", "12-25x"})
    EXPECT_FALSE(parse_month_day(text)) << text;
  EXPECT_TRUE(parse_month_day("02-29")) << "there are leap years";
  // 03:00 in Madrid on the 5th is the 5th, though the 1970 epoch's day differs by the offset.
  EXPECT_EQ(to_text(day_of_wall(-1)), "1969-12-31");
}

RC_GTEST_PROP(Day, IsReadBackAndWeekdaysFollowEachOther, ()) {
  const Day at{*rc::gen::inRange<int64_t>(0, 47'000)};
  RC_ASSERT(parse_day(to_text(at)) == at);
  RC_ASSERT(weekday(at + 1) == (weekday(at) + 1) % 7);
}

struct WeekdaysCase {
  const char* text;
  std::optional<uint8_t> days;
  const char* written;
};
class Weekdays : public testing::TestWithParam<WeekdaysCase> {};
TEST_P(Weekdays, AreOneBitEach) {
  const WeekdaysCase& tested = GetParam();
  EXPECT_EQ(parse_weekdays(tested.text), tested.days) << tested.text;
  EXPECT_EQ(weekdays_text(tested.days.value_or(0)), tested.written);
}
INSTANTIATE_TEST_SUITE_P(
    Spans, Weekdays,
    testing::Values(WeekdaysCase{"mon-fri", 0x1F, "mon-fri"},
                    WeekdaysCase{"sun-thu", 0x4F, "sun-thu"}, WeekdaysCase{"wed", 0x04, "wed"},
                    WeekdaysCase{"mon-sun", 0x7F, "mon, tue, wed, thu, fri, sat, sun"},
                    WeekdaysCase{"monday", std::nullopt, ""},
                    WeekdaysCase{"mon-", std::nullopt, ""}, WeekdaysCase{"", std::nullopt, ""}));

TEST(DayCalendar, KnowsBusinessDaysAndWeekends) {
  const DayCalendar plain({"x", std::nullopt, *parse_weekdays("sun-thu"), {}});
  EXPECT_EQ(plain.class_name(day("2026-11-22")), "business") << "Sunday";
  EXPECT_EQ(plain.class_name(day("2026-11-27")), "weekend") << "Friday";
  EXPECT_FALSE(plain.kind(day("2026-11-27")).by_date());
}

TEST(DayCalendar, ADateOfAYearBeatsAYearlyOneAndTheFirstOfTwoAlikeWins) {
  const DayCalendar made(
      {"x",
       std::nullopt,
       0x1F,
       {yearly("12-24", "01-06", "quiet"), yearly("12-25", "12-25", "holiday"),
        dated("2026-12-25", "2026-12-26", "sale"), dated("2026-12-26", "2026-12-26", "holiday"),
        dated("2026-02-28", "2026-02-28", "business")}});
  EXPECT_EQ(made.classes(),
            (std::vector<std::string>{"business", "weekend", "holiday", "quiet", "sale"}));
  struct Case {
    const char* at;
    const char* day_class;
  };
  for (const Case& one : {Case{"2026-12-23", "business"},
                          {"2026-12-24", "quiet"},
                          {"2025-12-25", "quiet"},
                          {"2026-12-25", "sale"},
                          {"2026-12-26", "sale"},
                          {"2027-01-06", "quiet"},
                          {"2027-01-07", "business"},
                          {"2026-02-28", "business"},
                          {"2027-02-28", "weekend"}})
    EXPECT_EQ(made.class_name(day(one.at)), one.day_class) << one.at;
}

TEST(DayCalendar, TheTwentyNinthOfFebruaryIsOneOfLeapYears) {
  const DayCalendar made({"x", std::nullopt, 0x1F, {yearly("02-29", "02-29", "leap")}});
  EXPECT_EQ(made.class_name(day("2028-02-29")), "leap");
  EXPECT_EQ(made.class_name(day("2027-03-01")), "business");
}

TEST(DayCalendar, EqualDaysHaveEqualFingerprints) {
  const CalendarSpec spec{"x", std::nullopt, 0x1F, {dated("2026-12-25", "2026-12-26", "holiday")}};
  CalendarSpec same{
      "y",
      std::nullopt,
      0x1F,
      {dated("2026-12-26", "2026-12-26", "holiday"), dated("2026-12-25", "2026-12-25", "holiday")}};
  EXPECT_EQ(DayCalendar(spec).fingerprint(), DayCalendar(same).fingerprint());
  same.entries[0].day_class = "sale";
  EXPECT_NE(DayCalendar(spec).fingerprint(), DayCalendar(same).fingerprint());
}

// ---- .ics

std::string ics(const std::string& events) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n" + events + "END:VCALENDAR\r\n";
}
std::string event(const std::string& lines) {
  return "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Feast\r\n" + lines + "END:VEVENT\r\n";
}
// "2026-12-25 2026-12-26", or what is wrong.
std::string days_in(const std::string& text) {
  const auto read = days_of_file(text, "holiday", "x.ics");
  if (!read) return read.error().message;
  std::string out;
  for (const DayEntry& entry : *read)
    for (Day at = entry.first; at <= entry.last; at = at + 1)
      out += (out.empty() ? "" : " ") + to_text(at);
  return out;
}

struct IcsCase {
  const char* name;
  const char* lines;
  const char* days;
};
class Ics : public testing::TestWithParam<IcsCase> {};
TEST_P(Ics, SaysWhichDays) { EXPECT_EQ(days_in(ics(event(GetParam().lines))), GetParam().days); }
INSTANTIATE_TEST_SUITE_P(
    Events, Ics,
    testing::Values(
        IcsCase{"a_day", "DTSTART;VALUE=DATE:20261225\r\n", "2026-12-25"},
        IcsCase{"the_end_is_not_part_of_it",
                "DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\n",
                "2026-12-25 2026-12-26"},
        IcsCase{
            "an_end_before_the_begin",
            "DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261201\r\n",
            "part of it cannot be used: event \"Feast\" is left out: DTEND: comes before DTSTART"},
        IcsCase{"a_duration", "DTSTART;VALUE=DATE:20261225\r\nDURATION:P2D\r\n",
                "2026-12-25 2026-12-26"},
        IcsCase{"with_times", "DTSTART:20261225T220000Z\r\nDTEND:20261226T010000Z\r\n",
                "2026-12-25 2026-12-26"},
        IcsCase{"until_midnight", "DTSTART:20261225T080000\r\nDTEND:20261226T000000\r\n",
                "2026-12-25"},
        IcsCase{"repeated_but_for_one",
                "DTSTART;VALUE=DATE:20261226\r\nRRULE:FREQ=YEARLY;COUNT=3\r\n"
                "EXDATE;VALUE=DATE:20271226\r\n",
                "2026-12-26 2028-12-26"},
        IcsCase{"and_another", "DTSTART;VALUE=DATE:20260106\r\nRDATE;VALUE=DATE:20260206\r\n",
                "2026-01-06 2026-02-06"},
        IcsCase{"no_begin", "DTEND;VALUE=DATE:20261201\r\n",
                "part of it cannot be used: event \"Feast\" is left out: DTSTART: missing; "
                "expected a date or a date and time"},
        IcsCase{
            "another_time_zone",
            "DTSTART;TZID=Asia/Tokyo:20261225T010000\r\nDTEND;TZID=Asia/Tokyo:20261225T020000\r\n",
            "2026-12-25"},
        IcsCase{"moved_once",
                "DTSTART;VALUE=DATE:20261226\r\nRRULE:FREQ=YEARLY;COUNT=2\r\nEND:VEVENT\r\n"
                "BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;VALUE=DATE:20271226\r\n"
                "DTSTART;VALUE=DATE:20271227\r\n",
                "2026-12-26 2027-12-27"},
        IcsCase{"cancelled", "DTSTART;VALUE=DATE:20261225\r\nSTATUS:CANCELLED\r\n",
                "it holds no event (VEVENT) from 1970 to 2099"},
        IcsCase{"every_hour", "DTSTART:20261225T080000\r\nRRULE:FREQ=HOURLY\r\n",
                "its event \"Feast\" repeats more than 4000 times until 2099"},
        IcsCase{"every_day_for_ever", "DTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=DAILY\r\n",
                "its event \"Feast\" repeats more than 4000 times until 2099"},
        IcsCase{"a_long_one", "DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20281225\r\n",
                "its event \"Feast\" is longer than 366 days"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Ics, SaysWhatIsNone) {
  EXPECT_EQ(days_in("<html>"),
            "cannot read it as a calendar (.ics): expected BEGIN:VCALENDAR and what belongs to it");
  EXPECT_EQ(days_in(""),
            "cannot read it as a calendar (.ics): expected BEGIN:VCALENDAR and what belongs to it");
  EXPECT_EQ(days_in(ics("")), "it holds no event (VEVENT) from 1970 to 2099");
}

TEST(Ics, AYearlyFeastIsKnownUntilTheYear2099) {
  const auto read = days_of_file(ics(event("DTSTART;VALUE=DATE:20001225\r\nRRULE:FREQ=YEARLY\r\n")),
                                 "holiday", "x.ics");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size(), 100);
  EXPECT_EQ(read->back().name, "Feast");
  EXPECT_EQ(to_text(read->back().first), "2099-12-25");
}

TEST(Rule, SaysWhichDays) {
  const auto days = days_of_rule("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", day("2026-01-01"));
  ASSERT_TRUE(days) << days.error().text();
  EXPECT_EQ(to_text(days->front()), "2026-11-26") << "the fourth Thursday";
  EXPECT_EQ(days->size(), 74);
  EXPECT_FALSE(days_of_rule("every thursday", day("2026-01-01")));
  EXPECT_FALSE(days_of_rule("FREQ=SECONDLY", day("2026-01-01")));
}

}  // namespace
}  // namespace tocsin::calendar
