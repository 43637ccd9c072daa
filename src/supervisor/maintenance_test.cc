#include "supervisor/maintenance.h"

#include <gtest/gtest.h>

namespace tocsin::supervisor {
namespace {

std::shared_ptr<const MaintenanceWindows> read(const std::string& item,
                                               config::Problems& problems) {
  const auto folder =
      config::Folder::from_texts({{"a.yaml", "maintenance:\n  - " + item + "\n"}}, problems);
  return MaintenanceWindows::read(folder, problems);
}

TEST(Maintenance, WhatIsWrittenWrongIsNamed) {
  struct Case {
    const char* name;
    const char* item;
    const char* says;  // empty: nothing is wrong
  };
  const Case cases[] = {
      {"once",
       "{name: a, matchers: [x=y], start: 2026-11-29T02:00, duration: 1h,"
       " until: 2026-11-30T00:00}",
       ""},
      {"every week",
       "{name: a, matchers: [x=y], start: 2026-11-29T02:00, duration: 1h,"
       " rrule: FREQ=WEEKLY, zone: Europe/Rome, until: 2027-11-30T00:00}",
       ""},
      {"no end", "{name: a, matchers: [x=y], start: 2026-11-29T02:00, duration: 1h}", "until"},
      {"no matchers",
       "{name: a, matchers: [], start: 2026-11-29T02:00, duration: 1h,"
       " until: 2026-11-30T00:00}",
       "needs 1 to 50 conditions"},
      {"a wrong matcher",
       "{name: a, matchers: ['x=~('], start: 2026-11-29T02:00, duration: 1h,"
       " until: 2026-11-30T00:00}",
       "matchers"},
      {"ends before it begins",
       "{name: a, matchers: [x=y], start: 2026-11-29T02:00, duration: 1h,"
       " until: 2026-11-29T02:00}",
       "must lie after the start"},
      {"too short",
       "{name: a, matchers: [x=y], start: 2026-11-29T02:00, duration: 59s,"
       " until: 2026-11-30T00:00}",
       "between 1m and 31d"},
      {"too long",
       "{name: a, matchers: [x=y], start: 2026-11-29T02:00, duration: 32d,"
       " until: 2027-11-30T00:00}",
       "between 1m and 31d"},
      {"an unknown zone",
       "{name: a, matchers: [x=y], start: 2026-11-29T02:00, duration: 1h,"
       " zone: Europe/Madird, until: 2026-11-30T00:00}",
       "Europe/Madrid"},
      {"no time",
       "{name: a, matchers: [x=y], start: sunday, duration: 1h,"
       " until: 2026-11-30T00:00}",
       "no time of a wall clock"},
      {"no rule",
       "{name: a, matchers: [x=y], start: 2026-11-29T02:00, duration: 1h,"
       " rrule: EVERY SUNDAY, until: 2026-11-30T00:00}",
       "rrule"},
      {"two of a name",
       "{name: a, matchers: [x=y], start: 2026-11-29T02:00, duration: 1h,"
       " until: 2026-11-30T00:00}\n  - {name: a, matchers: [x=y],"
       " start: 2026-11-29T02:00, duration: 1h, until: 2026-11-30T00:00}",
       "another window has this name"},
  };
  for (const Case& c : cases) {
    config::Problems problems;
    read(c.item, problems);
    if (*c.says == '\0')
      EXPECT_TRUE(problems.empty()) << c.name << ": " << problems.text();
    else
      EXPECT_NE(problems.text().find(c.says), std::string::npos)
          << c.name << ": " << problems.text();
  }
}

TEST(Maintenance, OccurrencesEndWithTheWindow) {
  config::Problems problems;
  const auto all = read(
      "{name: a, matchers: [x=y], start: 2026-11-28T23:00, duration: 2h, rrule: FREQ=DAILY,"
      " until: 2026-11-30T00:00}",
      problems);
  ASSERT_TRUE(problems.empty()) << problems.text();
  const MaintenanceWindow& window = all->windows.at(0);
  const auto at = [](const char* text) { return *parse_time(text); };
  const auto first = window.under_way_or_next(at("2026-11-29T00:30:00Z"));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->begin, at("2026-11-28T23:00:00Z"));
  EXPECT_EQ(first->end, at("2026-11-29T01:00:00Z"));
  const auto last = window.next(first->begin);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->end, at("2026-11-30T00:00:00Z")) << "cut at the window's end";
  EXPECT_FALSE(window.next(last->begin));
  EXPECT_FALSE(window.under_way_or_next(last->end));
  EXPECT_TRUE(window.says(window.silence(*first)));
  EXPECT_NE(window.silence(*first).id, window.silence(*last).id);
  Silence moved = window.silence(*first);
  moved.until = moved.until + hours(1);
  EXPECT_TRUE(window.says(moved)) << "somebody moved its end; it is the same occurrence";
  EXPECT_EQ(all->find("a"), &window);
  EXPECT_EQ(all->find("b"), nullptr);
}

}  // namespace
}  // namespace tocsin::supervisor
