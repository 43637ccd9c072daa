#include "promql/quote.h"

#include <fmt/format.h>

namespace tocsin::promql {
namespace {

constexpr char32_t kReplacement = 0xfffd;

// Code points that show as nothing or as space: written as escapes. Not the whole of Unicode's
// tables: unassigned code points count as printable.
bool printable(char32_t code) {
  if (code < 0x20 || (code >= 0x7f && code <= 0xa0) || code == 0xad) return false;
  if (code == 0x1680 || code == 0x180e || code == 0x3000 || code == 0xfeff) return false;
  if (code >= 0x2000 && code <= 0x200f) return false;
  if (code >= 0x2028 && code <= 0x202f) return false;
  if (code >= 0x205f && code <= 0x206f) return false;
  if (code >= 0xd800 && code <= 0xf8ff) return false;    // surrogates and private use
  if (code >= 0xfff0 && code <= 0xfffb) return false;    // format and unassigned
  if (code >= 0xe0000 && code <= 0xe0fff) return false;  // tags
  return code < 0xf0000 && (code & 0xfffe) != 0xfffe;
}

void append_escaped(std::string& out, char32_t code, char quote) {
  static constexpr std::string_view kNamed = "\a\b\t\n\v\f\r";
  static constexpr std::string_view kLetters = "abtnvfr";
  if (code == static_cast<char32_t>(quote) || code == '\\') {
    out += '\\';
    out += static_cast<char>(code);
  } else if (printable(code)) {
    append_utf8(out, code);
  } else if (code >= 7 && code <= 13) {
    out += '\\';
    out += kLetters[kNamed.find(static_cast<char>(code))];
  } else if (code < 0x20 || code == 0x7f) {
    out += fmt::format("\\x{:02x}", static_cast<uint32_t>(code));
  } else if (code < 0x10000) {
    out += fmt::format("\\u{:04x}", static_cast<uint32_t>(code));
  } else {
    out += fmt::format("\\U{:08x}", static_cast<uint32_t>(code));
  }
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

// One escape at the start of `rest` (behind the backslash), which is shortened by it.
bool append_unescaped(std::string& out, std::string_view& rest, char quote) {
  static constexpr std::string_view kLetters = "abfnrtv\\";
  static constexpr std::string_view kMeant = "\a\b\f\n\r\t\v\\";
  if (rest.empty()) return false;
  const char first = rest[0];
  if (first == quote || kLetters.find(first) != std::string_view::npos) {
    out += first == quote ? first : kMeant[kLetters.find(first)];
    rest.remove_prefix(1);
    return true;
  }
  const bool octal = first >= '0' && first <= '7';
  const size_t digits = octal ? 3 : first == 'x' ? 2 : first == 'u' ? 4 : first == 'U' ? 8 : 0;
  if (!octal) rest.remove_prefix(1);
  if (digits == 0 || rest.size() < digits) return false;
  const int base = octal ? 8 : 16;
  char32_t code = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (digit(rest[i]) >= base) return false;
    code = code * static_cast<char32_t>(base) + static_cast<char32_t>(digit(rest[i]));
  }
  rest.remove_prefix(digits);
  if (digits <= 3) {
    if (code > 255) return false;
    out += static_cast<char>(code);  // a byte, whatever it is part of
    return true;
  }
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
  append_utf8(out, code);
  return true;
}

}  // namespace

Rune rune_at(std::string_view text, size_t at) {
  if (at >= text.size()) return {kReplacement, 0, true};
  const auto byte = [&](size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto follows = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  if (lead >= 0xc2 && lead <= 0xdf && follows(1))
    return {((lead & 0x1f) << 6) | (byte(1) & 0x3f), 2, true};
  if (lead >= 0xe0 && lead <= 0xef && follows(1) && follows(2)) {
    const char32_t code = ((lead & 0x0f) << 12) | ((byte(1) & 0x3f) << 6) | (byte(2) & 0x3f);
    if (code >= 0x800 && (code < 0xd800 || code > 0xdfff)) return {code, 3, true};
  }
  if (lead >= 0xf0 && lead <= 0xf4 && follows(1) && follows(2) && follows(3)) {
    const char32_t code = ((lead & 0x07) << 18) | ((byte(1) & 0x3f) << 12) |
                          ((byte(2) & 0x3f) << 6) | (byte(3) & 0x3f);
    if (code >= 0x10000 && code <= 0x10ffff) return {code, 4, true};
  }
  return {kReplacement, 1, false};
}

void append_utf8(std::string& out, char32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0 | (code >> 18));
    tail(12), tail(6), tail(0);
  }
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    if (rune.valid)
      append_escaped(out, rune.code, '"');
    else
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
    at += rune.bytes;
  }
  return out + "\"";
}

std::string quoted_rune(Rune rune) {
  std::string out = "'";
  append_escaped(out, rune.code, '\'');
  return out + "'";
}

std::string described_rune(Rune rune) {
  std::string out = fmt::format("U+{:04X}", static_cast<uint32_t>(rune.code));
  if (!printable(rune.code)) return out;
  out += " '";
  append_utf8(out, rune.code);
  return out + "'";
}

std::optional<std::string> unquoted(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != literal.back()) return std::nullopt;
  const char quote = literal.front();
  std::string_view rest = literal.substr(1, literal.size() - 2);
  if (quote == '`') return std::string(rest);
  std::string out;
  out.reserve(rest.size());
  while (!rest.empty()) {
    const char c = rest[0];
    rest.remove_prefix(1);
    if (c != '\\')
      out += c;
    else if (!append_unescaped(out, rest, quote))
      return std::nullopt;
  }
  return out;
}

}  // namespace tocsin::promql
