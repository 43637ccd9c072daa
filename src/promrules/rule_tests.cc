#include "promrules/rule_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "promql/literals.h"
#include "promql/parse.h"
#include "promql/print.h"
#include "promql/quote.h"
#include "promrules/alerting.h"
#include "promrules/memory_source.h"
#include "promrules/series_notation.h"

namespace tocsin::promrules {
namespace {

constexpr size_t kStepsMax = 2'000'000;  // of one test: longer is not meant

std::string labels_text(const TextMap& labels) {
  std::string out;
  for (const auto& [name, value] : labels)
    out += fmt::format("{}{}={}", out.empty() ? "" : ", ", name, promql::quoted(value));
  return "{" + out + "}";
}

// As promtool shows a list of alerts.
std::string alerts_text(const std::vector<ExpectedAlert>& alerts) {
  if (alerts.empty()) return "[]";
  std::string out = "[\n";
  for (size_t i = 0; i < alerts.size(); ++i)
    out += fmt::format(
        "                {}:\n                  Labels:{}\n                  "
        "Annotations:{}\n",
        i, labels_text(alerts[i].labels), labels_text(alerts[i].annotations));
  return out + "            ]";
}

// "4E+00": shortest digits with an exponent.
std::string exponential(double value) {
  if (!std::isfinite(value)) return promql::number_literal(value);
  std::array<char, 40> buffer;
  char* const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                  std::chars_format::scientific)
                        .ptr;
  std::string out(buffer.data(), end);
  out[out.find('e')] = 'E';
  return out;
}

struct ParsedSample {
  Labels labels;
  double value = 0;
};
std::string samples_text(const std::vector<ParsedSample>& samples) {
  if (samples.empty()) return "nil";
  std::string out;
  for (const ParsedSample& sample : samples) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", labels_text(text_map(sample.labels)),
                       exponential(sample.value));
  }
  return out;
}

class TestRun {
 public:
  TestRun(const UnitTestFile& file, const TestCase& test, std::vector<Group> groups)
      : file_(file), test_(test) {
    std::ranges::stable_sort(groups, {}, [&](const Group& group) { return order(group.name); });
    for (Group& group : groups) groups_.emplace_back(std::move(group), std::vector<std::string>{});
    surroundings_.external_labels = test.external_labels;
    surroundings_.external_url = test.external_url;
    surroundings_.outage_max = {};
    surroundings_.options.default_step = file.evaluation_interval;
    for (const InputSeries& series : test.input)
      for (size_t i = 0; i < series.values.size(); ++i)
        if (series.values[i])
          source_.add(series.labels,
                      {TimeMs{test.interval.count * static_cast<int64_t>(i)}, *series.values[i]});
  }

  std::vector<std::string> run() {
    DurationMs last{};
    for (const AlertTest& alert : test_.alerts) last = std::max(last, alert.eval_time);
    for (const ExpressionTest& expr : test_.expressions) last = std::max(last, expr.eval_time);
    const DurationMs step = file_.evaluation_interval;
    if (static_cast<size_t>(last.count / step.count) > kStepsMax)
      return {fmt::format("    the test takes more than {} evaluations", kStepsMax)};
    for (TimeMs at{}; at.ms <= last.count; at = at + step) {
      if (!evaluate(at)) return std::move(failures_);
      for (const AlertTest& alert : test_.alerts)
        if (alert.eval_time.count >= at.ms && alert.eval_time.count < (at + step).ms)
          check_alerts(alert);
    }
    for (const ExpressionTest& expr : test_.expressions) check_expression(expr);
    return std::move(failures_);
  }

 private:
  size_t order(const std::string& group) const {
    const auto found = std::ranges::find(file_.group_order, group);
    return found == file_.group_order.end()
               ? 0
               : static_cast<size_t>(found - file_.group_order.begin());
  }

  // False: a rule failed, and nothing more can be said.
  bool evaluate(TimeMs at) {
    source_.show_until(at);
    bool good = true;
    for (GroupState& group : groups_) {
      group.evaluate(at, source_, source_, surroundings_, [] { return TimeMs{}; });
      for (const RuleState& rule : group.rules()) {
        if (rule.health == Health::kGood) continue;
        good = false;
        failures_.push_back(fmt::format("    rule: {}, time: {}, err: {}", rule.rule.name,
                                        promql::print_duration({at.ms}), rule.error));
      }
    }
    return good;
  }

  std::string named() const {
    return test_.name.empty() ? "" : fmt::format("    name: {},\n", test_.name);
  }

  void check_alerts(const AlertTest& test) {
    std::vector<ExpectedAlert> expected = test.expected, got;
    for (ExpectedAlert& alert : expected) alert.labels["alertname"] = test.alert_name;
    for (const GroupState& group : groups_)
      for (const RuleState& rule : group.rules()) {
        if (!rule.rule.alerting || rule.rule.name != test.alert_name) continue;
        for (const auto& [labels, alert] : rule.active)
          if (alert.phase == AlertPhase::kFiring)
            got.push_back({text_map(alert.labels), alert.annotations});
      }
    // Empty labels are none.
    for (ExpectedAlert& alert : expected)
      std::erase_if(alert.labels, [](const auto& pair) { return pair.second.empty(); });
    const auto key = [](const ExpectedAlert& alert) {
      return std::tie(alert.labels, alert.annotations);
    };
    const auto before = [&](const auto& a, const auto& b) { return key(a) < key(b); };
    std::ranges::sort(expected, before);
    std::ranges::sort(got, before);
    const auto same = [&](const auto& a, const auto& b) { return key(a) == key(b); };
    if (std::ranges::equal(expected, got, same)) return;
    failures_.push_back(
        fmt::format("{}    alertname: {}, time: {}, \n        exp:{}, \n        "
                    "got:{}",
                    named(), test.alert_name, promql::print_duration(test.eval_time),
                    alerts_text(expected), alerts_text(got)));
  }

  void check_expression(const ExpressionTest& test) {
    const std::string where = fmt::format("    expr: {}, time: {},", promql::quoted(test.expr),
                                          promql::print_duration(test.eval_time));
    const auto refuse = [&](const std::string& why) {
      failures_.push_back(where + " err: " + why);
    };
    const promql::Parsed parsed = promql::parse(test.expr);
    if (!parsed) return refuse(parsed.error().text(test.expr));
    const auto result =
        query_vector(**parsed, TimeMs{test.eval_time.count}, source_, surroundings_.options);
    if (!result) return refuse(result.error().message);
    std::vector<ParsedSample> expected, got;
    for (const promql::VectorSample& sample : *result)
      got.push_back({sample.labels, sample.sample.value});
    for (const ExpectedSample& sample : test.expected) {
      const auto labels = read_metric(sample.labels);
      if (!labels)
        return refuse(
            fmt::format("labels {}: {}", promql::quoted(sample.labels), labels.error().message));
      expected.push_back({*labels, sample.value});
    }
    std::ranges::stable_sort(expected, {}, &ParsedSample::labels);
    std::ranges::stable_sort(got, {}, &ParsedSample::labels);
    const auto same = [](const ParsedSample& a, const ParsedSample& b) {
      return a.labels == b.labels && a.value == b.value;
    };
    if (std::ranges::equal(expected, got, same)) return;
    failures_.push_back(fmt::format("{}\n        exp: {}\n        got: {}", where,
                                    samples_text(expected), samples_text(got)));
  }

  const UnitTestFile& file_;
  const TestCase& test_;
  std::vector<GroupState> groups_;
  Surroundings surroundings_;
  MemorySource source_;
  std::vector<std::string> failures_;
};

}  // namespace

std::vector<std::string> run_unit_tests(
    const UnitTestFile& file, const std::vector<std::pair<std::string, std::string>>& rule_files) {
  std::vector<std::string> out;
  for (const TestCase& test : file.tests) {
    config::Problems problems;
    std::vector<Group> groups;
    for (const auto& [name, text] : rule_files)
      for (Group& group : read_rule_file(text, name, test.interval, problems))
        groups.push_back(std::move(group));
    if (!problems.empty()) return {problems.text()};
    for (std::string& failure : TestRun(file, test, std::move(groups)).run())
      out.push_back(std::move(failure));
  }
  return out;
}

}  // namespace tocsin::promrules
