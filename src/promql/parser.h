#pragma once
// Tokens -> tree, by recursive descent and precedence climbing. One mistake ends it: what
// Prometheus tells is the first one, too.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/lexer.h"
#include "promql/parse.h"

namespace tocsin::promql {

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  // Null if there is a mistake.
  ExprPtr expression();
  std::optional<VectorSelector> selector();
  const std::optional<ParseError>& error() const { return error_; }

 private:
  // parser.cc: operands, calls, aggregations
  ExprPtr unary();
  ExprPtr operand();
  ExprPtr number();
  ExprPtr string();
  ExprPtr paren();
  ExprPtr call(const Item& name);
  ExprPtr aggregate(const Item& op);
  bool arguments(std::vector<ExprPtr>& args);
  ExprPtr build_aggregate(Aggregate node, std::vector<ExprPtr> args, Span span);
  // parser_binary.cc
  ExprPtr binary(int precedence_min);
  bool modifiers(Binary& node);
  bool grouping(std::vector<std::string>& labels);
  // parser_selector.cc: selectors and what stands behind them
  ExprPtr vector_selector(const Item& first);
  bool matchers(VectorSelector& selector, uint32_t& end);
  bool matcher(VectorSelector& selector);
  ExprPtr suffixes(ExprPtr expr);
  ExprPtr brackets(ExprPtr expr);
  ExprPtr range(ExprPtr expr, const Item& open, DurationMs range);
  bool offset(Expr& expr);
  bool at(Expr& expr);
  bool at_time(Expr& expr, double seconds);
  Shift* shift_of(Expr& expr, std::string_view what);
  bool duration(DurationMs& out);

  const Item& peek();
  Item take();
  bool take_if(Token token);
  bool expect(Token token, std::string_view context, std::string_view expected);
  bool fail(Span span, std::string message);
  bool unexpected(std::string_view context, std::string_view expected);
  // Of what is being built; null and a mistake if the tree gets too deep.
  ExprPtr make(Expr::Node node, ValueType type, Span span);
  bool starts_operand(Token token) const;

  Lexer lexer_;
  Item ahead_;
  bool has_ahead_ = false;
  uint32_t closed_ = 0;  // end of the last token taken
  int aggregations_ = 0, nesting_ = 0;
  std::optional<ParseError> error_;
};

}  // namespace tocsin::promql
