#pragma once
// The functions of PromQL 2.x on floats and classic histograms: names, types, which one it is.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "promql/ast.h"

namespace tocsin::promql {

enum class FunctionId : uint8_t {
  // of each value
  kAbs,
  kCeil,
  kFloor,
  kRound,
  kClamp,
  kClampMin,
  kClampMax,
  kExp,
  kLn,
  kLog2,
  kLog10,
  kSqrt,
  kSgn,
  kAcos,
  kAcosh,
  kAsin,
  kAsinh,
  kAtan,
  kAtanh,
  kCos,
  kCosh,
  kSin,
  kSinh,
  kTan,
  kTanh,
  kDeg,
  kRad,
  // over a range
  kAvgOverTime,
  kCountOverTime,
  kLastOverTime,
  kMaxOverTime,
  kMinOverTime,
  kPresentOverTime,
  kQuantileOverTime,
  kStddevOverTime,
  kStdvarOverTime,
  kSumOverTime,
  kMadOverTime,
  kChanges,
  kDelta,
  kDeriv,
  kHoltWinters,
  kIdelta,
  kIncrease,
  kIrate,
  kPredictLinear,
  kRate,
  kResets,
  kAbsentOverTime,
  // of time
  kTime,
  kTimestamp,
  kMinute,
  kHour,
  kDayOfMonth,
  kDayOfWeek,
  kDayOfYear,
  kDaysInMonth,
  kMonth,
  kYear,
  // of labels and the whole vector
  kAbsent,
  kHistogramQuantile,
  kHistogramCount,
  kHistogramSum,
  kHistogramFraction,
  kLabelJoin,
  kLabelReplace,
  kScalar,
  kSort,
  kSortDesc,
  kVector,
  kPi,
};

struct Function {
  FunctionId id;
  std::string_view name;
  std::vector<ValueType> arguments;
  // How many of the last argument's type may follow or be left out, as Prometheus counts it:
  // 0 exactly as listed; n > 0 the last n may be left out; -1 any number more of the last.
  int variadic = 0;
  ValueType returns = ValueType::kVector;
  std::string_view help;  // one line, for completion
};

const Function* find_function(std::string_view name);  // null if there is none
std::span<const Function> all_functions();

}  // namespace tocsin::promql
