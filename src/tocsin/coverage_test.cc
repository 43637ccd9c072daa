#include "tocsin/coverage.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

using server::CoverageView;

std::shared_ptr<const Configuration> build(const std::map<std::string, std::string>& files) {
  config::Problems problems;
  auto made = Configuration::build(config::Folder::from_texts(files, problems), "", problems);
  EXPECT_TRUE(problems.empty()) << problems.text();
  return made;
}

std::vector<Labels> series(std::initializer_list<const char*> texts) {
  std::vector<Labels> out;
  for (const char* text : texts) {
    const auto selector = SeriesSelector::parse(text);
    std::vector<Labels::Pair> pairs;
    for (const LabelMatcher& one : selector->matchers())
      pairs.emplace_back(one.label(), one.value());
    out.emplace_back(std::move(pairs));
  }
  return out;
}

CoverageView look(const Configuration& configuration, const std::vector<Labels>& list,
                  const std::vector<WorkerProgress>& progress = {}) {
  std::vector<const Labels*> pointers;
  for (const Labels& one : list) pointers.push_back(&one);
  return coverage_of(configuration, pointers, progress);
}

const std::string kWorker =
    "workers:\n  - {id: heat, tier: kpi, select: [heat], models: [{kind: level}]}\n";
const std::string kTold =
    "receivers:\n  - {name: pager, kind: webhook, url: 'http://127.0.0.1:1/'}\n";

std::string rule(const std::string& when) {
  return "rules:\n  - {id: r, severity: high, when: " + when + "}\n";
}

TEST(Coverage, SeriesByNameMostFirst) {
  const auto made = build({{"a.yaml", kWorker}});
  const auto found = look(*made, series({"heat{a=\"1\"}", "rain{a=\"1\"}", "wind{a=\"1\"}",
                                         "wind{a=\"2\"}", "tocsin_own"}));
  ASSERT_EQ(found.series.size(), 2U) << "neither what a worker selects nor Tocsin's own";
  EXPECT_EQ(found.series[0].name, "wind");
  EXPECT_EQ(found.series[0].series, 2);
  EXPECT_EQ(found.series[0].tested_by, "default");
  EXPECT_EQ(found.series[1].example, "rain{a=\"1\"}");
}

// Once a counter was listed twice, by its own name and by that of its rate.
TEST(Coverage, WhatAWorkerMadeOfASeriesIsNoSeriesOfItsOwn) {
  const auto made = build({});
  const CoverageView found =
      look(*made, series({"bytes_total{a=\"1\"}", "bytes_total:rate{a=\"1\"}"}));
  ASSERT_EQ(found.series.size(), 1U);
  EXPECT_EQ(found.series[0].name, "bytes_total");
}

TEST(Coverage, WithoutDefaultNobodyTests) {
  const auto made = build({{"a.yaml", kWorker + "default: off\n"}});
  const auto found = look(*made, series({"rain"}));
  ASSERT_EQ(found.series.size(), 1U);
  EXPECT_EQ(found.series[0].tested_by, "");
}

TEST(Coverage, TheYamlOfANameMendsItWhateverItsIdWouldBe) {
  // The id is taken; a counter is told as one.
  const std::string taken =
      "workers:\n  - {id: errors_total, select: [other], models: [{kind: level}]}\n";
  const auto before = look(*build({{"a.yaml", taken}}), series({"errors_total{a=\"1\"}"}));
  ASSERT_EQ(before.series.size(), 1U);
  const auto made = build({{"a.yaml", taken}, {"b.yaml", before.series[0].mend.yaml}});
  EXPECT_TRUE(look(*made, series({"errors_total{a=\"1\"}"})).series.empty());
  EXPECT_NE(before.series[0].mend.yaml.find("transform: rate"), std::string::npos);
}

struct LeafCase {
  const char* name;
  std::string when;
  const char* why;   // empty: the leaf is alive
  const char* yaml;  // part of it
};

TEST(Coverage, LeavesThatMatchNothing) {
  const LeafCase cases[] = {
      {"alive", "{violation: heat}", "", ""},
      {"alive by a star", "{violation: 'he*'}", "", ""},
      {"alive by its worker", "{violation: heat, worker: heat}", "", ""},
      {"senders are no series", "{violation: tocsin_sender, direction: silent}", "", ""},
      {"a name that is nearly right", "{violation: heet}", "no series heet", "violation: \"heat\""},
      {"a name unlike any", "{violation: zebra_crossings}", "no series zebra_crossings", ""},
      {"labels that none has", "{violation: heat, labels: {site: rome}}", "none of them has these",
       "violation: \"heat\""},
      {"another worker tests it", "{violation: heat, worker: other}", "does not test these series",
       "select: [\"heat\"]"},
      {"of another tier", "{violation: rain, tier: kpi}", "no worker of tier kpi", "tier: kpi"},
  };
  const auto list = series({"heat{site=\"madrid\"}", "rain"});
  for (const LeafCase& c : cases) {
    const auto made =
        build({{"a.yaml", kWorker + "  - {id: other, select: [sun], models: [{kind: level}]}\n"},
               {"b.yaml", rule(c.when)},
               {"c.yaml", kTold}});
    const auto found = look(*made, list);
    if (std::string(c.why).empty()) {
      EXPECT_TRUE(found.leaves.empty()) << c.name << ": " << found.leaves.front().why;
      continue;
    }
    ASSERT_EQ(found.leaves.size(), 1U) << c.name;
    EXPECT_NE(found.leaves[0].why.find(c.why), std::string::npos)
        << c.name << ": " << found.leaves[0].why;
    EXPECT_NE(found.leaves[0].mend.yaml.find(c.yaml), std::string::npos)
        << c.name << ": " << found.leaves[0].mend.yaml;
    EXPECT_FALSE(found.leaves[0].mend.words.empty()) << c.name;
  }
}

TEST(Coverage, ALeafOfARateLooksForTheRate) {
  const std::string worker =
      "workers:\n  - {id: e, tier: kpi, select: [errors_total], models: [{kind: level}]}\n";
  const auto list = series({"errors_total{a=\"1\"}"});
  EXPECT_TRUE(
      look(*build({{"a.yaml", worker + rule("{violation: 'errors_total:rate'}") + kTold}}), list)
          .leaves.empty());
  EXPECT_EQ(look(*build({{"a.yaml", worker + rule("{violation: errors_total}") + kTold}}), list)
                .leaves.size(),
            1U);
}

TEST(Coverage, WorkersThatNeverLearned) {
  const std::string text =
      "workers:\n"
      "  - {id: guarded, select: [a], models: [{kind: level}]}\n"
      "  - {id: learns, select: [b], models: [{kind: profile}]}\n"
      "  - {id: limit, select: [c], models: [{kind: threshold, above: 1}]}\n"
      "  - {id: nothing, select: [heatt], models: [{kind: level}]}\n";
  const auto made = build({{"a.yaml", text}});
  std::vector<WorkerProgress> progress(made->workers->workers().size());
  const auto at = [&](const char* id) -> WorkerProgress& {
    return progress[made->workers->find(id)->index];
  };
  at("guarded") = {2, 1, 0.5, {}};
  at("learns") = {2, 2, 0.25, TimeMs{5000}};
  at("limit") = {1, 1, 0, {}};
  const auto found = look(*made, series({"a", "b", "c", "heat"}), progress);
  ASSERT_EQ(found.workers.size(), 2U);
  EXPECT_EQ(found.workers[0].id, "learns");
  EXPECT_EQ(found.workers[0].learned, 0.25);
  EXPECT_EQ(found.workers[0].guarded_from, TimeMs{5000});
  EXPECT_NE(found.workers[0].mend.yaml.find("kind: level"), std::string::npos);
  EXPECT_EQ(found.workers[1].id, "nothing");
  EXPECT_EQ(found.workers[1].mend.yaml, "select: [\"heat\"]\n");
}

TEST(Coverage, AlertsThatWakeNobody) {
  const std::string rules =
      "rules:\n  - {id: r, severity: high, by: [site], when: {violation: heat}}\n";
  const auto list = series({"heat{site=\"madrid\"}", "heat{site=\"rome\"}"});
  struct {
    const char* name;
    std::string more;
    int64_t scopes;
  } const cases[] = {
      {"no receiver at all", "", 2},
      {"a receiver without routes is told all", kTold, 0},
      {"a route for one site", kTold + "routes:\n  - {match: [site=rome], receivers: [pager]}\n",
       1},
      {"a route for a severity it has not",
       kTold + "routes:\n  - {severity: [low], receivers: [pager]}\n", 2},
  };
  for (const auto& c : cases) {
    const auto found = look(*build({{"a.yaml", kWorker + rules + c.more}}), list);
    if (c.scopes == 0) {
      EXPECT_TRUE(found.alerts.empty()) << c.name;
      continue;
    }
    ASSERT_EQ(found.alerts.size(), 1U) << c.name;
    EXPECT_EQ(found.alerts[0].scopes, c.scopes) << c.name;
    EXPECT_EQ(found.alerts[0].of, 2) << c.name;
    EXPECT_EQ(found.alerts[0].told, std::vector<std::string>{"inbox"}) << c.name;
  }
  // What is offered where there is no receiver mends it.
  const auto before = look(*build({{"a.yaml", kWorker + rules}}), list);
  const auto made = build({{"a.yaml", kWorker + rules}, {"b.yaml", before.alerts[0].mend.yaml}});
  EXPECT_TRUE(look(*made, list).alerts.empty());
}

TEST(Coverage, WhatIsBuiltInIsNobodysGap) {
  const auto made = build({});
  const auto found = look(*made, {}, std::vector<WorkerProgress>(made->workers->workers().size()));
  EXPECT_TRUE(found.leaves.empty());
  EXPECT_TRUE(found.workers.empty());
  EXPECT_TRUE(found.alerts.empty());
}

}  // namespace
}  // namespace tocsin
