#include "promql/check_types.h"

#include <fmt/format.h>

#include <algorithm>

#include "promql/functions.h"
#include "promql/print.h"
#include "promql/quote.h"

namespace tocsin::promql {
namespace {

std::string_view short_name(ValueType type) {
  switch (type) {
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kVector:
      return "vector";
    case ValueType::kMatrix:
      return "matrix";
    case ValueType::kString:
      return "string";
  }
  return "";
}

bool is_comparison(BinaryOp op) { return op >= BinaryOp::kEqual && op <= BinaryOp::kLessEqual; }
bool is_set(BinaryOp op) { return op >= BinaryOp::kAnd; }
bool is_value(ValueType type) { return type == ValueType::kScalar || type == ValueType::kVector; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Each check returns true if all is well; the first problem ends the walk.
class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  bool check(Expr& expr) {
    return std::visit([&](auto& node) { return check_node(expr, node); }, expr.node);
  }
  std::optional<ParseError> error;

 private:
  bool fail(Span span, std::string message) {
    error = ParseError{std::move(message), span};
    return false;
  }
  bool expect(Expr& expr, ValueType want, std::string_view where) {
    if (!check(expr)) return false;
    if (expr.type == want) return true;
    return fail(expr.span, fmt::format("expected type {} in {}, got {}", to_text(want), where,
                                       to_text(expr.type)));
  }

  bool check_node(Expr&, NumberLiteral&) { return true; }
  bool check_node(Expr&, StringLiteral&) { return true; }
  bool check_node(Expr& expr, MatrixSelector& node) { return check_node(expr, node.vector); }
  bool check_node(Expr&, Paren& node) { return check(*node.expr); }

  bool check_node(Expr& expr, VectorSelector& node) {
    if (!node.name.empty()) {
      for (size_t i = 1; i < node.matchers.size(); ++i)
        if (node.matchers[i].label() == kNameLabel)
          return fail(expr.span, fmt::format("metric name must not be set twice: {} or {}",
                                             quoted(node.name), quoted(node.matchers[i].value())));
      return true;
    }
    const auto not_empty = [](const LabelMatcher& m) { return !m.matches(std::string_view{}); };
    if (std::ranges::any_of(node.matchers, not_empty)) return true;
    return fail(expr.span, "vector selector must contain at least one non-empty matcher");
  }

  bool check_node(Expr& expr, Subquery& node) {
    if (!check(*node.expr)) return false;
    if (node.expr->type == ValueType::kVector) return true;
    return fail(expr.span, fmt::format("subquery is only allowed on instant vector, got {} instead",
                                       short_name(node.expr->type)));
  }

  bool check_node(Expr& expr, Unary& node) {
    if (!check(*node.expr)) return false;
    if (is_value(node.expr->type)) return true;
    return fail(expr.span, fmt::format("unary expression only allowed on expressions of type "
                                       "scalar or instant vector, got \"{}\"",
                                       to_text(node.expr->type)));
  }

  bool check_node(Expr&, Aggregate& node) {
    if (!expect(*node.expr, ValueType::kVector, "aggregation expression")) return false;
    if (!node.parameter) return true;
    const bool text = node.op == AggregateOp::kCountValues;
    return expect(*node.parameter, text ? ValueType::kString : ValueType::kScalar,
                  "aggregation parameter");
  }

  bool check_node(Expr& expr, Call& node) {
    const Function& function = *node.function;
    const size_t listed = function.arguments.size(), given = node.args.size();
    const std::string call =
        fmt::format("argument(s) in call to \"{}\", got {}", function.name, given);
    if (function.variadic == 0) {
      if (listed != given) return fail(expr.span, fmt::format("expected {} {}", listed, call));
    } else if (listed - 1 > given) {
      return fail(expr.span, fmt::format("expected at least {} {}", listed - 1, call));
    } else if (function.variadic > 0) {
      const size_t most = listed - 1 + static_cast<size_t>(function.variadic);
      if (given > most) return fail(expr.span, fmt::format("expected at most {} {}", most, call));
    }
    const std::string where = fmt::format("call to function \"{}\"", function.name);
    for (size_t i = 0; i < given; ++i)
      if (!expect(*node.args[i], function.arguments[std::min(i, listed - 1)], where)) return false;
    return true;
  }

  bool check_node(Expr& expr, Binary& node) {
    if (!check(*node.left) || !check(*node.right)) return false;
    const ValueType left = node.left->type, right = node.right->type;
    const bool scalars = left == ValueType::kScalar && right == ValueType::kScalar;
    Matching& matching = *node.matching;
    if (node.return_bool && !is_comparison(node.op))
      return fail(operator_span(node), "bool modifier can only be used on comparison operators");
    if (is_comparison(node.op) && !node.return_bool && scalars)
      return fail(operator_span(node), "comparisons between scalars must use BOOL modifier");
    if (is_set(node.op) && matching.card == Matching::Card::kOneToOne)
      matching.card = Matching::Card::kManyToMany;
    for (const std::string& label : matching.labels)
      if (matching.on && std::ranges::find(matching.include, label) != matching.include.end())
        return fail(
            operator_span(node),
            fmt::format("label {} must not occur in ON and GROUP clause at once", quoted(label)));
    for (const Expr* side : {node.left.get(), node.right.get()})
      if (!is_value(side->type))
        return fail(side->span,
                    "binary expression must contain only scalar and instant vector types");
    return check_matching(expr, node);
  }

  bool check_matching(Expr& expr, Binary& node) {
    const bool scalar =
        node.left->type == ValueType::kScalar || node.right->type == ValueType::kScalar;
    if (scalar && !node.matching->labels.empty())
      return fail(expr.span, "vector matching only allowed between instant vectors");
    if (scalar && is_set(node.op))
      return fail(expr.span,
                  fmt::format("set operator \"{}\" not allowed in binary scalar expression",
                              to_text(node.op)));
    if (!scalar && is_set(node.op) && node.matching->card != Matching::Card::kManyToMany)
      return fail(expr.span,
                  fmt::format("no grouping allowed for \"{}\" operation", to_text(node.op)));
    if (scalar) node.matching.reset();
    return true;
  }

  // Where the operator and its modifiers stand.
  Span operator_span(const Binary& node) const {
    Span span{node.left->span.end, node.right->span.begin};
    while (span.begin < span.end && is_space(text_[span.begin])) ++span.begin;
    while (span.end > span.begin && is_space(text_[span.end - 1])) --span.end;
    return span;
  }

  std::string_view text_;
};

}  // namespace

std::optional<ParseError> check_types(Expr& expr, std::string_view text) {
  Checker checker(text);
  checker.check(expr);
  return std::move(checker.error);
}

}  // namespace tocsin::promql
