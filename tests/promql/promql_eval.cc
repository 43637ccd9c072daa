// Evaluates PromQL over points that are handed in, for tests/program/promql_test.py.
//
// Input is lines, output one line of JSON per query:
//   series NAMES_AND_VALUES   name TAB value TAB name TAB value ...; the next points are its own
//   point TIME BITS           ms, the value's bits in hexadecimal; ascending
//   instant TIME QUERY
//   range START END STEP QUERY
// {"type":"vector","result":[{"metric":{...},"values":[[time,"value"],...]}]} or
// {"error":code,"message":text}; code 0 is a parse error, else base/result.h's.
#include <bit>
#include <charconv>
#include <deque>
#include <iostream>
#include <string>

#include "base/json_writer.h"
#include "base/text.h"
#include "promql/engine.h"
#include "promql/parse.h"

namespace {

using namespace tocsin;
using namespace tocsin::promql;

class Points : public Source {
 public:
  struct Series {
    Labels labels;
    std::vector<Sample> samples;
  };
  Result<Selected> select(const std::vector<LabelMatcher>& matchers, TimeMs from, TimeMs to,
                          const SelectHint&, size_t) override {
    Selected selected;
    for (const Series& one : series) {
      if (!std::all_of(matchers.begin(), matchers.end(),
                       [&](const LabelMatcher& matcher) { return matcher.matches(one.labels); }))
        continue;
      SourceSeries found{&one.labels, {}};
      for (const Sample& sample : one.samples)
        if (sample.time >= from && sample.time <= to) found.samples.push_back(sample);
      if (!found.samples.empty()) selected.series.push_back(std::move(found));
    }
    return selected;
  }
  std::deque<Series> series;
};

std::string_view word(std::string_view& line, char end) {
  const size_t at = std::min(line.find(end), line.size());
  const std::string_view found = line.substr(0, at);
  line.remove_prefix(std::min(at + 1, line.size()));
  return found;
}

int64_t time_of(std::string_view& line) { return parse_int(word(line, ' ')).value_or(0); }

void add_series(std::string_view line, Points& points) {
  std::vector<Labels::Pair> pairs;
  while (!line.empty()) {
    const std::string_view name = word(line, '\t');
    pairs.emplace_back(name, word(line, '\t'));
  }
  points.series.push_back({Labels(std::move(pairs)), {}});
}

void add_point(std::string_view line, Points& points) {
  const int64_t time = time_of(line);
  uint64_t bits = 0;
  std::from_chars(line.data(), line.data() + line.size(), bits, 16);
  points.series.back().samples.push_back({TimeMs{time}, std::bit_cast<double>(bits)});
}

void write_series(JsonWriter& json, const Labels& labels, std::span<const Sample> samples) {
  json.begin_object().key("metric").begin_object();
  for (const auto& [name, value] : labels.pairs()) json.member(name, value);
  json.end_object().key("values").begin_array();
  for (const Sample& sample : samples)
    json.begin_array().integer(sample.time.ms).string(number_text(sample.value)).end_array();
  json.end_array().end_object();
}

void write_value(JsonWriter& json, const Value& value) {
  json.begin_object();
  if (const auto* scalar = std::get_if<ScalarValue>(&value)) {
    const Sample sample{scalar->time, scalar->value};
    json.member("type", "scalar").key("result").begin_array();
    write_series(json, {}, {&sample, 1});
  } else if (const auto* vector = std::get_if<Vector>(&value)) {
    json.member("type", "vector").key("result").begin_array();
    for (const VectorSample& one : *vector) write_series(json, one.labels, {&one.sample, 1});
  } else if (const auto* matrix = std::get_if<Matrix>(&value)) {
    json.member("type", "matrix").key("result").begin_array();
    for (const MatrixSeries& one : *matrix) write_series(json, one.labels, one.samples);
  } else {
    json.member("type", "string").key("result").begin_array();
    json.string(std::get<StringValue>(value).value);
  }
  json.end_array().end_object();
}

void fail_with(JsonWriter& json, int code, const std::string& message) {
  json.begin_object().member("error", code).member("message", message).end_object();
}

std::string ask(bool range, std::string_view line, Points& points) {
  const TimeMs start{time_of(line)};
  const TimeMs end{range ? time_of(line) : start.ms};
  const DurationMs step{range ? time_of(line) : 0};
  JsonWriter json;
  const Parsed parsed = parse(line);
  if (!parsed) {
    fail_with(json, 0, parsed.error().text(line));
    return json.take();
  }
  const Result<Answer> answer = range ? evaluate(**parsed, Range{start, end, step}, points)
                                      : evaluate(**parsed, Instant{start}, points);
  if (answer)
    write_value(json, answer->value);
  else
    fail_with(json, static_cast<int>(answer.error().code) + 1, answer.error().message);
  return json.take();
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  Points points;
  for (std::string text; std::getline(std::cin, text);) {
    std::string_view line = text;
    const std::string_view verb = word(line, ' ');
    if (verb == "series")
      add_series(line, points);
    else if (verb == "point")
      add_point(line, points);
    else
      std::cout << ask(verb == "range", line, points) << std::endl;
  }
}
