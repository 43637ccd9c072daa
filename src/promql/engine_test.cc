#include "promql/engine.h"

#include <gtest/gtest.h>

#include "promql/test_points.h"

namespace tocsin::promql {
namespace {

constexpr const char* kPoints = R"(
up{job="a"} 1 2 3 4 5 6 7 8 9 10
up{job="b"} 10 10 10 S _ _ 10 10 10 10
late{job="a"} _ _ _ _ _ _ _ 7 7 7
once 5
odd{i="0"} NaN NaN NaN NaN NaN NaN NaN NaN NaN NaN
)";

// At minute 5, step a minute where it is a range: minutes 4 to 7.
class Selectors : public testing::TestWithParam<Case> {};

TEST_P(Selectors, Answer) {
  TestPoints points(kPoints);
  const std::string query = GetParam().query;
  if (query.starts_with("range "))
    EXPECT_EQ(ask_range(points, query.substr(6), minutes(4), minutes(7)), GetParam().expected);
  else
    EXPECT_EQ(ask(points, query, minutes(5)), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Instants, Selectors,
    testing::Values(
        Case{"latest", "up{job=\"a\"}", "up{job=\"a\"} 6\n"},
        Case{"stale_is_gone", "up", "up{job=\"a\"} 6\n"},
        Case{"look_back_reaches_five_minutes", "once", "once 5\n"},
        Case{"look_back_ends_after_five_minutes", "once offset -1ms", ""},
        Case{"offset", "up offset 3m", "up{job=\"a\"} 3\nup{job=\"b\"} 10\n"},
        Case{"offset_ahead", "up{job=\"a\"} offset -2m", "up{job=\"a\"} 8\n"},
        Case{"at", "up{job=\"a\"} @ 60", "up{job=\"a\"} 2\n"},
        Case{"at_and_offset", "up{job=\"a\"} @ 120 offset 1m", "up{job=\"a\"} 2\n"},
        Case{"at_start_of_an_instant", "up{job=\"a\"} @ start()", "up{job=\"a\"} 6\n"},
        Case{"nan_is_a_value", "odd", "odd{i=\"0\"} NaN\n"},
        Case{"matchers", "{job=~\"a|b\",__name__!=\"up\"} offset -3m", "late{job=\"a\"} 7\n"},
        Case{"no_match", "missing", ""},
        Case{"range", "up[2m]", "up{job=\"a\"} 180:4 240:5 300:6\n"},
        Case{"range_drops_stale_markers", "up{job=\"b\"}[5m]", "up{job=\"b\"} 0:10 60:10 120:10\n"},
        Case{"range_at", "up{job=\"a\"}[1m] @ 120", "up{job=\"a\"} 60:2 120:3\n"},
        Case{"subquery", "up{job=\"a\"}[3m:90s]", "up{job=\"a\"} 180:4 270:5\n"},
        Case{"subquery_of_a_scalar", "vector(time())[2m:1m]", "{} 180:180 240:240 300:300\n"},
        Case{"scalar", "1 + 2", "3"}, Case{"text", "\"x\"", "x"}, Case{"time", "time()", "300"},
        Case{"timestamp_of_the_point", "timestamp(once)", "{} 0\n"},
        Case{"timestamp_of_a_result", "timestamp(once + 0)", "{} 300\n"},
        Case{"minus_drops_the_name", "-up{job=\"a\"}", "{job=\"a\"} -6\n"},
        Case{"plus_keeps_it", "+up{job=\"a\"}", "up{job=\"a\"} 6\n"},
        Case{"same_labelset", "-{job=\"a\"} offset -3m",
             "error: vector cannot contain metrics with the same labelset"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Ranges, Selectors,
    testing::Values(
        Case{"r_gaps", "range up",
             "up{job=\"a\"} 240:5 300:6 360:7 420:8\n"
             "up{job=\"b\"} 360:10 420:10\n"},
        Case{"r_scalar", "range time()", "{} 240:240 300:300 360:360 420:420\n"},
        Case{"r_constant", "range 7", "{} 240:7 300:7 360:7 420:7\n"},
        Case{"r_at", "range up{job=\"a\"} @ 60", "up{job=\"a\"} 240:2 300:2 360:2 420:2\n"},
        Case{"r_at_end", "range up{job=\"a\"} - up{job=\"a\"} @ end()",
             "{job=\"a\"} 240:-3 300:-2 360:-1 420:0\n"},
        Case{"r_range_at", "range sum_over_time(up{job=\"a\"}[1m] @ 120)",
             "{job=\"a\"} 240:5 300:5 360:5 420:5\n"},
        // `@` fixes what the first step sees; predict_linear is evaluated anew at each, over what
        // is left of the points.
        Case{"r_predict_at", "range predict_linear(up{job=\"a\"}[2m] @ 240, 0)",
             "{job=\"a\"} 240:5 300:6\n"},
        Case{"r_last_keeps_the_name", "range last_over_time(late[5m])", "late{job=\"a\"} 420:7\n"},
        Case{"r_subquery", "range max_over_time(up{job=\"a\"}[2m:1m])",
             "{job=\"a\"} 240:5 300:6 360:7 420:8\n"},
        Case{"r_subquery_shifted", "range max_over_time(up{job=\"a\"}[2m:1m] offset 1m)",
             "{job=\"a\"} 240:4 300:5 360:6 420:7\n"},
        Case{"r_absent", "range absent(late)", "{} 240:1 300:1 360:1\n"},
        Case{"r_absent_over_time", "range absent_over_time(up{job=\"b\"}[1m])",
             "{job=\"b\"} 240:1 300:1\n"},
        Case{"r_text", "range \"x\"",
             "error: invalid expression type \"string\" for range query, must be Scalar or "
             "instant Vector"},
        Case{"r_or_makes_one_series", "range late or up{job=\"a\"}",
             "late{job=\"a\"} 420:7\nup{job=\"a\"} 240:5 300:6 360:7\n"}),
    name_of);

TEST(Engine, AsksTheSourceForWhatItNeeds) {
  struct Row {
    const char *name, *query, *hint;  // function, range, step, from and to in seconds
  };
  const Row rows[] = {
      {"instant vector looks back", "up", " 0 1m -60 420"},
      {"range", "rate(up[2m])", "rate 2m 1m 120 420"},
      {"offset", "sum(up offset 1m)", "sum 0 1m -120 360"},
      {"at", "up @ 100", " 0 1m -200 100"},
      {"subquery", "max_over_time(up[2m:30s] offset 1m)", "max_over_time 0 30s -240 360"},
      {"at of a subquery", "max_over_time(up[2m:30s] @ 300)", "max_over_time 0 30s -120 300"},
      {"an operator hides what is around it", "sum(up + 1)", " 0 1m -60 420"},
  };
  for (const Row& row : rows) {
    TestPoints points(kPoints);
    ask_range(points, row.query, minutes(4), minutes(7));
    ASSERT_EQ(points.hints.size(), 1u) << row.name;
    EXPECT_EQ(points.hints[0], row.hint) << row.name;
  }
}

TEST(Engine, HandsOnWhatTheSourceNotes) {
  TestPoints points(kPoints);
  points.notes = {"1-minute rollups were read"};
  const Parsed expr = parse("up + on(job) up");
  const auto answer = evaluate(**expr, Instant{TimeMs{300'000}}, points);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->warnings, points.notes) << "each once";
}

TEST(Engine, LimitsSamplesAndSeries) {
  const std::string samples =
      "error: query processing would load too many samples into memory in query execution";
  struct Row {
    const char* query;
    size_t samples_max, series_max;
    std::string expected;
  };
  const Row rows[] = {
      {"count_over_time(up[5m])", 10, 10, "error: the source's limit"},
      {"up{job=\"a\"}", 5, 10, "error: the source's limit"},
      {"vector(1)", 3, 10, samples},
      {"sum_over_time(vector(1)[1d:1s])", 1000, 10, samples},
      {"sum_over_time(vector(1)[100y:1ms])", 1000, 10, samples},
      {"up", 1000, 1,
       "error: the result of the query would have more than 1 series; select or aggregate more"},
      {"vector(2)", 1000, 1, "{} 240:2 300:2 360:2 420:2\n"},
  };
  for (const Row& row : rows) {
    TestPoints points(kPoints);
    Options options;
    options.limits.samples_max = row.samples_max;
    options.limits.series_max = row.series_max;
    EXPECT_EQ(ask_range(points, row.query, minutes(4), minutes(7), minutes(1), options),
              row.expected)
        << row.query;
  }
}

TEST(Engine, StopsSoonAfterItIsTold) {
  TestPoints points("up 2000x1");
  struct Row {
    const char *name, *query;
  };
  const Row rows[] = {
      {"windows", "sum_over_time(up[1d])"},
      {"windows of a subquery", "stddev_over_time(up[1d:1s])"},
      {"steps", "vector(time()) * 2 + 3"},
      {"quantiles", "quantile_over_time(0.5, up[1d])"},
  };
  for (const Row& row : rows) {
    size_t asked = 0;
    Options options;
    options.limits.stop = [&] { return ++asked > 0; };
    const std::string answer = ask_range(points, row.query, {}, minutes(2000), seconds(1), options);
    EXPECT_EQ(answer.substr(0, 60), "error: query timed out in expression evaluation") << row.name;
    EXPECT_EQ(asked, 1u) << row.name << ": not asked again once it said so";
  }
}

// Windows move over more points than may be held: a series is read, reduced and let go.
TEST(Engine, HoldsThePointsOfOneSeriesAtATime) {
  class ManySeries : public Source {
   public:
    ManySeries() {
      for (int i = 0; i < 100; ++i) labels.push_back(Labels::of("up", {{"i", std::to_string(i)}}));
    }
    Result<Selected> select(const std::vector<LabelMatcher>&, TimeMs, TimeMs, const SelectHint&,
                            size_t) override {
      return fail(ErrorCode::kInternal, "all at once");
    }
    Result<Selected> select_each(const std::vector<LabelMatcher>&, TimeMs, TimeMs,
                                 const SelectHint&, size_t, const Visit& visit) override {
      for (const Labels& one : labels) {
        SourceSeries series{&one, {}};
        for (int64_t i = 0; i < 1000; ++i) series.samples.push_back({TimeMs{i * 1000}, 1});
        if (auto visited = visit(series); !visited) return fail(visited.error());
      }
      return Selected{};
    }
    std::vector<Labels> labels;
  };
  ManySeries source;
  Options options;
  options.limits.samples_max = 3000;
  EXPECT_EQ(ask(source, "sum(count_over_time(up[999s]))", seconds(999), options), "{} 1e+05\n");
  EXPECT_EQ(ask(source, "up[999s]", seconds(999), options),
            "error: query processing would load too many samples into memory in query execution");
}

TEST(Engine, EvaluatesTheDeepestExpression) {
  TestPoints points(kPoints);
  std::string sum = "once", minus;
  for (size_t i = 2; i < kDepthMax; ++i) sum += " + once";
  EXPECT_EQ(ask(points, sum, {}), "{} " + std::to_string(5 * (kDepthMax - 1)) + "\n");
  for (size_t i = 0; i + 2 < kDepthMax; i += 2) minus += "-(";
  minus += "once" + std::string(minus.size() / 2, ')');
  EXPECT_EQ(ask(points, minus, {}), kDepthMax / 2 % 2 == 0 ? "{} -5\n" : "{} 5\n");
}

TEST(Engine, HoldsNothingForStepsWithoutSeries) {
  // Four billion steps of a subquery over a series of three points.
  TestPoints points("up 1 2 3");
  EXPECT_EQ(ask(points, "count_over_time(up[40d:1ms])", minutes(2)), "{} 120001\n");
}

TEST(Engine, RefusesRangesThatAreNone) {
  TestPoints points(kPoints);
  EXPECT_NE(ask_range(points, "up", minutes(5), minutes(4)).find("before its start"),
            std::string::npos);
  EXPECT_NE(ask_range(points, "up", minutes(5), minutes(6), {}).find("not positive"),
            std::string::npos);
}

}  // namespace
}  // namespace tocsin::promql
