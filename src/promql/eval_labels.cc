// Functions of label sets, and orders.

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "promql/eval_functions.h"
#include "promql/evaluator.h"
#include "promql/top.h"

namespace tocsin::promql {
namespace {

bool word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

const std::string& text_argument(const Call& call, size_t i) {
  return std::get<StringLiteral>(inside(*call.args[i]).node).value;
}

// A replacement such as "$1-${zone}", with groups of the match put in. `$$` is a dollar; the name
// after `$` is as long as can be; groups that are not there are empty.
class Template {
 public:
  Template(std::string_view text, const re2::RE2& regex) {
    while (!text.empty()) {
      const size_t dollar = text.find('$');
      literal(text.substr(0, dollar));
      if (dollar == std::string_view::npos) return;
      text.remove_prefix(dollar + 1);
      text = reference(text, regex);
    }
  }
  std::string expand(const std::vector<re2::StringPiece>& groups) const {
    std::string out;
    for (const Part& part : parts_) {
      out += part.literal;
      if (part.group >= 0 && static_cast<size_t>(part.group) < groups.size() &&
          groups[static_cast<size_t>(part.group)].data())
        out.append(groups[static_cast<size_t>(part.group)].data(),
                   groups[static_cast<size_t>(part.group)].size());
    }
    return out;
  }

 private:
  struct Part {
    std::string literal;
    int group = -1;
  };

  void literal(std::string_view text) {
    if (!text.empty()) parts_.push_back({std::string(text), -1});
  }
  // What follows a dollar; the rest is handed back.
  std::string_view reference(std::string_view text, const re2::RE2& regex) {
    if (text.starts_with('$')) {
      literal("$");
      return text.substr(1);
    }
    const bool braced = text.starts_with('{');
    std::string_view rest = text.substr(braced ? 1 : 0);
    size_t length = 0;
    while (length < rest.size() && word(rest[length])) ++length;
    if (length == 0 || (braced && (length == rest.size() || rest[length] != '}'))) {
      literal("$");  // malformed: stays as it is
      return text;
    }
    parts_.push_back({{}, group(rest.substr(0, length), regex)});
    return rest.substr(length + (braced ? 1 : 0));
  }
  static int group(std::string_view name, const re2::RE2& regex) {
    int number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    if (parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size()) return number;
    const auto& names = regex.NamedCapturingGroups();
    const auto found = names.find(std::string(name));
    return found == names.end() ? -1 : found->second;
  }

  std::vector<Part> parts_;
};

Result<Rows> relabelled(Rows rows, Context& context) {
  rows.one_name = false;
  if (auto joined = unify(rows, context); !joined) return fail(joined.error());
  return rows;
}

}  // namespace

bool valid_label_name(std::string_view name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), word);
}

Result<Rows> label_replace(const Call& call, Rows rows, Context& context) {
  const std::string& destination = text_argument(call, 1);
  const std::string& source = text_argument(call, 3);
  const std::string& pattern = text_argument(call, 4);
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  const re2::RE2 regex(pattern, options);
  if (!regex.ok()) return execution("invalid regular expression in label_replace(): " + pattern);
  if (!valid_label_name(destination))
    return execution("invalid destination label name in label_replace(): " + destination);
  const Template replacement(text_argument(call, 2), regex);
  std::vector<re2::StringPiece> groups(static_cast<size_t>(regex.NumberOfCapturingGroups()) + 1);
  for (Row& row : rows.rows) {
    const std::string_view value = row.id.get(source);
    if (!regex.Match({value.data(), value.size()}, 0, value.size(), re2::RE2::ANCHOR_BOTH,
                     groups.data(), static_cast<int>(groups.size())))
      continue;
    const std::string wanted = replacement.expand(groups);
    row.id = {context.keep(row.id.labels().with(destination, wanted)), false};
    if (auto worked = context.work(64); !worked) return fail(worked.error());
  }
  return relabelled(std::move(rows), context);
}

Result<Rows> label_join(const Call& call, Rows rows, Context& context) {
  const std::string& destination = text_argument(call, 1);
  const std::string& separator = text_argument(call, 2);
  for (size_t i = 3; i < call.args.size(); ++i)
    if (!valid_label_name(text_argument(call, i)))
      return execution("invalid source label name in label_join(): " + text_argument(call, i));
  if (!valid_label_name(destination))
    return execution("invalid destination label name in label_join(): " + destination);
  for (Row& row : rows.rows) {
    std::string joined;
    for (size_t i = 3; i < call.args.size(); ++i) {
      if (i > 3) joined += separator;
      joined += row.id.get(text_argument(call, i));
    }
    row.id = {context.keep(row.id.labels().with(destination, joined)), false};
    if (auto worked = context.work(64); !worked) return fail(worked.error());
  }
  return relabelled(std::move(rows), context);
}

Labels labels_of_absent(const Expr& argument) {
  const std::vector<LabelMatcher>* matchers = nullptr;
  if (const auto* vector = std::get_if<VectorSelector>(&argument.node))
    matchers = &vector->matchers;
  else if (const auto* matrix = std::get_if<MatrixSelector>(&argument.node))
    matchers = &matrix->vector.matchers;
  if (!matchers) return {};
  Labels labels;
  std::vector<std::string> unclear;
  for (const LabelMatcher& matcher : *matchers) {
    if (matcher.label() == kNameLabel) continue;
    if (matcher.op() == LabelMatcher::Op::kEqual && labels.get(matcher.label()).empty())
      labels = labels.with(matcher.label(), matcher.value());
    else
      unclear.push_back(matcher.label());
  }
  for (const std::string& label : unclear) labels = labels.with(label, "");
  return labels;
}

void sort_by_value(Rows& rows, bool descending) {
  std::vector<Ranked> ranked;
  for (uint32_t i = 0; i < rows.rows.size(); ++i)
    ranked.push_back({rows.cells[rows.rows[i].offset], i});
  rank(ranked, !descending);
  std::vector<Row> order;
  for (const Ranked& entry : ranked) order.push_back(rows.rows[entry.row]);
  rows.rows = std::move(order);
}

std::string decimal_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[32];
  const auto written =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<size_t>(written.ptr - buffer));
  std::string out;
  if (text.starts_with('-')) out = "-", text.remove_prefix(1);
  const size_t e = text.find('e');
  int exponent = 0;
  const std::string_view power = text.substr(e + (text[e + 1] == '+' ? 2 : 1));
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  if (exponent < 0)
    return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const size_t whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return out + digits + std::string(whole - digits.size(), '0');
  return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string six_decimals(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{:.6f}", value);
}

}  // namespace tocsin::promql
