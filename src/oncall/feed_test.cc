#include "oncall/feed.h"

#include <gtest/gtest.h>

#include "oncall/test_roster.h"

namespace tocsin::oncall {
namespace {

std::shared_ptr<const Roster> roster() {
  return test_roster(
      std::string(kThreePeople) +
      "schedules: [{name: s, title: 'Payments, nights', zone: Europe/Berlin, layers: "
      "[{people: [ana, bob], start: 2026-10-12}]}]\n");
}

std::vector<FeedShift> shifts(const OnCall& on_call) {
  std::vector<FeedShift> out;
  for (Shift& one : on_call.shifts("s", at("2026-10-20"), at("2026-11-20")))
    out.push_back({"s", std::move(one)});
  return out;
}

TEST(Feed, IsWhatCalendarsExpect) {
  const OnCall on_call(roster(), {});
  const std::string text =
      feed(on_call.roster(), "On call", shifts(on_call), "ana", at("2026-10-20T12:00:00Z"));
  for (const char* line :
       {"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "X-WR-CALNAME:On call\r\n",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n", "X-PUBLISHED-TTL:PT1H\r\n",
        "DTSTAMP:20261020T120000Z\r\n",
        "DTSTART:20261026T080000Z\r\nDTEND:20261102T080000Z\r\n"
        "SUMMARY:Ana Ruiz on call: Payments\\, nights\r\n",
        "TRANSP:TRANSPARENT\r\nX-MICROSOFT-CDO-BUSYSTATUS:FREE\r\n", "END:VCALENDAR\r\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  EXPECT_EQ(text.find("bob"), std::string::npos);
}

// What is written is read again by the reader of calendar files, and means the same shifts.
TEST(Feed, ReadsBackAsTheSameShifts) {
  const OnCall on_call(roster(), {});
  const auto given = shifts(on_call);
  const std::string text = feed(on_call.roster(), "On call", given, "", at("2026-10-20T12:00:00Z"));
  auto file = calendar::parse_calendar(text, calendar::Zone());
  ASSERT_TRUE(file) << file.error().text();
  EXPECT_TRUE(file->notes.empty());
  const auto entries =
      calendar::Calendar::make(std::move(*file)).entries(at("2026-01-01"), at("2027-01-01"), 100);
  ASSERT_EQ(entries.size(), given.size());
  for (size_t i = 0; i < given.size(); ++i) {
    EXPECT_EQ(entries[i].when.begin, given[i].shift.begin);
    EXPECT_EQ(entries[i].when.end, given[i].shift.end);
  }
}

TEST(Feed, AShiftKeepsItsUid) {
  const OnCall on_call(roster(), {});
  const auto uid_of = [&](const char* now) {
    const std::string text = feed(on_call.roster(), "On call", shifts(on_call), "bob", at(now));
    return text.substr(text.find("UID:"), 45);
  };
  EXPECT_EQ(uid_of("2026-10-20"), uid_of("2026-10-25"));
}

TEST(Feed, LongLinesAreFoldedBetweenCharacters) {
  std::string title;
  for (int i = 0; i < 60; ++i) title += "é";
  const std::string text = feed(Roster(), title, {}, "", at("2026-10-20"));
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find("\r\n", begin);
    EXPECT_LE(end - begin, 75u);
    begin = end + 2;
  }
  const auto file = calendar::parse_calendar(text, calendar::Zone());
  ASSERT_TRUE(file);
  EXPECT_EQ(file->name, title);
}

}  // namespace
}  // namespace tocsin::oncall
