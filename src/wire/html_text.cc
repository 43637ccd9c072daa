#include "wire/html_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/text.h"

namespace tocsin::wire {
namespace {

constexpr size_t kReferenceMax = 12;  // bytes between & and ;
constexpr int kQuotesMax = 20;        // deeper quotes look the same

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 63));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 63));
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  }
}

std::optional<uint32_t> numbered(std::string_view digits) {
  const bool hex = !digits.empty() && lower(digits.front()) == 'x';
  if (hex) digits.remove_prefix(1);
  uint32_t code = 0;
  if (digits.empty() || digits.size() > 8) return std::nullopt;
  for (const char c : digits) {
    const char at = lower(c);
    const bool decimal = at >= '0' && at <= '9';
    if (!decimal && !(hex && at >= 'a' && at <= 'f')) return std::nullopt;
    code = code * (hex ? 16 : 10) + static_cast<uint32_t>(decimal ? at - '0' : at - 'a' + 10);
    if (code > 0x10ffff) return std::nullopt;
  }
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return code < 0x20 || surrogate ? std::optional<uint32_t>(' ') : code;
}

// Of the text behind an ampersand: the character and how many bytes stand for it.
std::pair<uint32_t, size_t> reference(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, uint32_t>, 6> kNamed{
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", ' '}}};
  const size_t end = text.substr(0, kReferenceMax).find(';');
  if (end == std::string_view::npos) return {'&', 0};
  const std::string_view name = text.substr(0, end);
  for (const auto& [known, code] : kNamed)
    if (name == known) return {code, end + 1};
  if (name.starts_with('#'))
    if (const auto code = numbered(name.substr(1))) return {*code, end + 1};
  return {'&', 0};
}

class Reader {
 public:
  Reader(std::string_view html, size_t bytes_max) : rest_(html), bytes_max_(bytes_max) {}

  std::string read() {
    while (!rest_.empty() && out_.size() < bytes_max_) step();
    out_ = cut(out_);
    return std::move(out_);
  }

 private:
  std::string cut(std::string& text) const {
    return text.size() > bytes_max_ ? cut_text(text, bytes_max_) : std::move(text);
  }

  void step() {
    const char c = rest_.front();
    if (c == '<') return tag();
    rest_.remove_prefix(1);
    if (is_blank(c)) {
      blank_ = !at_line_begin_;
      return;
    }
    if (c != '&') return put(static_cast<unsigned char>(c), true);
    const auto [code, bytes] = reference(rest_);
    rest_.remove_prefix(bytes);
    put(code, false);
  }

  // `byte`: one of the document's own, which may be a part of a character.
  void put(uint32_t code, bool byte) {
    if (at_line_begin_)
      for (int i = 0; i < std::min(quotes_, kQuotesMax); ++i) out_ += "> ";
    if (blank_) out_ += ' ';
    at_line_begin_ = blank_ = false;
    if (byte)
      out_ += static_cast<char>(code);
    else
      append_utf8(out_, code);
  }

  void line() {
    out_ += '\n';
    at_line_begin_ = true;
    blank_ = false;
  }

  void skip_past(std::string_view end) {
    const size_t at = rest_.find(end);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + end.size());
  }

  // Behind </name; the document's names may be in capitals.
  void skip_element(std::string_view name) {
    while (!rest_.empty()) {
      skip_past("</");
      const bool ends =
          rest_.size() >= name.size() && std::equal(name.begin(), name.end(), rest_.begin(),
                                                    [](char a, char b) { return a == lower(b); });
      if (ends) return skip_past(">");
    }
  }

  void tag() {
    if (rest_.starts_with("<!--")) return skip_past("-->");
    rest_.remove_prefix(1);
    const bool closes = rest_.starts_with('/');
    if (closes) rest_.remove_prefix(1);
    std::string name;
    for (const char c : rest_.substr(0, kReferenceMax)) {
      if (is_blank(c) || c == '>' || c == '/') break;
      name += lower(c);
    }
    skip_past(">");
    apply(name, closes);
  }

  void apply(const std::string& name, bool closes) {
    constexpr std::array<std::string_view, 3> kSkipped{"style", "script", "head"};
    constexpr std::array<std::string_view, 11> kBlocks{"p",  "div", "br", "tr", "li", "table",
                                                       "hr", "pre", "h1", "h2", "ul"};
    if (!closes && std::find(kSkipped.begin(), kSkipped.end(), name) != kSkipped.end())
      return skip_element(name);
    if (name == "blockquote") {
      if (!at_line_begin_) line();
      quotes_ = std::max(0, quotes_ + (closes ? -1 : 1));
      return;
    }
    const bool block = std::find(kBlocks.begin(), kBlocks.end(), name) != kBlocks.end();
    if (block && (name == "br" || !at_line_begin_)) line();
  }

  std::string_view rest_;
  const size_t bytes_max_;
  std::string out_;
  int quotes_ = 0;
  bool at_line_begin_ = true, blank_ = false;
};

}  // namespace

std::string html_text(std::string_view html, size_t bytes_max) {
  return Reader(html, bytes_max).read();
}

}  // namespace tocsin::wire
