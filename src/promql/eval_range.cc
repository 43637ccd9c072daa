// Functions over ranges: per series one pass over its points, the window sliding from step to step.

#include <algorithm>
#include <cmath>

#include "promql/eval_functions.h"
#include "promql/eval_selector.h"
#include "promql/evaluator.h"
#include "promql/range_functions.h"

namespace tocsin::promql {
namespace {

struct RangeCall {
  FunctionId id;
  RangeFunction function;
  std::vector<Scalars> scalars;  // the other arguments
  int64_t reference;             // the window's end at step 0
  int64_t range;
  Grid grid;
};

// holt_winters refuses factors outside (0, 1) wherever it has a point to smooth.
Result<void> check_factors(const RangeCall& call, const Window& window) {
  if (call.id != FunctionId::kHoltWinters) return {};
  const auto outside = [](double factor) { return factor <= 0 || factor >= 1; };
  const auto text = [](const char* which, const char* letter, double factor) {
    return execution(std::string("invalid ") + which + " factor. Expected: 0 < " + letter +
                     " < 1, got: " + six_decimals(factor));
  };
  if (outside(window.first)) return text("smoothing", "sf", window.first);
  if (outside(window.second)) return text("trend", "tf", window.second);
  return {};
}

std::vector<uint32_t> drops_of(std::span<const Sample> points) {
  std::vector<uint32_t> drops;
  for (uint32_t i = 1; i < points.size(); ++i)
    if (points[i].value < points[i - 1].value) drops.push_back(i);
  return drops;
}

// The steps whose windows can hold a point.
std::pair<size_t, size_t> reach(std::span<const Sample> points, const RangeCall& call) {
  const int64_t first = points.front().time.ms, last = points.back().time.ms + call.range;
  if (last < call.reference) return {0, 0};
  const size_t end =
      std::min(call.grid.count, static_cast<size_t>((last - call.reference) / call.grid.step) + 1);
  if (first <= call.reference) return {0, end};
  const size_t begin =
      static_cast<size_t>((first - call.reference + call.grid.step - 1) / call.grid.step);
  return {std::min(begin, end), end};
}

// Appends the function of one series to `rows`.
Result<void> slide(std::span<const Sample> points, Identity id, const RangeCall& call,
                   std::vector<double>& scratch, Rows& rows, Context& context) {
  if (points.empty()) return {};
  const auto [begin, end] = reach(points, call);
  if (end <= begin) return {};
  const std::vector<uint32_t> drops =
      uses_drops(call.id) ? drops_of(points) : std::vector<uint32_t>{};
  Window window;
  window.range_seconds = static_cast<double>(call.range / 1000) +
                         static_cast<double>(call.range % 1000 * 1'000'000) / 1e9;
  window.series = points.data();
  window.scratch = &scratch;
  const std::span<double> out =
      rows.add(id, static_cast<uint32_t>(begin), static_cast<uint32_t>(end - begin));
  size_t low = 0, high = 0, drop_low = 0, drop_high = 0;
  for (size_t step = begin; step < end; ++step) {
    window.end = call.reference + static_cast<int64_t>(step) * call.grid.step;
    window.start = window.end - call.range;
    while (high < points.size() && points[high].time.ms <= window.end) ++high;
    while (low < high && points[low].time.ms < window.start) ++low;
    if (low == high) continue;
    window.points = points.subspan(low, high - low);
    while (drop_high < drops.size() && drops[drop_high] < high) ++drop_high;
    while (drop_low < drop_high && drops[drop_low] <= low) ++drop_low;
    window.drops = std::span(drops).subspan(drop_low, drop_high - drop_low);
    window.now = call.grid.at(step);
    if (!call.scalars.empty()) window.first = call.scalars[0].at(step);
    if (call.scalars.size() > 1) window.second = call.scalars[1].at(step);
    if (auto fit = check_factors(call, window); !fit) return fit;
    out[step - begin] = call.function(window);
    if (auto worked = context.work(high - low); !worked) return worked;
  }
  rows.trim_last();
  return {};
}

Result<Rows> over_selector(const MatrixSelector& selector, const Scope& scope, RangeCall& call,
                           Context& context) {
  call.reference = first_reference(selector.vector.shift, scope);
  Rows rows;
  rows.one_name = names_one_metric(selector.vector);
  std::vector<double> scratch;
  auto done = read(selector.vector, selector.range, scope, context, [&](SourceSeries& series) {
    std::erase_if(series.samples, [](const Sample& sample) { return !has_value(sample.value); });
    auto slid = slide(series.samples, {series.labels, false}, call, scratch, rows, context);
    return slid ? context.hold(rows) : slid;
  });
  if (!done) return fail(done.error());
  sort_by_labels(rows);
  return rows;
}

Result<Rows> over_subquery(const Subquery& subquery, const Scope& scope, RangeCall& call,
                           Context& context) {
  Grid inner;
  Result<Rows> below = eval_subquery(subquery, scope, context, inner);
  if (!below) return below;
  call.reference = first_reference(subquery.shift, scope);
  Rows rows;
  rows.one_name = below->one_name;
  std::vector<double> scratch;
  std::vector<Sample> points;
  for (const Row& row : below->rows) {
    points.clear();
    for (uint32_t i = 0; i < row.size; ++i)
      if (const double value = below->cells[row.offset + i]; has_value(value))
        points.push_back({TimeMs{inner.at(row.begin + i)}, value});
    if (auto done = slide(points, row.id, call, scratch, rows, context); !done)
      return fail(done.error());
    if (auto kept = context.hold(rows); !kept) return fail(kept.error());
  }
  return rows;
}

// 1 where no row has a value.
Result<Rows> absent_steps(const Rows& rows, const Expr& argument, const Scope& scope,
                          Context& context) {
  std::vector<bool> seen(scope.grid.count, false);
  for (const Row& row : rows.rows)
    for (uint32_t i = 0; i < row.size; ++i)
      if (has_value(rows.cells[row.offset + i])) seen[row.begin + i] = true;
  Rows absent;
  absent.one_name = true;
  const std::span<double> out = absent.add({context.keep(labels_of_absent(argument)), false}, 0,
                                           static_cast<uint32_t>(scope.grid.count));
  for (size_t step = 0; step < out.size(); ++step)
    if (!seen[step]) out[step] = 1;
  absent.trim_last();
  if (auto kept = context.hold(absent); !kept) return fail(kept.error());
  return absent;
}

}  // namespace

Result<Rows> eval_subquery(const Subquery& subquery, const Scope& scope, Context& context,
                           Grid& inner) {
  const int64_t step =
      subquery.step.count > 0 ? subquery.step.count : context.options().default_step.count;
  const int64_t from = first_reference(subquery.shift, scope) - subquery.range.count;
  const int64_t span =
      subquery.range.count + static_cast<int64_t>(scope.grid.count - 1) * scope.grid.step;
  // Steps are multiples of the step since 1970, whatever the query's own steps are.
  int64_t start = step * (from / step);
  if (start < from) start += step;
  inner = {start, step, 0};
  if (start <= from + span) inner.count = static_cast<size_t>((from + span - start) / step) + 1;
  if (inner.count > UINT32_MAX) {
    Result<Held> none = context.hold(SIZE_MAX / 2);
    if (!none) return fail(none.error());
  }
  Scope below = scope;
  below.grid = inner;
  below.hint_step = {step};
  if (const std::optional<TimeMs> at = resolve(subquery.shift, scope)) {
    below.outer_at = at;
    below.outer_offset = below.outer_range = {};
  }
  below.outer_offset = below.outer_offset + subquery.shift.offset;
  below.outer_range = below.outer_range + subquery.range;
  return eval_vector(*subquery.expr, below, context);
}

Result<Rows> eval_range_call(const Call& call, size_t range_argument, const Scope& scope,
                             Context& context) {
  RangeCall range{call.function->id, range_function(call.function->id), {}, 0, 0, scope.grid};
  for (size_t i = 0; i < call.args.size(); ++i) {
    if (i == range_argument) continue;
    Result<Scalars> scalars = eval_scalar(*call.args[i], scope, context);
    if (!scalars) return fail(scalars.error());
    range.scalars.push_back(std::move(*scalars));
  }
  const Expr& argument = inside(*call.args[range_argument]);
  Result<Rows> rows = Rows{};
  if (const auto* selector = std::get_if<MatrixSelector>(&argument.node)) {
    range.range = selector->range.count;
    rows = over_selector(*selector, scope, range, context);
  } else {
    const auto& subquery = std::get<Subquery>(argument.node);
    range.range = subquery.range.count;
    rows = over_subquery(subquery, scope, range, context);
  }
  if (!rows) return rows;
  if (range.id == FunctionId::kAbsentOverTime) return absent_steps(*rows, argument, scope, context);
  if (range.id == FunctionId::kLastOverTime) return rows;
  for (Row& row : rows->rows) row.id.nameless = true;
  if (!rows->one_name)
    if (auto distinct = check_distinct(*rows); !distinct) return fail(distinct.error());
  rows->one_name = true;
  return rows;
}

}  // namespace tocsin::promql
