#include "promql/lexer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "promql/quote.h"

namespace tocsin::promql {
namespace {

constexpr std::string_view kDigits = "0123456789";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_alpha(c) || is_digit(c); }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

constexpr std::array<std::pair<std::string_view, Token>, 16> kWords{{
    {"and", Token::kAnd},
    {"or", Token::kOr},
    {"unless", Token::kUnless},
    {"atan2", Token::kAtan2},
    {"offset", Token::kOffset},
    {"by", Token::kBy},
    {"without", Token::kWithout},
    {"on", Token::kOn},
    {"ignoring", Token::kIgnoring},
    {"group_left", Token::kGroupLeft},
    {"group_right", Token::kGroupRight},
    {"bool", Token::kBool},
    {"start", Token::kStart},
    {"end", Token::kFinish},
    {"inf", Token::kNumber},
    {"nan", Token::kNumber},
}};
constexpr std::array<std::pair<std::string_view, AggregateOp>, 12> kAggregators{{
    {"sum", AggregateOp::kSum},
    {"avg", AggregateOp::kAvg},
    {"count", AggregateOp::kCount},
    {"min", AggregateOp::kMin},
    {"max", AggregateOp::kMax},
    {"group", AggregateOp::kGroup},
    {"stddev", AggregateOp::kStddev},
    {"stdvar", AggregateOp::kStdvar},
    {"topk", AggregateOp::kTopk},
    {"bottomk", AggregateOp::kBottomk},
    {"count_values", AggregateOp::kCountValues},
    {"quantile", AggregateOp::kQuantile},
}};

// At most ten characters of it, quoted.
std::string shortened(std::string_view text) {
  if (text.size() <= 10) return quoted(text);
  size_t at = 0;
  for (int runes = 0; runes < 10 && at < text.size(); ++runes) at += rune_at(text, at).bytes;
  return quoted(text.substr(0, at)) + "...";
}

}  // namespace

std::string Item::description() const {
  const std::string word(text);
  if (token >= Token::kFirstOperator && token <= Token::kLastOperator) return "<op:" + word + ">";
  switch (token) {
    case Token::kEnd:
      return "end of input";
    case Token::kIdentifier:
      return "identifier " + quoted(text);
    case Token::kMetricIdentifier:
      return "metric identifier " + quoted(text);
    case Token::kNumber:
      return "number " + shortened(text);
    case Token::kDuration:
      return "duration " + shortened(text);
    case Token::kString:
      return "string " + shortened(text);
    case Token::kAggregator:
      return "<aggr:" + word + ">";
    case Token::kBool:
    case Token::kBy:
    case Token::kGroupLeft:
    case Token::kGroupRight:
    case Token::kIgnoring:
    case Token::kOffset:
    case Token::kOn:
    case Token::kWithout:
      return "<" + word + ">";
    default:
      return shortened(text);
  }
}

void Lexer::emit(Item& item, Token token) {
  item.token = token;
  item.position = static_cast<uint32_t>(start_);
  item.text = pending();
  start_ = at_;
}

void Lexer::fail(Item& item, std::string message) {
  item.token = Token::kError;
  item.position = static_cast<uint32_t>(start_);
  item.text = {};
  item.message = std::move(message);
  finished_ = true;
}

bool Lexer::accept(std::string_view set) {
  if (at_ >= text_.size() || set.find(text_[at_]) == std::string_view::npos) return false;
  ++at_;
  return true;
}

void Lexer::accept_run(std::string_view set) {
  while (accept(set)) {
  }
}

void Lexer::skip_space() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  start_ = at_;
}

void Lexer::skip_comment() {
  while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
  start_ = at_;
}

Item Lexer::next() {
  Item item;
  while (!finished_ && !scan(item)) {
  }
  if (item.token == Token::kEnd) {
    finished_ = true;
    item.position = static_cast<uint32_t>(text_.size());
  }
  return item;
}

bool Lexer::scan(Item& item) {
  if (want_duration_) {
    want_duration_ = false;
    scan_duration(item);
    return true;
  }
  if (peek() == '#') return skip_comment(), false;
  if (at_ >= text_.size()) return scan_end(item);
  const char c = text_[at_];
  if (is_space(c)) return skip_space(), false;
  if (c == '"' || c == '\'') return scan_string(item), true;
  if (c == '`') return scan_raw_string(item), true;
  if (in_braces_) return scan_in_braces(item);
  const bool point = c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]);
  if (is_digit(c) || point) return scan_number_or_duration(item), true;
  if (!is_alpha(c) && c != ':') return scan_symbol(item, c);
  if (!in_brackets_) return scan_word(item), true;
  ++at_;
  if (colon_seen_)
    return fail(item, "unexpected colon " + quoted_rune(rune_at(text_, start_))), true;
  emit(item, Token::kColon);
  colon_seen_ = true;
  return true;
}

bool Lexer::scan_end(Item& item) {
  if (in_braces_)
    fail(item, "unexpected end of input inside braces");
  else if (parens_ != 0)
    fail(item, "unclosed left parenthesis");
  else if (in_brackets_)
    fail(item, "unclosed left bracket");
  else
    emit(item, Token::kEnd);
  return true;
}

bool Lexer::scan_symbol(Item& item, char c) {
  static constexpr std::string_view kSingle = ",*/%+-^@";
  static constexpr std::array<Token, 8> kTokens{Token::kComma, Token::kMul, Token::kDiv,
                                                Token::kMod,   Token::kAdd, Token::kSub,
                                                Token::kPow,   Token::kAt};
  const Rune rune = rune_at(text_, at_);
  at_ += rune.bytes;
  if (const size_t which = kSingle.find(c); which != std::string_view::npos) {
    emit(item, kTokens[which]);
  } else if (c == '=' || c == '!' || c == '<' || c == '>') {
    scan_comparison(item, c);
  } else if (c == '(') {
    ++parens_;
    emit(item, Token::kLeftParen);
  } else if (c == ')') {
    emit(item, Token::kRightParen);
    if (--parens_ < 0) fail(item, "unexpected right parenthesis ')'");
  } else if (c == '{') {
    in_braces_ = true;
    emit(item, Token::kLeftBrace);
  } else if (c == '[') {
    if (in_brackets_) return fail(item, "unexpected left bracket '['"), true;
    emit(item, Token::kLeftBracket);
    in_brackets_ = want_duration_ = true;
    colon_seen_ = false;
  } else if (c == ']') {
    if (!in_brackets_) return fail(item, "unexpected right bracket ']'"), true;
    in_brackets_ = false;
    emit(item, Token::kRightBracket);
  } else {
    fail(item, "unexpected character: " + quoted_rune(rune));
  }
  return true;
}

// The first character is behind us.
void Lexer::scan_comparison(Item& item, char c) {
  if (c == '=' && peek() == '~') return fail(item, "unexpected character after '=': '~'");
  if (c == '!' && peek() != '=')
    return fail(item, "unexpected character after '!': " + quoted_rune(rune_at(text_, at_)));
  const bool equal = accept("=");
  if (c == '=')
    emit(item, equal ? Token::kEqualEqual : Token::kEqual);
  else if (c == '!')
    emit(item, Token::kNotEqual);
  else if (c == '<')
    emit(item, equal ? Token::kLessEqual : Token::kLess);
  else
    emit(item, equal ? Token::kGreaterEqual : Token::kGreater);
}

bool Lexer::scan_in_braces(Item& item) {
  const Rune rune = rune_at(text_, at_);
  const char c = text_[at_];
  at_ += rune.bytes;
  if (is_alpha(c)) {
    while (is_word(peek())) ++at_;
    emit(item, Token::kIdentifier);
  } else if (c == ',') {
    emit(item, Token::kComma);
  } else if (c == '=') {
    const bool match = accept("~");
    emit(item, match ? Token::kMatch : Token::kEqual);
  } else if (c == '!') {
    if (accept("~"))
      emit(item, Token::kNotMatch);
    else if (accept("="))
      emit(item, Token::kNotEqual);
    else
      fail(item,
           "unexpected character after '!' inside braces: " + quoted_rune(rune_at(text_, at_)));
  } else if (c == '{') {
    fail(item, "unexpected left brace '{'");
  } else if (c == '}') {
    in_braces_ = false;
    emit(item, Token::kRightBrace);
  } else {
    fail(item, "unexpected character inside braces: " + quoted_rune(rune));
  }
  return true;
}

void Lexer::scan_word(Item& item) {
  while (is_word(peek()) || peek() == ':') ++at_;
  const std::string word = lower(pending());
  for (const auto& [text, token] : kWords)
    if (text == word) return emit(item, token);
  for (const auto& [text, op] : kAggregators) {
    if (text != word) continue;
    item.aggregate = op;
    return emit(item, Token::kAggregator);
  }
  const bool colon = word.find(':') != std::string::npos;
  emit(item, colon ? Token::kMetricIdentifier : Token::kIdentifier);
}

// Not necessarily a valid number: who reads it says so.
bool Lexer::accept_number() {
  std::string_view digits = kDigits;
  if (accept("0") && accept("xX")) digits = "0123456789abcdefABCDEF";
  accept_run(digits);
  if (accept(".")) accept_run(digits);
  if (accept("eE")) {
    accept("+-");
    accept_run(kDigits);
  }
  return !is_word(peek());
}

// The first number is behind us. Units in a wrong order are found when it is read.
bool Lexer::accept_duration() {
  if (!accept("smhdwy")) return false;
  accept("s");
  while (accept(kDigits)) {
    accept_run(kDigits);
    if (!accept("smhdw")) return false;
    accept("s");
  }
  if (!is_word(peek())) return true;
  ++at_;  // the message shows it
  return false;
}

void Lexer::scan_number_or_duration(Item& item) {
  if (accept_number()) return emit(item, Token::kNumber);
  if (accept_duration()) return emit(item, Token::kDuration);
  fail(item, "bad number or duration syntax: " + quoted(pending()));
}

void Lexer::scan_duration(Item& item) {
  skip_space();
  if (accept_number()) return fail(item, "missing unit character in duration");
  if (accept_duration()) return emit(item, Token::kDuration);
  fail(item, "bad duration syntax: " + quoted(pending()));
}

void Lexer::scan_string(Item& item) {
  const char quote = text_[at_++];
  while (true) {
    const Rune rune = rune_at(text_, at_);
    if (rune.bytes == 0 || rune.code == '\n') return fail(item, "unterminated quoted string");
    if (rune.code == 0xfffd) return fail(item, "invalid UTF-8 rune");
    at_ += rune.bytes;
    if (rune.code == static_cast<char32_t>(quote)) return emit(item, Token::kString);
    if (rune.code == '\\' && !scan_escape(item, quote)) return;
  }
}

bool Lexer::scan_escape(Item& item, char quote) {
  const Rune first = rune_at(text_, at_);
  if (first.bytes == 0) return fail(item, "escape sequence not terminated"), false;
  const char c = text_[at_];
  if (c == quote || std::string_view("abfnrtv\\").find(c) != std::string_view::npos)
    return ++at_, true;
  const bool octal = c >= '0' && c <= '7';
  const int digits = octal ? 3 : c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (digits == 0) return fail(item, "unknown escape sequence " + described_rune(first)), false;
  if (!octal) ++at_;
  uint32_t code = 0;
  for (int i = 0; i < digits; ++i) {
    const Rune rune = rune_at(text_, at_);
    if (rune.bytes == 0) return fail(item, "escape sequence not terminated"), false;
    const std::string_view set = octal ? "01234567" : "0123456789abcdef";
    const size_t value = set.find(lower(text_.substr(at_, 1)));
    if (value == std::string_view::npos) {
      fail(item, "illegal character " + described_rune(rune) + " in escape sequence");
      return false;
    }
    code = code * (octal ? 8 : 16) + static_cast<uint32_t>(value);
    ++at_;
  }
  const uint32_t code_max = digits <= 3 ? 255 : 0x10ffff;
  if (code <= code_max && (code < 0xd800 || code >= 0xe000)) return true;
  return fail(item, "escape sequence is an invalid Unicode code point"), false;
}

void Lexer::scan_raw_string(Item& item) {
  ++at_;
  while (true) {
    const Rune rune = rune_at(text_, at_);
    if (rune.bytes == 0) return fail(item, "unterminated raw string");
    if (rune.code == 0xfffd) return fail(item, "invalid UTF-8 rune");
    at_ += rune.bytes;
    if (rune.code == '`') return emit(item, Token::kString);
  }
}

}  // namespace tocsin::promql
