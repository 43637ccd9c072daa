// Binary operators where at least one side is a scalar.

#include <cmath>

#include "promql/elementary.h"
#include "promql/evaluator.h"
#include "promql/operators.h"

namespace tocsin::promql {

double arithmetic(BinaryOp op, double left, double right) {
  switch (op) {
    case BinaryOp::kAdd:
      return left + right;
    case BinaryOp::kSub:
      return left - right;
    case BinaryOp::kMul:
      return left * right;
    case BinaryOp::kDiv:
      return left / right;
    case BinaryOp::kMod:
      return std::fmod(left, right);
    case BinaryOp::kPow:
      return elementary::pow(left, right);
    case BinaryOp::kAtan2:
      return elementary::atan2(left, right);
    case BinaryOp::kEqual:
    case BinaryOp::kNotEqual:
    case BinaryOp::kGreater:
    case BinaryOp::kLess:
    case BinaryOp::kGreaterEqual:
    case BinaryOp::kLessEqual:
    case BinaryOp::kAnd:
    case BinaryOp::kOr:
    case BinaryOp::kUnless:
      break;
  }
  return left;
}

bool holds(BinaryOp op, double left, double right) {
  if (op == BinaryOp::kEqual) return left == right;
  if (op == BinaryOp::kNotEqual) return left != right;
  if (op == BinaryOp::kGreater) return left > right;
  if (op == BinaryOp::kLess) return left < right;
  if (op == BinaryOp::kGreaterEqual) return left >= right;
  return left <= right;
}

bool compares(BinaryOp op) { return op >= BinaryOp::kEqual && op <= BinaryOp::kLessEqual; }
bool is_set(BinaryOp op) { return op >= BinaryOp::kAnd; }
bool drops_name(BinaryOp op) { return op <= BinaryOp::kPow; }

namespace {

// The vector's cells beside a scalar; `swapped`: the scalar stands on the left.
Result<Rows> with_scalar(const Binary& binary, Rows rows, const Scalars& scalar, bool swapped,
                         Context& context) {
  const BinaryOp op = binary.op;
  const bool comparison = compares(op);
  for (const Row& row : rows.rows) {
    double* const cells = rows.cells.data() + row.offset;
    for (uint32_t i = 0; i < row.size; ++i) {
      if (!has_value(cells[i])) continue;
      const double other = scalar.at(row.begin + i);
      const double left = swapped ? other : cells[i], right = swapped ? cells[i] : other;
      if (!comparison)
        cells[i] = arithmetic(op, left, right);
      else if (binary.return_bool)
        cells[i] = holds(op, left, right) ? 1 : 0;
      else if (!holds(op, left, right))
        cells[i] = kNoValue;
    }
    if (auto worked = context.work(4 * row.size); !worked) return fail(worked.error());
  }
  if (comparison && !binary.return_bool) compact(rows);
  if (drops_name(op) || binary.return_bool)
    if (auto dropped = drop_names(rows, context); !dropped) return fail(dropped.error());
  return rows;
}

}  // namespace

Result<Scalars> eval_scalar_binary(const Binary& binary, const Scope& scope, Context& context) {
  Result<Scalars> left = eval_scalar(*binary.left, scope, context);
  if (!left) return left;
  Result<Scalars> right = eval_scalar(*binary.right, scope, context);
  if (!right) return right;
  const size_t size = std::max(left->values.size(), right->values.size());
  Result<Held> held = context.hold(size);
  if (!held) return fail(held.error());
  Scalars out{std::vector<double>(size), std::move(*held)};
  for (size_t i = 0; i < size; ++i) {
    const double a = left->at(i), b = right->at(i);
    out.values[i] =
        compares(binary.op) ? (holds(binary.op, a, b) ? 1.0 : 0.0) : arithmetic(binary.op, a, b);
  }
  return out;
}

Result<Rows> eval_binary(const Binary& binary, const Scope& scope, Context& context) {
  const bool left_scalar = binary.left->type == ValueType::kScalar;
  const bool right_scalar = binary.right->type == ValueType::kScalar;
  if (!left_scalar && !right_scalar) {
    Result<Rows> left = eval_vector(*binary.left, scope, context);
    if (!left) return left;
    Result<Rows> right = eval_vector(*binary.right, scope, context);
    if (!right) return right;
    const Matching matching = binary.matching.value_or(Matching{});
    if (is_set(binary.op))
      return eval_set(binary.op, matching, std::move(*left), std::move(*right), context);
    return eval_matched(binary, matching, *left, *right, scope.grid.count, context);
  }
  const Expr& scalar_side = left_scalar ? *binary.left : *binary.right;
  const Expr& vector_side = left_scalar ? *binary.right : *binary.left;
  Result<Scalars> scalar = eval_scalar(scalar_side, scope, context);
  if (!scalar) return fail(scalar.error());
  Result<Rows> rows = eval_vector(vector_side, scope, context);
  if (!rows) return rows;
  return with_scalar(binary, std::move(*rows), *scalar, left_scalar, context);
}

}  // namespace tocsin::promql
