#include "supervisor/time_interval.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "calendar/wall_clock.h"

namespace tocsin::supervisor {
namespace {

TimeIntervals read(const std::string& yaml, std::string* told = nullptr) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"a.yaml", yaml}}, problems);
  TimeIntervals out = read_time_intervals(folder, problems);
  if (told != nullptr)
    *told = problems.text();
  else
    EXPECT_TRUE(problems.empty()) << problems.text() << yaml;
  return out;
}

std::shared_ptr<const TimeInterval> one(const std::string& part) {
  return read("time_intervals: [{name: a, time_intervals: [" + part + "]}]").at("a");
}

TimeMs at(std::string_view text) { return parse_time(text).value_or(TimeMs{}); }

struct Case {
  const char *name, *part, *at;
  bool inside;
  const char* changes;  // next; empty: beyond the horizon
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

constexpr const char* kNight =
    "{times: [{start_time: '22:00', end_time: '24:00'},"
    " {start_time: '00:00', end_time: '06:00'}]}";
constexpr const char* kOffice =
    "{times: [{start_time: 09:00, end_time: 17:30}], weekdays: ['monday:friday'],"
    " location: Europe/Madrid}";
constexpr const char* kHalfPastTwo =
    "{times: [{start_time: '02:15', end_time: '02:45'}], location: Europe/Madrid}";

class Intervals : public testing::TestWithParam<Case> {};
TEST_P(Intervals, ContainAndChange) {
  const Case& c = GetParam();
  const auto interval = one(c.part);
  EXPECT_EQ(interval->contains(at(c.at)), c.inside);
  const TimeMs want = *c.changes == 0 ? at(c.at) + TimeInterval::kHorizon : at(c.changes);
  EXPECT_EQ(to_iso(interval->next_change(at(c.at))), to_iso(want));
}
INSTANTIATE_TEST_SUITE_P(
    All, Intervals,
    testing::Values(
        Case{"always", "{}", "2026-11-23T10:00:00Z", true, ""},
        Case{"before_its_minute", kNight, "2026-11-23T21:59:59.999Z", false,
             "2026-11-23T22:00:00Z"},
        Case{"over_midnight", kNight, "2026-11-23T22:00:00Z", true, "2026-11-24T06:00:00Z"},
        Case{"end_is_out", kNight, "2026-11-23T06:00:00Z", false, "2026-11-23T22:00:00Z"},
        Case{"office_in_winter", kOffice, "2026-11-23T08:00:00Z", true, "2026-11-23T16:30:00Z"},
        Case{"office_in_summer", kOffice, "2026-07-06T07:00:00Z", true, "2026-07-06T15:30:00Z"},
        Case{"over_a_weekend_whose_clock_changes", kOffice, "2026-03-27T16:30:00Z", false,
             "2026-03-30T07:00:00Z"},
        Case{"time_that_spring_leaves_out", kHalfPastTwo, "2026-03-29T00:00:00Z", false,
             "2026-03-30T00:15:00Z"},
        Case{"time_that_autumn_has_twice", kHalfPastTwo, "2026-10-25T00:20:00Z", true,
             "2026-10-25T00:45:00Z"},
        Case{"the_second_time", kHalfPastTwo, "2026-10-25T00:45:00Z", false,
             "2026-10-25T01:15:00Z"},
        Case{"last_days", "{days_of_month: ['-3:-1']}", "2026-02-25T12:00:00Z", false,
             "2026-02-26T00:00:00Z"},
        Case{"last_days_of_a_leap_year", "{days_of_month: ['-1']}", "2028-02-28T12:00:00Z", false,
             "2028-02-29T00:00:00Z"},
        Case{"a_day_that_february_lacks", "{days_of_month: ['30:31']}", "2026-01-31T12:00:00Z",
             true, "2026-02-01T00:00:00Z"},
        Case{"from_a_day_to_the_last", "{days_of_month: ['28:-1']}", "2026-02-28T12:00:00Z", true,
             "2026-03-01T00:00:00Z"},
        Case{"months_over_the_new_year", "{months: ['november:february']}", "2026-12-01T00:00:00Z",
             true, "2027-03-01T00:00:00Z"},
        Case{"month_by_number", "{months: ['12', may]}", "2026-11-30T00:00:00Z", false,
             "2026-12-01T00:00:00Z"},
        Case{"weekend_in_short", "{weekdays: ['Sat:Sun']}", "2026-11-27T23:00:00Z", false,
             "2026-11-28T00:00:00Z"},
        Case{"sunday_to_monday", "{weekdays: ['sunday:monday']}", "2026-11-22T12:00:00Z", true,
             "2026-11-24T00:00:00Z"},
        Case{"a_year_far_off", "{years: ['2030']}", "2026-11-23T00:00:00Z", false, ""},
        Case{"two_parts", "{weekdays: [monday]}, {weekdays: [tuesday]}", "2026-11-23T00:00:00Z",
             true, "2026-11-25T00:00:00Z"}),
    [](const auto& row) { return row.param.name; });

TEST(TimeIntervals, WhatIsWrongIsToldWithItsPlace) {
  const std::pair<const char*, const char*> kCases[] = {
      {"{times: [{start_time: '17:00', end_time: '09:00'}]}", "a night is two times"},
      {"{times: [{start_time: '17', end_time: '25:00'}]}", "expected a time such as 17:30"},
      {"{weekdays: [someday]}", "not \"someday\""},
      {"{days_of_month: ['0']}", "expected a day from 1"},
      {"{days_of_month: ['5:1']}", "5:1 ends before"},
      {"{days_of_month: ['-1:-5']}", "-1:-5 ends before"},
      {"{months: ['13']}", "expected a month"},
      {"{years: ['2028:2027']}", "2028:2027 ends before"},
      {"{location: Europe/Madird}", "Europe/Madrid"},
      {"{hours: 5}", "hours"},
  };
  for (const auto& [part, words] : kCases) {
    std::string told;
    read(fmt::format("time_intervals: [{{name: a, time_intervals: [{}]}}]", part), &told);
    EXPECT_NE(told.find(words), std::string::npos) << part << "\n" << told;
    EXPECT_NE(told.find("a.yaml:1"), std::string::npos) << told;
  }
  std::string told;
  read("time_intervals: [{name: a, time_intervals: [{}]}, {name: a, time_intervals: []}]", &told);
  EXPECT_NE(told.find("another time interval has this name"), std::string::npos) << told;
  EXPECT_NE(told.find("is never"), std::string::npos) << told;
}

// The same, told by looking at every minute, from the texts alone.
struct Naive {
  std::vector<std::pair<int, int>> times, days_of_month;
  std::vector<int> weekdays, months;
  calendar::Zone zone;

  bool contains(TimeMs time) const {
    const int64_t wall = time.ms + zone.offset(time).count;
    int64_t day = wall / calendar::kDayMs;
    const auto date = calendar::date_of_day(day);
    int length = 28;
    while (calendar::date_of_day(day - date.day + length + 1).month == date.month) ++length;
    const auto minute = static_cast<int>(wall % calendar::kDayMs / 60'000);
    bool time_fits = times.empty(), day_fits = days_of_month.empty();
    for (const auto& [from, to] : times) time_fits |= minute >= from && minute < to;
    for (int each = 1; each <= length; ++each)
      for (auto [from, to] : days_of_month) {
        from += from < 0 ? length + 1 : 0;
        to += to < 0 ? length + 1 : 0;
        day_fits |= each == date.day && each >= from && each <= to;
      }
    const auto named = [](const std::vector<int>& all, int value) {
      return all.empty() || std::find(all.begin(), all.end(), value) != all.end();
    };
    return time_fits && day_fits && named(weekdays, calendar::weekday_of_day(day)) &&
           named(months, date.month);
  }
};

TEST(TimeIntervals, AgreeWithANaiveTwinMinuteByMinute) {
  Random random(5);
  const auto clock = [](int minute) {
    return fmt::format("'{:02}:{:02}'", minute / 60, minute % 60);
  };
  const char* const zones[] = {"UTC", "Europe/Madrid", "America/St_Johns", "Australia/Lord_Howe"};
  for (int round = 0; round < 40; ++round) {
    const std::string zone = zones[random.below(4)];
    Naive naive;
    naive.zone = *calendar::Zone::find(zone);
    std::string times, weekdays, monthly, months;
    for (uint64_t n = random.below(3); n > 0; --n) {
      const int from = static_cast<int>(random.below(1'439));
      const int to = from + 1 + static_cast<int>(random.below(static_cast<uint64_t>(1'440 - from)));
      naive.times.emplace_back(from, to);
      times += fmt::format("{{start_time: {}, end_time: {}}},", clock(from), clock(to));
    }
    for (uint64_t n = random.below(4); n > 0; --n) {
      naive.weekdays.push_back(static_cast<int>(random.below(7)));
      weekdays += std::string(calendar::weekday_word(naive.weekdays.back())) + ",";
    }
    for (uint64_t n = random.below(3); n > 0; --n) {
      const int from = static_cast<int>(random.below(20)) + 1;
      const int to = random.below(2) == 0 ? from + 8 : -1 - static_cast<int>(random.below(7));
      naive.days_of_month.emplace_back(from, to);
      monthly += fmt::format("'{}:{}',", from, to);
    }
    for (uint64_t n = random.below(3); n > 0; --n) {
      naive.months.push_back(1 + static_cast<int>(random.below(12)));
      months += fmt::format("'{}',", naive.months.back());
    }
    const std::string part = fmt::format(
        "{{times: [{}], weekdays: [{}], days_of_month: [{}], months: [{}], location: {}}}", times,
        weekdays, monthly, months, zone);
    const auto interval = one(part);
    const TimeMs begin =
        at("2026-01-01T00:00:00Z") + minutes(static_cast<int64_t>(random.below(525'600)));
    TimeMs change = interval->next_change(begin);
    bool now = naive.contains(begin);
    for (TimeMs time = begin; time < begin + days(20); time = time + minutes(1)) {
      const bool inside = naive.contains(time);
      ASSERT_EQ(interval->contains(time), inside) << part << " at " << to_iso(time);
      if (inside == now && time < change) continue;
      ASSERT_EQ(time < change, inside == now) << part << " at " << to_iso(time);
      ASSERT_EQ(to_iso(time), to_iso(change)) << part;
      ASSERT_NE(inside, now) << part;
      now = inside;
      change = interval->next_change(time);
    }
  }
}

TEST(RouteHours, AreQuietUntilTheyTellAgain) {
  const TimeIntervals known = read(R"yaml(
time_intervals:
  - {name: office, time_intervals: [{times: [{start_time: '09:00', end_time: '17:00'}]}]}
  - {name: lunch, time_intervals: [{times: [{start_time: '12:00', end_time: '13:00'}]}]}
  - {name: siesta, time_intervals: [{times: [{start_time: '13:00', end_time: '14:00'}]}]}
  - {name: always, time_intervals: [{}]}
)yaml");
  RouteHours hours;
  hours.active = {known.at("office")};
  hours.muted = {known.at("lunch"), known.at("siesta")};
  EXPECT_FALSE(hours.quiet(at("2026-11-23T11:59:59Z")));
  const auto noon = hours.quiet(at("2026-11-23T12:30:00Z"));
  ASSERT_TRUE(noon);
  EXPECT_EQ(noon->by, "time interval \"lunch\"");
  EXPECT_EQ(to_iso(noon->until), to_iso(at("2026-11-23T14:00:00Z"))) << "one follows the other";
  const auto evening = hours.quiet(at("2026-11-23T17:00:00Z"));
  ASSERT_TRUE(evening);
  EXPECT_EQ(evening->by, "the end of time interval \"office\"");
  EXPECT_EQ(to_iso(evening->until), to_iso(at("2026-11-24T09:00:00Z")));
  hours.muted = {known.at("always")};
  EXPECT_EQ(hours.quiet(at("2026-11-23T10:00:00Z"))->until,
            at("2026-11-23T10:00:00Z") + TimeInterval::kHorizon)
      << "asked again then";
}

}  // namespace
}  // namespace tocsin::supervisor
