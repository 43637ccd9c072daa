// Functions of each value alone.

#include <algorithm>
#include <cmath>
#include <numbers>

#include "promql/elementary.h"
#include "promql/eval_functions.h"

namespace tocsin::promql {
namespace {

double sign(double v) { return v < 0 ? -1 : v > 0 ? 1 : v; }
double degrees(double v) { return v * 180 / std::numbers::pi; }
double radians(double v) { return v * std::numbers::pi / 180; }
double absolute(double v) { return std::fabs(v); }
double up(double v) { return std::ceil(v); }
double down(double v) { return std::floor(v); }
double root(double v) { return std::sqrt(v); }

}  // namespace

ValueFunction value_function(FunctionId id) {
  struct Entry {
    FunctionId id;
    ValueFunction function;
  };
  using enum FunctionId;
  static constexpr Entry kEntries[] = {
      {kAbs, absolute},
      {kCeil, up},
      {kFloor, down},
      {kSqrt, root},
      {kSgn, sign},
      {kDeg, degrees},
      {kRad, radians},
      {kExp, elementary::exp},
      {kLn, elementary::log},
      {kLog2, elementary::log2},
      {kLog10, elementary::log10},
      {kAcos, elementary::acos},
      {kAcosh, elementary::acosh},
      {kAsin, elementary::asin},
      {kAsinh, elementary::asinh},
      {kAtan, elementary::atan},
      {kAtanh, elementary::atanh},
      {kCos, elementary::cos},
      {kCosh, elementary::cosh},
      {kSin, elementary::sin},
      {kSinh, elementary::sinh},
      {kTan, elementary::tan},
      {kTanh, elementary::tanh},
  };
  const auto* const found = std::find_if(std::begin(kEntries), std::end(kEntries),
                                         [&](const Entry& entry) { return entry.id == id; });
  return found == std::end(kEntries) ? nullptr : found->function;
}

}  // namespace tocsin::promql
