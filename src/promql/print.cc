#include "promql/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "promql/functions.h"
#include "promql/literals.h"
#include "promql/quote.h"

namespace tocsin::promql {
namespace {

constexpr size_t kLineMax = 100;

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string shift_text(const Shift& shift) {
  std::string out;
  if (shift.at == Shift::At::kTime)
    out += fmt::format(" @ {:.3f}", static_cast<double>(shift.time.ms) / 1000);
  if (shift.at == Shift::At::kStart) out += " @ start()";
  if (shift.at == Shift::At::kEnd) out += " @ end()";
  if (shift.offset.count > 0) out += " offset " + print_duration(shift.offset);
  if (shift.offset.count < 0) out += " offset -" + print_duration({-shift.offset.count});
  return out;
}

std::string matcher_text(const LabelMatcher& matcher) {
  std::string_view op;
  switch (matcher.op()) {
    case LabelMatcher::Op::kEqual:
      op = "=";
      break;
    case LabelMatcher::Op::kNotEqual:
      op = "!=";
      break;
    case LabelMatcher::Op::kMatch:
      op = "=~";
      break;
    case LabelMatcher::Op::kNotMatch:
      op = "!~";
      break;
  }
  return matcher.label() + std::string(op) + quoted(matcher.value());
}

// Without offset and @.
std::string selector_text(const VectorSelector& selector) {
  std::vector<std::string> matchers;
  for (size_t i = selector.name.empty() ? 0 : 1; i < selector.matchers.size(); ++i)
    matchers.push_back(matcher_text(selector.matchers[i]));
  if (matchers.empty()) return selector.name;
  std::ranges::sort(matchers);
  return fmt::format("{}{{{}}}", selector.name, fmt::join(matchers, ","));
}

std::string range_text(const Subquery& node) {
  const std::string step = node.step.count == 0 ? "" : print_duration(node.step);
  return fmt::format("[{}:{}]{}", print_duration(node.range), step, shift_text(node.shift));
}

std::string head(const Aggregate& node) {
  if (node.without) return fmt::format("{} without ({}) ", to_text(node.op), joined(node.grouping));
  if (node.grouping.empty()) return std::string(to_text(node.op));
  return fmt::format("{} by ({}) ", to_text(node.op), joined(node.grouping));
}

// The operator with its modifiers: "== bool on (a) group_left (b)".
std::string operator_text(const Binary& node) {
  std::string out(to_text(node.op));
  if (node.return_bool) out += " bool";
  if (!node.matching) return out;
  const Matching& matching = *node.matching;
  const bool grouped =
      matching.card == Matching::Card::kManyToOne || matching.card == Matching::Card::kOneToMany;
  // Prometheus leaves `ignoring ()` out even where a group follows, and with it the group.
  if (!matching.on && matching.labels.empty() && !grouped) return out;
  out += fmt::format(" {} ({})", matching.on ? "on" : "ignoring", joined(matching.labels));
  if (grouped)
    out += fmt::format(" group_{} ({})",
                       matching.card == Matching::Card::kManyToOne ? "left" : "right",
                       joined(matching.include));
  return out;
}

struct LinePrinter {
  std::string operator()(const NumberLiteral& node) const { return number_literal(node.value); }
  std::string operator()(const StringLiteral& node) const { return quoted(node.value); }
  std::string operator()(const VectorSelector& node) const { return print(node); }
  std::string operator()(const MatrixSelector& node) const {
    return fmt::format("{}[{}]{}", selector_text(node.vector), print_duration(node.range),
                       shift_text(node.vector.shift));
  }
  std::string operator()(const Subquery& node) const {
    return print(*node.expr) + range_text(node);
  }
  std::string operator()(const Paren& node) const { return "(" + print(*node.expr) + ")"; }
  std::string operator()(const Unary& node) const {
    return (node.minus ? "-" : "+") + print(*node.expr);
  }
  std::string operator()(const Binary& node) const {
    // "+Inf ^ 2" would read as +(Inf ^ 2).
    const auto* const base = std::get_if<NumberLiteral>(&node.left->node);
    if (node.op == BinaryOp::kPow && base && std::isinf(base->value) && base->value > 0)
      return "Inf ^ " + print(*node.right);
    return print(*node.left) + " " + operator_text(node) + " " + print(*node.right);
  }
  std::string operator()(const Call& node) const {
    std::vector<std::string> args;
    for (const ExprPtr& arg : node.args) args.push_back(print(*arg));
    return fmt::format("{}({})", node.function->name, joined(args));
  }
  std::string operator()(const Aggregate& node) const {
    const std::string parameter = node.parameter ? print(*node.parameter) + ", " : "";
    return head(node) + "(" + parameter + print(*node.expr) + ")";
  }
};

std::string pretty(const Expr& expr, size_t level);

// Of what does not fit on a line.
struct BlockPrinter {
  size_t level;
  std::string indent() const { return std::string(2 * level, ' '); }
  std::string deeper(const ExprPtr& expr) const { return pretty(*expr, level + 1); }

  // Prometheus indents what fits on a line, except a subquery, and never breaks these.
  std::string operator()(const Paren& node) const {
    return indent() + "(\n" + deeper(node.expr) + "\n" + indent() + ")";
  }
  std::string operator()(const Subquery& node) const {
    return pretty(*node.expr, level) + range_text(node);
  }
  std::string operator()(const Unary& node) const {
    const std::string inner = pretty(*node.expr, level);
    return indent() + (node.minus ? "-" : "+") + inner.substr(inner.find_first_not_of(' '));
  }
  std::string operator()(const Binary& node) const {
    return deeper(node.left) + "\n" + indent() + operator_text(node) + "\n" + deeper(node.right);
  }
  std::string operator()(const Call& node) const {
    std::string out = indent() + std::string(node.function->name) + "(";
    for (size_t i = 0; i < node.args.size(); ++i)
      out += (i == 0 ? "\n" : ",\n") + deeper(node.args[i]);
    return out + "\n" + indent() + ")";
  }
  std::string operator()(const Aggregate& node) const {
    const std::string parameter = node.parameter ? deeper(node.parameter) + ",\n" : "";
    return indent() + head(node) + "(\n" + parameter + deeper(node.expr) + "\n" + indent() + ")";
  }
  template <class Leaf>
  std::string operator()(const Leaf& node) const {
    return indent() + LinePrinter{}(node);
  }
};

std::string pretty(const Expr& expr, size_t level) {
  const std::string line = print(expr);
  if (line.size() > kLineMax || std::holds_alternative<Unary>(expr.node))
    return std::visit(BlockPrinter{level}, expr.node);
  if (std::holds_alternative<Subquery>(expr.node)) return line;
  return std::string(2 * level, ' ') + line;
}

}  // namespace

std::string print(const Expr& expr) { return std::visit(LinePrinter{}, expr.node); }
std::string print(const VectorSelector& selector) {
  return selector_text(selector) + shift_text(selector.shift);
}
std::string pretty(const Expr& expr) { return pretty(expr, 0); }

std::string print_duration(DurationMs duration) {
  if (duration.count == 0) return "0s";
  static constexpr std::pair<std::string_view, int64_t> kWhole[] = {{"y", 365 * 86'400'000LL},
                                                                    {"w", 7 * 86'400'000LL}};
  static constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};
  std::string out;
  int64_t rest = duration.count;
  for (const auto& [unit, size] : kWhole) {
    if (rest == 0 || rest % size != 0) continue;
    out += fmt::format("{}{}", rest / size, unit);
    rest = 0;
  }
  for (const auto& [unit, size] : kUnits) {
    if (rest >= size) out += fmt::format("{}{}", rest / size, unit);
    rest %= size;
  }
  return out;
}

}  // namespace tocsin::promql
