#include <algorithm>

#include "promql/parser.h"

namespace tocsin::promql {
namespace {

struct Operator {
  Token token;
  BinaryOp op;
  int precedence;  // 1 binds loosest
};
constexpr Operator kOperators[] = {
    {Token::kOr, BinaryOp::kOr, 1},
    {Token::kAnd, BinaryOp::kAnd, 2},
    {Token::kUnless, BinaryOp::kUnless, 2},
    {Token::kEqualEqual, BinaryOp::kEqual, 3},
    {Token::kNotEqual, BinaryOp::kNotEqual, 3},
    {Token::kGreater, BinaryOp::kGreater, 3},
    {Token::kLess, BinaryOp::kLess, 3},
    {Token::kGreaterEqual, BinaryOp::kGreaterEqual, 3},
    {Token::kLessEqual, BinaryOp::kLessEqual, 3},
    {Token::kAdd, BinaryOp::kAdd, 4},
    {Token::kSub, BinaryOp::kSub, 4},
    {Token::kMul, BinaryOp::kMul, 5},
    {Token::kDiv, BinaryOp::kDiv, 5},
    {Token::kMod, BinaryOp::kMod, 5},
    {Token::kAtan2, BinaryOp::kAtan2, 5},
    {Token::kPow, BinaryOp::kPow, 6},
};

const Operator* operator_of(Token token) {
  const auto* const found = std::ranges::find(kOperators, token, &Operator::token);
  return found == std::end(kOperators) ? nullptr : found;
}

// Words that may be label names where labels are grouped. Not `without`, as in Prometheus.
bool is_label(Token token) {
  switch (token) {
    case Token::kIdentifier:
    case Token::kAggregator:
    case Token::kBool:
    case Token::kBy:
    case Token::kGroupLeft:
    case Token::kGroupRight:
    case Token::kIgnoring:
    case Token::kAnd:
    case Token::kOr:
    case Token::kUnless:
    case Token::kOffset:
    case Token::kOn:
    case Token::kStart:
    case Token::kFinish:
    case Token::kAtan2:
      return true;
    default:
      return false;
  }
}

}  // namespace

ExprPtr Parser::binary(int precedence_min) {
  if (++nesting_ > static_cast<int>(kDepthMax))
    return fail(peek().span(), "expression is nested too deeply"), nullptr;
  ExprPtr left = unary();
  while (left) {
    const Operator* const found = operator_of(peek().token);
    if (!found || found->precedence < precedence_min) break;
    take();
    Binary node{.op = found->op, .left = {}, .right = {}, .matching = Matching{}};
    if (!modifiers(node)) return nullptr;
    const bool right_associative = found->op == BinaryOp::kPow;
    node.right = binary(found->precedence + (right_associative ? 0 : 1));
    if (!node.right) return nullptr;
    node.left = std::move(left);
    const bool scalar =
        node.left->type == ValueType::kScalar && node.right->type == ValueType::kScalar;
    const Span span{node.left->span.begin, node.right->span.end};
    left = make(std::move(node), scalar ? ValueType::kScalar : ValueType::kVector, span);
  }
  --nesting_;
  return left;
}

bool Parser::modifiers(Binary& node) {
  Matching& matching = *node.matching;
  node.return_bool = take_if(Token::kBool);
  const Token token = peek().token;
  if (token != Token::kOn && token != Token::kIgnoring) return true;
  take();
  matching.on = token == Token::kOn;
  if (!grouping(matching.labels)) return false;
  const Token group = peek().token;
  if (group != Token::kGroupLeft && group != Token::kGroupRight) return true;
  take();
  matching.card =
      group == Token::kGroupLeft ? Matching::Card::kManyToOne : Matching::Card::kOneToMany;
  const Token next = peek().token;
  if (next != Token::kLeftParen && starts_operand(next)) return true;
  return grouping(matching.include);
}

bool Parser::grouping(std::vector<std::string>& labels) {
  static constexpr std::string_view kContext = "grouping opts";
  if (!expect(Token::kLeftParen, kContext, "\"(\"")) return false;
  while (!take_if(Token::kRightParen)) {
    if (!is_label(peek().token)) return unexpected(kContext, "label");
    labels.emplace_back(take().text);
    if (peek().token == Token::kRightParen) continue;
    if (!expect(Token::kComma, kContext, "\",\" or \")\"")) return false;
  }
  return true;
}

}  // namespace tocsin::promql
