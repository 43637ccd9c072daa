#include <gtest/gtest.h>

#include "config/folder.h"
#include "config/reference.h"
#include "models/kinds.h"
#include "streamer/worker.h"

namespace tocsin::streamer {
namespace {

std::string problems_of(const std::string& yaml, std::shared_ptr<const WorkerSet>* out = nullptr) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"w.yaml", yaml}}, problems);
  auto set = WorkerSet::read(folder, problems);
  if (out != nullptr) *out = set;
  return problems.text();
}

const char* kWhole = R"(
workers:
  - id: payments
    select: ['payments_*{site="madrid"}', deposits]
    tier: kpi
    transform: increase
    aggregate: {op: p95, by: [site], every: 30s, name: pay95}
    models:
      - {kind: profile, name: weeks, weight: 0.7, season: week, window: 90m, weights: [3, 2, 1]}
      - {kind: level, weight: 0.3}
      - {kind: threshold, below: 1, for: 2m}
      - {kind: silence, after: 4, at_least: 20s}
    strategy: majority
    opens: 3 of 5
    missing: zero
    min_deviation: {absolute: 5, relative: 0.02}
    lateness: 90s
    score: 5
    noise: 2 per 30d
    min_duration: 5m
    accept_after: 2h
marks:
  - from: 2026-11-01T00:00:00Z
    to: 2026-11-01T02:00:00Z
    why: performance test
    match: 'payments_*'
sites:
  label: brand
  zones: {madrid: Europe/Madrid, malta: Europe/Malta}
)";

TEST(WorkerConfig, SeasonsOfOneProfileAreAModelEachAndShareItsWeight) {
  std::shared_ptr<const WorkerSet> set;
  ASSERT_EQ(problems_of("workers: [{id: w, select: x, models: [{kind: profile, season: [day, "
                        "week], weight: 0.6, periods: 3}, {kind: level, weight: 0.4}]}]",
                        &set),
            "");
  const Worker& worker = set->workers()[0];
  ASSERT_EQ(worker.models.size(), 3);
  EXPECT_EQ(
      worker.model_names(),
      (std::vector<std::string>{"profile day -1", "profile day -2", "profile day -3",
                                "profile week -1", "profile week -2", "profile week -3", "level"}));
  EXPECT_EQ(worker.models[0].season, calendar::Season::kDay);
  EXPECT_EQ(worker.models[1].season, calendar::Season::kWeek);
  EXPECT_EQ(worker.models[0].weight, 0.3);
  EXPECT_EQ(worker.models[1].weight, 0.3);
  EXPECT_EQ(worker.models[1].listed, 0);
  EXPECT_EQ(worker.models[2].listed, 1);
}

struct SeasonCase {
  const char* model;
  const char* problem;
};
class SeasonProblem : public testing::TestWithParam<SeasonCase> {};
TEST_P(SeasonProblem, IsTold) {
  const std::string told =
      problems_of("workers: [{id: w, select: x, models: [" + std::string(GetParam().model) + "]}]");
  EXPECT_NE(told.find(GetParam().problem), std::string::npos) << told;
}
INSTANTIATE_TEST_SUITE_P(
    Season, SeasonProblem,
    testing::Values(
        SeasonCase{"{kind: profile, season: month}", "expected week or day, not \"month\""},
        SeasonCase{"{kind: profile, season: [day, day]}", "expected week, day or [day, week]"},
        SeasonCase{"{kind: profile, season: []}", "expected week, day or [day, week]"},
        SeasonCase{"{kind: change, season: [day, week]}", "expected week or day"},
        SeasonCase{"{kind: profile, season: [day, week]}, {kind: profile}",
                   "two models of kind profile"}));

TEST(WorkerConfig, WholeWorkerIsRead) {
  std::shared_ptr<const WorkerSet> set;
  ASSERT_EQ(problems_of(kWhole, &set), "");
  ASSERT_EQ(set->workers().size(), 2) << "and the built-in default";
  const Worker& w = set->workers()[0];
  EXPECT_EQ(w.id, "payments");
  EXPECT_EQ(w.place, "w.yaml:3");
  EXPECT_TRUE(w.selects(Labels::of("payments_ok", {{"site", "madrid"}})));
  EXPECT_TRUE(w.selects(Labels::of("deposits")));
  EXPECT_FALSE(w.selects(Labels::of("payments_ok", {{"site", "rome"}})));
  EXPECT_EQ(w.tier, Tier::kKpi);
  EXPECT_EQ(w.transform, Transform::kIncrease);
  EXPECT_EQ(w.aggregate->quantile, 0.95);
  EXPECT_EQ(w.aggregate->every, seconds(30));
  EXPECT_EQ(w.models.size(), 4);
  EXPECT_EQ(w.models[0].period_weights, (std::vector<double>{3, 2, 1}));
  EXPECT_EQ(w.models[0].window, minutes(90));
  EXPECT_EQ(w.model_names(), (std::vector<std::string>{"weeks -1", "weeks -2", "weeks -3", "level",
                                                       "threshold", "silence"}));
  EXPECT_EQ(w.strategy, Strategy::kMajority);
  EXPECT_EQ(w.open_points, 3);
  EXPECT_EQ(w.open_of, 5);
  EXPECT_EQ(w.missing, Missing::kZero);
  EXPECT_EQ(w.deviation_absolute, 5);
  EXPECT_EQ(w.accept_after, hours(2));
  EXPECT_EQ(*w.noise, (Frequency{2, days(30)}));
  EXPECT_EQ(w.min_duration, minutes(5));
  EXPECT_FALSE(set->workers()[1].noise);
}

TEST(WorkerConfig, SitesAndMarksAreRead) {
  std::shared_ptr<const WorkerSet> set;
  ASSERT_EQ(problems_of(kWhole, &set), "");
  const Worker& w = set->workers()[0];
  EXPECT_EQ(judged_labels(w, Labels::of("payments_ok", {{"site", "madrid"}, {"host", "a"}})).text(),
            "pay95{site=\"madrid\"}");
  EXPECT_EQ(set->site_label(), "brand");
  EXPECT_EQ(set->zone(Labels::of("x", {{"brand", "madrid"}})).name(), "Europe/Madrid");
  EXPECT_EQ(set->zone(Labels::of("x", {{"brand", "unknown"}})).name(), "UTC");
  ASSERT_EQ(set->marks().size(), 1);
  EXPECT_TRUE(set->marks()[0].matches(Labels::of("payments_ok:rate:sum")));
  EXPECT_FALSE(set->marks()[0].matches(Labels::of("bets")));
}

struct WrongCase {
  const char* name;
  const char* yaml;
  const char* expected;  // part of the problem
};
class WorkerProblems : public testing::TestWithParam<WrongCase> {};
TEST_P(WorkerProblems, AreNamed) {
  const std::string text = problems_of(GetParam().yaml);
  EXPECT_NE(text.find(GetParam().expected), std::string::npos) << text;
}
INSTANTIATE_TEST_SUITE_P(
    All, WorkerProblems,
    testing::Values(
        WrongCase{"no_select", "workers: [{id: a}]", "worker \"a\" selects nothing"},
        WrongCase{"bad_regex", "workers: [{id: a, select: '~('}]", "RE2 syntax is expected"},
        WrongCase{"twice", "workers: [{id: a, select: x}, {id: a, select: y}]",
                  "two workers are called"},
        WrongCase{"unknown_key", "workers: [{id: a, select: x, tyer: kpi}]",
                  "did you mean \"tier\"?"},
        WrongCase{"opens", "workers: [{id: a, select: x, opens: 4 of 3}]", "expected \"n of m\""},
        WrongCase{"opens_too_many", "workers: [{id: a, select: x, opens: 2 of 9}]", "m <= 8"},
        WrongCase{"kind", "workers: [{id: a, select: x, models: [{kind: levle}]}]",
                  "did you mean \"level\"?"},
        WrongCase{"two_levels",
                  "workers: [{id: a, select: x, models: [{kind: level}, {kind: level}]}]",
                  "two models of kind level"},
        WrongCase{"no_limit", "workers: [{id: a, select: x, models: [{kind: threshold}]}]",
                  "needs above or below"},
        WrongCase{"limits_cross",
                  "workers: [{id: a, select: x, models: [{kind: threshold, above: 1, below: 2}]}]",
                  "every value would be outside"},
        WrongCase{"one_weight",
                  "workers: [{id: a, select: x, models: [{kind: profile, weights: [1]}]}]",
                  "2 to 12 weights"},
        WrongCase{
            "weights_and_periods",
            "workers: [{id: a, select: x, models: [{kind: profile, periods: 3, weights: [1, 1]}]}]",
            "2 weights for 3 periods"},
        WrongCase{"negative_weight",
                  "workers: [{id: a, select: x, models: [{kind: level, weight: -1}]}]",
                  "weight: must not be negative"},
        WrongCase{"op", "workers: [{id: a, select: x, aggregate: {op: p100}}]", "p1 to p99"},
        WrongCase{"score", "workers: [{id: a, select: x, score: 40}]", "score: must be between"},
        WrongCase{"noise_without_a_span", "workers: [{id: a, select: x, noise: 3}]",
                  "w.yaml:1:37: noise: expected \"COUNT per SPAN\" such as \"1 per week\""},
        WrongCase{"noise_too_rare", "workers: [{id: a, select: x, noise: 1 per 101w}]",
                  "noise: must be between 0.01 and 100 per week"},
        WrongCase{"noise_too_often", "workers: [{id: a, select: x, noise: 15 per day}]",
                  "noise: must be between 0.01 and 100 per week"},
        WrongCase{"min_duration", "workers: [{id: a, select: x, min_duration: 7h}]",
                  "min_duration: must be between 0s and 6h"},
        WrongCase{"zone", "sites: {zones: {m: Europe/Madird}}", "did you mean \"Europe/Madrid\"?"},
        WrongCase{"default", "default: maybe", "expected on or off"},
        WrongCase{"mark_order",
                  "marks: [{from: 2026-11-02T00:00:00Z, to: 2026-11-01T00:00:00Z, why: x}]",
                  "must end after it begins"}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct ExactCase {
  const char* name;
  const char* yaml;
  const char* expected;  // all of it
};
class WorkerProblemsExactly : public testing::TestWithParam<ExactCase> {};
TEST_P(WorkerProblemsExactly, AreTheseAndNoOther) {
  std::string expected = GetParam().expected, all;
  for (const Kind& kind : kinds()) all += (all.empty() ? "" : ", ") + std::string(kind.name);
  if (const size_t at = expected.find("KINDS"); at != std::string::npos)
    expected.replace(at, 5, all);
  EXPECT_EQ(problems_of(GetParam().yaml), expected);
}
INSTANTIATE_TEST_SUITE_P(
    All, WorkerProblemsExactly,
    testing::Values(
        ExactCase{"misspelt_kind_is_no_second_level",
                  "workers: [{id: a, select: x, models: [{kind: level}, {kind: treshold}]}]",
                  "w.yaml:1:61: kind: expected one of KINDS, not "
                  "\"treshold\"; did you mean \"threshold\"?\n"},
        ExactCase{"misspelt_kind_first",
                  "workers: [{id: a, select: x, models: [{kind: treshold}, {kind: level}]}]",
                  "w.yaml:1:46: kind: expected one of KINDS, not "
                  "\"treshold\"; did you mean \"threshold\"?\n"},
        ExactCase{"missing_kind",
                  "workers: [{id: a, select: x, models: [{kind: level}, {weight: 1}]}]",
                  "w.yaml:1:54: this model has no \"kind\"; it is required\n"},
        ExactCase{"select_element",
                  "workers:\n  - id: a\n    select:\n      - fine\n      - 'a*b*c'\n",
                  "w.yaml:5:9: select: "
                  "cannot use \"a*b*c\" as a name: one * at most; write ~REGEX for more\n"},
        ExactCase{"mark_element",
                  "marks: [{from: 2026-11-01T00:00:00Z, to: 2026-11-02T00:00:00Z, why: x,\n"
                  "  match: [y, 'a*b*c']}]",
                  "w.yaml:2:14: match: "
                  "cannot use \"a*b*c\" as a name: one * at most; write ~REGEX for more\n"},
        ExactCase{"weight_element",
                  "workers: [{id: a, select: x, models: [{kind: profile, weights: [1, -2, 3]}]}]",
                  "w.yaml:1:68: weights: a weight must be between 0 and 1000000\n"},
        ExactCase{"weights_unreadable",
                  "workers: [{id: a, select: x,\n"
                  "  models: [{kind: profile, periods: 3, weights: [1, 2, much]}]}]",
                  "w.yaml:2:56: weights: expected number, not \"much\"\n"},
        ExactCase{"limit_unreadable",
                  "workers: [{id: a, select: x, models: [{kind: threshold, above: much}]}]",
                  "w.yaml:1:64: above: expected number, not \"much\"\n"},
        ExactCase{
            "zone_of_a_site", "sites:\n  zones:\n    a: Europe/Rome\n    b: Europe/Madird\n",
            "w.yaml:4:8: zones: cannot use \"Europe/Madird\" as a time zone: the system's tz "
            "database has no such zone; expected an IANA name such as Europe/Madrid; did you mean "
            "\"Europe/Madrid\"?\n"}),
    [](const auto& tested) { return std::string(tested.param.name); });

// A problem begins with its key; the message behind it does not say it again.
TEST(WorkerConfig, ProblemsNameTheirKeyOnce) {
  config::Problems problems;
  const std::string yaml = R"(
workers:
  - id: a
    select: x
    opens: 4 of 3
    score: 40
    min_deviation: {absolute: -1, relative: -1}
    aggregate: {op: p100, every: 1ms}
    models:
      - {kind: profile, weight: -1, window: 1s, periods: 1}
      - {kind: threshold, above: 1, below: 2}
      - {kind: silence, after: 0}
)";
  WorkerSet::read(config::Folder::from_texts({{"w.yaml", yaml}}, problems), problems);
  EXPECT_EQ(problems.list().size(), 11u) << problems.text();
  for (const config::Problem& problem : problems.list()) {
    const std::string& text = problem.message;
    const std::string key = text.substr(0, text.find(':'));
    EXPECT_FALSE(text.substr(key.size() + 2).starts_with(key)) << text;
  }
}

TEST(Default, TestsWhatNoOtherWorkerSelects) {
  std::shared_ptr<const WorkerSet> set;
  ASSERT_EQ(problems_of("workers: [{id: a, select: x}, {id: b, select: 'x*'}]", &set), "");
  EXPECT_EQ(set->testing(Labels::of("x")).size(), 2);
  EXPECT_EQ(set->testing(Labels::of("y")), std::vector<WorkerRef>{WorkerRef{2}});
  EXPECT_EQ(set->worker(WorkerRef{2}).id, "default");
  ASSERT_EQ(problems_of("workers: [{id: a, select: x}]\ndefault: off", &set), "");
  EXPECT_TRUE(set->testing(Labels::of("y")).empty());
  ASSERT_EQ(problems_of("workers: [{id: default, score: 5}, {id: a, select: x}]", &set), "");
  EXPECT_EQ(set->worker(set->testing(Labels::of("y")).at(0)).score, 5);
  EXPECT_EQ(set->testing(Labels::of("x")).size(), 1);
  EXPECT_EQ(WorkerSet().workers().size(), 1);
}

TEST(ExtraShards, AreThoseOfTheGroups) {
  std::shared_ptr<const WorkerSet> set;
  ASSERT_EQ(problems_of("workers: [{id: a, select: x, aggregate: {op: sum, by: [site]}}]", &set),
            "");
  int extra = 0;
  for (int i = 0; i < 50; ++i) {
    const Labels labels = Labels::of("x", {{"site", "s" + std::to_string(i)}, {"host", "h"}});
    const uint64_t home = labels.hash() % 3;
    const uint64_t group = Labels::of("x:sum", {{"site", "s" + std::to_string(i)}}).hash() % 3;
    EXPECT_EQ(set->extra_shards(labels, 3), home == group ? 0 : uint64_t{1} << group);
    extra += home != group;
    EXPECT_EQ(set->extra_shards(labels, 1), 0);
  }
  EXPECT_GT(extra, 0);
  EXPECT_EQ(set->extra_shards(Labels::of("y"), 3), 0);
}

TEST(Definition, ChangesWithWhatIsLearnedNotWithThePlace) {
  const auto of = [](const std::string& yaml) {
    std::shared_ptr<const WorkerSet> set;
    EXPECT_EQ(problems_of(yaml, &set), "");
    return set->workers()[0].definition;
  };
  const Id128 one = of("workers: [{id: a, select: x}]");
  EXPECT_EQ(one, of("\n\nworkers:\n  - {id: a, select: x}\n"));
  EXPECT_EQ(one, of("workers: [{id: a, select: y}]"));
  EXPECT_NE(one, of("workers: [{id: a, select: x, score: 5}]"));
  EXPECT_NE(one, of("workers: [{id: a, select: x, models: [{kind: level, weight: 2}]}]"));
}

TEST(Reference, DescribesEveryKey) {
  config::Reference reference;
  WorkerSet::describe(reference);
  const std::string text = reference.markdown();
  for (const char* key : {"select", "opens", "min_deviation", "absolute", "weights", "at_least",
                          "every", "why", "zones", "accept_after"})
    EXPECT_NE(text.find("| `" + std::string(key) + "`"), std::string::npos) << key;
}

}  // namespace
}  // namespace tocsin::streamer
