#include "rules/rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/id.h"

namespace tocsin::rules {
namespace {

constexpr std::string_view kNone = "none";
constexpr std::string_view kOwnLabels = "tocsin_";  // what Tocsin itself notes beside a series

void add_node(std::string& out, const RuleNode& node) {
  out += fmt::format("({} {} {} {}", to_text(node.kind), node.leaf, node.at_least, node.distinct);
  for (const uint32_t child : node.children) out += fmt::format(" {}", child);
  out += ')';
}

}  // namespace

std::string_view to_text(RuleNode::Kind kind) {
  switch (kind) {
    case RuleNode::Kind::kAll:
      return "all";
    case RuleNode::Kind::kAny:
      return "any";
    case RuleNode::Kind::kNot:
      return "not";
    case RuleNode::Kind::kAtLeast:
      return "at_least";
    case RuleNode::Kind::kThen:
      return "then";
    case RuleNode::Kind::kLeaf:
      return "leaf";
  }
  return "";
}

Labels Rule::scope_of(const Labels& series) const {
  std::vector<Labels::Pair> pairs;
  if (per_series)
    for (const auto [name, value] : series.pairs())
      if (name != kNameLabel && !name.starts_with(kOwnLabels)) pairs.emplace_back(name, value);
  for (const std::string& label : by) {
    const std::string_view value = series.get(label);
    pairs.emplace_back(label, value.empty() ? kNone : value);
  }
  return Labels(std::move(pairs));
}

namespace {

void add_leaves_below_not(Rule& rule, uint32_t index, bool below) {
  const RuleNode& node = rule.nodes[index];
  if (node.kind == RuleNode::Kind::kLeaf && below) rule.leaves_below_not.push_back(node.leaf);
  below |= node.kind == RuleNode::Kind::kNot;
  for (const uint32_t child : node.children) add_leaves_below_not(rule, child, below);
}

uint64_t hash_of(const Rule& rule) {
  std::string text = fmt::format("{}|{}|{}|{}|{}|{}|", rule.id, to_text(rule.severity),
                                 rule.per_series ? "series"
                                 : rule.global   ? "true"
                                                 : "false",
                                 rule.within.count, rule.resolve_after.count,
                                 rule.settle ? rule.settle->count : -1);
  const auto add = [&](const auto& list) {
    for (const std::string& item : list) text += fmt::format("{}:{},", item.size(), item);
    text += '|';
  };
  add(rule.by);
  add(rule.covers);
  add(std::vector<std::string>{rule.summary, rule.description});
  for (const auto& [name, value] : rule.annotations) add(std::vector<std::string>{name, value});
  for (const RuleNode& node : rule.nodes) add_node(text, node);
  for (const LeafCondition& leaf : rule.leaves) text += leaf.definition() + "\n";
  return hash64(text);
}

}  // namespace

RuleSet::RuleSet(std::vector<Rule> rules, std::string site_label)
    : rules_(std::move(rules)), site_label_(std::move(site_label)) {
  for (Rule& rule : rules_) {
    rule.has_not = std::any_of(rule.nodes.begin(), rule.nodes.end(), [](const RuleNode& node) {
      return node.kind == RuleNode::Kind::kNot;
    });
    rule.leaves_below_not.clear();
    if (!rule.nodes.empty()) add_leaves_below_not(rule, 0, false);
    rule.hash = hash_of(rule);
  }
}

const Rule* RuleSet::find(std::string_view id) const {
  const auto found =
      std::find_if(rules_.begin(), rules_.end(), [&](const Rule& rule) { return rule.id == id; });
  return found == rules_.end() ? nullptr : &*found;
}

std::string fill_text(std::string_view text, const Labels& scope) {
  std::string out;
  while (true) {
    const size_t open = text.find("{{");
    const size_t close = text.find("}}", open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos) break;
    std::string_view label = text.substr(open + 2, close - open - 2);
    while (label.starts_with(' ')) label.remove_prefix(1);
    while (label.ends_with(' ')) label.remove_suffix(1);
    const std::string_view value = scope.get(label);
    out += text.substr(0, open);
    out += value.empty() ? text.substr(open, close + 2 - open) : value;
    text.remove_prefix(close + 2);
  }
  return out.append(text);
}

}  // namespace tocsin::rules
