#include "oncall/shifts.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "calendar/wall_clock.h"
#include "oncall/test_roster.h"

namespace tocsin::oncall {
namespace {

OnCall schedule(const std::string& body, std::vector<Override> overrides = {}) {
  return OnCall(test_roster(std::string(kThreePeople) + "schedules:\n  - name: s\n" + body),
                std::move(overrides));
}

struct ShiftCase {
  const char* name;
  const char* body;  // of schedule s
  const char* from;
  const char* to;
  const char* expected;
};
class Shifts : public testing::TestWithParam<ShiftCase> {};

TEST_P(Shifts, AreThoseOfTheSchedule) {
  const ShiftCase& tested = GetParam();
  EXPECT_EQ(texts(schedule(tested.body).shifts("s", at(tested.from), at(tested.to))),
            tested.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Schedules, Shifts,
    testing::Values(
        ShiftCase{"weekly_over_the_end_of_summer_time",
                  "    zone: Europe/Berlin\n"
                  "    layers: [{people: [ana, bob], start: 2026-10-12}]\n",
                  "2026-10-20", "2026-10-27",
                  "2026-10-19T07:00:00Z 2026-10-26T08:00:00Z bob\n"
                  "2026-10-26T08:00:00Z 2026-11-02T08:00:00Z ana\n"},
        ShiftCase{"weekly_begins_with_the_start_of_the_layer",
                  "    layers: [{people: [ana, bob], start: 2026-01-07, hand_off: 'mon 08:00'}]\n",
                  "2026-01-01", "2026-01-13",
                  "2026-01-07T08:00:00Z 2026-01-12T08:00:00Z ana\n"
                  "2026-01-12T08:00:00Z 2026-01-19T08:00:00Z bob\n"},
        ShiftCase{"every_other_week",
                  "    layers: [{people: [ana, bob], rotate: 2w, start: 2026-01-05}]\n",
                  "2026-01-05T09:00:00Z", "2026-01-19T10:00:00Z",
                  "2026-01-05T09:00:00Z 2026-01-19T09:00:00Z ana\n"
                  "2026-01-19T09:00:00Z 2026-02-02T09:00:00Z bob\n"},
        ShiftCase{"twelve_hours_on_the_wall_clock",
                  "    zone: America/New_York\n"
                  "    layers: [{people: [ana, bob, cy], rotate: 12h, hand_off: '08:00', "
                  "start: 2026-03-07}]\n",
                  "2026-03-07T13:00:00Z", "2026-03-09T00:00:01Z",
                  "2026-03-07T13:00:00Z 2026-03-08T01:00:00Z ana\n"
                  "2026-03-08T01:00:00Z 2026-03-08T12:00:00Z bob\n"
                  "2026-03-08T12:00:00Z 2026-03-09T00:00:00Z cy\n"
                  "2026-03-09T00:00:00Z 2026-03-09T12:00:00Z ana\n"},
        // Friday's is followed by the next person on Monday: days without hours are not counted.
        ShiftCase{"daily_in_business_hours",
                  "    layers: [{people: [ana, bob, cy], rotate: daily, hand_off: '00:00', "
                  "hours: ['mon-fri 09:00-17:00'], start: 2026-01-08}]\n",
                  "2026-01-08", "2026-01-14",
                  "2026-01-08T09:00:00Z 2026-01-08T17:00:00Z ana\n"
                  "2026-01-09T09:00:00Z 2026-01-09T17:00:00Z bob\n"
                  "2026-01-12T09:00:00Z 2026-01-12T17:00:00Z cy\n"
                  "2026-01-13T09:00:00Z 2026-01-13T17:00:00Z ana\n"},
        ShiftCase{"nights_over_the_weekend",
                  "    layers: [{people: [ana, bob], rotate: daily, hand_off: '12:00', "
                  "hours: ['fri-sun 22:00-06:00'], start: 2026-01-09}]\n",
                  "2026-01-09", "2026-01-17",
                  "2026-01-09T22:00:00Z 2026-01-10T06:00:00Z ana\n"
                  "2026-01-10T22:00:00Z 2026-01-11T06:00:00Z bob\n"
                  "2026-01-11T22:00:00Z 2026-01-12T06:00:00Z ana\n"
                  "2026-01-16T22:00:00Z 2026-01-17T06:00:00Z bob\n"},
        ShiftCase{"a_later_layer_goes_first",
                  "    layers:\n"
                  "      - {people: [ana], start: 2026-01-05}\n"
                  "      - {people: [bob], rotate: daily, start: 2026-01-05, "
                  "hours: ['tue 10:00-12:00']}\n",
                  "2026-01-05T09:00:00Z", "2026-01-07",
                  "2026-01-05T09:00:00Z 2026-01-06T10:00:00Z ana\n"
                  "2026-01-06T10:00:00Z 2026-01-06T12:00:00Z bob\n"
                  "2026-01-06T12:00:00Z 2026-01-12T09:00:00Z ana\n"},
        ShiftCase{"following_the_sun",
                  "    layers:\n"
                  "      - {people: [ana], zone: Europe/Berlin, rotate: daily, hand_off: '00:00', "
                  "start: 2026-06-01, hours: ['08:00-20:00']}\n"
                  "      - {people: [bob], zone: America/New_York, rotate: daily, "
                  "hand_off: '00:00', start: 2026-06-01, hours: ['14:00-02:00']}\n",
                  "2026-06-02T06:00:00Z", "2026-06-03T05:00:00Z",
                  "2026-06-02T06:00:00Z 2026-06-02T18:00:00Z ana\n"
                  "2026-06-02T18:00:00Z 2026-06-03T04:00:00Z bob\n"
                  "2026-06-03T04:00:00Z 2026-06-03T06:00:00Z bob\n"},
        ShiftCase{"a_layer_ends",
                  "    layers: [{people: [ana, bob], rotate: daily, start: 2026-01-05, "
                  "end: 2026-01-06T12:00}]\n",
                  "2026-01-01", "2026-02-01",
                  "2026-01-05T09:00:00Z 2026-01-06T09:00:00Z ana\n"
                  "2026-01-06T09:00:00Z 2026-01-06T12:00:00Z bob\n"}),
    [](const auto& tested) { return std::string(tested.param.name); });

Override override_of(const char* id, Override::Kind kind, const char* from, const char* to,
                     const char* person, const char* instead_of) {
  Override out;
  out.id = id;
  out.schedule = "s";
  out.kind = kind;
  out.from = at(from);
  out.to = at(to);
  out.person = person;
  out.instead_of = instead_of;
  return out;
}

constexpr const char* kWeekly = "    layers: [{people: [ana, bob], start: 2026-01-05}]\n";

struct OverrideCase {
  const char* name;
  std::vector<Override> overrides;
  const char* expected;  // 2026-01-05 to 2026-01-12
};
class Overrides : public testing::TestWithParam<OverrideCase> {};

TEST_P(Overrides, ChangeTheFinalLane) {
  const auto on_call = schedule(kWeekly, GetParam().overrides);
  EXPECT_EQ(texts(on_call.shifts("s", at("2026-01-05T09:00:00Z"), at("2026-01-12T09:00:00Z"))),
            GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Overrides,
    testing::Values(
        OverrideCase{
            "take_over_of_one",
            {override_of("1", Override::Kind::kTakeOver, "2026-01-06", "2026-01-07", "cy", "ana")},
            "2026-01-05T09:00:00Z 2026-01-06T00:00:00Z ana\n"
            "2026-01-06T00:00:00Z 2026-01-07T00:00:00Z cy *\n"
            "2026-01-07T00:00:00Z 2026-01-12T09:00:00Z ana\n"},
        OverrideCase{
            "take_over_of_somebody_who_is_not_on_call",
            {override_of("1", Override::Kind::kTakeOver, "2026-01-06", "2026-01-07", "cy", "bob")},
            "2026-01-05T09:00:00Z 2026-01-12T09:00:00Z ana\n"},
        OverrideCase{"add",
                     {override_of("1", Override::Kind::kAdd, "2026-01-06", "2026-01-07", "cy", "")},
                     "2026-01-05T09:00:00Z 2026-01-06T00:00:00Z ana\n"
                     "2026-01-06T00:00:00Z 2026-01-07T00:00:00Z ana cy *\n"
                     "2026-01-07T00:00:00Z 2026-01-12T09:00:00Z ana\n"},
        OverrideCase{
            "remove_leaves_nobody",
            {override_of("1", Override::Kind::kRemove, "2026-01-06", "2026-01-07", "", "ana")},
            "2026-01-05T09:00:00Z 2026-01-06T00:00:00Z ana\n"
            "2026-01-07T00:00:00Z 2026-01-12T09:00:00Z ana\n"},
        OverrideCase{
            "a_later_one_has_the_last_word",
            {override_of("1", Override::Kind::kTakeOver, "2026-01-06", "2026-01-08", "cy", ""),
             override_of("2", Override::Kind::kTakeOver, "2026-01-07", "2026-01-09", "bob", "")},
            "2026-01-05T09:00:00Z 2026-01-06T00:00:00Z ana\n"
            "2026-01-06T00:00:00Z 2026-01-07T00:00:00Z cy *\n"
            "2026-01-07T00:00:00Z 2026-01-09T00:00:00Z bob *\n"
            "2026-01-09T00:00:00Z 2026-01-12T09:00:00Z ana\n"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Override, OneThatWasTakenBackEndsThen) {
  Override one =
      override_of("1", Override::Kind::kTakeOver, "2026-01-06", "2026-01-08", "cy", "ana");
  one.ended_at = at("2026-01-07");
  EXPECT_TRUE(one.covers(at("2026-01-06T12:00:00Z")));
  EXPECT_FALSE(one.covers(at("2026-01-07")));
  one.ended_at = at("2026-01-01");
  EXPECT_EQ(texts(schedule(kWeekly, {one}).shifts("s", at("2026-01-06"), at("2026-01-07"))),
            "2026-01-05T09:00:00Z 2026-01-12T09:00:00Z ana\n");
}

TEST(Gaps, AreWhereSomebodyShouldBe) {
  const auto on_call = schedule(
      "    must_cover: ['mon-fri 08:00-18:00']\n"
      "    layers: [{people: [ana], rotate: daily, hand_off: '00:00', start: 2026-01-05, "
      "hours: ['mon-thu 09:00-18:00']}]\n");
  const TimeMs from = at("2026-01-07");
  const TimeMs to = at("2026-01-13");
  const auto found = gaps(*on_call.roster().schedule("s"), on_call.shifts("s", from, to), from, to);
  std::string text;
  for (const Gap& gap : found) text += to_iso(gap.begin) + " " + to_iso(gap.end) + "\n";
  EXPECT_EQ(text,
            "2026-01-07T08:00:00Z 2026-01-07T09:00:00Z\n"
            "2026-01-08T08:00:00Z 2026-01-08T09:00:00Z\n"
            "2026-01-09T08:00:00Z 2026-01-09T18:00:00Z\n"
            "2026-01-12T08:00:00Z 2026-01-12T09:00:00Z\n");
}

TEST(OnCall, KnowsWhenOthersAreOnCall) {
  const auto on_call = schedule(
      "    layers: [{people: [ana, bob], rotate: daily, hand_off: '00:00', start: 2026-01-05, "
      "hours: ['mon-fri 09:00-18:00']}]\n");
  EXPECT_EQ(to_iso(on_call.next_change("s", at("2026-01-05"))), "2026-01-05T09:00:00Z");
  EXPECT_EQ(to_iso(on_call.next_change("s", at("2026-01-05T09:00:00Z"))), "2026-01-05T18:00:00Z");
  EXPECT_EQ(to_iso(on_call.next_change("s", at("2026-01-09T18:00:00Z"))), "2026-01-12T09:00:00Z");
  const auto alone = schedule("    layers: [{people: [ana], start: 2026-01-05}]\n");
  EXPECT_EQ(alone.next_change("s", at("2026-01-06")), kTimeMax) << "a turn of hers follows hers";
  EXPECT_EQ(alone.next_change("none", at("2026-01-06")), kTimeMax);
}

TEST(OnCall, ACalendarFileSaysWho) {
  const std::string yaml = std::string(kThreePeople) +
                           "schedules:\n  - name: s\n    zone: Europe/Berlin\n"
                           "    layers: [{ics: rota.ics}]\n";
  const std::string ics =
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
      "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:On call: Ana Ruiz, bob\r\nDTSTART;VALUE=DATE:20260105\r\n"
      "RRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\n"
      "BEGIN:VEVENT\r\nUID:2\r\nSUMMARY:Late\r\nATTENDEE:mailto:cy@example.com\r\n"
      "DTSTART:20260105T120000\r\nDTEND:20260106T120000\r\nEND:VEVENT\r\n"
      "BEGIN:VEVENT\r\nUID:3\r\nSUMMARY:Nobody we know\r\nDTSTART;VALUE=DATE:20260107\r\n"
      "END:VEVENT\r\nEND:VCALENDAR\r\n";
  const OnCall on_call(test_roster(yaml, {{"rota.ics", ics}}), {});
  EXPECT_EQ(texts(on_call.shifts("s", at("2026-01-04"), at("2026-01-08"))),
            "2026-01-04T23:00:00Z 2026-01-05T11:00:00Z ana bob\n"
            "2026-01-05T11:00:00Z 2026-01-05T23:00:00Z ana bob cy\n"
            "2026-01-05T23:00:00Z 2026-01-06T11:00:00Z cy\n");
}

// The naive twin walks turn by turn from the start and looks at one wall time.
std::string naive_on_call(const Layer& layer, TimeMs when) {
  const int64_t wall = calendar::wall_of_instant(layer.zone, when);
  if (wall < layer.start_wall_ms) return "";
  size_t person = 0;
  for (int64_t begin = layer.first_turn_wall_ms;; begin += layer.turn_ms) {
    bool any = false;
    for (int64_t hour = begin; hour < begin + layer.turn_ms; hour += 3'600'000)
      any = any || layer.hours.touches(hour, hour + 3'600'000);
    if (wall < begin + layer.turn_ms)
      return layer.hours.touches(wall, wall + 1) ? layer.people[person % layer.people.size()] : "";
    if (any) ++person;
  }
}

RC_GTEST_PROP(Shifts, EqualACountTurnByTurn, ()) {
  const auto turn =
      *rc::gen::element<std::string>("daily", "weekly", "12h", "8h", "3d", "2w", "7h");
  const auto zone = *rc::gen::element<std::string>("Europe/Berlin", "America/New_York", "UTC",
                                                   "Australia/Lord_Howe");
  const auto hours = *rc::gen::element<std::string>(
      "", ", hours: ['mon-fri 09:00-18:00']", ", hours: ['22:00-06:00']", ", hours: ['sat,sun']",
      ", hours: ['mon 03:00-04:00', 'wed-thu 20:00-02:00']");
  const auto on_call =
      schedule("    zone: " + zone + "\n    layers: [{people: [ana, bob, cy], rotate: " + turn +
               hours + ", start: 2026-02-05}]\n");
  const TimeMs when = at("2026-01-20") + minutes(*rc::gen::inRange(0, 90 * 1440));
  const Schedule& made = on_call.roster().schedules()[0];
  const auto found = on_call.on_call("s", when);
  // An instant of the second of two equal hours may count as the first: skip those.
  const int64_t wall = calendar::wall_of_instant(made.zone, when);
  RC_PRE(calendar::instant_of_wall(made.zone, wall) == when);
  RC_ASSERT((found.empty() ? std::string() : found.front()) == naive_on_call(made.layers[0], when));
}

}  // namespace
}  // namespace tocsin::oncall
