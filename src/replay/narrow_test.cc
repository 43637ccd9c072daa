#include "replay/narrow.h"

#include <gtest/gtest.h>

#include "config/folder.h"

namespace tocsin::replay {
namespace {

Plan plan_of(const char* yaml) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"c.yaml", yaml}}, problems);
  Plan plan;
  plan.workers = streamer::WorkerSet::read(folder, problems);
  plan.rules = std::make_shared<rules::RuleSet>(rules::RuleSet::read(folder, "site", problems));
  EXPECT_EQ(problems.text(), "");
  return plan;
}

constexpr const char* kHouse = R"(
workers:
  - {id: heat, tier: kpi, select: heat, models: [{kind: level}]}
  - {id: load, tier: kpi, select: load, models: [{kind: level}],
     aggregate: {op: sum, by: [site], every: 10s}}
  - {id: rates, tier: kpi, select: hits_total, models: [{kind: level}]}
rules:
  - {id: hot, severity: high, when: {violation: heat}}
  - {id: overload, severity: high, when: {violation: 'load:sum'}}
  - {id: rush, severity: high, when: {violation: 'hits_total:rate'}}
)";

struct Row {
  const char* name;
  Narrow narrow;
  const char* series;
  bool expected;
};

TEST(Narrow, LeavesOutOnlyWhatNobodyLooksAt) {
  const Plan whole = plan_of(kHouse);
  const Row rows[] = {
      {"everything", {}, "heat", true},
      {"evidence too", {}, "other", true},
      {"its site", {"rome", "", {}}, "heat", true},
      {"another site", {"oslo", "", {}}, "heat", false},
      {"its worker", {"", "heat", {}}, "heat", true},
      {"another worker", {"", "load", {}}, "heat", false},
      {"the worker of the rest", {"", "default", {}}, "other", true},
      {"what others test is not the rest", {"", "default", {}}, "heat", false},
      {"a rule looks at it", {"", "", {"hot"}}, "heat", true},
      {"no rule looks at it", {"", "", {"hot"}}, "load", false},
      {"a rule looks at its sum", {"", "", {"overload"}}, "load", true},
      {"a rule looks at its rate", {"", "", {"rush"}}, "hits_total", true},
      {"one of two rules", {"", "", {"hot", "overload"}}, "load", true},
      {"a rule, but of another worker", {"", "load", {"hot"}}, "heat", false},
  };
  for (const Row& row : rows) {
    const Plan plan = narrowed(whole, row.narrow);
    const Labels series = Labels::of(row.series, {{"site", "rome"}, {"host", "h1"}});
    EXPECT_EQ(wanted(plan, row.narrow, series), row.expected) << row.name;
  }
}

TEST(Narrow, KeepsTheRulesAsked) {
  const Plan plan = narrowed(plan_of(kHouse), {"", "", {"rush", "hot"}});
  ASSERT_EQ(plan.rules->rules().size(), 2U);
  EXPECT_EQ(plan.rules->rules()[0].id, "hot") << "in the order of the files";
  EXPECT_EQ(plan.rules->rules()[1].id, "rush");
}

TEST(Narrow, SaysWhatThereIsNot) {
  const Plan house = plan_of(kHouse);
  const Plan other = plan_of(
      "workers:\n  - {id: cold, tier: kpi, select: heat, "
      "models: [{kind: level}]}\n");
  EXPECT_TRUE(known({&house}, {"", "heat", {"hot"}}));
  EXPECT_TRUE(known({&house, &other}, {"", "cold", {"hot"}})) << "one of the two has it";
  const auto worker = known({&house}, {"", "cold", {}});
  ASSERT_FALSE(worker);
  EXPECT_NE(worker.error().message.find("no worker \"cold\""), std::string::npos);
  const auto rule = known({&house}, {"", "", {"hott"}});
  ASSERT_FALSE(rule);
  EXPECT_NE(rule.error().message.find("did you mean \"hot\""), std::string::npos);
  // Of a worker that only the other has nothing is tested here.
  const Plan nothing = narrowed(house, {"", "cold", {}});
  EXPECT_FALSE(wanted(nothing, {"", "cold", {}}, Labels::of("heat")));
}

}  // namespace
}  // namespace tocsin::replay
