#pragma once
// Text in the quotes of Go, whose form PromQL and the messages of Prometheus use.

#include <optional>
#include <string>
#include <string_view>

namespace tocsin::promql {

struct Rune {
  char32_t code = 0;  // U+FFFD for a byte that is not UTF-8
  size_t bytes = 0;   // that it takes; 0 at the end of the text
  bool valid = true;
};
Rune rune_at(std::string_view text, size_t at);
void append_utf8(std::string& out, char32_t code);

std::string quoted(std::string_view text);  // "a\n\"b\""
std::string quoted_rune(Rune rune);         // '\n'
std::string described_rune(Rune rune);      // U+0071 'q'
// The text between PromQL's quotes of any of the three kinds; nullopt if an escape is wrong.
std::optional<std::string> unquoted(std::string_view literal);

}  // namespace tocsin::promql
