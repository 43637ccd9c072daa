#include "promql/range_functions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "promql/eval_rows.h"
#include "promql/test_points.h"

namespace tocsin::promql {
namespace {

constexpr const char* kPoints = R"(
counter 0 10 20 5 15 25 35
gauge 1 3 2 8 4 4 6
const 4 4 4 4 4 4 4
single _ _ _ _ _ _ 9
stale 1 2 S 4 S _ 6
nans NaN 1 NaN NaN 2 NaN 3
)";

class OverRanges : public testing::TestWithParam<Case> {};

TEST_P(OverRanges, Answer) {
  TestPoints points(kPoints);
  EXPECT_EQ(ask(points, GetParam().query, minutes(6)), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    AtMinuteSix, OverRanges,
    testing::Values(Case{"increase_over_a_reset", "increase(counter[6m])", "{} 55\n"},
                    Case{"rate", "rate(counter[2m])", "{} 0.16666666666666666\n"},
                    Case{"rate_extrapolates", "increase(counter[150s])", "{} 25\n"},
                    Case{"rate_stops_at_zero", "increase(counter[10m] @ 60)", "{} 10\n"},
                    Case{"one_point_is_no_rate", "rate(single[5m])", ""},
                    Case{"delta", "delta(gauge[6m])", "{} 5\n"},
                    Case{"idelta", "idelta(gauge[6m])", "{} 2\n"},
                    Case{"irate_over_a_reset", "irate(counter[6m] @ 180)",
                         "{} 0.08333333333333333\n"},
                    Case{"changes", "changes(gauge[6m])", "{} 5\n"},
                    Case{"changes_of_nan", "changes(nans[6m])", "{} 5\n"},
                    Case{"resets", "resets(counter[6m])", "{} 1\n"},
                    Case{"sum_without_stale_markers", "sum_over_time(stale[6m])", "{} 13\n"},
                    Case{"count", "count_over_time(stale[6m])", "{} 4\n"},
                    Case{"avg", "avg_over_time(gauge[6m])", "{} 4\n"},
                    Case{"min", "min_over_time(nans[6m])", "{} 1\n"},
                    Case{"max", "max_over_time(nans[6m])", "{} 3\n"},
                    Case{"stdvar", "stdvar_over_time(gauge[2m])", "{} 0.8888888888888887\n"},
                    Case{"quantile", "quantile_over_time(0.5, gauge[6m])", "{} 4\n"},
                    Case{"mad", "mad_over_time(gauge[6m])", "{} 2\n"},
                    Case{"last_keeps_the_name", "last_over_time(gauge[6m])", "gauge 6\n"},
                    Case{"present", "present_over_time(single[5m])", "{} 1\n"},
                    Case{"deriv", "deriv(counter[3m])", "{} 0.16666666666666666\n"},
                    Case{"deriv_of_a_constant", "deriv(const[6m])", "{} 0\n"},
                    Case{"predict", "predict_linear(counter[3m], 60)", "{} 45\n"},
                    Case{"holt_winters", "holt_winters(gauge[2m], 0.5, 0.5)", "{} 5\n"},
                    Case{"holt_winters_factor", "holt_winters(gauge[2m], 1, 0.5)",
                         "error: invalid smoothing factor. Expected: 0 < sf < 1, got: 1.000000"},
                    Case{"holt_winters_trend", "holt_winters(gauge[2m], 0.5, -0.25)",
                         "error: invalid trend factor. Expected: 0 < tf < 1, got: -0.250000"},
                    Case{"the_range_is_closed", "count_over_time(gauge[2m])", "{} 3\n"},
                    Case{"names_drop", "sum_over_time({__name__=~\"gauge|const\"}[1m])",
                         "error: vector cannot contain metrics with the same labelset"}),
    name_of);

TEST(KahanSum, KeepsWhatASumLoses) {
  KahanSum sum;
  for (const double value : {1.0, 1e100, 1.0, -1e100}) sum.add(value);
  EXPECT_EQ(sum.total(), 2.0);
}

// The functions straight from their definitions; each window is gathered anew, in its own order.
using Points = std::vector<Sample>;

double mean(const Points& w) {
  long double sum = 0;
  for (const Sample& s : w) sum += s.value;
  return static_cast<double>(sum / static_cast<long double>(w.size()));
}
double growth(const Points& w) {
  double growth = 0;
  for (size_t i = 1; i < w.size(); ++i)
    growth += w[i].value < w[i - 1].value ? w[i].value : w[i].value - w[i - 1].value;
  return growth;
}
double slope(const Points& w) {
  long double t_mean = 0, v_mean = 0, tv = 0, tt = 0;
  for (const Sample& s : w) {
    t_mean += static_cast<long double>(s.time.ms) / 1000;
    v_mean += s.value;
  }
  t_mean /= static_cast<long double>(w.size());
  v_mean /= static_cast<long double>(w.size());
  for (const Sample& s : w) {
    const long double t = static_cast<long double>(s.time.ms) / 1000 - t_mean;
    tv += t * (s.value - v_mean);
    tt += t * t;
  }
  return static_cast<double>(tv / tt);
}
double variance(const Points& w) {
  long double sum = 0;
  for (const Sample& s : w) sum += (s.value - mean(w)) * (s.value - mean(w));
  return static_cast<double>(sum / static_cast<long double>(w.size()));
}
double median(const Points& w) {
  std::vector<double> values;
  for (const Sample& s : w) values.push_back(s.value);
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}
double largest(const Points& w) {
  return std::max_element(w.begin(), w.end(),
                          [](const Sample& a, const Sample& b) { return a.value < b.value; })
      ->value;
}
double falls(const Points& w) {
  double falls = 0;
  for (size_t i = 1; i < w.size(); ++i) falls += w[i].value < w[i - 1].value;
  return falls;
}

struct Twin {
  const char* name;
  const char* query;  // %s is the range
  size_t points_min;
  double (*value)(const Points&);
};
const Twin kTwins[] = {
    {"sum", "sum_over_time(s%s)", 1,
     [](const Points& w) { return mean(w) * static_cast<double>(w.size()); }},
    {"avg", "avg_over_time(s%s)", 1, mean},
    {"count", "count_over_time(s%s)", 1,
     [](const Points& w) { return static_cast<double>(w.size()); }},
    {"max", "max_over_time(s%s)", 1, largest},
    {"last", "last_over_time(s%s)", 1, [](const Points& w) { return w.back().value; }},
    {"resets", "resets(s%s)", 1, falls},
    {"stdvar", "stdvar_over_time(s%s)", 1, variance},
    {"median", "quantile_over_time(0.5, s%s)", 1, median},
    {"deriv", "deriv(s%s)", 2, slope},
    {"idelta", "idelta(s%s)", 2,
     [](const Points& w) { return w.back().value - w[w.size() - 2].value; }},
};

// A random series, irregular, with stale markers; values are whole numbers, so sums are exact.
struct Made {
  Labels labels = Labels::of("s");
  std::vector<Sample> all, kept;
};
Made make(Random& random) {
  Made made;
  int64_t time = 0;
  double value = 0;
  const size_t count = random.below(120);
  for (size_t i = 0; i < count; ++i) {
    time += 1 + static_cast<int64_t>(random.below(random.below(10) == 0 ? 900'000 : 20'000));
    value = random.below(20) == 0 ? 0 : value + static_cast<double>(random.below(9));
    const bool stale = random.below(12) == 0;
    made.all.push_back({TimeMs{time}, stale ? kNoValue : value});
    if (!stale) made.kept.push_back(made.all.back());
  }
  return made;
}

class OneSeries : public Source {
 public:
  explicit OneSeries(const Made& made) : made_(made) {}
  Result<Selected> select(const std::vector<LabelMatcher>&, TimeMs from, TimeMs to,
                          const SelectHint&, size_t) override {
    SourceSeries series{&made_.labels, {}};
    for (const Sample& sample : made_.all)
      if (sample.time >= from && sample.time <= to) series.samples.push_back(sample);
    Selected selected;
    selected.series.push_back(std::move(series));
    return selected;
  }

 private:
  const Made& made_;
};

TEST(RangeFunctions, EqualTheirDefinitionsAtEveryStep) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    const Made made = make(random);
    OneSeries source(made);
    const int64_t range = 1 + static_cast<int64_t>(random.below(300'000));
    const int64_t offset = static_cast<int64_t>(random.below(100'000)) - 50'000;
    const Range steps{TimeMs{static_cast<int64_t>(random.below(50'000)) - 20'000},
                      TimeMs{900'000},
                      {1 + static_cast<int64_t>(random.below(70'000))}};
    const std::string span =
        "[" + std::to_string(range) + "ms] offset " + std::to_string(offset) + "ms";
    for (const Twin& twin : kTwins) {
      std::string query = twin.query;
      query.replace(query.find("%s"), 2, span);
      const Parsed expr = parse(query);
      ASSERT_TRUE(expr) << query;
      const auto answer = evaluate(**expr, steps, source);
      ASSERT_TRUE(answer) << query;
      const Matrix& matrix = std::get<Matrix>(answer->value);
      std::vector<Sample> expected;
      for (TimeMs at = steps.start; at <= steps.end; at = at + steps.step) {
        Points window;
        for (const Sample& sample : made.kept)
          if (sample.time.ms >= at.ms - offset - range && sample.time.ms <= at.ms - offset)
            window.push_back(sample);
        if (window.size() >= twin.points_min) expected.push_back({at, twin.value(window)});
      }
      ASSERT_EQ(matrix.empty() ? 0 : matrix[0].samples.size(), expected.size())
          << twin.name << " seed " << seed;
      for (size_t i = 0; i < expected.size(); ++i) {
        const Sample& got = matrix[0].samples[i];
        EXPECT_EQ(got.time.ms, expected[i].time.ms) << twin.name << " seed " << seed;
        EXPECT_NEAR(got.value, expected[i].value, 1e-9 * (1 + std::fabs(expected[i].value)))
            << twin.name << " seed " << seed << " at " << got.time.ms;
      }
    }
  }
}

// rate and increase: the growth in the window, times how far it is extrapolated.
TEST(RangeFunctions, RateIsGrowthExtrapolated) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    const Made made = make(random);
    if (made.kept.size() < 2) continue;
    OneSeries source(made);
    const int64_t range = made.kept.back().time.ms - made.kept.front().time.ms;
    const std::string query = "increase(s[" + std::to_string(range) + "ms])";
    const Parsed expr = parse(query);
    // The window ends with the last point and starts with the first: nothing to extrapolate.
    const auto answer = evaluate(**expr, Instant{made.kept.back().time}, source);
    ASSERT_TRUE(answer) << answer.error().text();
    const Vector& vector = std::get<Vector>(answer->value);
    ASSERT_EQ(vector.size(), 1u) << seed;
    EXPECT_NEAR(vector[0].sample.value, growth(made.kept), 1e-9 * (1 + growth(made.kept))) << seed;
  }
}

}  // namespace
}  // namespace tocsin::promql
