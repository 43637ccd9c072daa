#include "tocsin/calendar_import.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

using As = CalendarImport::As;

oncall::Roster roster() {
  config::Problems problems;
  const auto folder = config::Folder::from_texts(
      {{"a.yaml",
        "people:\n"
        "  - {name: ana, real_name: Ana Ruiz, email: ana@example.com, zone: Europe/Madrid}\n"
        "  - {name: bob, email: bob@example.com, zone: America/New_York}\n"}},
      problems);
  oncall::Roster out = oncall::Roster::read(folder, {}, problems);
  EXPECT_EQ(problems.text(), "");
  return out;
}

ImportedCalendar taken(As as, const std::string& events, const char* from = "2026-10-01",
                       const char* to = "2027-01-01") {
  CalendarImport wanted;
  wanted.as = as;
  wanted.file = "rota.ics";
  wanted.schedule = "payments";
  wanted.zone = *calendar::Zone::find("Europe/Madrid");
  wanted.from = *parse_time(from);
  wanted.to = *parse_time(to);
  auto out =
      take_over_calendar(wanted, "BEGIN:VCALENDAR\r\n" + events + "END:VCALENDAR\r\n", roster());
  EXPECT_TRUE(out) << out.error().text();
  return out ? std::move(*out) : ImportedCalendar();
}

std::string event(const std::string& uid, const std::string& summary, const std::string& lines) {
  return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nSUMMARY:" + summary + "\r\n" + lines +
         "END:VEVENT\r\n";
}

std::string text(const ImportedCalendar& made) {
  std::string out;
  for (const auto& turn : made.turns)
    out += to_iso(turn.from) + " " + to_iso(turn.to) + " " + turn.person + "\n";
  return out;
}

// 09:00 to 17:00 on the wall, before and after the clocks went back on 25 October.
TEST(CalendarImport, OverridesKeepToTheWallClock) {
  const auto made = taken(As::kOverrides, event("1", "On call: Ana Ruiz",
                                                "DTSTART;TZID=Europe/Madrid:20261024T090000\r\n"
                                                "DTEND;TZID=Europe/Madrid:20261024T170000\r\n"
                                                "RRULE:FREQ=DAILY;COUNT=3\r\n"
                                                "EXDATE;TZID=Europe/Madrid:20261026T090000\r\n"));
  EXPECT_EQ(text(made),
            "2026-10-24T07:00:00Z 2026-10-24T15:00:00Z ana\n"
            "2026-10-25T08:00:00Z 2026-10-25T16:00:00Z ana\n");
  EXPECT_EQ(made.taken, 2u);
  EXPECT_TRUE(made.notes.empty());
}

TEST(CalendarImport, WhatHasBegunIsTakenFromNowOn) {
  const auto made = taken(
      As::kOverrides, event("1", "bob", "DTSTART:20261001T000000Z\r\nDTEND:20261003T000000Z\r\n"),
      "2026-10-02T12:00:00Z");
  EXPECT_EQ(text(made), "2026-10-02T12:00:00Z 2026-10-03T00:00:00Z bob\n");
}

TEST(CalendarImport, LeaveIsDaysOfThePerson) {
  const auto made =
      taken(As::kLeave, event("1", "ana, bob",
                              "DTSTART;VALUE=DATE:20261224\r\n"
                              "DTEND;VALUE=DATE:20261227\r\n") +
                            event("2", "ana", "DTSTART;VALUE=DATE:20261227\r\n") +
                            // 02:00 to 06:00 in Madrid is the evening before in New York.
                            event("3", "bob",
                                  "DTSTART;TZID=Europe/Madrid:20261103T020000\r\n"
                                  "DTEND;TZID=Europe/Madrid:20261103T060000\r\n"));
  EXPECT_EQ(made.yaml,
            "# Into the entries of section people:\n"
            "  - name: \"ana\"\n    leave: [{from: 2026-12-24, to: 2026-12-27}]\n"
            "  - name: \"bob\"\n    leave: [{from: 2026-11-02, to: 2026-11-02}, "
            "{from: 2026-12-24, to: 2026-12-26}]\n");
}

// Its begin and end are midnights of the file's own zone, not of the one given.
TEST(CalendarImport, AllDayEventsAreTheSameDaysEverywhere) {
  const auto made = taken(As::kLeave, "X-WR-TIMEZONE:Asia/Tokyo\r\n" +
                                          event("1", "bob", "DTSTART;VALUE=DATE:20261103\r\n"));
  EXPECT_NE(made.yaml.find("[{from: 2026-11-03, to: 2026-11-03}]"), std::string::npos) << made.yaml;
}

TEST(CalendarImport, WhatCannotBeTakenIsNamedWithItsLine) {
  const auto made =
      taken(As::kOverrides,
            event("1", "bob", "DTSTART:20261003T000000Z\r\nDTEND:20261004T000000Z\r\n") +
                event("2", "Somebody else",
                      "DTSTART:20261005T000000Z\r\nDTEND:20261006T000000Z\r\nRRULE:FREQ=DAILY;"
                      "COUNT=9\r\n") +
                event("3", "ana, bob", "DTSTART:20261007T000000Z\r\nDTEND:20261008T000000Z\r\n") +
                event("4", "ana", "DTSTART:20261009T000000Z\r\n") +
                event("5", "bad rule", "DTSTART:20261009T000000Z\r\nRRULE:FREQ=SECONDLY\r\n"));
  EXPECT_EQ(made.taken, 1u);
  ASSERT_EQ(made.notes.size(), 4u);
  const std::vector<std::string> wanted{
      "rota.ics:26: event \"bad rule\" is left out: ",
      "rota.ics:8: event \"Somebody else\" is left out: none of",
      "rota.ics:15: event \"ana, bob\" is left out: it names several",
      "rota.ics:21: event \"ana\" is left out: it has no length"};
  for (size_t i = 0; i < wanted.size(); ++i)
    EXPECT_TRUE(made.notes[i].starts_with(wanted[i])) << made.notes[i];
}

TEST(CalendarImport, AScheduleReadsTheFileItself) {
  const auto made = taken(As::kSchedule, "X-WR-CALNAME:Our \"rota\"\r\n" +
                                             event("1", "ana", "DTSTART;VALUE=DATE:20261103\r\n"));
  EXPECT_EQ(made.yaml,
            "schedules:\n  - name: \"payments\"\n    zone: Europe/Madrid\n    layers:\n"
            "      - {name: \"Our \\\"rota\\\"\", zone: Europe/Madrid, ics: \"rota.ics\"}\n");
  EXPECT_EQ(made.taken, 1u);
}

TEST(CalendarImport, RubbishIsRefused) {
  EXPECT_FALSE(take_over_calendar({}, "no calendar", roster()));
  EXPECT_FALSE(take_over_calendar({}, "", roster()));
}

}  // namespace
}  // namespace tocsin
