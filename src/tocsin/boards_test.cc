#include "tocsin/boards.h"

#include <gtest/gtest.h>

#include <array>

#include "tocsin/board_query.h"

namespace tocsin {
namespace {

struct Read {
  std::shared_ptr<const server::BoardList> boards;
  std::string problems;
};

Read read(const std::string& yaml) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"b.yaml", yaml}}, problems);
  Read out{read_boards(folder, problems), ""};
  out.problems = problems.text();
  return out;
}

// One board of one row with this panel.
std::string with_panel(const std::string& panel) {
  return "boards:\n- id: a\n  variables: [{name: site, from: x}]\n  rows:\n  - panels:\n    - {" +
         panel + "}\n";
}

constexpr const char* kWhole = R"(boards:
- id: house
  title: The house
  description: Sites and figures
  span: 3h
  refresh: 10s
  variables:
  - {name: site, from: 'logins{env="live"}', standard: madrid}
  - {name: node, label: host, from: up}
  rows:
  - title: Payments in $site
    repeat: site
    height: tall
    panels:
    - title: Accepted
      query: payments_ok{site=~"$site"}
      legend: '{{site}}'
      width: 8
      unit: per minute
      min: 0
      max: 500
      band: true
      alerts: true
      thresholds: [{value: 5, severity: high, text: few}, {value: 9}]
    - kind: value
      queries: [{query: 'sum(rate(x_total{node=~"${node}"}[$interval]))', legend: all}]
  - panels: [{kind: text, text: Call the desk., width: 12}]
)";

TEST(Boards, AWholeBoardIsRead) {
  const Read got = read(kWhole);
  ASSERT_EQ(got.problems, "");
  ASSERT_EQ(got.boards->size(), 1u);
  const server::Board& board = got.boards->front();
  EXPECT_EQ(board.title, "The house");
  EXPECT_EQ(board.place, "b.yaml:2");
  EXPECT_EQ(board.span, hours(3));
  EXPECT_EQ(board.refresh, seconds(10));
  ASSERT_EQ(board.variables.size(), 2u);
  EXPECT_EQ(board.variables[0].label, "site") << "the name, where no label is said";
  EXPECT_EQ(board.variables[0].standard, "madrid");
  EXPECT_EQ(board.variables[1].label, "host");
  ASSERT_EQ(board.rows.size(), 2u);
  EXPECT_EQ(board.rows[0].repeat, "site");
  EXPECT_EQ(board.rows[0].height, server::BoardRow::Height::kTall);
  const server::BoardPanel& chart = board.rows[0].panels[0];
  EXPECT_EQ(chart.queries[0].expr, "payments_ok{site=~\"$site\"}");
  EXPECT_EQ(chart.queries[0].legend, "{{site}}");
  EXPECT_EQ(chart.width, 8u);
  EXPECT_EQ(chart.min, 0);
  EXPECT_TRUE(chart.band && chart.alerts);
  ASSERT_EQ(chart.thresholds.size(), 2u);
  EXPECT_EQ(chart.thresholds[0].severity, Severity::kHigh);
  EXPECT_FALSE(chart.thresholds[1].severity);
  EXPECT_EQ(board.rows[0].panels[1].kind, server::BoardPanel::Kind::kValue);
  EXPECT_EQ(board.rows[1].panels[0].text, "Call the desk.");
}

struct Wrong {
  const char* name;
  std::string yaml;
  const char* said;  // with its place
};

class WrongBoards : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongBoards, AreNamedWithTheirPlace) {
  EXPECT_NE(read(GetParam().yaml).problems.find(GetParam().said), std::string::npos)
      << read(GetParam().yaml).problems;
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongBoards,
    ::testing::Values(
        Wrong{"PromQL", with_panel("query: 'sum(x) bar'"),
              "b.yaml:6:15: query: 1:8: parse error: unexpected identifier \"bar\""},
        Wrong{"NoVariable", with_panel("query: 'x{site=\"$sitte\"}'"),
              "there is no variable $sitte; did you mean $site?"},
        Wrong{"VariableOutsideOfAString", with_panel("query: $site"), "1:1: parse error"},
        Wrong{"RangeVector", with_panel("query: 'x[5m]'"), "not a range vector"},
        Wrong{"Text", with_panel("query: '\"x\"'"), "not a string"},
        Wrong{"NoQuery", with_panel("title: t"), "query: is missing"},
        Wrong{"LegendOfNothing", with_panel("legend: a, queries: [{query: x}]"),
              "legend: there is no `query` here"},
        Wrong{"QueryInTheList", with_panel("queries: [{query: 'x +'}]"), "query: 1:4: parse error"},
        Wrong{"ValueOfTwo", with_panel("kind: value, queries: [{query: x}, {query: y}]"),
              "a panel of kind value shows one query"},
        Wrong{"TextWithoutText", with_panel("kind: text"), "a panel of text has a text"},
        Wrong{"TextThatAsks", with_panel("kind: text, text: a, query: x"), "asks nothing"},
        Wrong{"Kind", with_panel("kind: pie, query: x"), "kind: expected"},
        Wrong{"Axis", with_panel("query: x, min: 5, max: 5"), "max: must be above min"},
        Wrong{"UnknownKey", with_panel("query: x, bands: true"), "\"band\""},
        Wrong{"Repeat", "boards: [{id: a, rows: [{repeat: site, panels: [{query: x}]}]}]\n",
              "repeat: there is no variable \"site\""},
        Wrong{"NoRows", "boards: [{id: a}]\n", "rows"},
        Wrong{"EmptyId", "boards: [{id: '', rows: [{panels: [{query: x}]}]}]\n",
              "id: must not be empty"},
        Wrong{"Twice",
              "boards: [{id: a, rows: [{panels: [{query: x}]}]}, "
              "{id: a, rows: [{panels: [{query: x}]}]}]\n",
              "\"a\" stands in b.yaml:1 already"},
        Wrong{"Selector",
              "boards: [{id: a, variables: [{name: v, from: 'sum(x)'}], "
              "rows: [{panels: [{query: x}]}]}]\n",
              "from: 1:"},
        Wrong{"VariableName",
              "boards: [{id: a, variables: [{name: interval, from: x}], "
              "rows: [{panels: [{query: x}]}]}]\n",
              "not \"interval\""},
        Wrong{"ShortSpan", "boards: [{id: a, span: 1s, rows: [{panels: [{query: x}]}]}]\n",
              "span: must be at least 1m"}),
    [](const auto& row) { return row.param.name; });

TEST(Boards, AreBounded) {
  std::string yaml = "boards: [{id: a, rows: [{panels: [";
  for (size_t i = 0; i <= kBoardPanelsMax; ++i) yaml += "{query: x},";
  EXPECT_NE(read(yaml + "]}]}]\n").problems.find("201 panels; a board has at most 200"),
            std::string::npos);
}

TEST(BoardQuery, VariablesAreFound) {
  const std::vector<std::string> want = {"site", "node", "a_1"};
  EXPECT_EQ(variables_in("x{a=~\"$site\",b=\"${node}c\"} $a_1-$1 $ ${} ${open"), want);
}

TEST(BoardQuery, IntervalIsADurationAndColumnsStayWhatTheyAre) {
  EXPECT_EQ(query_problem("rate(x[$interval])", {}), std::nullopt);
  EXPECT_EQ(query_problem("rate(x[${interval}:$interval])", {}), std::nullopt);
  const auto problem = query_problem("rate(x[$interval]) bar", {});
  ASSERT_TRUE(problem);
  EXPECT_TRUE(problem->starts_with("1:20: parse error")) << *problem;
}

}  // namespace
}  // namespace tocsin
