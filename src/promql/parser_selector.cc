#include <fmt/format.h>
#include <re2/re2.h>

#include <cmath>

#include "promql/literals.h"
#include "promql/parser.h"
#include "promql/quote.h"

namespace tocsin::promql {
namespace {

// RE2's reasons in the words of Go's package, which is what users of Prometheus know.
std::string_view reason(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass:
      return "invalid character class";
    case re2::RE2::ErrorBadCharRange:
      return "invalid character class range";
    case re2::RE2::ErrorMissingBracket:
      return "missing closing ]";
    case re2::RE2::ErrorMissingParen:
      return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    case re2::RE2::ErrorPatternTooLarge:
      return "expression too large";
    default:
      return "regexp/syntax: internal error";
  }
}

std::string regex_problem(const std::string& value) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  const std::string whole = "^(?:" + value + ")$";
  const re2::RE2 regex(whole, options);
  const auto code = regex.error_code();
  // Go names the whole expression where RE2 names a part of it.
  const bool of_whole = code == re2::RE2::ErrorMissingParen ||
                        code == re2::RE2::ErrorUnexpectedParen || regex.error_arg().empty();
  return fmt::format("error parsing regexp: {}: `{}`", reason(code),
                     of_whole ? whole : regex.error_arg());
}

std::optional<LabelMatcher::Op> op_of(Token token) {
  switch (token) {
    case Token::kEqual:
      return LabelMatcher::Op::kEqual;
    case Token::kNotEqual:
      return LabelMatcher::Op::kNotEqual;
    case Token::kMatch:
      return LabelMatcher::Op::kMatch;
    case Token::kNotMatch:
      return LabelMatcher::Op::kNotMatch;
    default:
      return std::nullopt;
  }
}

}  // namespace

// `first` is the name or the brace.
ExprPtr Parser::vector_selector(const Item& first) {
  VectorSelector node;
  uint32_t end = first.span().end;
  bool braces = first.token == Token::kLeftBrace;
  if (!braces) {
    node.name = std::string(first.text);
    auto name = LabelMatcher::make(std::string(kNameLabel), LabelMatcher::Op::kEqual, node.name);
    node.matchers.push_back(std::move(*name));
    braces = take_if(Token::kLeftBrace);
  }
  if (braces && !matchers(node, end)) return nullptr;
  return make(std::move(node), ValueType::kVector, {first.position, end});
}

bool Parser::matchers(VectorSelector& selector, uint32_t& end) {
  while (!take_if(Token::kRightBrace)) {
    if (!matcher(selector)) return false;
    if (peek().token == Token::kRightBrace) continue;
    if (!expect(Token::kComma, "label matching", "\",\" or \"}\"")) return false;
  }
  end = closed_;
  return true;
}

bool Parser::matcher(VectorSelector& selector) {
  static constexpr std::string_view kContext = "label matching";
  if (peek().token != Token::kIdentifier) return unexpected(kContext, "identifier or \"}\"");
  const Item label = take();
  const auto op = op_of(peek().token);
  if (!op) return unexpected(kContext, "label matching operator");
  take();
  if (peek().token != Token::kString) return unexpected(kContext, "string");
  const Item literal = take();
  auto value = unquoted(literal.text);
  if (!value)
    return fail(literal.span(),
                "error unquoting string " + quoted(literal.text) + ": invalid syntax");
  auto made = LabelMatcher::make(std::string(label.text), *op, *value);
  if (!made) return fail({label.position, closed_}, regex_problem(*value));
  selector.matchers.push_back(std::move(*made));
  return true;
}

ExprPtr Parser::suffixes(ExprPtr expr) {
  while (expr) {
    const Token token = peek().token;
    if (token == Token::kLeftBracket) {
      expr = brackets(std::move(expr));
    } else if (token == Token::kOffset) {
      if (!offset(*expr)) return nullptr;
    } else if (token == Token::kAt) {
      if (!at(*expr)) return nullptr;
    } else {
      break;
    }
  }
  return expr;
}

bool Parser::duration(DurationMs& out) {
  const Item item = take();
  const auto read = read_duration(item.text);
  if (!read) return fail(item.span(), read.error());
  if (read->count == 0) return fail(item.span(), "duration must be greater than 0");
  out = *read;
  return true;
}

ExprPtr Parser::brackets(ExprPtr expr) {
  static constexpr std::string_view kContext = "subquery selector";
  const Item open = take();
  if (peek().token != Token::kDuration) return unexpected(kContext, "duration"), nullptr;
  DurationMs span{};
  if (!duration(span)) return nullptr;
  if (peek().token == Token::kRightBracket) return range(std::move(expr), open, span);
  if (!expect(Token::kColon, "subquery or range", "\":\" or \"]\"")) return nullptr;
  Subquery node{.expr = {}, .range = span, .step = {}, .shift = {}};
  const bool step = peek().token == Token::kDuration;
  if (step && !duration(node.step)) return nullptr;
  if (!expect(Token::kRightBracket, kContext, step ? "\"]\"" : "duration or \"]\"")) return nullptr;
  const Span whole{expr->span.begin, closed_};
  node.expr = std::move(expr);
  return make(std::move(node), ValueType::kMatrix, whole);
}

ExprPtr Parser::range(ExprPtr expr, const Item& open, DurationMs range) {
  take();  // the bracket
  const Span brackets{open.position, closed_};
  auto* const vector = std::get_if<VectorSelector>(&expr->node);
  if (!vector) return fail(brackets, "ranges only allowed for vector selectors"), nullptr;
  if (vector->shift.offset.count != 0)
    return fail(brackets, "no offset modifiers allowed before range"), nullptr;
  // Prometheus lets start() and end() stand before the range.
  if (vector->shift.at == Shift::At::kTime)
    return fail(brackets, "no @ modifiers allowed before range"), nullptr;
  const Span whole{expr->span.begin, closed_};
  return make(MatrixSelector{std::move(*vector), range}, ValueType::kMatrix, whole);
}

// Where `offset` and `@` of the expression are kept.
Shift* Parser::shift_of(Expr& expr, std::string_view what) {
  if (auto* vector = std::get_if<VectorSelector>(&expr.node)) return &vector->shift;
  if (auto* matrix = std::get_if<MatrixSelector>(&expr.node)) return &matrix->vector.shift;
  if (auto* subquery = std::get_if<Subquery>(&expr.node)) return &subquery->shift;
  fail(expr.span, fmt::format("{} modifier must be preceded by an instant vector selector or range "
                              "vector selector or a subquery",
                              what));
  return nullptr;
}

bool Parser::offset(Expr& expr) {
  take();
  const bool minus = take_if(Token::kSub);
  if (peek().token != Token::kDuration) return unexpected("offset", "duration");
  DurationMs by{};
  if (!duration(by)) return false;
  Shift* const shift = shift_of(expr, "offset");
  if (!shift) return false;
  if (shift->offset.count != 0) return fail(expr.span, "offset may not be set multiple times");
  shift->offset = minus ? DurationMs{-by.count} : by;
  expr.span.end = closed_;
  return true;
}

bool Parser::at(Expr& expr) {
  static constexpr std::string_view kExpected = "timestamp";
  take();
  const Token word = peek().token;
  if (word == Token::kStart || word == Token::kFinish) {
    take();
    if (!expect(Token::kLeftParen, "@", kExpected)) return false;
    if (!expect(Token::kRightParen, "@", kExpected)) return false;
    Shift* const shift = shift_of(expr, "@");
    if (!shift) return false;
    if (shift->at != Shift::At::kNone)
      return fail(expr.span, "@ <timestamp> may not be set multiple times");
    shift->at = word == Token::kStart ? Shift::At::kStart : Shift::At::kEnd;
    expr.span.end = closed_;
    return true;
  }
  const bool minus = word == Token::kSub;
  if (minus || word == Token::kAdd) take();
  if (peek().token != Token::kNumber) return unexpected("@", kExpected);
  const Item item = take();
  const auto value = read_number(item.text);
  if (!value) return fail(item.span(), value.error());
  return at_time(expr, minus ? -*value : *value);
}

bool Parser::at_time(Expr& expr, double seconds) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (!(std::abs(seconds) < kLimit)) {
    std::string text = std::isnan(seconds)   ? "NaN"
                       : std::isinf(seconds) ? (seconds > 0 ? "+Inf" : "-Inf")
                                             : fmt::format("{:f}", seconds);
    return fail(expr.span, "timestamp out of bounds for @ modifier: " + text);
  }
  Shift* const shift = shift_of(expr, "@");
  if (!shift) return false;
  if (shift->at != Shift::At::kNone)
    return fail(expr.span, "@ <timestamp> may not be set multiple times");
  shift->at = Shift::At::kTime;
  // Beyond what a time may be here, it is clamped: nothing is there.
  const double ms = std::round(seconds * 1000);
  shift->time = ms <= static_cast<double>(kTimeMin.ms)   ? kTimeMin
                : ms >= static_cast<double>(kTimeMax.ms) ? kTimeMax
                                                         : TimeMs{static_cast<int64_t>(ms)};
  expr.span.end = closed_;
  return true;
}

}  // namespace tocsin::promql
