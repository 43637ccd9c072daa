#include "calendar/icalendar.h"

#include <gtest/gtest.h>

namespace tocsin::calendar {
namespace {

TimeMs at(const char* text) { return *parse_time(text); }

std::string lines(std::string text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

std::string entries(const Calendar& calendar, const char* from, const char* to) {
  std::string out;
  for (const auto& entry : calendar.entries(at(from), at(to), 1000))
    out += to_iso(entry.when.begin) + " " + to_iso(entry.when.end) + " " + entry.summary + "\n";
  return out;
}

Calendar read(const std::string& text, const char* zone = "UTC") {
  auto file = parse_calendar(lines(text), *Zone::find(zone));
  EXPECT_TRUE(file) << file.error().text();
  return Calendar::make(file ? std::move(*file) : CalendarFile{});
}

// As Google Calendar exports a weekly shift that was moved once, dropped once and cancelled once.
TEST(Icalendar, ReadsWhatGoogleWrites) {
  const Calendar made = read(R"(BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:Primary on call
X-WR-TIMEZONE:Europe/Madrid
BEGIN:VTIMEZONE
TZID:Europe/Madrid
X-LIC-LOCATION:Europe/Madrid
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=Europe/Madrid:20261005T090000
DTEND;TZID=Europe/Madrid:20261012T090000
RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20261220T225959Z
EXDATE;TZID=Europe/Madrid:20261102T090000
DTSTAMP:20260901T120000Z
ORGANIZER;CN=ops:mailto:ops@example.com
UID:abc123@google.com
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Ana
 ;X-NUM-GUESTS=0:mailto:Ana@Example.com
SUMMARY:Ana
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Madrid:20261020T090000
DTEND;TZID=Europe/Madrid:20261026T090000
RECURRENCE-ID;TZID=Europe/Madrid:20261019T090000
DTSTAMP:20260901T120000Z
UID:abc123@google.com
SUMMARY:Ana from Tuesday
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Madrid:20261130T090000
DTEND;TZID=Europe/Madrid:20261207T090000
RECURRENCE-ID;TZID=Europe/Madrid:20261130T090000
DTSTAMP:20260901T120000Z
UID:abc123@google.com
STATUS:CANCELLED
SUMMARY:Ana
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261225
DTEND;VALUE=DATE:20261227
DTSTAMP:20260901T120000Z
UID:xmas@google.com
SUMMARY:Bob\, all day
END:VEVENT
END:VCALENDAR
)");
  EXPECT_EQ(made.name(), "Primary on call");
  EXPECT_TRUE(made.notes().empty());
  EXPECT_EQ(entries(made, "2026-10-01", "2027-01-10"),
            "2026-10-05T07:00:00Z 2026-10-12T07:00:00Z Ana\n"
            "2026-10-20T07:00:00Z 2026-10-26T08:00:00Z Ana from Tuesday\n"
            "2026-11-16T08:00:00Z 2026-11-23T08:00:00Z Ana\n"
            "2026-12-14T08:00:00Z 2026-12-21T08:00:00Z Ana\n"
            "2026-12-24T23:00:00Z 2026-12-26T23:00:00Z Bob, all day\n");
  EXPECT_EQ(made.entries(at("2026-10-06"), at("2026-10-07"), 1).front().attendees,
            std::vector<std::string>{"ana@example.com"});
}

// Outlook: Windows names of zones, all-day events by midnight, classes and busy states.
TEST(Icalendar, ReadsWhatOutlookWrites) {
  const Calendar made = read(R"(BEGIN:VCALENDAR
METHOD:PUBLISH
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
X-WR-CALNAME:Bereitschaft
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:040000008200E00074C5B7101A82E00800000000
SUMMARY;LANGUAGE=de-DE:Nachtschicht
DTSTART;TZID=W. Europe Standard Time:20261024T220000
DTEND;TZID=W. Europe Standard Time:20261025T060000
RRULE:FREQ=DAILY;COUNT=2
CLASS:PUBLIC
PRIORITY:5
DTSTAMP:20260901T120000Z
TRANSP:OPAQUE
STATUS:CONFIRMED
SEQUENCE:0
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:Unknown zone
DTSTART;TZID=Customized Time Zone:20261024T220000
DTEND;TZID=Customized Time Zone:20261025T060000
END:VEVENT
END:VCALENDAR
)");
  EXPECT_EQ(entries(made, "2026-10-01", "2027-01-10"),
            "2026-10-24T20:00:00Z 2026-10-25T05:00:00Z Nachtschicht\n"
            "2026-10-25T21:00:00Z 2026-10-26T05:00:00Z Nachtschicht\n");
  ASSERT_EQ(made.notes().size(), 1u);
  EXPECT_EQ(made.notes()[0],
            "event \"Unknown zone\" is left out: DTSTART: cannot use \"Customized Time Zone\" as a "
            "time zone; expected an IANA name such as Europe/Madrid, or one of Windows");
}

TEST(Icalendar, ReadsZonesAtTheEndOfAPathAndADateAsRecurrenceId) {
  const Calendar made = read(R"(BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1
SUMMARY:Path
DTSTART;TZID=/freeassociation.sourceforge.net/America/Argentina/Ushuaia:20260601T090000
DURATION:PT1H
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:Day
DTSTART;VALUE=DATE:20260610
RRULE:FREQ=DAILY;COUNT=3
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:Other day
RECURRENCE-ID;VALUE=DATE:20260611
DTSTART;VALUE=DATE:20260620
END:VEVENT
END:VCALENDAR
)");
  EXPECT_EQ(entries(made, "2026-06-01", "2026-07-01"),
            "2026-06-01T12:00:00Z 2026-06-01T13:00:00Z Path\n"
            "2026-06-10T00:00:00Z 2026-06-11T00:00:00Z Day\n"
            "2026-06-12T00:00:00Z 2026-06-13T00:00:00Z Day\n"
            "2026-06-20T00:00:00Z 2026-06-21T00:00:00Z Other day\n");
}

TEST(Icalendar, SeveralCalendarsAndAByteOrderMark) {
  const std::string one =
      "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:%\nSUMMARY:S%\nDTSTART:20260601T09000%Z\n"
      "DURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR\n";
  std::string both = "\xEF\xBB\xBF";
  for (const char number : {'1', '2'})
    for (const char c : one) both += c == '%' ? number : c;
  EXPECT_EQ(entries(read(both), "2026-06-01", "2026-07-01"),
            "2026-06-01T09:00:01Z 2026-06-01T10:00:01Z S1\n"
            "2026-06-01T09:00:02Z 2026-06-01T10:00:02Z S2\n");
}

TEST(Icalendar, WhatIsNoCalendarIsRefused) {
  for (const std::string& text :
       {std::string(""), std::string("hello"), std::string("<html>"),
        std::string("BEGIN:VEVENT\nEND:VEVENT\n"), std::string("\xff\xfe"),
        std::string("BEGIN:VCALENDAR\n\0", 17)}) {
    const auto file = parse_calendar(text, Zone());
    ASSERT_FALSE(file) << text;
    EXPECT_EQ(file.error().code, ErrorCode::kInvalid);
    EXPECT_NE(file.error().message.find("cannot read it as a calendar"), std::string::npos);
  }
  EXPECT_FALSE(parse_calendar(std::string(kCalendarBytesMax + 1, 'x'), Zone()));
}

TEST(Icalendar, AnEventWithoutAUsableRuleIsLeftOutWithANote) {
  const Calendar made = read(
      "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nSUMMARY:Too often\n"
      "DTSTART:20260601T090000Z\nDURATION:PT1H\nRRULE:FREQ=SECONDLY\nEND:VEVENT\n"
      "BEGIN:VEVENT\nUID:2\nSUMMARY:No start\nEND:VEVENT\nEND:VCALENDAR\n");
  EXPECT_EQ(made.size(), 0u);
  EXPECT_EQ(made.notes().size(), 2u);
}

}  // namespace
}  // namespace tocsin::calendar
