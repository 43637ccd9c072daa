#include <fmt/format.h>

#include <algorithm>

#include "promrules/rule_tests.h"
#include "promrules/series_notation.h"

namespace tocsin::promrules {
namespace {

using config::MapReader;
using config::Node;

TextMap read_map(MapReader& m, std::string_view key) {
  TextMap out;
  const auto node = m.any(key, "map of text", "");
  if (!node || node->kind() == Node::Kind::kNull) return out;
  if (node->kind() != Node::Kind::kMap) {
    m.problem(key, fmt::format("expected a mapping of text, not \"{}\"", node->excerpt()));
    return out;
  }
  for (const Node::Member& member : node->members()) out[member.key] = member.value.scalar();
  return out;
}

void read_series(MapReader& m, TestCase& out) {
  InputSeries series;
  const auto labels = read_metric(m.optional<std::string>("series", "").value_or(""));
  if (labels)
    series.labels = *labels;
  else
    m.problem("series", labels.error().message);
  auto values = read_sequence(m.optional<std::string>("values", "").value_or(""));
  if (values)
    series.values = std::move(*values);
  else
    m.problem("values", values.error().message);
  out.input.push_back(std::move(series));
}

void read_alert_test(MapReader& m, TestCase& out) {
  AlertTest test;
  test.eval_time = read_span(m, "eval_time", {}, "");
  test.alert_name = m.optional<std::string>("alertname", "").value_or("");
  m.list("exp_alerts", "expected alert", "", [&](MapReader& alert) {
    ExpectedAlert expected;
    expected.labels = read_map(alert, "exp_labels");
    expected.annotations = read_map(alert, "exp_annotations");
    test.expected.push_back(std::move(expected));
  });
  if (test.alert_name.empty() && !m.refused("alertname"))
    m.problems().add(m.place(),
                     "an item under alert_rule_test misses required attribute "
                     "alertname");
  out.alerts.push_back(std::move(test));
}

void read_expression_test(MapReader& m, TestCase& out) {
  ExpressionTest test;
  test.expr = m.optional<std::string>("expr", "").value_or("");
  test.eval_time = read_span(m, "eval_time", {}, "");
  m.list("exp_samples", "expected sample", "", [&](MapReader& sample) {
    ExpectedSample expected;
    expected.labels = sample.optional<std::string>("labels", "").value_or("");
    expected.value = sample.value<double>("value", 0, "");
    test.expected.push_back(std::move(expected));
  });
  out.expressions.push_back(std::move(test));
}

void read_test(MapReader& m, UnitTestFile& out) {
  TestCase test;
  test.name = m.optional<std::string>("name", "").value_or("");
  test.interval = read_span(m, "interval", {}, "");
  if (test.interval.count == 0) test.interval = out.evaluation_interval;
  m.list("input_series", "input series", "", [&](MapReader& series) { read_series(series, test); });
  m.list("alert_rule_test", "alert test", "",
         [&](MapReader& alert) { read_alert_test(alert, test); });
  m.list("promql_expr_test", "expression test", "",
         [&](MapReader& expression) { read_expression_test(expression, test); });
  test.external_labels = read_map(m, "external_labels");
  test.external_url = m.optional<std::string>("external_url", "").value_or("");
  out.tests.push_back(std::move(test));
}

}  // namespace

UnitTestFile read_unit_test_file(std::string_view yaml, const std::string& file,
                                 config::Problems& problems) {
  UnitTestFile out;
  const auto root = Node::parse(yaml, file, problems);
  if (!root || root->kind() == Node::Kind::kNull) return out;
  MapReader m(*root, "unit test file", problems);
  if (root->kind() != Node::Kind::kMap) return out;
  out.rule_files = m.value<std::vector<std::string>>("rule_files", {}, "");
  out.evaluation_interval = read_span(m, "evaluation_interval", minutes(1), "");
  if (out.evaluation_interval.count == 0) out.evaluation_interval = minutes(1);
  out.group_order = m.value<std::vector<std::string>>("group_eval_order", {}, "");
  for (size_t i = 0; i < out.group_order.size(); ++i)
    if (std::find(out.group_order.begin(), out.group_order.begin() + static_cast<long>(i),
                  out.group_order[i]) != out.group_order.begin() + static_cast<long>(i))
      m.problem("group_eval_order", i,
                fmt::format("group name repeated in evaluation order: {}", out.group_order[i]));
  m.list("tests", "test", "", [&](MapReader& test) { read_test(test, out); });
  return out;
}

}  // namespace tocsin::promrules
