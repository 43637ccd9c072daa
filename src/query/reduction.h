#pragma once
// Many points to one number: what a stretch of a series, or of many, comes to.

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vocabulary/sample.h"

namespace tocsin {

struct Reduction {
  enum class What : uint8_t { kMin, kMax, kMean, kSum, kCount, kLast, kQuantile };
  What what = What::kMax;
  double quantile = 0.5;  // of kQuantile, 0 to 1

  // "min", "max", "mean", "sum", "count", "last", "median", "p99", "p99.9".
  static Result<Reduction> parse(std::string_view text);
};

// What has been seen so far; joins with what others have seen. Points that are NaN (and stale
// markers) do not count. Without any: NaN, of count and sum 0.
class Reducer {
 public:
  explicit Reducer(Reduction reduction) : reduction_(reduction) {}
  void add(const Sample& sample);
  void join(Reducer&& other);
  double value();  // quantiles lie between neighbours, as in PromQL; reorders what is kept
  size_t count() const { return count_; }

 private:
  Reduction reduction_;
  size_t count_ = 0;
  double held_ = 0;        // smallest, largest, sum or newest
  double correction_ = 0;  // of the sum: Neumaier's
  TimeMs newest_ = kTimeMin;
  std::vector<double> values_;  // of kQuantile
};

}  // namespace tocsin
