#include "supervisor/route.h"

#include <gtest/gtest.h>

#include <array>

namespace tocsin::supervisor {
namespace {

constexpr std::string_view kRoutes = R"(routes:
  - match: [rule=heartbeat]
    receivers: watch
    continue: true
  - severity: critical
    receivers: ops
    routes:
      - match: ['site=~"mad.*"']
        receivers: [ops, madrid]
        routes:
          - match: [env=test]
      - match: [site=rome]
        receivers: rome
        continue: true
      - match: [site!=london]
        receivers: abroad
  - severity: [high, low]
    match: [site!=""]
    receivers: mail
)";

struct Case {
  const char* name;
  std::vector<Labels::Pair> labels;
  Severity severity;
  std::vector<std::string> told;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
class RouteCases : public testing::TestWithParam<Case> {};

TEST_P(RouteCases, Tell) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"r.yaml", std::string(kRoutes)}}, problems);
  const Routes routes = Routes::read(folder, problems);
  ASSERT_TRUE(problems.empty()) << problems.text();
  EXPECT_EQ(routes.receivers(Labels(GetParam().labels), GetParam().severity), GetParam().told);
}

using Names = std::vector<std::string>;
INSTANTIATE_TEST_SUITE_P(
    All, RouteCases,
    testing::Values(
        Case{"own", {{"site", "london"}}, Severity::kCritical, Names{"ops"}},
        Case{"refined", {{"site", "madrid"}}, Severity::kCritical, Names{"madrid", "ops"}},
        Case{"inherited",
             {{"site", "madrid"}, {"env", "test"}},
             Severity::kCritical,
             Names{"madrid", "ops"}},
        Case{"continued", {{"site", "rome"}}, Severity::kCritical, Names{"abroad", "rome"}},
        Case{"first_wins", {{"site", "lagos"}}, Severity::kCritical, Names{"abroad"}},
        Case{"both",
             {{"rule", "heartbeat"}, {"site", "london"}},
             Severity::kHigh,
             Names{"mail", "watch"}},
        Case{"no_route_matches", {}, Severity::kLow, Names{"inbox"}},
        Case{"severity_boundary", {{"site", "london"}}, Severity::kLow, Names{"mail"}}),
    [](const auto& row) { return row.param.name; });

constexpr std::string_view kSwitch = R"(routes:
  - receivers: ops
    routes:
      - match: [rule=heartbeat]
        receivers: watch
    switch:
      label: env
      cases:
        prod: [pager, chat]
        staging: chat
        "~test-.*": {receivers: lab, switch: {label: site, cases: {rome: roma}}}
        "": unlabelled
  - receivers: ops2
)";

class SwitchCases : public testing::TestWithParam<Case> {};

TEST_P(SwitchCases, Tell) {
  for (const bool with_default : {false, true}) {
    std::string yaml(kSwitch);
    if (with_default) yaml.insert(yaml.find("  - receivers: ops2"), "      default: rest\n");
    config::Problems problems;
    const auto folder = config::Folder::from_texts({{"r.yaml", yaml}}, problems);
    const Routes routes = Routes::read(folder, problems);
    ASSERT_TRUE(problems.empty()) << problems.text();
    std::vector<std::string> told = GetParam().told;
    if (with_default && told == std::vector<std::string>{"ops"}) told = {"rest"};
    EXPECT_EQ(routes.receivers(Labels(GetParam().labels), GetParam().severity), told);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, SwitchCases,
    testing::Values(
        Case{"several", {{"env", "prod"}}, Severity::kHigh, Names{"chat", "pager"}},
        Case{"one", {{"env", "staging"}}, Severity::kHigh, Names{"chat"}},
        Case{"regex", {{"env", "test-7"}}, Severity::kHigh, Names{"lab"}},
        Case{"regex_is_anchored", {{"env", "a-test-7"}}, Severity::kHigh, Names{"ops"}},
        Case{"nested", {{"env", "test-7"}, {"site", "rome"}}, Severity::kHigh, Names{"roma"}},
        Case{"no_such_label", {{"site", "rome"}}, Severity::kHigh, Names{"unlabelled"}},
        Case{"no_case_is_the_default", {{"env", "dev"}}, Severity::kHigh, Names{"ops"}},
        Case{"routes_come_first",
             {{"env", "prod"}, {"rule", "heartbeat"}},
             Severity::kHigh,
             Names{"watch"}}),
    [](const auto& row) { return row.param.name; });

TEST(Routes, AMistakenSwitchIsTold) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"r.yaml", R"(routes:
  - switch: {label: env, cases: {prod: pagr, "~(": chat, dev: []}, default: lst}
  - switch: {cases: {a: chat}}
  - switch: {label: env}
  - switch: {label: env, cases: {a: {receivers: chat, polcy: x}}}
)"}},
                                                 problems);
  const Routes routes = Routes::read(folder, problems);
  const std::array<std::string_view, 2> known{"pager", "chat"};
  routes.check_receivers(known, problems);
  for (const char* words :
       {"r.yaml:2:40: receivers: there is no receiver \"pagr\"; did you mean \"pager\"?",
        "as a regular expression", "tells nobody", "no receiver \"lst\"", "\"label\"",
        "cases: expected values and their receivers", "did you mean \"policy\"?"})
    EXPECT_NE(problems.text().find(words), std::string::npos) << words << "\n" << problems.text();
  EXPECT_EQ(problems.list().size(), 7u) << problems.text();
}

TEST(Routes, ACaseSaysItsOwnPlace) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"r.yaml", std::string(kSwitch)}}, problems);
  EXPECT_EQ(Routes::read(folder, problems)
                .explain(Labels(std::vector<Labels::Pair>{{"env", "staging"}}), Severity::kHigh),
            (Names{"r.yaml:2", "r.yaml:10"}));
}

TEST(Routes, WithoutConfigurationEverythingGoesToTheInbox) {
  EXPECT_EQ(Routes().receivers(Labels(), Severity::kCritical), Names{"inbox"});
}

TEST(Routes, ExplainNamesThePlacesOutermostFirst) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"r.yaml", std::string(kRoutes)}}, problems);
  const Routes routes = Routes::read(folder, problems);
  EXPECT_EQ(routes.explain(Labels({Labels::Pair{"site", "madrid"}}), Severity::kCritical),
            (Names{"r.yaml:5", "r.yaml:8"}));
}

std::string problems_of(const std::string& yaml) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"r.yaml", yaml}}, problems);
  const Routes routes = Routes::read(folder, problems);
  static constexpr std::array<std::string_view, 2> kKnown = {"ops", "mail"};
  routes.check_receivers(kKnown, problems);
  return problems.text();
}

TEST(Routes, ProblemsAreNamedWithPlaceAndHelp) {
  EXPECT_EQ(problems_of("routes:\n  - receivers: [inbox, ops]\n"), "");
  EXPECT_EQ(problems_of("routes:\n  - receivers: [opps]\n"),
            "r.yaml:2:17: receivers: there is no receiver \"opps\"; did you mean \"ops\"?\n");
  EXPECT_EQ(problems_of("routes:\n  - receivers: ops\n    severity: hihg\n"),
            "r.yaml:3:15: severity: expected critical, high or low, not \"hihg\"; did you mean "
            "\"high\"?\n");
  EXPECT_EQ(problems_of("routes:\n  - match: [site=x]\n"),
            "r.yaml:2:5: receivers: this route tells nobody; name a receiver or a policy\n");
}

TEST(Routes, TheWrongElementIsNamed) {
  EXPECT_EQ(problems_of("routes:\n  - receivers:\n      - ops\n      - opps\n      - mail\n"),
            "r.yaml:4:9: receivers: there is no receiver \"opps\"; did you mean \"ops\"?\n");
  EXPECT_EQ(problems_of("routes:\n  - receivers: ops\n    severity: [low, hihg]\n"),
            "r.yaml:3:21: severity: expected critical, high or low, not \"hihg\"; did you mean "
            "\"high\"?\n");
  const std::string matcher =
      problems_of("routes:\n  - receivers: ops\n    match: [a=b, 'site=~\"(\"', c=d]\n");
  EXPECT_TRUE(matcher.starts_with("r.yaml:3:18: match: cannot use \"(\" as a regular")) << matcher;
  // What could not be read is told once, and not as nobody being told.
  EXPECT_EQ(problems_of("routes:\n  - receivers: [{a: b}]\n"),
            "r.yaml:2:17: receivers: expected text, not \"{a: b}\"\n");
}

TEST(Routes, MadeWithoutAFileAreCheckedToo) {
  config::Problems problems;
  Route route;
  route.receivers = {"nobody"};
  Routes({route}).check_receivers({}, problems);
  ASSERT_EQ(problems.list().size(), 1u);
  EXPECT_EQ(problems.list()[0].message, "receivers: there is no receiver \"nobody\"");
}

}  // namespace
}  // namespace tocsin::supervisor
