#include "rules/rule.h"

#include <gtest/gtest.h>

namespace tocsin::rules {
namespace {

struct Read {
  RuleSet rules;
  std::string problems, notes;
};

Read read(const std::string& yaml) {
  config::Problems problems;
  const config::Folder folder = config::Folder::from_texts({{"r.yaml", yaml}}, problems);
  Read out{RuleSet::read(folder, "site", problems), problems.text(), ""};
  for (const config::Problem& note : out.rules.notes()) out.notes += note.text() + "\n";
  return out;
}

// One rule with this `when` (flow style) and further lines.
std::string rule(const std::string& when, const std::string& more = "") {
  return "rules:\n  - id: r\n    severity: low\n    when: " + when + "\n" + more;
}

TEST(RuleSet, ReadsEveryKey) {
  const Read got = read(R"(
rules:
  - id: payment-provider
    severity: critical
    by: [site, customer]
    within: 90s
    resolve_after: 1m
    settle: 20s
    pages: 1 per 30d
    summary: "payments of {{ customer }}"
    description: "in {{ site }}"
    annotations: {runbook: "https://example/{{site}}"}
    when:
      all:
        - violation: "pay*_ok"
          direction: below
          score: ">= 4"
          distance: "<-1"
          worker: w
          tier: kpi
        - any:
            - violation: errors
              speed: "> 0"
              acceleration: "<= 2.5"
              points: "== 3"
              longer_than: 1m
            - {violation: "~psp.*", direction: silent, labels: {env: prod}}
        - not: {violation: "deploy_*", labels: ['host!~"test.*"']}
        - {at_least: 2, distinct: customer, of: {violation: x}}
        - then: [{violation: a}, {violation: b}]
    covers: [errors-high]
  - {id: errors-high, severity: high, by: [customer, site], when: {violation: errors}}
)");
  EXPECT_EQ(got.problems, "");
  EXPECT_EQ(got.notes, "");
  const Rule& first = got.rules.rules()[0];
  EXPECT_EQ(first.place, "r.yaml:3");
  EXPECT_EQ(first.by, (std::vector<std::string>{"customer", "site"}));
  EXPECT_EQ(first.within, seconds(90));
  EXPECT_EQ(*first.settle, seconds(20));
  EXPECT_EQ(*first.pages, (Frequency{1, days(30)}));
  EXPECT_FALSE(got.rules.rules()[1].pages);
  ASSERT_EQ(first.leaves.size(), 7u);
  EXPECT_EQ(first.leaves[0].label(), "pay*_ok of worker w below, kpi, score ≥ 4, distance < -1");
  EXPECT_EQ(first.leaves[1].label(),
            "errors, speed > 0, acceleration ≤ 2.5, points = 3, longer than 1m");
  EXPECT_EQ(first.leaves_below_not, std::vector<uint32_t>{3});
  std::string kinds;
  for (const RuleNode& node : first.nodes) kinds += std::string(to_text(node.kind)) + " ";
  EXPECT_EQ(kinds, "all leaf any leaf leaf not leaf at_least leaf then leaf leaf ");
  EXPECT_EQ(first.scope_of(Labels::of("x", {{"site", "rome"}})).text(),
            "{customer=\"none\",site=\"rome\"}");
  EXPECT_EQ(fill_text(first.summary, Labels().with("customer", "ann")), "payments of ann");
  EXPECT_EQ(got.rules.rules()[1].within, kWithinDefault);
}

TEST(RuleSet, HashSeesWhatDecidesAndNotThePlace) {
  const uint64_t one = read(rule("{violation: a}")).rules.rules()[0].hash;
  EXPECT_EQ(read("\n\n" + rule("{violation: a}")).rules.rules()[0].hash, one);
  // How often it may tell somebody decides nothing.
  EXPECT_EQ(read(rule("{violation: a}", "    pages: 1 per week\n")).rules.rules()[0].hash, one);
  for (const char* other :
       {"{violation: b}", "{violation: a, score: '> 1'}", "{violation: a, labels: {x: y}}",
        "{violation: a, direction: below}", "{all: [{violation: a}]}"})
    EXPECT_NE(read(rule(other)).rules.rules()[0].hash, one) << other;
  for (const char* more : {"    within: 1m\n", "    resolve_after: 1m\n", "    covers: [r2]\n",
                           "    summary: x\n", "    by: [host]\n", "    scope: global\n"})
    EXPECT_NE(read(rule("{violation: a}", more)).rules.rules()[0].hash, one) << more;
}

TEST(RuleSet, DescribesItself) {
  config::Reference reference;
  RuleSet::describe(reference);
  const std::string text = reference.markdown();
  for (const char* key : {"## rule", "## condition", "`at_least`", "`longer_than`", "`covers`"})
    EXPECT_NE(text.find(key), std::string::npos) << key;
}

struct ProblemCase {
  const char* name;
  std::string yaml;
  const char* expected;  // a part of the problems' text
};
class RuleProblems : public testing::TestWithParam<ProblemCase> {};

TEST_P(RuleProblems, AreToldWithTheirPlace) {
  const Read got = read(GetParam().yaml);
  EXPECT_NE(got.problems.find(GetParam().expected), std::string::npos) << got.problems;
}

INSTANTIATE_TEST_SUITE_P(
    All, RuleProblems,
    testing::Values(
        ProblemCase{"unknown_key", rule("{violation: a, scor: '> 1'}"),
                    "r.yaml:4:26: unknown key \"scor\" in a condition; did you mean \"score\"?"},
        ProblemCase{"pages_without_a_span", rule("{violation: a}", "    pages: 3\n"),
                    "r.yaml:5:12: pages: expected \"COUNT per SPAN\" such as \"1 per 30d\""},
        ProblemCase{"no_kind", rule("{score: '> 1'}"), "r.yaml:4:11: a condition needs one of"},
        ProblemCase{"two_kinds", rule("{violation: a, all: [{violation: b}]}"),
                    "a condition is one of violation, all;"},
        ProblemCase{"leaf_key_on_all", rule("{all: [{violation: a}], score: '> 1'}"),
                    "score: belongs beside \"violation\""},
        ProblemCase{"distinct_alone", rule("{violation: a, distinct: x}"),
                    "distinct: belongs beside \"at_least\""},
        ProblemCase{"empty_all", rule("{all: []}"), "an empty \"all\" decides nothing"},
        ProblemCase{"empty_name", rule("{violation: ''}"), "violation: is empty"},
        ProblemCase{"labels_in_the_name", rule("{violation: 'a{b=\"c\"}'}"),
                    "write the labels beside it"},
        ProblemCase{"number_without_operator", rule("{violation: a, score: 4}"),
                    "score: expected a comparison in quotes"},
        ProblemCase{"infinite", rule("{violation: a, score: '> inf'}"), "not \"> inf\""},
        ProblemCase{"bad_regex", rule("{violation: '~(['}"), "as a regular expression"},
        ProblemCase{"bad_label", rule("{violation: a, labels: [nothing]}"), "as a label condition"},
        ProblemCase{"bad_labels", rule("{violation: a, labels: x}"),
                    "expected a mapping or a list"},
        ProblemCase{"silent_speed", rule("{violation: a, direction: silent, speed: '> 0'}"),
                    "a silent series has no points and so no speed"},
        ProblemCase{"above_negative", rule("{violation: a, direction: above, distance: '< 0'}"),
                    "above the band is positive: this can never hold"},
        ProblemCase{"below_positive", rule("{violation: a, direction: below, distance: '>= 1'}"),
                    "below the band is negative"},
        ProblemCase{"score_negative", rule("{violation: a, score: '< 0'}"), "is never negative"},
        ProblemCase{"only_not", rule("{not: {violation: a}}"), "when: holds when nothing is wrong"},
        ProblemCase{"any_not", rule("{any: [{violation: a}, {not: {violation: b}}]}"),
                    "when: holds when nothing is wrong"},
        ProblemCase{"then_of_one", rule("{then: [{violation: a}]}"), "needs two conditions"},
        ProblemCase{"then_not", rule("{then: [{violation: a}, {not: {violation: b}}]}"),
                    "move `not` outside"},
        ProblemCase{"at_least_alone", rule("{at_least: 2}"), "needs `of`"},
        ProblemCase{"at_least_zero", rule("{at_least: 0, of: {violation: a}}"), "must be between"},
        ProblemCase{"at_least_too_many",
                    rule("{at_least: 3, of: [{violation: a}, {violation: b}]}"),
                    "3 of 2 conditions can never hold"},
        ProblemCase{"distinct_of_trees",
                    rule("{at_least: 1, distinct: x, of: [{all: [{violation: a}]}]}"),
                    "`of` may only hold conditions with `violation`"},
        ProblemCase{"within_zero", rule("{violation: a}", "    within: 0s\n"), "within: must be"},
        ProblemCase{"within_long", rule("{violation: a}", "    within: 8d\n"), "at most 1w"},
        ProblemCase{"settle_long", rule("{violation: a}", "    settle: 6m\n"),
                    "settle: must not be longer than `within`"},
        ProblemCase{"global_by", rule("{violation: a}", "    scope: global\n    by: [x]\n"),
                    "scope: global has no `by` labels"},
        ProblemCase{"no_by", rule("{violation: a}", "    by: []\n"), "write `scope: global`"},
        ProblemCase{"foreign_label", rule("{violation: a}", "    summary: '{{ host }}'\n"),
                    "summary: {{ host }} is not a label of this rule's scope (site)"},
        ProblemCase{"open_braces", rule("{violation: a}", "    description: '{{ site'\n"),
                    "\"{{\" without \"}}\""},
        ProblemCase{"covers_unknown", rule("{violation: a}", "    covers: [rr]\n"),
                    "covers: there is no rule \"rr\"; did you mean \"r\"?"},
        ProblemCase{"covers_itself", rule("{violation: a}", "    covers: [r]\n"),
                    "covers itself in a circle"},
        ProblemCase{"twice", rule("{violation: a}") + rule("{violation: b}").substr(7),
                    "rule \"r\" is already at r.yaml:2"},
        ProblemCase{"no_when", "rules:\n  - {id: r, severity: low}\n", "has no \"when\""},
        ProblemCase{"no_severity", "rules:\n  - {id: r, when: {violation: a}}\n",
                    "has no \"severity\""},
        ProblemCase{"when_list", rule("[{violation: a}]"), "must be a mapping"}),
    [](const auto& each) { return each.param.name; });

TEST(RuleSet, FindsACircleOfCovers) {
  const Read got = read(
      "rules:\n"
      "  - {id: a, severity: low, when: {violation: x}, covers: [b]}\n"
      "  - {id: b, severity: low, when: {violation: x}, covers: [c]}\n"
      "  - {id: c, severity: low, when: {violation: x}, covers: [b]}\n");
  EXPECT_EQ(got.problems,
            "r.yaml:3:59: covers: rule \"b\" covers itself in a circle\n"
            "r.yaml:4:59: covers: rule \"c\" covers itself in a circle\n");
}

TEST(RuleSet, NamesTheElementThatIsWrong) {
  EXPECT_EQ(read("rules:\n"
                 "  - {id: a, severity: low, when: {violation: x}, covers: [c, bb, b, a]}\n"
                 "  - {id: b, severity: low, when: {violation: x}}\n"
                 "  - id: c\n"
                 "    severity: low\n"
                 "    when: {violation: x}\n"
                 "    covers:\n"
                 "      - b\n"
                 "      - a\n")
                .problems,
            "r.yaml:2:59: covers: rule \"a\" covers itself in a circle\n"
            "r.yaml:2:62: covers: there is no rule \"bb\"; did you mean \"b\"?\n"
            "r.yaml:2:69: covers: rule \"a\" covers itself in a circle\n"
            "r.yaml:9:9: covers: rule \"c\" covers itself in a circle\n");
  const std::string labels = read(rule("{violation: a, labels: ['x=1', 'y=~(', [z]]}")).problems;
  EXPECT_TRUE(labels.starts_with("r.yaml:4:42: labels: cannot use \"(\" as a regular")) << labels;
  EXPECT_TRUE(labels.ends_with("\nr.yaml:4:50: labels: expected text, not \"[z]\"\n")) << labels;
  EXPECT_EQ(read(rule("{violation: a, labels: {x: 1, y: [z]}}")).problems,
            "r.yaml:4:44: labels: expected text, not \"[z]\"\n");
  const std::string texts = "    annotations:\n      a: '{{ site }}'\n      b: '{{ host }}'\n";
  EXPECT_EQ(read(rule("{violation: a}", texts)).problems,
            "r.yaml:7:10: annotations: {{ host }} is not a label of this rule's scope (site)\n");
  const Read scopes = read(
      "rules:\n"
      "  - {id: a, severity: low, when: {violation: x}, covers: [c, b]}\n"
      "  - {id: b, severity: low, scope: global, when: {violation: x}}\n"
      "  - {id: c, severity: low, when: {violation: x}}\n");
  EXPECT_TRUE(scopes.notes.starts_with("r.yaml:2:62: rule \"a\" covers \"b\"")) << scopes.notes;
}

TEST(RuleSet, WhatCouldNotBeReadIsToldOnce) {
  EXPECT_EQ(read(rule("{violation: a}", "    by: [{x: y}]\n    summary: '{{ host }}'\n")).problems,
            "r.yaml:5:10: by: expected text, not \"{x: y}\"\n");
}

TEST(RuleSet, NotesWhatIsProbablyNotMeant) {
  EXPECT_NE(read(rule("{violation: a, tier: evidence}")).notes.find("evidence only"),
            std::string::npos);
  EXPECT_EQ(read(rule("{any: [{violation: a, tier: evidence}, {violation: b}]}")).notes, "");
  const Read got = read(
      "rules:\n"
      "  - {id: a, severity: low, when: {violation: x}, covers: [b]}\n"
      "  - {id: b, severity: low, scope: global, when: {violation: x}}\n");
  EXPECT_EQ(got.problems, "");
  EXPECT_NE(got.notes.find("their scopes differ"), std::string::npos) << got.notes;
}

TEST(RuleSet, RefusesTreesWithoutEnd) {
  std::string when = "{violation: a}";
  for (int i = 0; i < 40; ++i) when = "{all: [" + when + "]}";
  EXPECT_NE(read(rule(when)).problems, "");  // deeper than YAML may be nested
  when = "{any: [";
  for (uint32_t i = 0; i < kNodesMax + 5; ++i) when += "{violation: a},";
  const Read got = read(rule(when + "]}"));
  EXPECT_NE(got.problems.find("more than 1000 conditions"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::rules
