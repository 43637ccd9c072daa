#include "tocsin/worker_calendars.h"

#include <gtest/gtest.h>

#include "config/folder.h"

namespace tocsin {
namespace {

std::shared_ptr<const streamer::WorkerSet> read(const std::string& yaml) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"w.yaml", yaml}}, problems);
  auto set = streamer::WorkerSet::read(folder, problems);
  EXPECT_EQ(problems.text(), "");
  return set;
}

TEST(WorkerCalendars, SayWhichDaysAreWhatAroundNow) {
  const auto set = read(R"(
calendars:
  - name: spain
    days: [{date: 12-25, name: Christmas}, {date: 2026-10-12}, {date: 2026-11-27, class: sale}]
  - {name: gulf, zone: Asia/Dubai, business_days: sun-thu}
sites: {zones: {madrid: Europe/Madrid}, calendars: {madrid: spain, malaga: spain, dubai: gulf}}
workers:
  - {id: a, select: x, models: [{kind: profile, calendar: site}, {kind: level}]}
  - {id: b, select: y, models: [{kind: profile, calendar: gulf}]}
  - {id: c, select: z, models: [{kind: profile}]}
)");
  // It is the 27th in Madrid, and in Dubai.
  const TimeMs now = *parse_time("2026-11-26T23:30:00Z");
  const auto of = [&](const char* id) {
    return calendars_of(*set, set->worker(*set->find(id)), now);
  };
  const auto a = of("a");
  ASSERT_EQ(a.size(), 2);
  EXPECT_EQ(a[0].name, "gulf");
  EXPECT_EQ(a[0].zone, "Asia/Dubai");
  EXPECT_EQ(a[0].business_days, "sun-thu");
  EXPECT_EQ(a[0].today_class, "weekend") << "a Friday";
  EXPECT_TRUE(a[0].days.empty());
  const auto& spain = a[1];
  EXPECT_EQ(spain.zone, "");
  EXPECT_EQ(spain.sites, (std::vector<std::string>{"madrid", "malaga"}));
  EXPECT_EQ(spain.today, "2026-11-27");
  EXPECT_EQ(spain.today_class, "sale");
  ASSERT_EQ(spain.days.size(), 2) << "October's is more than a month ago";
  EXPECT_EQ(spain.days[1].date, "2026-12-25");
  EXPECT_EQ(spain.days[1].day_class, "holiday");
  EXPECT_EQ(spain.days[1].name, "Christmas");
  EXPECT_EQ(spain.days[1].source, "w.yaml:4");
  ASSERT_EQ(of("b").size(), 1);
  EXPECT_TRUE(of("b")[0].sites.empty()) << "named by the worker";
  EXPECT_TRUE(of("c").empty());
}

}  // namespace
}  // namespace tocsin
