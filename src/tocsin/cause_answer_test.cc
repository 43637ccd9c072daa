#include "tocsin/cause_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin {
namespace {

using supervisor::ChangeKind;
using supervisor::MarkedChange;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr TimeMs kFirst{1'795'411'000'000};

Labels labels(std::vector<Labels::Pair> pairs) { return Labels(std::move(pairs)); }

AlertView alert() {
  AlertView out;
  out.opened_at = kFirst + seconds(20);
  Decision opened;
  opened.scope = labels({{"site", "madrid"}});
  for (const char* host : {"a", "b"}) {
    JudgedViolation judged;
    judged.labels = Labels::of("payments", {{"site", "madrid"}, {"app", "pay"}, {"host", host}});
    judged.violation.opened = kFirst;
    judged.violation.last.time = kFirst + seconds(15);
    opened.violations.push_back(judged);
  }
  out.opened = opened;
  return out;
}

TEST(CauseAnswer, AsksForTheTimeJustBeforeAndDuring) {
  const CausesAsked opening = causes_asked(alert(), CausesWhen::kAtOpening);
  EXPECT_EQ(opening.window.from, kFirst - minutes(2));
  EXPECT_EQ(opening.window.to, kFirst + seconds(20));
  EXPECT_EQ(opening.window.before_from, opening.window.from - hours(2));
  EXPECT_EQ(opening.reference, kFirst);
  EXPECT_EQ(opening.own.size(), 2u);
  EXPECT_EQ(opening.about, labels({{"app", "pay"}, {"site", "madrid"}})) << "hosts differ";
  const CausesAsked later = causes_asked(alert(), CausesWhen::kLater);
  EXPECT_EQ(later.window.from, kFirst - minutes(5));
  EXPECT_EQ(later.window.to, kFirst + seconds(20) + minutes(5));
}

TEST(CauseAnswer, PointsThatCameLateAreLookedForInTheirOwnTime) {
  AlertView late = alert();
  late.opened_at = kFirst + hours(30);
  const CausesAsked asked = causes_asked(late, CausesWhen::kAtOpening);
  EXPECT_EQ(asked.window.to, kFirst + seconds(75));
  EXPECT_LT(asked.window.from, asked.window.to);
}

TEST(CauseAnswer, AnAlertWithoutViolationsHasItsOpening) {
  AlertView bare;
  bare.opened_at = kFirst;
  const CausesAsked asked = causes_asked(bare, CausesWhen::kAtOpening);
  EXPECT_EQ(asked.reference, kFirst);
  EXPECT_LT(asked.window.from, asked.window.to);
}

TEST(CauseAnswer, ASpanIsWhatWasAsked) {
  server::CausesQuery query;
  query.from = kFirst - minutes(30);
  query.to = kFirst - minutes(20);
  query.about = Labels::of("payments", {{"host", "a"}});
  const AlertView of = alert();
  const CausesAsked asked = causes_asked(query, &of);
  EXPECT_EQ(asked.window.from, query.from);
  EXPECT_EQ(asked.window.to, query.to);
  EXPECT_EQ(asked.reference, query.to) << "the alert is not in the span";
  EXPECT_EQ(asked.about, query.about);
  EXPECT_EQ(asked.own.size(), 3u);
  query.to = kFirst + minutes(1);
  EXPECT_EQ(causes_asked(query, &of).reference, kFirst);
}

struct Answer : testing::Test {
  Answer() {
    asked = causes_asked(alert(), CausesWhen::kAtOpening);
    order.groups = {{"service", "cart", 0.6F, 10, 2}};
  }
  MarkedChange change(std::string title, DurationMs lead, std::vector<Labels::Pair> pairs = {}) {
    MarkedChange out;
    out.title = std::move(title);
    out.at = kFirst - lead;
    out.labels = Labels(std::move(pairs));
    return out;
  }
  std::vector<std::string> titles(const std::vector<MarkedChange>& changes) {
    std::vector<std::string> out;
    for (const server::CauseView& cause : causes_view(asked, scan, order, changes).causes)
      out.push_back(cause.change ? cause.change->title : cause.series.text());
    return out;
  }
  CausesAsked asked;
  query::CauseScan scan;
  query::CauseOrder order;
};

TEST_F(Answer, ChangesByTimeAndRelation) {
  EXPECT_THAT(
      titles({change("far", minutes(50)), change("near", minutes(2)),
              change("elsewhere", minutes(2), {{"site", "oslo"}}),
              change("of what moved", minutes(2), {{"service", "cart"}}),
              change("here", minutes(2), {{"site", "madrid"}}), change("yesterday", days(1))}),
      ElementsAre("of what moved", "here", "near", "elsewhere"));
}

TEST_F(Answer, AHolidayThatLastsIsOneStill) {
  MarkedChange holiday = change("Easter", hours(20));
  holiday.kind = ChangeKind::kHoliday;
  EXPECT_TRUE(titles({holiday}).empty());
  holiday.until = kFirst + hours(4);
  EXPECT_THAT(titles({holiday}), ElementsAre("Easter"));
}

TEST_F(Answer, SeriesSayWhyTheyRank) {
  const Labels cpu = Labels::of("cpu", {{"service", "cart"}, {"site", "madrid"}});
  query::ScoredSeries series{&cpu, 0, {}};
  series.unusual.deviations = 42.4F;
  series.unusual.began = kFirst - seconds(40);
  scan.scored = {series};
  scan.asked = 5;
  scan.without_points = 4;
  query::Cause cause;
  cause.score = 0.9F;
  cause.related = {{"site", "madrid"}};
  order.causes = {cause};
  const server::CausesView view =
      causes_view(asked, scan, order, std::vector{change("deploy", minutes(1))});
  ASSERT_EQ(view.causes.size(), 2u);
  EXPECT_EQ(view.causes[0].series, cpu);
  EXPECT_EQ(view.causes[0].why,
            "42.4 times its usual spread away from what is usual; began 40s before it; the same "
            "site madrid");
  EXPECT_THAT(view.causes[1].why, HasSubstr("a deploy; began 1m before it"));
  scan.scored[0].unusual.stopped = true;
  scan.scored[0].unusual.pause = seconds(10);
  EXPECT_EQ(causes_view(asked, scan, order, {}).causes[0].why,
            "no points any more, where no pause was longer than 10s; began 40s before it; the same "
            "site madrid");
  EXPECT_EQ(view.scored, 1u);
  EXPECT_EQ(view.without_points, 4u);
}

}  // namespace
}  // namespace tocsin
