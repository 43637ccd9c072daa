#pragma once
// Binary operators: what they compute, and how two vectors are matched.

#include "promql/eval_context.h"

namespace tocsin::promql {

double arithmetic(BinaryOp op, double left, double right);
bool holds(BinaryOp op, double left, double right);  // of comparisons
bool compares(BinaryOp op);
bool is_set(BinaryOp op);      // and, or, unless
bool drops_name(BinaryOp op);  // the result has no metric name

// The series of two vectors by the labels that a match looks at: rows with equal labels have equal
// numbers.
struct Signatures {
  std::vector<uint32_t> left, right;
  size_t count = 0;
};
Signatures signatures(const Matching& matching, const Rows& left, const Rows& right);

// and, or, unless.
Result<Rows> eval_set(BinaryOp op, const Matching& matching, Rows left, Rows right,
                      Context& context);
// The other operators, one to one or with group_left and group_right.
Result<Rows> eval_matched(const Binary& binary, const Matching& matching, const Rows& left,
                          const Rows& right, size_t steps, Context& context);

}  // namespace tocsin::promql
