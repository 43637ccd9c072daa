// Calls of functions: arguments first, then the function over whole columns.

#include <cmath>

#include "promql/eval_functions.h"
#include "promql/eval_selector.h"
#include "promql/evaluator.h"
#include "promql/range_functions.h"

namespace tocsin::promql {
namespace {

// cells = function(cell, step) of every value; the function may answer kNoValue.
template <class F>
Result<void> each_value(Rows& rows, Context& context, F&& function) {
  for (const Row& row : rows.rows) {
    double* const cells = rows.cells.data() + row.offset;
    for (uint32_t i = 0; i < row.size; ++i)
      if (has_value(cells[i])) cells[i] = function(cells[i], row.begin + i);
    if (auto worked = context.work(row.size * 4); !worked) return worked;
  }
  return {};
}

// As IEEE 754-2019's maximum and minimum: NaN wins, +0 is above -0.
double maximum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::isinf(a) && a > 0   ? a
           : std::isinf(b) && b > 0 ? b
                                    : std::numeric_limits<double>::quiet_NaN();
  if (a == 0 && b == 0) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}
double minimum(double a, double b) { return -maximum(-a, -b); }

// One series without labels, with a value at every step.
Result<Rows> one_series(const Scope& scope, Context& context, auto&& value_at) {
  Rows rows;
  rows.one_name = true;
  if (auto held = context.hold(scope.grid.count); !held) return fail(held.error());
  const std::span<double> out =
      rows.add({context.keep(Labels{}), false}, 0, static_cast<uint32_t>(scope.grid.count));
  for (size_t step = 0; step < out.size(); ++step) out[step] = value_at(step);
  rows.trim_last();
  if (auto held = context.hold(rows); !held) return fail(held.error());
  return rows;
}

Result<Rows> absent(const Call& call, const Rows& rows, const Scope& scope, Context& context) {
  std::vector<bool> seen(scope.grid.count, false);
  for (const Row& row : rows.rows)
    for (uint32_t i = 0; i < row.size; ++i)
      if (has_value(rows.cells[row.offset + i])) seen[row.begin + i] = true;
  Result<Rows> result =
      one_series(scope, context, [&](size_t step) { return seen[step] ? kNoValue : 1.0; });
  if (result && !result->rows.empty())
    result->rows[0].id.base = context.keep(labels_of_absent(inside(*call.args[0])));
  return result;
}

struct Clamp {
  Scalars low, high;
  bool has_low = false, has_high = false;
};

Result<void> clamp(Rows& rows, const Clamp& clamp, Context& context) {
  return each_value(rows, context, [&](double value, size_t step) {
    if (clamp.has_low && clamp.has_high && clamp.high.at(step) < clamp.low.at(step))
      return kNoValue;
    if (clamp.has_high) value = minimum(clamp.high.at(step), value);
    if (clamp.has_low) value = maximum(clamp.low.at(step), value);
    return value;
  });
}

Result<void> clamp_call(const Call& call, Rows& rows, const Scope& scope, Context& context) {
  Clamp bounds;
  const FunctionId id = call.function->id;
  bounds.has_low = id != FunctionId::kClampMax;
  bounds.has_high = id != FunctionId::kClampMin;
  size_t argument = 1;
  for (auto [wanted, bound] :
       {std::pair{bounds.has_low, &bounds.low}, std::pair{bounds.has_high, &bounds.high}}) {
    if (!wanted) continue;
    Result<Scalars> scalars = eval_scalar(*call.args[argument++], scope, context);
    if (!scalars) return fail(scalars.error());
    *bound = std::move(*scalars);
  }
  return clamp(rows, bounds, context);
}

Result<void> round_call(const Call& call, Rows& rows, const Scope& scope, Context& context) {
  Result<Scalars> nearest = Scalars{{1.0}, {}};
  if (call.args.size() > 1) nearest = eval_scalar(*call.args[1], scope, context);
  if (!nearest) return fail(nearest.error());
  return each_value(rows, context, [&](double value, size_t step) {
    const double inverse = 1.0 / nearest->at(step);
    return std::floor(value * inverse + 0.5) / inverse;
  });
}

Result<Rows> without_names(Rows rows, Result<void> done, Context& context) {
  if (!done) return fail(done.error());
  compact(rows);
  if (auto dropped = drop_names(rows, context); !dropped) return fail(dropped.error());
  return rows;
}

Result<Rows> timestamp(const Call& call, const Scope& scope, Context& context) {
  if (const auto* selector = std::get_if<VectorSelector>(&inside(*call.args[0]).node)) {
    Result<Rows> rows = eval_timestamp_of(*selector, scope, context);
    if (!rows) return rows;
    return without_names(std::move(*rows), {}, context);
  }
  Result<Rows> rows = eval_vector(*call.args[0], scope, context);
  if (!rows) return rows;
  auto done = each_value(*rows, context, [&](double, size_t step) {
    return static_cast<double>(scope.grid.at(step)) / 1000;
  });
  return without_names(std::move(*rows), std::move(done), context);
}

// Functions whose first argument is a vector.
Result<Rows> vector_call(const Call& call, const Scope& scope, Context& context) {
  Result<Rows> rows = eval_vector(*call.args[0], scope, context);
  if (!rows) return rows;
  const FunctionId id = call.function->id;
  ValueFunction function = value_function(id);
  if (!function) function = date_function(id);
  if (function) {
    auto done = each_value(*rows, context, [&](double value, size_t) { return function(value); });
    return without_names(std::move(*rows), std::move(done), context);
  }
  using enum FunctionId;
  if (id == kRound) {
    auto done = round_call(call, *rows, scope, context);
    return without_names(std::move(*rows), std::move(done), context);
  }
  if (id == kClamp || id == kClampMin || id == kClampMax) {
    auto done = clamp_call(call, *rows, scope, context);
    return without_names(std::move(*rows), std::move(done), context);
  }
  if (id == kAbsent) return absent(call, *rows, scope, context);
  if (id == kLabelReplace) return label_replace(call, std::move(*rows), context);
  if (id == kLabelJoin) return label_join(call, std::move(*rows), context);
  if (id == kSort || id == kSortDesc) {
    if (scope.grid.count == 1) sort_by_value(*rows, id == kSortDesc);
    return rows;
  }
  if (id == kHistogramCount || id == kHistogramSum) return Rows{};  // of native histograms only
  return fail(ErrorCode::kInternal,
              "no evaluation of function " + std::string(call.function->name));
}

}  // namespace

Result<Rows> eval_call(const Call& call, const Scope& outer, Context& context) {
  Scope scope = outer;
  scope.function = call.function->name;
  for (size_t i = 0; i < call.args.size(); ++i)
    if (is_range(*call.args[i])) return eval_range_call(call, i, scope, context);
  const FunctionId id = call.function->id;
  if (call.args.empty()) {
    const ValueFunction part = date_function(id);
    if (!part) return fail(ErrorCode::kInternal, "a vector function without arguments");
    return one_series(scope, context, [&](size_t step) {
      return part(static_cast<double>(scope.grid.at(step) / 1000));
    });
  }
  if (id == FunctionId::kTimestamp) return timestamp(call, scope, context);
  if (id == FunctionId::kVector || id == FunctionId::kHistogramQuantile ||
      id == FunctionId::kHistogramFraction) {
    Result<Scalars> scalars = eval_scalar(*call.args[0], scope, context);
    if (!scalars) return fail(scalars.error());
    if (id == FunctionId::kVector)
      return one_series(scope, context, [&](size_t step) { return scalars->at(step); });
    if (id == FunctionId::kHistogramFraction) return Rows{};  // of native histograms only
    Result<Rows> buckets = eval_vector(*call.args[1], scope, context);
    if (!buckets) return buckets;
    return histogram_quantile(*scalars, *buckets, context);
  }
  return vector_call(call, scope, context);
}

}  // namespace tocsin::promql
