#include "tocsin/board_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "promql/parse.h"

namespace tocsin {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// One "$name" or "${name}" of a text.
struct Use {
  size_t begin = 0, end = 0;
  std::string_view name;
};

std::optional<Use> next_use(std::string_view text, size_t from) {
  for (size_t at = text.find('$', from); at != text.npos; at = text.find('$', at + 1)) {
    const bool braced = at + 1 < text.size() && text[at + 1] == '{';
    const size_t begin = at + (braced ? 2 : 1);
    size_t end = begin;
    while (end < text.size() && (is_letter(text[end]) || (end > begin && is_digit(text[end]))))
      ++end;
    if (end == begin || (braced && (end == text.size() || text[end] != '}'))) continue;
    return Use{at, end + (braced ? 1 : 0), text.substr(begin, end - begin)};
  }
  return std::nullopt;
}

// A duration in the place of each $interval, as long as it, so that columns stay what they are.
std::string with_durations(std::string_view expr) {
  std::string out(expr);
  for (auto use = next_use(expr, 0); use; use = next_use(expr, use->end)) {
    if (use->name != kIntervalVariable) continue;
    std::string digits(use->end - use->begin - 1, '0');
    digits.back() = '1';
    out.replace(use->begin, use->end - use->begin, digits + "m");
  }
  return out;
}

}  // namespace

bool is_variable_name(std::string_view name) {
  return !name.empty() && is_letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

std::vector<std::string> variables_in(std::string_view text) {
  std::vector<std::string> out;
  for (auto use = next_use(text, 0); use; use = next_use(text, use->end))
    out.emplace_back(use->name);
  return out;
}

std::optional<std::string> query_problem(std::string_view expr,
                                         std::span<const std::string_view> variables) {
  for (const std::string& name : variables_in(expr)) {
    if (name == kIntervalVariable) continue;
    if (std::find(variables.begin(), variables.end(), name) != variables.end()) continue;
    const std::string_view near = nearest_word(name, variables);
    return fmt::format("there is no variable ${}{}", name,
                       near.empty() ? "" : fmt::format("; did you mean ${}?", near));
  }
  const std::string text = with_durations(expr);
  const promql::Parsed parsed = promql::parse(text);
  if (!parsed) return parsed.error().text(text);
  const promql::ValueType type = (*parsed)->type;
  if (type == promql::ValueType::kScalar || type == promql::ValueType::kVector) return std::nullopt;
  return fmt::format(
      "a panel shows a number or an instant vector, not a {}; rate() and its like "
      "make one of a range",
      to_text(type));
}

}  // namespace tocsin
