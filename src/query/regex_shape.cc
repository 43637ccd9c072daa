#include "query/regex_shape.h"

namespace tocsin::query {
namespace {

constexpr std::string_view kSpecial = "\\.+*?()|[]{}^$";
constexpr size_t kLiteralsMax = 1000;

bool is_special(char c) { return kSpecial.find(c) != std::string_view::npos; }

// One character that stands for itself at `at`: plain, or escaped punctuation ("\." but not "\d").
// Moves behind it.
std::optional<char> take_literal(std::string_view text, size_t& at) {
  if (at >= text.size()) return std::nullopt;
  if (text[at] != '\\') {
    if (is_special(text[at])) return std::nullopt;
    return text[at++];
  }
  if (at + 1 >= text.size()) return std::nullopt;
  const char escaped = text[at + 1];
  if (!is_special(escaped) && escaped != '-' && escaped != '/') return std::nullopt;
  at += 2;
  return escaped;
}

// The literals of "a|b|c", if it is nothing else.
std::optional<std::vector<std::string>> alternatives(std::string_view text) {
  std::vector<std::string> out(1);
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '|') {
      if (out.size() == kLiteralsMax) return std::nullopt;
      out.emplace_back();
      ++at;
      continue;
    }
    const auto literal = take_literal(text, at);
    if (!literal) return std::nullopt;
    out.back() += *literal;
  }
  return out;
}

bool repeats(std::string_view text, size_t at) {
  return at < text.size() && std::string_view("*?{").find(text[at]) != std::string_view::npos;
}

bool inside_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The text before the first special character; nothing if it has alternatives anywhere.
std::string literal_prefix(std::string_view text) {
  if (text.find('|') != std::string_view::npos) return "";
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const auto literal = take_literal(text, at);
    if (!literal) break;
    out += *literal;
    if (!repeats(text, at)) continue;
    // "ab*" says nothing of b, which may be several bytes long.
    while (inside_character(out.back()) && out.size() > 1) out.pop_back();
    out.pop_back();
    break;
  }
  return out;
}

}  // namespace

RegexShape shape_of(std::string_view expression) {
  RegexShape out;
  std::string_view inner = expression;
  if (inner.starts_with("(?:") && inner.ends_with(')'))
    inner = inner.substr(3, inner.size() - 4);
  else if (inner.starts_with('(') && inner.ends_with(')'))
    inner = inner.substr(1, inner.size() - 2);
  // An inner bracket is special, so "(a)|(b)" is no list of literals.
  out.literals = alternatives(inner);
  if (!out.literals) out.prefix = literal_prefix(expression);
  return out;
}

}  // namespace tocsin::query
