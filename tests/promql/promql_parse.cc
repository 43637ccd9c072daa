// Asks the parser what it makes of expressions, for tests/program/promql_parse_test.py.
//
// Input and output are records, "WORD BYTES\n" and so many bytes. In: "expr" or "selector" with the
// text. Out: "ok" with the formatted expression, or "error" with the message; then "again" if what
// was printed does not parse to the same text.
#include <iostream>
#include <string>

#include "promql/parse.h"
#include "promql/print.h"

namespace {

using tocsin::promql::parse;
using tocsin::promql::parse_selector;

void answer(std::string_view word, std::string_view text) {
  std::cout << word << ' ' << text.size() << '\n' << text;
}

void answer_selector(const std::string& text) {
  const auto selector = parse_selector(text);
  if (!selector) return answer("error", selector.error().text(text));
  answer("ok", print(*selector));
}

void answer_expression(const std::string& text) {
  const auto expr = parse(text);
  if (!expr) return answer("error", expr.error().text(text));
  const std::string formatted = pretty(**expr), line = print(**expr);
  for (const std::string& printed : {formatted, line}) {
    const auto again = parse(printed);
    if (!again || print(**again) != line) return answer("again", printed);
  }
  answer("ok", formatted);
}

}  // namespace

int main() {
  std::string word;
  size_t bytes = 0;
  while (std::cin >> word >> bytes && std::cin.get() == '\n') {
    std::string text(bytes, '\0');
    std::cin.read(text.data(), static_cast<std::streamsize>(bytes));
    if (word == "selector")
      answer_selector(text);
    else
      answer_expression(text);
    std::cout.flush();
  }
}
