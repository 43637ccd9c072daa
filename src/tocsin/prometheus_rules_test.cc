#include "tocsin/prometheus_rules.h"

#include <gtest/gtest.h>

#include "tocsin/configuration.h"

namespace tocsin {
namespace {

std::shared_ptr<const Configuration> built(const std::string& yaml, config::Problems& problems) {
  return Configuration::build(config::Folder::from_texts({{"p/rules.yml", yaml}}, problems), "",
                              problems);
}

TEST(PrometheusRules, EveryAlertingRuleHasARuleOfTheHouseAtItsPlace) {
  config::Problems problems;
  const auto made = built(
      "groups:\n"
      "- name: g\n"
      "  rules:\n"
      "  - {record: a, expr: up}\n"
      "  - alert: 'A \"b\": {c} # d'\n"
      "    expr: up\n"
      "    labels: {severity: page}\n"
      "    annotations: {summary: \"it's {{ $value }}\", 'runbook_url': 'x: y'}\n"
      "  - {alert: B, expr: up}\n"
      "  - {alert: B, expr: up, labels: {severity: info}, annotations: {description: d}}\n",
      problems);
  ASSERT_EQ(problems.text(), "");
  ASSERT_EQ(made->prometheus_rules.groups.size(), 1u);
  EXPECT_EQ(made->prometheus_rules.groups[0].ids,
            (std::vector<std::string>{"", "g/A \"b\": {c} # d", "g/B", "g/B#2"}));
  const rules::Rule* first = made->rules->find("g/A \"b\": {c} # d");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->place, "built in: p/rules.yml:5");
  EXPECT_EQ(first->severity, Severity::kCritical);
  EXPECT_TRUE(first->per_series);
  EXPECT_EQ(first->summary, "{{ tocsin_annotation_summary }}");
  EXPECT_EQ(first->annotations.at("runbook_url"), "{{ tocsin_annotation_runbook_url }}");
  EXPECT_EQ(made->rules->find("g/B")->place, "built in: p/rules.yml:9");
  EXPECT_EQ(made->rules->find("g/B")->summary, "{{ alertname }}");
  EXPECT_EQ(made->rules->find("g/B")->severity, Severity::kHigh);
  EXPECT_EQ(made->rules->find("g/B#2")->severity, Severity::kLow);
  EXPECT_EQ(made->rules->find("g/B#2")->summary, "{{ tocsin_annotation_description }}");
  EXPECT_TRUE(made->workers->find("tocsin-prometheus-alerts"));
}

TEST(PrometheusRules, WithoutAlertsThereIsNothingBuiltIn) {
  config::Problems problems;
  const auto made = built("groups: [{name: g, rules: [{record: a, expr: up}]}]\n", problems);
  EXPECT_EQ(problems.text(), "");
  EXPECT_FALSE(made->workers->find("tocsin-prometheus-alerts"));
}

TEST(PrometheusRules, MistakesAreToldOnceWithTheirPlace) {
  config::Problems problems;
  built(
      "groups:\n"
      "- name: g\n"
      "  rules:\n"
      "  - {alert: A, expr: 'sum('}\n"
      "prometheus_rules: {interval: 1ms}\n",
      problems);
  EXPECT_EQ(problems.text(),
            "p/rules.yml:4:22: expr: could not parse expression: 1:5: parse error: unclosed left "
            "parenthesis\n"
            "p/rules.yml:5:30: interval: must be at least 1s\n");
}

TEST(PrometheusRules, Severities) {
  EXPECT_EQ(severity_of("Critical"), Severity::kCritical);
  EXPECT_EQ(severity_of("page"), Severity::kCritical);
  EXPECT_EQ(severity_of("warning"), Severity::kHigh);
  EXPECT_EQ(severity_of(""), Severity::kHigh);
  EXPECT_EQ(severity_of("{{ $labels.severity }}"), Severity::kHigh);
  EXPECT_EQ(severity_of("INFO"), Severity::kLow);
}

}  // namespace
}  // namespace tocsin
