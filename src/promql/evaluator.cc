#include "promql/evaluator.h"

#include <cmath>
#include <numbers>

#include "promql/eval_functions.h"
#include "promql/eval_selector.h"

namespace tocsin::promql {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

tl::unexpected<Error> wrong_type(std::string_view wanted) {
  return fail(ErrorCode::kInternal,
              "evaluation expected " + std::string(wanted) + "; the parser lets nothing else by");
}

// One value per step.
Result<Scalars> per_step(const Scope& scope, Context& context, auto&& value_at) {
  Result<Held> held = context.hold(scope.grid.count);
  if (!held) return fail(held.error());
  Scalars scalars{std::vector<double>(scope.grid.count), std::move(*held)};
  for (size_t i = 0; i < scope.grid.count; ++i) scalars.values[i] = value_at(i);
  if (auto worked = context.work(scope.grid.count); !worked) return fail(worked.error());
  return scalars;
}

// The only value of each step, NaN where there are none or several.
Result<Scalars> scalar_of(const Call& call, const Scope& scope, Context& context) {
  Result<Rows> rows = eval_vector(*call.args[0], scope, context);
  if (!rows) return fail(rows.error());
  Result<Held> held = context.hold(2 * scope.grid.count);
  if (!held) return fail(held.error());
  std::vector<double> values(scope.grid.count, std::numeric_limits<double>::quiet_NaN());
  std::vector<uint8_t> seen(scope.grid.count, 0);  // how many, at most 2
  for (const Row& row : rows->rows) {
    for (uint32_t i = 0; i < row.size; ++i) {
      const double value = rows->cells[row.offset + i];
      const size_t step = row.begin + i;
      if (!has_value(value) || seen[step] == 2) continue;
      values[step] = ++seen[step] == 1 ? value : std::numeric_limits<double>::quiet_NaN();
    }
    if (auto worked = context.work(row.size); !worked) return fail(worked.error());
  }
  return Scalars{std::move(values), std::move(*held)};
}

Result<Scalars> scalar_call(const Call& call, const Scope& scope, Context& context) {
  Scope below = scope;
  below.function = call.function->name;
  if (call.function->id == FunctionId::kPi) return Scalars{{std::numbers::pi}, {}};
  if (call.function->id == FunctionId::kTime)
    return per_step(scope, context,
                    [&](size_t i) { return static_cast<double>(scope.grid.at(i)) / 1000; });
  if (call.function->id == FunctionId::kScalar) return scalar_of(call, below, context);
  return wrong_type("a function that returns a scalar");
}

Result<Scalars> negated(Result<Scalars> scalars) {
  if (scalars)
    for (double& value : scalars->values) value = -value;
  return scalars;
}

Result<Rows> negated(Result<Rows> rows) {
  if (!rows) return rows;
  for (double& cell : rows->cells)
    if (has_value(cell)) cell = -cell;
  for (Row& row : rows->rows) row.id.nameless = true;
  if (!rows->one_name)
    if (auto distinct = check_distinct(*rows); !distinct) return fail(distinct.error());
  rows->one_name = true;
  return rows;
}

Scope at_one_instant(Scope scope) {
  scope.grid.count = 1;
  return scope;
}

}  // namespace

const Expr& inside(const Expr& expr) {
  const Expr* at = &expr;
  while (const Paren* paren = std::get_if<Paren>(&at->node)) at = paren->expr.get();
  return *at;
}

bool is_range(const Expr& expr) {
  const Expr& bare = inside(expr);
  return std::holds_alternative<MatrixSelector>(bare.node) ||
         std::holds_alternative<Subquery>(bare.node);
}

Result<Scalars> eval_scalar(const Expr& expr, const Scope& scope, Context& context) {
  if (auto worked = context.work(64); !worked) return fail(worked.error());
  if (scope.grid.count > 1 && context.invariant(expr))
    return eval_scalar(expr, at_one_instant(scope), context);
  return std::visit(
      Overloaded{
          [&](const NumberLiteral& literal) -> Result<Scalars> {
            return Scalars{{literal.value}, {}};
          },
          [&](const Paren& paren) { return eval_scalar(*paren.expr, scope, context); },
          [&](const Unary& unary) {
            Result<Scalars> value = eval_scalar(*unary.expr, scope, context);
            return unary.minus ? negated(std::move(value)) : std::move(value);
          },
          [&](const Binary& binary) { return eval_scalar_binary(binary, scope, context); },
          [&](const Call& call) { return scalar_call(call, scope, context); },
          [&](const auto&) -> Result<Scalars> { return wrong_type("a scalar"); },
      },
      expr.node);
}

Result<Rows> eval_vector(const Expr& expr, const Scope& scope, Context& context) {
  if (auto worked = context.work(64); !worked) return fail(worked.error());
  if (scope.grid.count == 0) return Rows{};
  if (scope.grid.count > 1 && context.invariant(expr)) {
    Result<Rows> once = eval_vector(expr, at_one_instant(scope), context);
    if (!once) return once;
    return repeat(std::move(*once), scope.grid.count, context);
  }
  return std::visit(
      Overloaded{
          [&](const VectorSelector& selector) { return eval_selector(selector, scope, context); },
          [&](const Paren& paren) { return eval_vector(*paren.expr, scope, context); },
          [&](const Unary& unary) {
            Result<Rows> rows = eval_vector(*unary.expr, scope, context);
            return unary.minus ? negated(std::move(rows)) : std::move(rows);
          },
          [&](const Binary& binary) {
            Scope below = scope;
            below.function = {};
            return eval_binary(binary, below, context);
          },
          [&](const Call& call) { return eval_call(call, scope, context); },
          [&](const Aggregate& aggregate) { return eval_aggregate(aggregate, scope, context); },
          [&](const auto&) -> Result<Rows> { return wrong_type("an instant vector"); },
      },
      expr.node);
}

}  // namespace tocsin::promql
