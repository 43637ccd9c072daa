// Days of a class, from the configuration to the verdict.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/random.h"
#include "streamer/band.h"
#include "streamer/test_rig.h"

namespace tocsin::streamer {
namespace {

using calendar::Day;

constexpr double kTurn = 6.283185307179586;

// The days of a shop in Madrid: ten holidays of fixed date a year, Good Friday by hand, a sale.
constexpr const char* kCalendar = R"(
calendars:
  - name: spain
    days:
      - {date: 01-01, name: New Year}
      - {date: 01-06, name: Epiphany}
      - {date: 05-01, name: Labour Day}
      - {date: 08-15, name: Assumption}
      - {date: 10-12, name: National Day}
      - {date: 11-01, name: All Saints}
      - {date: 12-06, name: Constitution Day}
      - {date: 12-08, name: Immaculate Conception}
      - {date: 12-25, name: Christmas}
      - {date: 2024-03-29, name: Good Friday}
      - {date: 2025-04-18, name: Good Friday}
      - {date: 2026-04-03, name: Good Friday}
      - {rule: "FREQ=YEARLY;BYMONTH=11;BYDAY=4FR", class: sale, name: Black Friday}
sites: {zones: {madrid: Europe/Madrid}, calendars: {madrid: spain}}
)";

std::string worker_yaml(const std::string& profile) {
  return "workers:\n  - id: kpis\n    select: 'payments*'\n    tier: kpi\n    models:\n      - " +
         profile + "\n";
}

// What a shop sells, on its wall clock: a day and a week, growth of a quarter a year, noise of 4 %.
// Holidays begin late and reach 45 % of a business day; a sale is 80 % more.
struct Shop {
  explicit Shop(std::shared_ptr<const WorkerSet> set)
      : days(set->calendars().by_name.at("spain")) {}

  double at(TimeMs time, double noise) {
    const int64_t wall = zone.wall_ms(time, cursor);
    const Day day = calendar::day_of_wall(wall);
    const double hour = static_cast<double>(wall - day.number * 86'400'000) / 3'600'000;
    const auto hump = [&](double centre, double width) {
      return std::exp(-(hour - centre) * (hour - centre) / (2 * width * width));
    };
    const std::string& what = days->class_name(day);
    double value = 20 + 100 * hump(12, 3) + 80 * hump(19, 2.5);
    if (what == "weekend") value = 34 + 120 * hump(14, 4);
    if (what == "holiday") value = 15 + 60 * hump(15, 3.5);
    if (what == "sale") value *= 1.8;
    const double years = (time - *parse_time("2024-01-01T00:00:00Z")).seconds() / (365.25 * 86'400);
    return value * std::pow(1.25, years) * (1 + 0.04 * noise);
  }
  std::shared_ptr<const calendar::DayCalendar> days;
  calendar::Zone zone = *calendar::Zone::find("Europe/Madrid");
  calendar::Zone::Cursor cursor;
};

const Labels kSeries = Labels::of("payments", {{"site", "madrid"}});

struct Outcome {
  std::map<std::string, int> opened, guarded, points;  // by class of the day
};

// Three years, of which the last one counts.
Outcome three_years(const std::string& profile, int64_t step_s, double outage = 1) {
  const auto set = workers_of(worker_yaml(profile) + kCalendar);
  Shop shop(set);
  Random random(7);
  std::vector<DrawnPoint> points;
  const TimeMs from = *parse_time("2024-01-01T00:00:00Z"), to = *parse_time("2027-01-01T00:00:00Z");
  const TimeMs counted = *parse_time("2026-01-01T00:00:00Z");
  for (TimeMs time = from; time < to; time = time + seconds(step_s)) {
    double value = shop.at(time, random.normal());
    // From 16:00 to 17:00 of every counted holiday, if asked for.
    const int64_t wall = shop.zone.wall_ms(time, shop.cursor);
    const Day day = calendar::day_of_wall(wall);
    const int64_t hour = (wall - day.number * 86'400'000) / 3'600'000;
    if (time >= counted && hour == 16 && shop.days->class_name(day) == "holiday") value *= outage;
    points.push_back({time, value, 1});
  }
  const Drawing drawn = draw_band(*set, *set->find("kpis"), kSeries, points, kTimeMax);
  Outcome out;
  const auto class_at = [&](TimeMs time) {
    return shop.days->class_name(calendar::day_of_wall(shop.zone.wall_ms(time, shop.cursor)));
  };
  for (const DrawnViolation& one : drawn.violations)
    if (one.from >= counted) ++out.opened[class_at(one.from)];
  for (const JudgedPoint& point : drawn.points) {
    if (point.time < counted) continue;
    ++out.points[class_at(point.time)];
    if (!std::isnan(point.expected)) ++out.guarded[class_at(point.time)];
  }
  return out;
}

// The year is quiet, and an hour at 40 % is found on each of its ten holidays. Without a calendar
// the band of an ordinary day takes holidays for a fall and misses what happens on them.
TEST(CalendarYear, IsQuietAndItsHolidaysAreGuarded) {
  for (const char* season : {"week", "day"}) {
    const std::string profile =
        fmt::format("{{kind: profile, season: {}, calendar: site}}", season);
    Outcome quiet = three_years(profile, 300);
    for (const char* one : {"business", "weekend", "holiday", "sale"}) {
      EXPECT_EQ(quiet.opened[one], 0) << season << ", " << one;
      EXPECT_EQ(quiet.guarded[one], quiet.points[one]) << season << ", " << one;
    }
    Outcome outages = three_years(profile, 300, 0.4);
    EXPECT_EQ(outages.opened["holiday"], 10) << season;
    EXPECT_EQ(outages.opened["business"] + outages.opened["weekend"], 0) << season;
  }
  Outcome without = three_years("{kind: profile, season: week}", 300, 0.4);
  EXPECT_LT(without.opened["holiday"], 10);
}

// ---- Live, a few weeks at five minutes

struct Live {
  explicit Live(const std::string& profile, const std::string& calendar = kCalendar,
                const char* from = "2026-11-02T00:00:00Z", const std::string& site = "madrid")
      : rig(workers_of(worker_yaml(profile) + calendar)),
        shop(rig.set),
        now(*parse_time(from)),
        ref(rig.series("payments", {{"site", site}})) {}
  void until(const char* end, double factor = 1) {
    for (; now < *parse_time(end); now = now + minutes(5))
      rig.send(ref, now, factor * shop.at(now, random.normal()));
  }
  TestView view() { return rig.streamers[0].tests(ref).at(0); }
  size_t opened() const { return rig.opened(); }

  Rig rig;
  Shop shop;
  Random random{3};
  TimeMs now;
  SeriesRef ref;
};

constexpr const char* kWeek = "{kind: profile, calendar: spain}";

TEST(Calendar, AClassThatIsNotKnownYetAbstainsAndSaysWhy) {
  Live live(kWeek);
  live.until("2026-12-06T12:00:00Z");
  EXPECT_EQ(live.view().state, TestView::State::kLearning) << "the first holiday";
  EXPECT_EQ(live.view().reason,
            "learning: 0 of 2 days of class holiday known; not guarded until "
            "2026-12-06T23:00:00Z");
  EXPECT_EQ(live.view().learned, 0);
  live.until("2026-12-07T12:00:00Z");
  EXPECT_EQ(live.view().state, TestView::State::kGuarded);
  live.until("2026-12-08T12:00:00Z");
  EXPECT_EQ(live.view().reason,
            "learning: 1 of 2 days of class holiday known; not guarded until "
            "2026-12-08T23:00:00Z");
  EXPECT_EQ(live.view().learned, 0.5);
  live.until("2026-12-25T12:00:00Z");
  EXPECT_EQ(live.view().state, TestView::State::kGuarded) << "two holidays are known";
  EXPECT_EQ(live.opened(), 0);
  live.until("2026-12-25T12:15:00Z", 0.4);
  EXPECT_EQ(live.opened(), 1);
}

TEST(Calendar, HolidaysDoNotTeachTheDaysOfTheWeek) {
  // Four Tuesdays, two of which are holidays: the fifth is judged by the other two.
  Live live(kWeek, R"(
calendars: [{name: spain, days: [{date: 2026-11-10}, {date: 2026-11-24}]}]
sites: {zones: {madrid: Europe/Madrid}}
)");
  live.until("2026-12-01T12:00:00Z");
  const auto models = live.rig.streamers[0].models(live.ref, WorkerRef{0});
  EXPECT_EQ(models[0].weight, 0) << "the last Tuesday was a holiday";
  EXPECT_NEAR(models[1].weight, 0.5, 1e-6);
  EXPECT_EQ(models[2].weight, 0);
  EXPECT_NEAR(models[3].weight, 0.5, 1e-6);
}

struct LikeCase {
  const char* name;
  const char* day_class;
  bool opens;
};
class CalendarLike : public testing::TestWithParam<LikeCase> {};
// A Tuesday on which the shop is as on a Saturday.
TEST_P(CalendarLike, IsJudgedAsItsClass) {
  const std::string tuesday = fmt::format(
      "calendars: [{{name: spain, days: [{{date: 2026-12-01, class: {}}}]}}]\n"
      "sites: {{zones: {{madrid: Europe/Madrid}}}}\n",
      GetParam().day_class);
  Live live(kWeek, tuesday);
  live.until("2026-11-30T23:00:00Z");
  ASSERT_EQ(live.opened(), 0);
  const TimeMs saturday = *parse_time("2026-11-27T23:00:00Z");
  for (TimeMs at = saturday; at < saturday + days(1); at = at + minutes(5))
    live.rig.send(live.ref, at + days(3), live.shop.at(at, live.random.normal()));
  EXPECT_EQ(live.opened() > 0, GetParam().opens);
  EXPECT_EQ(live.view().state, TestView::State::kGuarded);
  live.now = saturday + days(4);
  const size_t before = live.opened();
  live.until("2026-12-08T23:00:00Z");
  EXPECT_EQ(live.opened(), before) << "nor did it teach Tuesdays";
}
INSTANTIATE_TEST_SUITE_P(Class, CalendarLike,
                         testing::Values(LikeCase{"weekend", "weekend", false},
                                         LikeCase{"business", "business", true}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(Calendar, EachSiteFollowsItsOwn) {
  const std::string yaml = worker_yaml("{kind: profile, calendar: site}") + R"(
calendars:
  - {name: spain, days: [{date: 12-06}]}
  - {name: gulf, zone: Asia/Dubai, business_days: sun-thu}
sites: {zones: {madrid: Europe/Madrid}, calendars: {madrid: spain, dubai: gulf}}
)";
  const auto set = workers_of(yaml);
  const ModelSpec& model = set->workers()[0].models[0];
  const auto of = [&](const char* site) {
    return set->calendar_of(model, Labels::of("x", {{"site", site}}));
  };
  EXPECT_EQ(of("madrid")->name(), "spain");
  EXPECT_EQ(of("dubai")->name(), "gulf");
  EXPECT_EQ(of("paris"), nullptr) << "its days are all alike";
  EXPECT_EQ(of("dubai")->class_name(*calendar::parse_day("2026-11-22")), "business");
}

TEST(Calendar, ItsZoneSaysWhenItsDaysBegin) {
  // The site's clock is Madrid's; the calendar's day begins six hours later.
  Live live(kWeek, R"(
calendars: [{name: spain, zone: America/New_York, days: [{date: 2026-12-01}]}]
sites: {zones: {madrid: Europe/Madrid}}
)");
  live.until("2026-12-01T04:55:00Z");
  EXPECT_EQ(live.view().state, TestView::State::kGuarded);
  live.until("2026-12-01T05:05:00Z");
  EXPECT_EQ(live.view().state, TestView::State::kLearning);
  live.until("2026-12-02T05:05:00Z");
  EXPECT_EQ(live.view().state, TestView::State::kGuarded);
}

TEST(Calendar, ARestartAmidAHolidayChangesNothing) {
  for (const char* profile : {kWeek, "{kind: profile, season: day, calendar: spain}"}) {
    Live straight(profile), broken(profile);
    for (const char* at : {"2026-12-06T13:02:00Z", "2026-12-08T00:00:00Z", "2026-12-24T23:00:00Z",
                           "2026-12-25T12:31:00Z"}) {
      straight.until(at);
      broken.until(at);
      broken.rig.restart();
    }
    for (Live* one : {&straight, &broken}) {
      one->until("2026-12-25T14:00:00Z", 0.3);
      one->until("2026-12-27T00:00:00Z");
    }
    ASSERT_GT(straight.opened(), 0);
    ASSERT_EQ(straight.rig.items.size(), broken.rig.items.size()) << profile;
    for (size_t i = 0; i < straight.rig.items.size(); ++i)
      ASSERT_EQ(straight.rig.full(straight.rig.items[i]), broken.rig.full(broken.rig.items[i]))
          << profile << ", item " << i;
  }
}

TEST(Calendar, OtherDaysAreAnotherWorkerAndOtherWordsAreNot) {
  const auto definition = [](const std::string& day, const std::string& more = "") {
    return workers_of(worker_yaml(kWeek) + "calendars: [{name: spain, days: [" + day + "]" + more +
                      "}]\n")
        ->identities()[0]
        .definition;
  };
  const auto before = definition("{date: 12-25, class: feast}");
  EXPECT_EQ(before, definition("{date: 12-25, class: feast, name: Christmas}"));
  EXPECT_EQ(before, definition("{from: 12-25, to: 12-25, class: feast}"));
  EXPECT_NE(before, definition("{date: 12-26, class: feast}"));
  EXPECT_NE(before, definition("{date: 12-25, class: sale}"));
  EXPECT_NE(before, definition("{date: 12-25, class: feast}", ", business_days: mon-sat"));
}

// ---- Reading

std::string problems_of(const std::string& yaml, const std::string& ics = "") {
  config::Problems problems;
  std::map<std::string, std::string> files{{"c.yaml", yaml}};
  if (!ics.empty()) files["days/x.ics"] = ics;
  const auto folder = config::Folder::from_texts(files, problems);
  (void)WorkerSet::read(folder, problems);
  return problems.text();
}

struct ProblemCase {
  const char* name;
  const char* yaml;
  const char* problem;
};
class CalendarProblem : public testing::TestWithParam<ProblemCase> {};
TEST_P(CalendarProblem, IsToldWithItsPlace) {
  const ProblemCase& tested = GetParam();
  const std::string told = problems_of(tested.yaml, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
  if (*tested.problem == 0)
    EXPECT_EQ(told, "");
  else
    EXPECT_NE(told.find(tested.problem), std::string::npos) << told;
}
INSTANTIATE_TEST_SUITE_P(
    Yaml, CalendarProblem,
    testing::Values(
        ProblemCase{"right",
                    "calendars: [{name: x, business_days: [mon, wed-fri], days: [{from: 12-24, to: "
                    "01-06}, {date: 2028-02-29, class: leap}]}]",
                    ""},
        ProblemCase{"no_date", "calendars: [{name: x, days: [{class: sale}]}]",
                    "these days need one of date, from with to, and rule"},
        ProblemCase{"two_of_them", "calendars: [{name: x, days: [{date: 12-25, rule: x}]}]",
                    "these days need one of date, from with to, and rule"},
        ProblemCase{"from_alone", "calendars: [{name: x, days: [{from: 12-25}]}]",
                    "c.yaml:1:37: from: from and to stand together"},
        ProblemCase{"no_such_date", "calendars: [{name: x, days: [{date: 2026-02-29}]}]",
                    "\"2026-02-29\" is no date from 1970 to 2099"},
        ProblemCase{"mixed", "calendars: [{name: x, days: [{from: 12-25, to: 2026-12-26}]}]",
                    "both are dates of one year, or both of every year"},
        ProblemCase{"backwards",
                    "calendars: [{name: x, days: [{from: 2026-12-26, to: 2026-12-25}]}]",
                    "must not be before from"},
        ProblemCase{"too_long",
                    "calendars: [{name: x, days: [{from: 2026-01-01, to: 2027-12-25}]}]",
                    "at most 366 days in one entry"},
        ProblemCase{"a_rule_that_is_none", "calendars: [{name: x, days: [{rule: thursdays}]}]",
                    "it is not an RRULE of RFC 5545"},
        ProblemCase{"weekdays", "calendars: [{name: x, business_days: monday}]",
                    "\"monday\" is no weekday"},
        ProblemCase{"zone", "calendars: [{name: x, zone: Europe/Madird}]",
                    "did you mean \"Europe/Madrid\"?"},
        ProblemCase{"twice", "calendars: [{name: x}, {name: x}]", "two calendars are called \"x\""},
        ProblemCase{"called_site", "calendars: [{name: site}]", "choose another name"},
        ProblemCase{"no_file", "calendars: [{name: x, files: [{file: y.ics}]}]",
                    "the configuration folder has no file \"y.ics\""},
        ProblemCase{"an_empty_file", "calendars: [{name: x, files: [{file: days/x.ics}]}]",
                    "cannot use days/x.ics: it holds no event (VEVENT)"},
        ProblemCase{"of_a_model",
                    "calendars: [{name: spain}]\nworkers: [{id: w, select: x, models: [{kind: "
                    "profile, calendar: spian}]}]",
                    "no calendar is called \"spian\"; did you mean \"spain\"?"},
        ProblemCase{"of_another_model",
                    "workers: [{id: w, select: x, models: [{kind: level, calendar: site}]}]",
                    "only a profile follows a calendar"},
        ProblemCase{"of_a_site", "sites: {calendars: {madrid: spain}}",
                    "no calendar is called \"spain\""},
        ProblemCase{"of_no_site",
                    "workers: [{id: w, select: x, models: [{kind: profile, calendar: site}]}]",
                    "no site has a calendar"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(CalendarFile, GivesDaysToACalendar) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts(
      {{"c.yaml", "calendars: [{name: x, files: [{file: a.ics, class: bank}]}]"},
       {"a.ics",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Easter Monday\r\n"
        "DTSTART;VALUE=DATE:20260406\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"}},
      problems);
  const auto set = WorkerSet::read(folder, problems);
  ASSERT_TRUE(problems.empty()) << problems.text();
  const calendar::DayCalendar& made = *set->calendars().by_name.at("x");
  const auto kind = made.kind(*calendar::parse_day("2026-04-06"));
  EXPECT_EQ(made.classes()[kind.index], "bank");
  EXPECT_EQ(kind.entry->name, "Easter Monday");
  EXPECT_EQ(kind.entry->source, "a.ics");
}

}  // namespace
}  // namespace tocsin::streamer
