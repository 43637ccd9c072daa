#pragma once
// Points and answers as text, for the engine's tests.
//
//   up{job="a"} 1 2 _ S Inf      one series a line; a point a minute from 1970 on; _ is none,
//                                S a stale marker, 3x5 three times 5
//
// Answers: a line per series, `{job="a"} 1` or, over a range, `{job="a"} 60:1 120:2`.

#include <gtest/gtest.h>

#include <sstream>

#include "base/text.h"
#include "promql/engine.h"
#include "promql/parse.h"

namespace tocsin::promql {

class TestPoints : public Source {
 public:
  explicit TestPoints(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
      if (!line.empty()) add(line);
  }
  Result<Selected> select(const std::vector<LabelMatcher>& matchers, TimeMs from, TimeMs to,
                          const SelectHint& hint, size_t samples_max) override {
    hints.push_back(std::string(hint.function) + " " + to_text(hint.range) + " " +
                    to_text(hint.step) + " " + std::to_string(from.ms / 1000) + " " +
                    std::to_string(to.ms / 1000));
    Selected selected;
    size_t samples = 0;
    for (const auto& [labels, points] : series_) {
      bool wanted = true;
      for (const LabelMatcher& matcher : matchers) wanted = wanted && matcher.matches(labels);
      if (!wanted) continue;
      SourceSeries found{&labels, {}};
      for (const Sample& point : points)
        if (point.time >= from && point.time <= to) found.samples.push_back(point);
      samples += found.samples.size();
      selected.series.push_back(std::move(found));
    }
    if (samples > samples_max) return fail(ErrorCode::kExhausted, "the source's limit");
    selected.notes = notes;
    return selected;
  }
  std::vector<std::string> hints;  // what was asked for
  std::vector<std::string> notes;  // to answer with

 private:
  void add(const std::string& line) {
    const size_t brace = line.find('{');
    const size_t end = brace < line.find(' ') ? line.find('}') + 1 : line.find(' ');
    const auto selector = parse_selector(line.substr(0, end));
    ASSERT_TRUE(selector) << line;
    std::vector<Labels::Pair> pairs;
    for (const LabelMatcher& matcher : selector->matchers)
      pairs.emplace_back(matcher.label(), matcher.value());
    std::vector<Sample> points;
    std::istringstream words(line.substr(end));
    int64_t minute = 0;
    for (std::string word; words >> word;) {
      const size_t x = word.find('x');
      const int64_t times = x == std::string::npos ? 1 : std::stoll(word.substr(0, x));
      const std::string value = x == std::string::npos ? word : word.substr(x + 1);
      for (int64_t i = 0; i < times; ++i, ++minute)
        if (value != "_")
          points.push_back({TimeMs{} + minutes(minute), value == "S" ? kStale : number(value)});
    }
    series_.emplace_back(Labels(std::move(pairs)), std::move(points));
  }
  static double number(const std::string& text) { return std::stod(text); }
  static constexpr double kStale = std::bit_cast<double>(kStaleBits);

  std::vector<std::pair<Labels, std::vector<Sample>>> series_;
};

inline std::string said(const Result<Answer>& answer) {
  if (!answer) return "error: " + answer.error().message;
  const auto labels = [](const Labels& set) { return set.empty() ? "{}" : set.text(); };
  std::string out;
  if (const auto* scalar = std::get_if<ScalarValue>(&answer->value))
    return number_text(scalar->value);
  if (const auto* text = std::get_if<StringValue>(&answer->value)) return text->value;
  if (const auto* vector = std::get_if<Vector>(&answer->value))
    for (const VectorSample& one : *vector)
      out += labels(one.labels) + " " + number_text(one.sample.value) + "\n";
  if (const auto* matrix = std::get_if<Matrix>(&answer->value))
    for (const MatrixSeries& one : *matrix) {
      out += labels(one.labels);
      for (const Sample& sample : one.samples)
        out += " " + number_text(sample.time.ms / 1000.0) + ":" + number_text(sample.value);
      out += "\n";
    }
  return out;
}

inline std::string ask(Source& points, const std::string& query, DurationMs at,
                       const Options& options = {}) {
  const Parsed expr = parse(query);
  return expr ? said(evaluate(**expr, Instant{TimeMs{} + at}, points, options))
              : expr.error().text(query);
}
// At every minute from `from` to `to`.
inline std::string ask_range(Source& points, const std::string& query, DurationMs from,
                             DurationMs to, DurationMs step = minutes(1),
                             const Options& options = {}) {
  const Parsed expr = parse(query);
  return expr ? said(evaluate(**expr, Range{TimeMs{} + from, TimeMs{} + to, step}, points, options))
              : expr.error().text(query);
}

// One question and its answer.
struct Case {
  const char* name;
  const char* query;
  const char* expected;
};
inline void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }
inline std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

}  // namespace tocsin::promql
