#pragma once
// Prometheus' unit tests of rules: what `promtool test rules` runs, with the same verdict.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "promrules/rule_file.h"
#include "vocabulary/labels.h"

namespace tocsin::promrules {

struct InputSeries {
  Labels labels;
  std::vector<std::optional<double>> values;  // one per interval, from time 0
};
struct ExpectedAlert {
  TextMap labels, annotations;
};
struct AlertTest {
  DurationMs eval_time{};
  std::string alert_name;
  std::vector<ExpectedAlert> expected;
};
struct ExpectedSample {
  std::string labels;
  double value = 0;
};
struct ExpressionTest {
  DurationMs eval_time{};
  std::string expr;
  std::vector<ExpectedSample> expected;
};
struct TestCase {
  std::string name;
  DurationMs interval{};
  std::vector<InputSeries> input;
  std::vector<AlertTest> alerts;
  std::vector<ExpressionTest> expressions;
  TextMap external_labels;
  std::string external_url;
};
struct UnitTestFile {
  std::vector<std::string> rule_files;  // patterns, relative to the file
  DurationMs evaluation_interval = minutes(1);
  std::vector<std::string> group_order;
  std::vector<TestCase> tests;
};

UnitTestFile read_unit_test_file(std::string_view yaml, const std::string& file,
                                 config::Problems& problems);

// What did not come as expected, one text each; empty if all did. `rule_files` are the texts of the
// rule files, by name, in the order in which they were named.
std::vector<std::string> run_unit_tests(
    const UnitTestFile& file, const std::vector<std::pair<std::string, std::string>>& rule_files);

}  // namespace tocsin::promrules
