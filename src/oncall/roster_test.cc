#include "oncall/roster.h"

#include <gtest/gtest.h>

#include "calendar/wall_clock.h"
#include "oncall/test_roster.h"

namespace tocsin::oncall {
namespace {

TEST(Roster, ReadsPeopleTeamsAndSchedules) {
  const auto roster = test_roster(
      "people:\n"
      "  - name: ana\n"
      "    real_name: Ana Ruiz\n"
      "    email: Ana@Example.com\n"
      "    phone: '+34 600 123'\n"
      "    slack: U1\n"
      "    zone: Europe/Madrid\n"
      "    leave: [{from: 2026-12-24, to: 2026-12-31}, {from: 2027-01-06}]\n"
      "    notify: [{by: mail}, {by: sms, after: 2m, severity: critical}, {by: voice, after: 5m},"
      " {by: mail, to: ana@home.example, after: 1m}]\n"
      "  - {name: bob, email: bob@example.com}\n"
      "teams: [{name: pay, people: [bob, ana]}]\n"
      "schedules:\n"
      "  - {name: s, title: Payments, team: pay, layers: [{people: [ana], start: 2026-01-07}]}\n");
  const Person& ana = *roster->person("ana");
  EXPECT_EQ(ana.email, "ana@example.com");
  EXPECT_EQ(ana.phone, "+34600123");
  EXPECT_TRUE(ana.on_leave(at("2026-12-23T23:00:00Z"))) << "midnight in Madrid";
  EXPECT_TRUE(ana.on_leave(at("2026-12-31T22:59:59Z")));
  EXPECT_FALSE(ana.on_leave(at("2026-12-31T23:00:00Z")));
  EXPECT_TRUE(ana.on_leave(at("2027-01-06T12:00:00Z")));
  const OnCall on_call(roster, {});
  EXPECT_EQ(on_call.people_of("pay"), (std::vector<std::string>{"ana", "bob"}));
  const auto texts = [&](Severity severity) {
    std::string out;
    for (const auto& one : on_call.contacts("ana", severity))
      out += one.receiver + " " + to_text(one.after) + "; ";
    return out;
  };
  EXPECT_EQ(texts(Severity::kCritical), "ana/mail 0; ana/mail-2 1m; ana/sms 2m; ana/voice 5m; ");
  EXPECT_EQ(texts(Severity::kLow), "ana/mail 0; ana/mail-2 1m; ana/voice 5m; ");
  EXPECT_EQ(on_call.contacts("bob", Severity::kHigh).size(), 1u)
      << "by mail, unless said otherwise";
  EXPECT_EQ(roster->person_called("ANA RUIZ"), &ana);
  EXPECT_EQ(roster->person_called("ana@example.com"), &ana);
  EXPECT_EQ(roster->person_called("ruiz"), nullptr);
  const Layer& layer = roster->schedule("s")->layers[0];
  EXPECT_EQ(calendar::wall_text(layer.start_wall_ms), "2026-01-07T09:00") << "at the hand-off";
  EXPECT_EQ(calendar::wall_text(layer.first_turn_wall_ms), "2026-01-05T09:00");
}

struct BadCase {
  const char* name;
  const char* yaml;
  const char* words;
};
class RosterRefused : public testing::TestWithParam<BadCase> {};

TEST_P(RosterRefused, SaysWhere) {
  const std::string problems = roster_problems(GetParam().yaml);
  EXPECT_NE(problems.find(GetParam().words), std::string::npos) << problems;
}

INSTANTIATE_TEST_SUITE_P(
    Files, RosterRefused,
    testing::Values(
        BadCase{"name_twice", "people: [{name: ana}, {name: ana}]\n", "stands twice"},
        BadCase{"name_with_a_slash", "people: [{name: a/b}]\n", "letters, digits"},
        BadCase{"no_mail_address", "people: [{name: ana, email: ana}]\n", "no mail address"},
        BadCase{"phone_without_country", "people: [{name: ana, phone: '600'}]\n",
                "with its country"},
        BadCase{"leave_backwards",
                "people: [{name: ana, leave: [{from: 2026-02-02, to: 2026-02-01}]}]\n",
                "comes before"},
        BadCase{"leave_is_no_date", "people: [{name: ana, leave: [{from: tomorrow}]}]\n",
                "expected a date"},
        BadCase{"unknown_zone", "people: [{name: ana, zone: Europe/Madird}]\n",
                "did you mean \"Europe/Madrid\"?"},
        BadCase{"unknown_person_in_a_team",
                "people: [{name: ana}]\nteams: [{name: t, people: [anna]}]\n",
                "did you mean \"ana\"?"},
        BadCase{"unknown_person_in_a_layer",
                "schedules: [{name: s, layers: [{people: [x], start: 2026-01-01}]}]\n",
                "layer 1 of schedule s names \"x\""},
        BadCase{"unknown_team",
                "people: [{name: x}]\nschedules: [{name: s, team: t, layers: [{people: [x], start: "
                "2026-01-01}]}]\n",
                "names team \"t\""},
        BadCase{"no_layers", "schedules: [{name: s}]\n", "layers"},
        BadCase{"no_start",
                "people: [{name: x}]\nschedules: [{name: s, layers: [{people: [x]}]}]\n",
                "turns need a `start`"},
        BadCase{"people_and_calendar",
                "people: [{name: x}]\nschedules: [{name: s, layers: [{people: [x], start: "
                "2026-01-01, ics: a.ics}]}]\n",
                "one of them"},
        BadCase{"no_such_file", "schedules: [{name: s, layers: [{ics: a.ics}]}]\n",
                "cannot read a.ics"},
        BadCase{"turn_of_half_an_hour",
                "people: [{name: x}]\nschedules: [{name: s, layers: [{people: [x], start: "
                "2026-01-01, rotate: 30m}]}]\n",
                "whole hours"},
        BadCase{"a_day_for_daily_turns",
                "people: [{name: x}]\nschedules: [{name: s, layers: [{people: [x], start: "
                "2026-01-01, rotate: daily, hand_off: mon 09:00}]}]\n",
                "whole weeks"},
        BadCase{"hand_off_without_a_time",
                "people: [{name: x}]\nschedules: [{name: s, layers: [{people: [x], start: "
                "2026-01-01, hand_off: mon}]}]\n",
                "expected a time"},
        BadCase{"hours_that_are_none",
                "people: [{name: x}]\nschedules: [{name: s, layers: [{people: [x], start: "
                "2026-01-01, hours: [weekdays]}]}]\n",
                "are no hours"},
        BadCase{"ends_before_it_starts",
                "people: [{name: x}]\nschedules: [{name: s, layers: [{people: [x], start: "
                "2026-01-02, end: 2026-01-01}]}]\n",
                "after the start"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(WeeklyHours, AreReadAndCutAtWeeks) {
  struct Case {
    std::vector<std::string> texts;
    size_t spans;
    int64_t hours;
  };
  for (const Case& tested :
       {Case{{}, 1, 168}, Case{{"mon-sun"}, 1, 168}, Case{{"mon-fri 09:00-18:00"}, 5, 45},
        Case{{"22:00-06:00"}, 8, 56}, Case{{"sun 22:00-06:00"}, 2, 8}, Case{{"fri-mon"}, 2, 96},
        Case{{"mon 00:00-24:00", "tue"}, 1, 48}, Case{{"sat,sun 10:00-12:00"}, 2, 4}}) {
    const auto hours = WeeklyHours::parse(tested.texts);
    ASSERT_TRUE(hours) << hours.error().text();
    int64_t sum = 0;
    for (const auto& span : hours->spans()) sum += span.end_ms - span.begin_ms;
    EXPECT_EQ(hours->spans().size(), tested.spans);
    EXPECT_EQ(sum, tested.hours * 3'600'000);
  }
  for (const char* bad : {"", " ", "mon-", "mon 9-18", "mon 09:00-09:00", "09:00",
                          "mon 09:00-18:00 tue", "24:00-06:00"})
    EXPECT_FALSE(WeeklyHours::parse({bad})) << bad;
}

}  // namespace
}  // namespace tocsin::oncall
