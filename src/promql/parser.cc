#include "promql/parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "promql/check_types.h"
#include "promql/functions.h"
#include "promql/literals.h"
#include "promql/quote.h"

namespace tocsin::promql {
namespace {

uint16_t deepest(const ExprPtr& expr) { return expr ? expr->depth : 0; }
template <class T>
uint16_t children_depth(const T&) {
  return 0;
}
uint16_t children_depth(const Subquery& node) { return deepest(node.expr); }
uint16_t children_depth(const Paren& node) { return deepest(node.expr); }
uint16_t children_depth(const Unary& node) { return deepest(node.expr); }
uint16_t children_depth(const Binary& node) {
  return std::max(deepest(node.left), deepest(node.right));
}
uint16_t children_depth(const Aggregate& node) {
  return std::max(deepest(node.expr), deepest(node.parameter));
}
uint16_t children_depth(const Call& node) {
  uint16_t depth = 0;
  for (const ExprPtr& arg : node.args) depth = std::max(depth, deepest(arg));
  return depth;
}

}  // namespace

const Item& Parser::peek() {
  if (has_ahead_) return ahead_;
  ahead_ = lexer_.next();
  has_ahead_ = true;
  if (ahead_.token == Token::kError) fail({ahead_.position, ahead_.position}, ahead_.message);
  return ahead_;
}

Item Parser::take() {
  peek();
  has_ahead_ = false;
  closed_ = ahead_.span().end;
  return ahead_;
}

bool Parser::take_if(Token token) {
  if (peek().token != token) return false;
  take();
  return true;
}

// The first one stays.
bool Parser::fail(Span span, std::string message) {
  if (!error_) error_ = ParseError{std::move(message), span};
  return false;
}

bool Parser::unexpected(std::string_view context, std::string_view expected) {
  const Item& item = peek();
  std::string message = "unexpected " + item.description();
  if (context.empty() && aggregations_ > 0) context = "aggregation";
  if (!context.empty()) message += fmt::format(" in {}", context);
  if (!expected.empty()) message += fmt::format(", expected {}", expected);
  return fail(item.span(), std::move(message));
}

bool Parser::expect(Token token, std::string_view context, std::string_view expected) {
  return take_if(token) || unexpected(context, expected);
}

ExprPtr Parser::make(Expr::Node node, ValueType type, Span span) {
  auto expr = std::make_unique<Expr>();
  expr->node = std::move(node);
  expr->type = type;
  expr->span = span;
  const uint16_t below = std::visit([](const auto& n) { return children_depth(n); }, expr->node);
  expr->depth = static_cast<uint16_t>(below + 1);
  if (expr->depth <= kDepthMax) return expr;
  fail(span, fmt::format("expression has more than {} levels", kDepthMax));
  return nullptr;
}

ExprPtr Parser::expression() {
  if (peek().token == Token::kEnd) return fail({}, "no expression found in input"), nullptr;
  ExprPtr expr = binary(0);
  if (!expr) return nullptr;
  if (peek().token != Token::kEnd) return unexpected("", ""), nullptr;
  return error_ ? nullptr : std::move(expr);
}

std::optional<VectorSelector> Parser::selector() {
  const Token token = peek().token;
  const bool value = token == Token::kNumber || token == Token::kString ||
                     token == Token::kLeftParen || token == Token::kAdd || token == Token::kSub;
  if (value || !starts_operand(token)) return unexpected("", ""), std::nullopt;
  const ExprPtr expr = vector_selector(take());
  if (!expr) return std::nullopt;
  if (peek().token != Token::kEnd) return unexpected("", ""), std::nullopt;
  if (error_) return std::nullopt;
  return std::move(std::get<VectorSelector>(expr->node));
}

bool Parser::starts_operand(Token token) const {
  switch (token) {
    case Token::kIdentifier:
    case Token::kMetricIdentifier:
    case Token::kNumber:
    case Token::kString:
    case Token::kLeftParen:
    case Token::kLeftBrace:
    case Token::kAdd:
    case Token::kSub:
    case Token::kAnd:
    case Token::kOr:
    case Token::kUnless:
    case Token::kAggregator:
    case Token::kBy:
    case Token::kOffset:
    case Token::kWithout:
    case Token::kStart:
    case Token::kFinish:
      return true;
    default:
      return false;
  }
}

ExprPtr Parser::unary() {
  const Token token = peek().token;
  if (token != Token::kAdd && token != Token::kSub) {
    ExprPtr expr = operand();
    return expr ? suffixes(std::move(expr)) : nullptr;
  }
  const Item sign = take();
  ExprPtr expr = binary(6);  // ^ alone binds tighter
  if (!expr) return nullptr;
  const bool minus = token == Token::kSub;
  if (auto* literal = std::get_if<NumberLiteral>(&expr->node)) {
    if (minus) literal->value = -literal->value;
    expr->span.begin = sign.position;
    return expr;
  }
  const ValueType type = expr->type;
  const Span span{sign.position, expr->span.end};
  return make(Unary{minus, std::move(expr)}, type, span);
}

ExprPtr Parser::operand() {
  if (!starts_operand(peek().token)) return unexpected("", ""), nullptr;
  const Item item = peek();
  if (item.token == Token::kNumber) return number();
  if (item.token == Token::kString) return string();
  if (item.token == Token::kLeftParen) return paren();
  take();
  if (item.token == Token::kIdentifier && peek().token == Token::kLeftParen) return call(item);
  if (item.token == Token::kAggregator) {
    const Token next = peek().token;
    if (next == Token::kBy || next == Token::kWithout || next == Token::kLeftParen)
      return aggregate(item);
  }
  return vector_selector(item);
}

ExprPtr Parser::number() {
  const Item item = take();
  const auto value = read_number(item.text);
  if (!value) return fail(item.span(), value.error()), nullptr;
  return make(NumberLiteral{*value}, ValueType::kScalar, item.span());
}

ExprPtr Parser::string() {
  const Item item = take();
  auto value = unquoted(item.text);
  if (!value)
    return fail(item.span(), "error unquoting string " + quoted(item.text) + ": invalid syntax"),
           nullptr;
  return make(StringLiteral{std::move(*value)}, ValueType::kString, item.span());
}

ExprPtr Parser::paren() {
  const Item open = take();
  ExprPtr expr = binary(0);
  if (!expr || !expect(Token::kRightParen, "", "")) return nullptr;
  const ValueType type = expr->type;
  return make(Paren{std::move(expr)}, type, {open.position, closed_});
}

bool Parser::arguments(std::vector<ExprPtr>& args) {
  if (!expect(Token::kLeftParen, "", "")) return false;
  if (take_if(Token::kRightParen)) return true;
  while (true) {
    args.push_back(binary(0));
    if (!args.back()) return false;
    if (take_if(Token::kRightParen)) return true;
    if (peek().token != Token::kComma) return unexpected("", "");
    const Item comma = take();
    if (!starts_operand(peek().token))
      return fail(comma.span(), "trailing commas not allowed in function call args");
  }
}

ExprPtr Parser::call(const Item& name) {
  Call node;
  if (!arguments(node.args)) return nullptr;
  node.function = find_function(name.text);
  if (!node.function)
    return fail(name.span(), "unknown function with name " + quoted(name.text)), nullptr;
  const ValueType type = node.function->returns;
  return make(std::move(node), type, {name.position, closed_});
}

ExprPtr Parser::aggregate(const Item& op) {
  Aggregate node;
  node.op = op.aggregate;
  std::vector<ExprPtr> args;
  const auto clause = [&] {
    node.without = peek().token == Token::kWithout;
    if (!node.without && peek().token != Token::kBy) return true;
    take();
    return grouping(node.grouping);
  };
  ++aggregations_;
  const bool before = peek().token != Token::kLeftParen;
  if (before && !clause()) return nullptr;
  if (!arguments(args)) return nullptr;
  if (!before && !clause()) return nullptr;
  --aggregations_;
  if (error_) return nullptr;
  return build_aggregate(std::move(node), std::move(args), {op.position, closed_});
}

ExprPtr Parser::build_aggregate(Aggregate node, std::vector<ExprPtr> args, Span span) {
  const bool parameter = node.op == AggregateOp::kTopk || node.op == AggregateOp::kBottomk ||
                         node.op == AggregateOp::kQuantile || node.op == AggregateOp::kCountValues;
  const size_t wanted = parameter ? 2 : 1;
  if (args.empty()) return fail(span, "no arguments for aggregate expression provided"), nullptr;
  if (args.size() != wanted)
    return fail(span, fmt::format("wrong number of arguments for aggregate expression provided, "
                                  "expected {}, got {}",
                                  wanted, args.size())),
           nullptr;
  node.expr = std::move(args.back());
  if (parameter) node.parameter = std::move(args.front());
  return make(std::move(node), ValueType::kVector, span);
}

}  // namespace tocsin::promql
