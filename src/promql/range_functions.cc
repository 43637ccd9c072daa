#include "promql/range_functions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "promql/eval_rows.h"
#include "promql/pattern_sort.h"

namespace tocsin::promql {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool negative_zero(double value) { return value == 0 && std::signbit(value); }

// What happened between the first and the last point, extrapolated to the window's ends where the
// points come near enough to them, as documented for rate().
double extrapolate(const Window& w, double change, bool counter, bool per_second) {
  const size_t count = w.points.size();
  const Sample &first = w.points.front(), &last = w.points.back();
  double to_start = static_cast<double>(first.time.ms - w.start) / 1000;
  const double to_end = static_cast<double>(w.end - last.time.ms) / 1000;
  const double sampled = static_cast<double>(last.time.ms - first.time.ms) / 1000;
  const double spacing = sampled / static_cast<double>(count - 1);
  if (counter && change > 0 && first.value >= 0) {
    // A counter cannot have been below zero: it started at the earliest where its line meets zero.
    const double to_zero = sampled * (first.value / change);
    if (to_zero < to_start) to_start = to_zero;
  }
  const double threshold = spacing * 1.1;
  double covered = sampled;
  covered += to_start < threshold ? to_start : spacing / 2;
  covered += to_end < threshold ? to_end : spacing / 2;
  double factor = covered / sampled;
  if (per_second) factor /= w.range_seconds;
  return change * factor;
}

double change_of_counter(const Window& w) {
  double change = w.points.back().value - w.points.front().value;
  for (const uint32_t drop : w.drops) change += w.series[drop - 1].value;
  return change;
}

double rate(const Window& w) {
  return w.points.size() < 2 ? kNoValue : extrapolate(w, change_of_counter(w), true, true);
}
double increase(const Window& w) {
  return w.points.size() < 2 ? kNoValue : extrapolate(w, change_of_counter(w), true, false);
}
double delta(const Window& w) {
  if (w.points.size() < 2) return kNoValue;
  return extrapolate(w, w.points.back().value - w.points.front().value, false, false);
}

double irate(const Window& w) {
  if (w.points.size() < 2) return kNoValue;
  const Sample &last = w.points.back(), &before = w.points[w.points.size() - 2];
  const double change = last.value < before.value ? last.value : last.value - before.value;
  return change / (static_cast<double>(last.time.ms - before.time.ms) / 1000);
}
double idelta(const Window& w) {
  if (w.points.size() < 2) return kNoValue;
  return w.points.back().value - w.points[w.points.size() - 2].value;
}

double avg(const Window& w) {
  KahanSum mean;
  double count = 0;
  for (const Sample& point : w.points) {
    ++count;
    // Beside an infinite mean only the opposite infinity and NaN matter; the difference below
    // would be infinity less infinity.
    if (std::isinf(mean.sum)) {
      const double v = point.value;
      if (std::isinf(v) && (mean.sum > 0) == (v > 0)) continue;
      if (std::isfinite(v)) continue;
    }
    mean.add(point.value / count - mean.sum / count);
  }
  return std::isinf(mean.sum) ? mean.sum : mean.total();
}

double sum(const Window& w) {
  KahanSum sum;
  for (const Sample& point : w.points) sum.add(point.value);
  return std::isinf(sum.sum) ? sum.sum : sum.total();
}

double stdvar(const Window& w) {
  KahanSum mean, squares;
  double count = 0;
  for (const Sample& point : w.points) {
    ++count;
    const double off = point.value - mean.total();
    mean.add(off / count);
    squares.add(off * (point.value - mean.total()));
  }
  return squares.total() / count;
}
double stddev(const Window& w) { return std::sqrt(stdvar(w)); }

double max(const Window& w) {
  double max = w.points.front().value;
  for (const Sample& point : w.points)
    if (point.value > max || std::isnan(max)) max = point.value;
  return max;
}
double min(const Window& w) {
  double min = w.points.front().value;
  for (const Sample& point : w.points)
    if (point.value < min || std::isnan(min)) min = point.value;
  return min;
}

double count(const Window& w) { return static_cast<double>(w.points.size()); }
double last(const Window& w) { return w.points.back().value; }
double present(const Window&) { return 1; }
double resets(const Window& w) { return static_cast<double>(w.drops.size()); }

double changes(const Window& w) {
  size_t changes = 0;
  for (size_t i = 1; i < w.points.size(); ++i) {
    const double now = w.points[i].value, before = w.points[i - 1].value;
    changes += now != before && !(std::isnan(now) && std::isnan(before));
  }
  return static_cast<double>(changes);
}

std::vector<double>& values_of(const Window& w) {
  std::vector<double>& values = *w.scratch;
  values.resize(w.points.size());
  std::transform(w.points.begin(), w.points.end(), values.begin(),
                 [](const Sample& point) { return point.value; });
  return values;
}

double quantile_over_time(const Window& w) {
  std::vector<double>& values = values_of(w);
  return quantile(w.first, values);
}

// Median of the distances from the median.
double mad(const Window& w) {
  std::vector<double>& values = values_of(w);
  const double median = quantile(0.5, values);
  for (double& value : values) value = std::fabs(value - median);
  return quantile(0.5, values);
}

struct Line {
  double slope = 0, intercept = 0;
};

// Least squares; the intercept is the line's value at `origin`.
Line regression(std::span<const Sample> points, int64_t origin) {
  KahanSum x_sum, y_sum, xy_sum, xx_sum;
  const double first = points.front().value;
  bool constant = true;
  double n = 0;
  for (const Sample& point : points) {
    constant = constant && (&point == points.data() || point.value == first);
    n += 1;
    const double x = static_cast<double>(point.time.ms - origin) / 1e3;
    x_sum.add(x);
    y_sum.add(point.value);
    xy_sum.add(x * point.value);
    xx_sum.add(x * x);
  }
  if (constant) return std::isinf(first) ? Line{kNaN, kNaN} : Line{0, first};
  const double x = x_sum.total(), y = y_sum.total();
  const double covariance = xy_sum.total() - x * y / n;
  const double variance = xx_sum.total() - x * x / n;
  const double slope = covariance / variance;
  return {slope, y / n - slope * x / n};
}

double deriv(const Window& w) {
  if (w.points.size() < 2) return kNoValue;
  return regression(w.points, w.points.front().time.ms).slope;
}
double predict_linear(const Window& w) {
  if (w.points.size() < 2) return kNoValue;
  const Line line = regression(w.points, w.now);
  return line.slope * w.first + line.intercept;
}

// Double exponential smoothing: `first` smooths the level, `second` the trend.
double holt_winters(const Window& w) {
  if (w.points.size() < 2) return kNoValue;
  const double level_factor = w.first, trend_factor = w.second;
  double before = 0, level = w.points[0].value;
  double trend = w.points[1].value - w.points[0].value;
  for (size_t i = 1; i < w.points.size(); ++i) {
    if (i > 1) trend = trend_factor * (level - before) + (1 - trend_factor) * trend;
    const double next = level_factor * w.points[i].value + (1 - level_factor) * (level + trend);
    before = level;
    level = next;
  }
  return level;
}

}  // namespace

void KahanSum::add(double increment) {
  const double next = sum + increment;
  if (std::fabs(sum) >= std::fabs(increment))
    compensation += (sum - next) + increment;
  else
    compensation += (increment - next) + sum;
  sum = next;
}

double quantile(double q, std::span<double> values) {
  if (values.empty() || std::isnan(q)) return kNaN;
  if (q < 0) return -kInfinity;
  if (q > 1) return kInfinity;
  const auto less = [](double a, double b) {  // NaN is the lowest
    return a < b || (std::isnan(a) && !std::isnan(b));
  };
  const double rank = q * (static_cast<double>(values.size()) - 1);
  const double floor = std::floor(rank);
  const size_t lower = static_cast<size_t>(std::max(0.0, floor));
  const size_t upper = std::min(values.size() - 1, lower + 1);
  const double weight = rank - floor;
  // Zeros of both signs are equal, so the sort decides which of them is where.
  if (std::any_of(values.begin(), values.end(), negative_zero)) {
    pattern_sort(values, [](double a, double b) { return std::isnan(a) || a < b; });
    return values[lower] * (1 - weight) + values[upper] * weight;
  }
  const auto at = [&](size_t i) { return values.begin() + static_cast<ptrdiff_t>(i); };
  std::nth_element(values.begin(), at(lower), values.end(), less);
  const double below = values[lower];
  const double above =
      upper == lower ? below : *std::min_element(at(lower + 1), values.end(), less);
  return below * (1 - weight) + above * weight;
}

bool uses_drops(FunctionId id) {
  return id == FunctionId::kRate || id == FunctionId::kIncrease || id == FunctionId::kResets;
}

RangeFunction range_function(FunctionId id) {
  struct Entry {
    FunctionId id;
    RangeFunction function;
  };
  using enum FunctionId;
  static constexpr Entry kEntries[] = {
      {kRate, rate},
      {kIncrease, increase},
      {kDelta, delta},
      {kIrate, irate},
      {kIdelta, idelta},
      {kAvgOverTime, avg},
      {kSumOverTime, sum},
      {kStdvarOverTime, stdvar},
      {kStddevOverTime, stddev},
      {kMaxOverTime, max},
      {kMinOverTime, min},
      {kCountOverTime, count},
      {kLastOverTime, last},
      {kPresentOverTime, present},
      {kAbsentOverTime, present},  // where there is something; the dispatcher turns it round
      {kResets, resets},
      {kChanges, changes},
      {kQuantileOverTime, quantile_over_time},
      {kMadOverTime, mad},
      {kDeriv, deriv},
      {kPredictLinear, predict_linear},
      {kHoltWinters, holt_winters},
  };
  const auto* const found = std::find_if(std::begin(kEntries), std::end(kEntries),
                                         [&](const Entry& entry) { return entry.id == id; });
  return found == std::end(kEntries) ? nullptr : found->function;
}

}  // namespace tocsin::promql
