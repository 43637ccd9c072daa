// Functions of instant vectors; every row was answered the same by Prometheus 2.42.
#include <gtest/gtest.h>

#include "promql/eval_functions.h"
#include "promql/test_points.h"

namespace tocsin::promql {
namespace {

constexpr const char* kPoints = R"(
load{host="h2",site="madrid"} 2.5
load{host="h10",site="oslo"} -3.5
one{site="madrid"} 7
odd{i="0"} NaN
odd{i="1"} Inf
odd{i="2"} -0.0
d_bucket{le="0.1"} 1
d_bucket{le="1"} 4
d_bucket{le="+Inf"} 10
flat_bucket{le="1"} 4
flat_bucket{le="2"} 4
falling_bucket{le="1"} 5
falling_bucket{le="2"} 3
falling_bucket{le="+Inf"} 6
below_bucket{le="-1"} 3
below_bucket{le="+Inf"} 6
)";

class Calls : public testing::TestWithParam<Case> {};

TEST_P(Calls, Answer) {
  TestPoints points(kPoints);
  EXPECT_EQ(ask(points, GetParam().query, {}), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Values, Calls,
    testing::Values(
        Case{"abs", "abs(load)",
             "{host=\"h10\",site=\"oslo\"} 3.5\n"
             "{host=\"h2\",site=\"madrid\"} 2.5\n"},
        Case{"round_half_up", "round(one * 0.5)", "{site=\"madrid\"} 4\n"},
        Case{"round_to", "round(one, 5)", "{site=\"madrid\"} 5\n"},
        Case{"round_to_zero", "round(one, 0)", "{site=\"madrid\"} NaN\n"},
        Case{"clamp", "clamp(one, 1, 3)", "{site=\"madrid\"} 3\n"},
        Case{"clamp_upside_down", "clamp(one, 3, 1)", ""},
        Case{"clamp_nan", "clamp_min(one, NaN)", "{site=\"madrid\"} NaN\n"},
        Case{"clamp_max_of_zeros", "clamp_max(odd{i=\"2\"}, 0)", "{i=\"2\"} -0\n"},
        Case{"sgn", "sgn(odd)", "{i=\"0\"} NaN\n{i=\"1\"} 1\n{i=\"2\"} -0\n"},
        Case{"deg", "deg(vector(pi()))", "{} 180\n"},
        Case{"ln_of_nothing", "ln(vector(0))", "{} -Inf\n"}, Case{"scalar", "scalar(one)", "7"},
        Case{"scalar_of_two", "scalar(load)", "NaN"}, Case{"vector", "vector(3)", "{} 3\n"},
        Case{"same_labelset",
             "abs(one or on(__name__) label_replace(one, \"__name__\", \"two\", \"\", \"\"))",
             "error: vector cannot contain metrics with the same labelset"},
        Case{"sort", "sort(load)",
             "load{host=\"h10\",site=\"oslo\"} -3.5\n"
             "load{host=\"h2\",site=\"madrid\"} 2.5\n"},
        Case{"sort_desc_nan_last", "sort_desc(odd)",
             "odd{i=\"1\"} +Inf\nodd{i=\"2\"} -0\nodd{i=\"0\"} NaN\n"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Dates, Calls,
    testing::Values(Case{"minute", "minute(vector(3661))", "{} 1\n"},
                    Case{"hour_before_1970", "hour(vector(-1))", "{} 23\n"},
                    Case{"leap_day", "day_of_month(vector(951782400))", "{} 29\n"},
                    Case{"leap_year_has_366", "day_of_year(vector(978220800))", "{} 366\n"},
                    Case{"no_leap_in_1900", "days_in_month(vector(-2206310400))", "{} 28\n"},
                    Case{"weekday_1970", "day_of_week(vector(0))", "{} 4\n"},
                    Case{"month", "month(vector(951868800))", "{} 3\n"},
                    Case{"year_of_nan", "year(vector(NaN))", "{} 292277026596\n"},
                    Case{"of_now", "year()", "{} 1970\n"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    OfLabels, Calls,
    testing::Values(
        Case{"replace", "label_replace(one, \"to\", \"$1-x\", \"site\", \"(.).*\")",
             "one{site=\"madrid\",to=\"m-x\"} 7\n"},
        Case{"replace_named", "label_replace(one, \"to\", \"${a}$$\", \"site\", \"(?P<a>.).*\")",
             "one{site=\"madrid\",to=\"m$\"} 7\n"},
        Case{"replace_is_anchored", "label_replace(one, \"to\", \"x\", \"site\", \"mad\")",
             "one{site=\"madrid\"} 7\n"},
        Case{"replace_removes", "label_replace(one, \"site\", \"\", \"site\", \".*\")", "one 7\n"},
        Case{"replace_the_name", "label_replace(one, \"__name__\", \"two\", \"\", \"\")",
             "two{site=\"madrid\"} 7\n"},
        Case{"replace_long_name", "label_replace(one, \"to\", \"$1x\", \"site\", \"(.).*\")",
             "one{site=\"madrid\"} 7\n"},
        Case{"replace_bad_regex", "label_replace(one, \"to\", \"\", \"site\", \"(\")",
             "error: invalid regular expression in label_replace(): ("},
        Case{"replace_bad_label", "label_replace(one, \"1\", \"\", \"site\", \"\")",
             "error: invalid destination label name in label_replace(): 1"},
        Case{"replace_makes_equal",
             "label_replace(load, \"host\", \"x\", \"\", \"\") or "
             "label_replace(label_replace(load, \"host\", \"\", \"\", "
             "\"\"), \"site\", \"\", \"\", \"\")",
             "error: vector cannot contain metrics with the same labelset"},
        Case{"join", "label_join(load, \"to\", \"/\", \"site\", \"host\", \"none\")",
             "load{host=\"h10\",site=\"oslo\",to=\"oslo/h10/\"} -3.5\n"
             "load{host=\"h2\",site=\"madrid\",to=\"madrid/h2/\"} 2.5\n"},
        Case{"join_nothing_removes", "label_join(one, \"site\", \"\", \"none\")", "one 7\n"},
        Case{"join_bad_source", "label_join(one, \"to\", \"\", \"1\")",
             "error: invalid source label name in label_join(): 1"},
        Case{"absent", "absent(missing{a=\"b\",c=~\"d\",e=\"f\",e=\"g\"})", "{a=\"b\"} 1\n"},
        Case{"absent_of_something", "absent(one)", ""},
        Case{"absent_of_an_expression", "absent(sum(missing{a=\"b\"}))", "{} 1\n"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Histograms, Calls,
    testing::Values(Case{"quantile", "histogram_quantile(0.25, d_bucket)", "{} 0.55\n"},
                    Case{"in_the_first_bucket", "histogram_quantile(0.05, d_bucket)", "{} 0.05\n"},
                    Case{"in_the_last_bucket", "histogram_quantile(0.9, d_bucket)", "{} 1\n"},
                    Case{"below_zero_has_no_lower_end", "histogram_quantile(0.2, below_bucket)",
                         "{} -1\n"},
                    Case{"without_infinity", "histogram_quantile(0.5, flat_bucket)", "{} NaN\n"},
                    Case{"made_to_rise", "histogram_quantile(0.5, falling_bucket)", "{} 0.6\n"},
                    Case{"q_below", "histogram_quantile(-1, d_bucket)", "{} -Inf\n"},
                    Case{"q_above", "histogram_quantile(2, d_bucket)", "{} +Inf\n"},
                    Case{"q_none", "histogram_quantile(NaN, d_bucket)", "{} NaN\n"},
                    Case{"no_buckets", "histogram_quantile(0.5, one)", ""},
                    Case{"native_only", "histogram_count(one)", ""}),
    name_of);

TEST(DecimalText, NeverHasAnExponent) {
  struct Row {
    double value;
    const char* text;
  };
  const Row rows[] = {
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {-12.5, "-12.5"},
      {1e-7, "0.0000001"},
      {1.5e-9, "0.0000000015"},
      {1e21, "1000000000000000000000"},
      {1e23, "100000000000000000000000"},
      {123456789.125, "123456789.125"},
      {100, "100"},
      {1.0 / 0.0, "+Inf"},
      {-1.0 / 0.0, "-Inf"},
  };
  for (const Row& row : rows) EXPECT_EQ(decimal_text(row.value), row.text);
}

}  // namespace
}  // namespace tocsin::promql
