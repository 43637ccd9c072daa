#include "promql/engine.h"

#include <algorithm>

#include "promql/eval_selector.h"
#include "promql/evaluator.h"

namespace tocsin::promql {
namespace {

// Functions of the instant that is evaluated: not the same at all steps, whatever their arguments.
bool looks_at_time(FunctionId id) {
  using enum FunctionId;
  constexpr FunctionId kThese[] = {kTime,       kTimestamp, kMinute,       kHour,
                                   kDayOfMonth, kDayOfWeek, kDayOfYear,    kDaysInMonth,
                                   kMonth,      kYear,      kPredictLinear};
  return std::find(std::begin(kThese), std::end(kThese), id) != std::end(kThese);
}

// Marks every part that has one value for all steps; answers whether this is one.
class InvariantMarker {
 public:
  explicit InvariantMarker(Context& context) : context_(context) {}

  bool mark(const Expr& expr) {
    const bool same = std::visit([&](const auto& node) { return of(node); }, expr.node);
    if (same) context_.mark_invariant(expr);
    return same;
  }

 private:
  static bool of(const NumberLiteral&) { return true; }
  static bool of(const StringLiteral&) { return true; }
  static bool of(const VectorSelector& selector) { return selector.shift.at != Shift::At::kNone; }
  static bool of(const MatrixSelector& selector) { return of(selector.vector); }
  bool of(const Subquery& subquery) {
    mark(*subquery.expr);
    return subquery.shift.at != Shift::At::kNone;
  }
  bool of(const Paren& paren) { return mark(*paren.expr); }
  bool of(const Unary& unary) { return mark(*unary.expr); }
  bool of(const Binary& binary) {
    const bool left = mark(*binary.left), right = mark(*binary.right);
    return left && right;
  }
  bool of(const Call& call) {
    bool same = !looks_at_time(call.function->id);
    for (const ExprPtr& argument : call.args) same = mark(*argument) && same;
    return same;
  }
  // As in Prometheus, whatever its parameter is.
  bool of(const Aggregate& aggregate) { return mark(*aggregate.expr); }

  Context& context_;
};

tl::unexpected<Error> too_many_series(size_t max) {
  return fail(ErrorCode::kExhausted, "the result of the query would have more than " +
                                         std::to_string(max) + " series; select or aggregate more");
}

Scope scope_of(TimeMs start, TimeMs end, DurationMs step, size_t count) {
  Scope scope;
  scope.grid = {start.ms, step.count, count};
  scope.query_start = start;
  scope.query_end = end;
  return scope;
}

Result<Value> vector_value(const Expr& expr, const Scope& scope, Context& context) {
  Result<Rows> rows = eval_vector(expr, scope, context);
  if (!rows) return fail(rows.error());
  if (rows->rows.size() > context.options().limits.series_max)
    return too_many_series(context.options().limits.series_max);
  Vector vector;
  vector.reserve(rows->rows.size());
  for (const Row& row : rows->rows) {
    if (const double value = rows->at(row, 0); has_value(value))
      vector.push_back({row.id.labels(), {scope.query_start, value}});
    if (auto worked = context.work(64); !worked) return fail(worked.error());
  }
  return Value(std::move(vector));
}

Result<Value> sorted(Matrix matrix, const Context& context) {
  if (matrix.size() > context.options().limits.series_max)
    return too_many_series(context.options().limits.series_max);
  const auto less = [](const MatrixSeries& a, const MatrixSeries& b) {
    return a.labels < b.labels;
  };
  if (!std::is_sorted(matrix.begin(), matrix.end(), less))
    std::sort(matrix.begin(), matrix.end(), less);
  return Value(std::move(matrix));
}

Result<Value> matrix_of(const Rows& rows, const Grid& grid, Context& context) {
  if (rows.rows.size() > context.options().limits.series_max)
    return too_many_series(context.options().limits.series_max);
  Result<Held> held = context.hold(rows.cells.size());
  if (!held) return fail(held.error());
  Matrix matrix;
  matrix.reserve(rows.rows.size());
  for (const Row& row : rows.rows) {
    MatrixSeries series{row.id.labels(), {}};
    series.samples.reserve(row.size);
    for (uint32_t i = 0; i < row.size; ++i)
      if (const double value = rows.cells[row.offset + i]; has_value(value))
        series.samples.push_back({TimeMs{grid.at(row.begin + i)}, value});
    if (!series.samples.empty()) matrix.push_back(std::move(series));
    if (auto worked = context.work(row.size); !worked) return fail(worked.error());
  }
  return sorted(std::move(matrix), context);
}

// The points of a range vector at one instant.
Result<Value> range_value(const Expr& expr, const Scope& scope, Context& context) {
  const Expr& bare = inside(expr);
  if (const auto* subquery = std::get_if<Subquery>(&bare.node)) {
    Grid inner;
    Result<Rows> rows = eval_subquery(*subquery, scope, context, inner);
    if (!rows) return fail(rows.error());
    return matrix_of(*rows, inner, context);
  }
  const auto& selector = std::get<MatrixSelector>(bare.node);
  const int64_t to = first_reference(selector.vector.shift, scope);
  const int64_t from = to - selector.range.count;
  Matrix matrix;
  std::vector<Held> held;  // what the answer has so far
  auto done = read(
      selector.vector, selector.range, scope, context, [&](SourceSeries& series) -> Result<void> {
        std::erase_if(series.samples, [&](const Sample& sample) {
          return !has_value(sample.value) || sample.time.ms < from || sample.time.ms > to;
        });
        if (series.samples.empty()) return {};
        Result<Held> more = context.hold(series.samples.size());
        if (!more) return fail(more.error());
        held.push_back(std::move(*more));
        matrix.push_back({*series.labels, std::move(series.samples)});
        return {};
      });
  if (!done) return fail(done.error());
  return sorted(std::move(matrix), context);
}

Result<Answer> answer(Result<Value> value, Context& context) {
  if (!value) return fail(value.error());
  return Answer{std::move(*value), context.take_warnings()};
}

}  // namespace

bool is_stale(double value) { return !has_value(value); }

Result<Answer> evaluate(const Expr& expr, Instant at, Source& source, const Options& options) {
  Context context(source, options);
  Scope scope = scope_of(at.at, at.at, {1}, 1);
  scope.hint_step = {};
  InvariantMarker(context).mark(expr);
  switch (expr.type) {
    case ValueType::kScalar: {
      Result<Scalars> scalars = eval_scalar(expr, scope, context);
      if (!scalars) return fail(scalars.error());
      return answer(Value(ScalarValue{at.at, scalars->at(0)}), context);
    }
    case ValueType::kString:
      return answer(Value(StringValue{at.at, std::get<StringLiteral>(inside(expr).node).value}),
                    context);
    case ValueType::kVector:
      return answer(vector_value(expr, scope, context), context);
    case ValueType::kMatrix:
      return answer(range_value(expr, scope, context), context);
  }
  return fail(ErrorCode::kInternal, "an expression without a type");
}

Result<Answer> evaluate(const Expr& expr, Range range, Source& source, const Options& options) {
  if (expr.type != ValueType::kScalar && expr.type != ValueType::kVector)
    return fail(ErrorCode::kInvalid, "invalid expression type \"" +
                                         std::string(to_text(expr.type)) +
                                         "\" for range query, must be Scalar or instant Vector");
  if (range.step.count <= 0 || range.end < range.start)
    return fail(ErrorCode::kInvalid,
                "cannot evaluate over a range whose end is before its start or whose step is not "
                "positive");
  Context context(source, options);
  const size_t count = static_cast<size_t>((range.end.ms - range.start.ms) / range.step.count) + 1;
  if (count > UINT32_MAX || count > options.limits.samples_max)
    return fail(ErrorCode::kExhausted,
                "query processing would load too many samples into memory in query execution");
  Scope scope = scope_of(range.start, range.end, range.step, count);
  scope.hint_step = range.step;
  InvariantMarker(context).mark(expr);
  if (expr.type == ValueType::kVector) {
    Result<Rows> rows = eval_vector(expr, scope, context);
    if (!rows) return fail(rows.error());
    return answer(matrix_of(*rows, scope.grid, context), context);
  }
  Result<Scalars> scalars = eval_scalar(expr, scope, context);
  if (!scalars) return fail(scalars.error());
  MatrixSeries series;
  series.samples.reserve(count);
  for (size_t step = 0; step < count; ++step)
    series.samples.push_back({TimeMs{scope.grid.at(step)}, scalars->at(step)});
  Matrix matrix;
  matrix.push_back(std::move(series));
  return answer(Value(std::move(matrix)), context);
}

}  // namespace tocsin::promql
