#include "tocsin/budget_view.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tocsin {
namespace {

using View = server::BudgetView;
using Verdict = View::Verdict;

const TimeMs kNow = *parse_time("2026-11-23T12:00:00Z");

std::shared_ptr<const Configuration> configuration_of(const std::string& yaml) {
  config::Problems problems;
  auto folder = config::Folder::from_texts({{"all.yaml", yaml}}, problems);
  auto made = Configuration::build(std::move(folder), "", problems);
  EXPECT_EQ(problems.text(), "");
  return made;
}

constexpr const char* kYaml = R"(
workers:
  - {id: w, select: 'a*', noise: 2 per week}
  - {id: free, select: 'b*'}
rules:
  - {id: r, severity: high, pages: 1 per 30d, when: {violation: a}}
  - {id: long, severity: high, pages: 1 per 90d, when: {violation: b}}
budget: {pages: 3 per 30d}
)";

View::Worker worker_of(const View& view, const std::string& id) {
  for (const View::Worker& one : view.workers)
    if (one.id == id) return one;
  ADD_FAILURE() << "no worker " << id;
  return {};
}
View::Pages pages_of(const View& view, const std::string& id) {
  for (const View::Rule& one : view.rules)
    if (one.id == id) return one.pages;
  ADD_FAILURE() << "no rule " << id;
  return {};
}
supervisor::PagesTold told(const std::string& rule, int64_t days_ago, int64_t pages) {
  return {rule, kNow.ms / 86'400'000 - days_ago, pages};
}

TEST(BudgetView, MeasuresPerSeriesWeek) {
  BudgetFacts facts;
  facts.now = kNow;
  BudgetFacts::Worker& w = facts.workers["w"];
  w.guarded = 10;
  w.episodes_7d = 15;
  w.spent.since = kNow - days(30);
  w.spent.most = {{Labels::of("a"), 9}};
  w.spent.series = 4;
  w.noise.series = 3, w.noise.supported = 2;
  w.noise.edges = {0.5F, 0.7F, 3};
  w.noise.supports = {0.1F, 0.2F, 5};
  const View view = budget_view(*configuration_of(kYaml), facts);
  const View::Worker worker = worker_of(view, "w");
  EXPECT_DOUBLE_EQ(worker.measured, 1.5);
  EXPECT_DOUBLE_EQ(worker.wanted, 2);
  EXPECT_EQ(worker.noise, "2 per week");
  EXPECT_EQ(worker.since, kNow - days(7));
  EXPECT_EQ(worker.verdict, Verdict::kWithin);
  EXPECT_EQ(worker.most[0].episodes, 9);
  EXPECT_EQ(worker.spenders, 4);
  EXPECT_FLOAT_EQ(static_cast<float>(worker.edge), 0.7F);
  EXPECT_FLOAT_EQ(static_cast<float>(worker.rarest), 0.2F);
  const View::Worker free = worker_of(view, "free");
  EXPECT_TRUE(std::isnan(free.wanted) && std::isnan(free.measured) && std::isnan(free.edge));
  EXPECT_EQ(free.verdict, Verdict::kNone);
}

TEST(BudgetView, AWorkerThatBeganLatelyIsMeasuredFromThen) {
  BudgetFacts facts;
  facts.now = kNow;
  BudgetFacts::Worker& w = facts.workers["w"];
  w.guarded = 7;
  w.episodes_7d = 2;
  w.spent.since = kNow - days(1);
  EXPECT_DOUBLE_EQ(worker_of(budget_view(*configuration_of(kYaml), facts), "w").measured, 2);
}

// Once a violation a minute after the first start was shown as 52 a week.
TEST(BudgetView, OfLessThanADayOfASeriesThereIsNoRate) {
  BudgetFacts facts;
  facts.now = kNow;
  BudgetFacts::Worker& w = facts.workers["w"];
  w.guarded = 249;
  w.episodes_7d = 1;
  for (const auto& [minutes_ago, known] : {std::pair{1, false}, {5, false}, {6, true}}) {
    w.spent.since = kNow - minutes(minutes_ago);
    const View::Worker worker = worker_of(budget_view(*configuration_of(kYaml), facts), "w");
    EXPECT_EQ(!std::isnan(worker.measured), known) << minutes_ago;
    EXPECT_EQ(worker.verdict != Verdict::kNone, known) << minutes_ago;
  }
}

TEST(BudgetView, PagesAreCountedOverTheSpanThatWasAskedFor) {
  const auto configuration = configuration_of(kYaml);
  EXPECT_LE(pages_since(*configuration, kNow), kNow - days(90));
  BudgetFacts facts;
  facts.now = kNow;
  facts.told = {told("gone", 1, 1), told("long", 80, 1), told("long", 2, 1),
                told("r", 29, 1),   told("r", 31, 5),    told("r", 0, 1)};
  const View view = budget_view(*configuration, facts);
  EXPECT_EQ(pages_of(view, "r").told, 2);
  EXPECT_EQ(pages_of(view, "r").verdict, Verdict::kOver);
  EXPECT_EQ(pages_of(view, "r").days.back(), 1);
  EXPECT_EQ(pages_of(view, "r").days.front(), 1);
  EXPECT_EQ(pages_of(view, "long").told, 2);
  EXPECT_EQ(pages_of(view, "long").days_counted, 90);
  EXPECT_EQ(pages_of(view, "long").verdict, Verdict::kOver);
  EXPECT_EQ(view.installation.told, 4) << "of rules that are gone as well";
  EXPECT_EQ(view.installation.verdict, Verdict::kOver);
  EXPECT_FALSE(view.installation.replayed);
}

TEST(BudgetView, AReplayIsHeldAgainstItsOwnSpan) {
  BudgetFacts facts;
  facts.now = kNow;
  facts.replay.at = kNow;
  facts.replay.from = kNow - days(15);
  facts.replay.to = kNow;
  facts.replayed = {{"r", 2}, {"long", 0}};
  const View view = budget_view(*configuration_of(kYaml), facts);
  EXPECT_EQ(*pages_of(view, "r").replayed, 2);
  EXPECT_DOUBLE_EQ(pages_of(view, "r").replay_allowed, 0.5);
  EXPECT_EQ(pages_of(view, "r").replay_verdict, Verdict::kOver);
  EXPECT_EQ(*pages_of(view, "long").replayed, 0);
  EXPECT_EQ(*view.installation.replayed, 2);
  EXPECT_EQ(view.installation.replay_verdict, Verdict::kWithin);
}

TEST(BudgetView, ReplaysThatAreSwitchedOffAreSaidToBe) {
  const auto off = configuration_of("budget: {replay: 0s}");
  EXPECT_EQ(budget_view(*off, {}).replay.state, View::Replay::State::kOff);
  EXPECT_EQ(budget_view(*configuration_of(""), {}).replay.state, View::Replay::State::kWaiting);
}

struct Episodes {
  const char* name;
  int64_t episodes;
  double expected;
  Verdict verdict;
};
class EpisodesVerdict : public testing::TestWithParam<Episodes> {};
TEST_P(EpisodesVerdict, ForgivesWhatChanceBrings) {
  EXPECT_EQ(episodes_verdict(GetParam().episodes, GetParam().expected), GetParam().verdict);
}
INSTANTIATE_TEST_SUITE_P(Cases, EpisodesVerdict,
                         testing::Values(Episodes{"none", 0, 0, Verdict::kWithin},
                                         Episodes{"one_of_nothing", 1, 0, Verdict::kWithin},
                                         Episodes{"two_of_nothing", 2, 0, Verdict::kOver},
                                         Episodes{"just_within", 121, 100, Verdict::kWithin},
                                         Episodes{"just_over", 122, 100, Verdict::kOver}),
                         [](const auto& tested) { return std::string(tested.param.name); });

struct PagesCase {
  const char* name;
  int64_t pages;
  double allowed;
  Verdict verdict;
};
class PagesVerdict : public testing::TestWithParam<PagesCase> {};
TEST_P(PagesVerdict, APartOfAPageCountsAsOne) {
  EXPECT_EQ(pages_verdict(GetParam().pages, GetParam().allowed), GetParam().verdict);
}
INSTANTIATE_TEST_SUITE_P(Cases, PagesVerdict,
                         testing::Values(PagesCase{"as_many", 1, 1, Verdict::kWithin},
                                         PagesCase{"one_more", 2, 1, Verdict::kOver},
                                         PagesCase{"of_a_part", 1, 0.3, Verdict::kWithin},
                                         PagesCase{"of_none", 1, 0, Verdict::kOver},
                                         PagesCase{"none_of_none", 0, 0, Verdict::kWithin}),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace tocsin
