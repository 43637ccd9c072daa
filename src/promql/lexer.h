#pragma once
// Text -> tokens of PromQL, one at a time: the next is not looked at before it is asked for, so
// that of two mistakes the first is told.

#include <cstdint>
#include <string>
#include <string_view>

#include "promql/ast.h"

namespace tocsin::promql {

enum class Token : uint8_t {
  kEnd,
  kError,  // text is the message
  kIdentifier,
  kMetricIdentifier,  // with a colon
  kNumber,
  kDuration,
  kString,  // with its quotes
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kComma,
  kColon,
  kEqual,  // =
  // operators
  kFirstOperator,
  kAdd = kFirstOperator,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kAtan2,
  kEqualEqual,
  kNotEqual,
  kGreater,
  kLess,
  kGreaterEqual,
  kLessEqual,
  kAnd,
  kOr,
  kUnless,
  kMatch,
  kNotMatch,
  kAt,
  kLastOperator = kAt,
  // words
  kAggregator,
  kBool,
  kBy,
  kGroupLeft,
  kGroupRight,
  kIgnoring,
  kOffset,
  kOn,
  kWithout,
  kStart,
  kFinish,  // "end"
};

struct Item {
  Token token = Token::kEnd;
  uint32_t position = 0;
  std::string_view text;    // of the input; empty for kError
  std::string message;      // of kError
  AggregateOp aggregate{};  // of kAggregator

  Span span() const { return {position, position + static_cast<uint32_t>(text.size())}; }
  // As messages name it: `identifier "foo"`, `<op:+>`, `end of input`.
  std::string description() const;
};

class Lexer {
 public:
  // The text outlives the lexer.
  explicit Lexer(std::string_view text) : text_(text) {}
  // After kEnd or kError: kEnd.
  Item next();

 private:
  bool scan(Item& item);  // false: only space or a comment was there
  bool scan_in_braces(Item& item);
  bool scan_symbol(Item& item, char c);
  void scan_comparison(Item& item, char c);
  void scan_equal(Item& item);
  void scan_word(Item& item);
  void scan_number_or_duration(Item& item);
  void scan_duration(Item& item);
  void scan_string(Item& item);
  bool scan_escape(Item& item, char quote);  // false: an error was written
  void scan_raw_string(Item& item);
  bool scan_end(Item& item);
  void skip_comment();
  void skip_space();
  bool accept_number();
  bool accept_duration();

  void emit(Item& item, Token token);
  void fail(Item& item, std::string message);
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool accept(std::string_view set);
  void accept_run(std::string_view set);
  std::string_view pending() const { return text_.substr(start_, at_ - start_); }

  std::string_view text_;
  size_t at_ = 0, start_ = 0;
  int parens_ = 0;
  bool in_braces_ = false, in_brackets_ = false, colon_seen_ = false;
  bool want_duration_ = false;  // behind a left bracket
  bool finished_ = false;
};

}  // namespace tocsin::promql
