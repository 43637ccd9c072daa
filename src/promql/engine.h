#pragma once
// Evaluates an expression over a Source: at one instant, or at every step of a range. Results are
// exact: the same doubles that Prometheus 2.42 gives for the same points.
//
// One call is one thread; calls share nothing. Bounded by Limits.

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "promql/ast.h"
#include "promql/source.h"

namespace tocsin::promql {

// The bits that mark a series as stale in Prometheus.
inline constexpr uint64_t kStaleBits = 0x7ff0000000000002;
bool is_stale(double value);

struct Limits {
  size_t samples_max = 50'000'000;  // points and values that a query holds at a time
  size_t series_max = 1'000'000;    // of a result
  std::function<bool()> stop = {};  // asked often; true ends it ("query timed out")
};

struct Options {
  DurationMs lookback = minutes(5);
  DurationMs default_step = minutes(1);  // of subqueries that name none
  Limits limits;
};

struct ScalarValue {
  TimeMs time;
  double value = 0;
};
struct StringValue {
  TimeMs time;
  std::string value;
};
struct VectorSample {
  Labels labels;
  Sample sample;
};
struct MatrixSeries {
  Labels labels;
  std::vector<Sample> samples;
};
using Vector = std::vector<VectorSample>;  // order is Prometheus': as computed; sort() decides
using Matrix = std::vector<MatrixSeries>;  // ascending by labels
using Value = std::variant<ScalarValue, StringValue, Vector, Matrix>;

struct Answer {
  Value value;
  std::vector<std::string> warnings;
};

struct Instant {
  TimeMs at;
};
struct Range {
  TimeMs start, end;  // both included
  DurationMs step{};  // > 0
};

// kInvalid: what Prometheus answers with errorType "execution" (422), in its words: "found
// duplicate series for the match group ...". kExhausted: a limit ("query processing would load too
// many samples into memory in query execution"). kUnavailable: stopped.
Result<Answer> evaluate(const Expr& expr, Instant at, Source& source, const Options& options = {});
// Result is a Matrix; the expression is a scalar or a vector.
Result<Answer> evaluate(const Expr& expr, Range range, Source& source, const Options& options = {});

}  // namespace tocsin::promql
