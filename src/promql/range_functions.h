#pragma once
// Functions of the points in a window of time: rate, sum_over_time, deriv and their kin. Pure; the
// order of additions is Prometheus', so that the doubles are the same.

#include <span>
#include <vector>

#include "promql/functions.h"
#include "vocabulary/sample.h"

namespace tocsin::promql {

// One series' points in [start, end], both included, without stale markers; never empty.
struct Window {
  std::span<const Sample> points;
  int64_t start = 0, end = 0;  // ms
  int64_t now = 0;             // ms, the instant that is evaluated
  double range_seconds = 0;
  double first = 0, second = 0;  // the scalar arguments, in order
  // Indexes into the series of points that are lower than the one before: counters' resets. Those
  // whose both points are in the window.
  std::span<const uint32_t> drops;
  const Sample* series = nullptr;          // what the indexes count from
  std::vector<double>* scratch = nullptr;  // the functions' working space, kept across windows
};

// The function's value, or kNoValue if the window has too few points for one.
using RangeFunction = double (*)(const Window&);
// Null for functions that are not of this kind.
RangeFunction range_function(FunctionId id);
bool uses_drops(FunctionId id);

// Of any values, which it reorders; q outside [0, 1] gives an infinity. Interpolates.
double quantile(double q, std::span<double> values);
// Sum with Neumaier's compensation, one addition at a time.
struct KahanSum {
  double sum = 0, compensation = 0;
  void add(double increment);
  double total() const { return sum + compensation; }
};

}  // namespace tocsin::promql
