// Binary operators and aggregations; every row was answered the same by Prometheus 2.42.
#include <gtest/gtest.h>

#include "promql/test_points.h"

namespace tocsin::promql {
namespace {

constexpr const char* kPoints = R"(
requests{code="200",site="a"} 8 10
requests{code="500",site="a"} 2 2
requests{code="200",site="b"} 20 40
limit{site="a"} 5 5
limit{site="b"} 30 30
owner{site="a",team="red"} 1 1
owner{site="b",team="blue"} 1 1
first{x="1"} 1 _
second{x="1"} _ 2
odd{i="0"} NaN NaN
odd{i="1"} Inf Inf
odd{i="2"} -1 -1
)";

class Operators : public testing::TestWithParam<Case> {};

TEST_P(Operators, Answer) {
  TestPoints points(kPoints);
  EXPECT_EQ(ask(points, GetParam().query, minutes(1)), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Scalars, Operators,
    testing::Values(
        Case{"add", "1 + 2", "3"}, Case{"modulo_keeps_the_sign", "-7 % 4", "-3"},
        Case{"power", "2 ^ 10", "1024"}, Case{"power_binds_right", "2 ^ 3 ^ 2", "512"},
        Case{"zero_by_zero", "0 / 0", "NaN"}, Case{"by_zero", "-1 / 0", "-Inf"},
        Case{"atan2", "1 atan2 0", "1.5707963267948966"}, Case{"compare", "1 < bool 2", "1"},
        Case{"vector_above", "limit > 10", "limit{site=\"b\"} 30\n"},
        Case{"vector_below_scalar_first", "10 < limit", "limit{site=\"b\"} 30\n"},
        Case{"bool_drops_the_name", "limit > bool 10", "{site=\"a\"} 0\n{site=\"b\"} 1\n"},
        Case{"arithmetic_drops_the_name", "limit * 2", "{site=\"a\"} 10\n{site=\"b\"} 60\n"},
        Case{"atan2_keeps_the_name", "limit{site=\"a\"} atan2 0",
             "limit{site=\"a\"} 1.5707963267948966\n"},
        Case{"nan_equals_nothing", "odd == odd", "odd{i=\"1\"} +Inf\nodd{i=\"2\"} -1\n"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Matching, Operators,
    testing::Values(
        Case{"ignoring", "limit / ignoring(team) owner", "{site=\"a\"} 5\n{site=\"b\"} 30\n"},
        Case{"on", "limit - on(site) owner", "{site=\"a\"} 4\n{site=\"b\"} 29\n"},
        Case{"on_keeps_names_of_filters", "limit > on(site) owner",
             "{site=\"a\"} 5\n{site=\"b\"} 30\n"},
        Case{"group_left", "requests / on(site) group_left limit",
             "{code=\"200\",site=\"a\"} 2\n{code=\"200\",site=\"b\"} 1.3333333333333333\n"
             "{code=\"500\",site=\"a\"} 0.4\n"},
        Case{"group_right", "limit / on(site) group_right requests",
             "{code=\"200\",site=\"a\"} 0.5\n{code=\"200\",site=\"b\"} 0.75\n"
             "{code=\"500\",site=\"a\"} 2.5\n"},
        Case{"group_left_includes", "limit * on(site) group_left(team) owner",
             "{site=\"a\",team=\"red\"} 5\n{site=\"b\",team=\"blue\"} 30\n"},
        Case{"group_left_takes_a_label_away", "owner + on(site) group_left(team) limit",
             "{site=\"a\"} 6\n{site=\"b\"} 31\n"},
        Case{"group_left_filter_keeps_the_name", "requests > on(site) group_left limit",
             "requests{code=\"200\",site=\"a\"} 10\nrequests{code=\"200\",site=\"b\"} 40\n"},
        Case{"nothing_matches", "requests + limit", ""},
        Case{"many_to_many", "limit + on(site) requests",
             "error: found duplicate series for the match group {site=\"a\"} on the right "
             "hand-side of the operation: [{__name__=\"requests\", code=\"500\", site=\"a\"}, "
             "{__name__=\"requests\", code=\"200\", site=\"a\"}];many-to-many matching not "
             "allowed: matching labels must be unique on one side"},
        Case{"many_to_many_left", "requests + on(site) group_right requests",
             "error: found duplicate series for the match group {site=\"a\"} on the left "
             "hand-side of the operation: [{__name__=\"requests\", code=\"500\", site=\"a\"}, "
             "{__name__=\"requests\", code=\"200\", site=\"a\"}];many-to-many matching not "
             "allowed: matching labels must be unique on one side"},
        Case{"nothing_on_the_other_side_is_no_error", "missing + on(site) requests", ""},
        Case{"many_to_one_must_be_said", "requests + on(site) limit",
             "error: multiple matches for labels: many-to-one matching must be explicit "
             "(group_left/group_right)"},
        Case{"filtered_matches_do_not_count", "requests == on(site) limit * 2",
             "{site=\"a\"} 10\n"},
        Case{"grouping_must_be_unique", "requests + on(site) group_left(code) limit",
             "error: multiple matches for labels: grouping labels must ensure unique matches"},
        Case{"name_as_match", "limit + on(__name__,site) limit",
             "{site=\"a\"} 10\n{site=\"b\"} 60\n"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Sets, Operators,
    testing::Values(
        Case{"conjunction", "requests and on(site) limit{site=\"a\"}",
             "requests{code=\"200\",site=\"a\"} 10\nrequests{code=\"500\",site=\"a\"} 2\n"},
        Case{"disjunction", "limit{site=\"a\"} or on(site) owner",
             "limit{site=\"a\"} 5\nowner{site=\"b\",team=\"blue\"} 1\n"},
        Case{"disjunction_of_the_same", "limit or limit",
             "limit{site=\"a\"} 5\nlimit{site=\"b\"} 30\n"},
        Case{"exception", "requests unless on(site) limit{site=\"a\"}",
             "requests{code=\"200\",site=\"b\"} 40\n"},
        Case{"and_nothing", "limit and missing", ""},
        Case{"unless_nothing", "limit unless missing",
             "limit{site=\"a\"} 5\nlimit{site=\"b\"} 30\n"},
        Case{"ignores_the_name", "limit and requests{code=\"500\"} * 0", ""}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Aggregations, Operators,
    testing::Values(
        Case{"sum", "sum(requests)", "{} 52\n"},
        Case{"by", "sum by (site) (requests)", "{site=\"a\"} 12\n{site=\"b\"} 40\n"},
        Case{"without", "sum without (code) (requests)", "{site=\"a\"} 12\n{site=\"b\"} 40\n"},
        Case{"by_the_name", "count by (__name__) ({site=\"a\"})", "limit 1\nowner 1\nrequests 2\n"},
        Case{"by_a_label_that_is_not_there", "sum by (none) (limit)", "{} 35\n"},
        Case{"avg", "avg(requests)", "{} 17.333333333333332\n"},
        Case{"avg_beside_infinity", "avg(odd{i!=\"0\"})", "{} +Inf\n"},
        Case{"min_passes_nan_over", "min(odd)", "{} -1\n"},
        Case{"max_passes_nan_over", "max(odd)", "{} +Inf\n"},
        Case{"group", "group(requests)", "{} 1\n"}, Case{"stddev", "stddev(limit)", "{} 12.5\n"},
        Case{"stdvar", "stdvar(limit)", "{} 156.25\n"},
        Case{"quantile", "quantile(0.5, requests)", "{} 10\n"},
        Case{"quantile_between", "quantile(0.75, requests)", "{} 25\n"},
        Case{"quantile_below", "quantile(-0.1, requests)", "{} -Inf\n"},
        Case{"quantile_above", "quantile(1.1, requests)", "{} +Inf\n"},
        Case{"quantile_none", "quantile(NaN, requests)", "{} NaN\n"},
        Case{"topk_is_ordered", "topk(2, requests)",
             "requests{code=\"200\",site=\"b\"} 40\nrequests{code=\"200\",site=\"a\"} 10\n"},
        Case{"bottomk_is_ordered", "bottomk(2, requests)",
             "requests{code=\"500\",site=\"a\"} 2\nrequests{code=\"200\",site=\"a\"} 10\n"},
        Case{"topk_nan_last", "topk(3, odd)",
             "odd{i=\"1\"} +Inf\nodd{i=\"2\"} -1\nodd{i=\"0\"} NaN\n"},
        Case{"topk_by", "topk by (site) (1, requests)",
             "requests{code=\"200\",site=\"a\"} 10\nrequests{code=\"200\",site=\"b\"} 40\n"},
        Case{"topk_of_none", "topk(0, requests)", ""},
        Case{"topk_of_too_many", "topk(1e30, requests)",
             "error: Scalar value 1e+30 overflows int64"},
        Case{"count_values", "count_values(\"v\", odd or limit)",
             "{v=\"NaN\"} 1\n{v=\"+Inf\"} 1\n{v=\"-1\"} 1\n{v=\"5\"} 1\n{v=\"30\"} 1\n"},
        Case{"count_values_by", "count_values by (site) (\"v\", limit * 1e21)",
             "{site=\"a\",v=\"5000000000000000000000\"} 1\n"
             "{site=\"b\",v=\"30000000000000000000000\"} 1\n"},
        Case{"count_values_label", "count_values(\"1\", limit)",
             "error: invalid label name \"1\""}),
    name_of);

TEST(OperatorsOverRanges, DecideAtEachStep) {
  TestPoints points(kPoints);
  struct Row {
    const char *name, *query, *expected;
  };
  const Row rows[] = {
      {"or joins a series' steps", "first or second", "first{x=\"1\"} 0:1 60:1\n"},
      {"names drop into one series", "first * 1 or second * 1", "{x=\"1\"} 0:1 60:1\n"},
      {"a filter leaves gaps", "requests{site=\"b\"} > 30",
       "requests{code=\"200\",site=\"b\"} 60:40\n"},
      {"topk keeps what was in it", "topk(1, requests)",
       "requests{code=\"200\",site=\"b\"} 0:20 60:40\n"},
      {"errors come from the steps that have them", "second + on() second", "{} 60:4\n"},
      {"equal label sets at other steps are one series", "{x=\"1\",__name__!=\"first\"} * 1",
       "{x=\"1\"} 60:2\n"},
      {"equal label sets at one step are an error", "{x=\"1\"} * 1",
       "error: vector cannot contain metrics with the same labelset"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(ask_range(points, row.query, {}, minutes(1)), row.expected) << row.name;
}

}  // namespace
}  // namespace tocsin::promql
