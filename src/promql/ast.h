#pragma once
// A PromQL expression as a tree. Plain values: made by parse.h, printed by print.h, read by the
// engine. Positions are byte offsets into the text that was parsed.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "vocabulary/matcher.h"

namespace tocsin::promql {

enum class ValueType : uint8_t { kScalar, kVector, kMatrix, kString };
std::string_view to_text(ValueType type);  // "scalar", "instant vector", "range vector", "string"

struct Span {
  uint32_t begin = 0, end = 0;
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

// `offset` and `@`, of selectors and subqueries.
struct Shift {
  enum class At : uint8_t { kNone, kTime, kStart, kEnd };
  DurationMs offset{};  // negative looks ahead
  At at = At::kNone;
  TimeMs time{};  // of kTime
};

struct NumberLiteral {
  double value = 0;
};
struct StringLiteral {
  std::string value;  // unquoted
};
// The metric's name, where it stands before the braces, is both `name` and the first matcher.
struct VectorSelector {
  std::string name;
  std::vector<LabelMatcher> matchers;
  Shift shift;
};
struct MatrixSelector {
  VectorSelector vector;  // its shift holds the offset written after the range
  DurationMs range{};
};
struct Subquery {
  ExprPtr expr;
  DurationMs range{};
  DurationMs step{};  // zero: the engine's default
  Shift shift;
};
struct Paren {
  ExprPtr expr;
};
struct Unary {
  bool minus = false;
  ExprPtr expr;
};

enum class BinaryOp : uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kAtan2,
  kEqual,
  kNotEqual,
  kGreater,
  kLess,
  kGreaterEqual,
  kLessEqual,
  kAnd,
  kOr,
  kUnless,
};
struct Matching {
  enum class Card : uint8_t { kOneToOne, kManyToOne, kOneToMany, kManyToMany };
  Card card = Card::kOneToOne;  // kManyToMany: and, or, unless
  bool on = false;              // on(labels); else ignoring(labels)
  std::vector<std::string> labels;
  std::vector<std::string> include;  // of group_left and group_right
};
struct Binary {
  BinaryOp op;
  ExprPtr left, right;
  bool return_bool = false;
  std::optional<Matching> matching;  // between two vectors only
};

struct Function;  // functions.h
struct Call {
  const Function* function = nullptr;
  std::vector<ExprPtr> args;
};

enum class AggregateOp : uint8_t {
  kSum,
  kAvg,
  kCount,
  kMin,
  kMax,
  kGroup,
  kStddev,
  kStdvar,
  kTopk,
  kBottomk,
  kCountValues,
  kQuantile,
};
struct Aggregate {
  AggregateOp op;
  ExprPtr expr;
  ExprPtr parameter;  // of topk, bottomk, quantile, count_values; else null
  std::vector<std::string> grouping;
  bool without = false;
};

struct Expr {
  using Node = std::variant<NumberLiteral, StringLiteral, VectorSelector, MatrixSelector, Subquery,
                            Paren, Unary, Binary, Call, Aggregate>;
  Node node;
  ValueType type = ValueType::kScalar;  // checked by the parser
  Span span;
  uint16_t depth = 1;  // nodes from here to the farthest leaf, itself included
};

// As it is written: "+", "atan2", "and"; "sum", "count_values".
std::string_view to_text(BinaryOp op);
std::string_view to_text(AggregateOp op);

}  // namespace tocsin::promql
