#include "rules/tree.h"

#include <algorithm>

namespace tocsin::rules {
namespace {

using Kind = RuleNode::Kind;

bool earlier(const Opening& a, const Opening& b) {
  return a.at != b.at ? a.at < b.at : a.cadence < b.cadence;
}

// All of them: false wins, then unknown.
Truth evaluate_all(const ScopeView& view, const RuleNode& node, Nots nots) {
  Truth out = Truth::kTrue;
  for (const uint32_t child : node.children) {
    const Truth truth = evaluate(view, child, nots);
    if (truth == Truth::kFalse) return truth;
    if (truth == Truth::kUnknown) out = truth;
  }
  return out;
}

Truth evaluate_any(const ScopeView& view, const RuleNode& node, Nots nots) {
  Truth out = Truth::kFalse;
  for (const uint32_t child : node.children) {
    const Truth truth = evaluate(view, child, nots);
    if (truth == Truth::kTrue) return truth;
    if (truth == Truth::kUnknown) out = truth;
  }
  return out;
}

Truth evaluate_not(const ScopeView& view, const RuleNode& node, Nots nots) {
  switch (evaluate(view, node.children[0], nots)) {
    case Truth::kTrue:
      return Truth::kFalse;
    case Truth::kUnknown:
      return Truth::kUnknown;
    case Truth::kFalse:
      return nots == Nots::kSettled ? Truth::kTrue : Truth::kUnknown;
  }
  return Truth::kUnknown;
}

Truth evaluate_at_least(const ScopeView& view, const RuleNode& node, Nots nots) {
  const Count count = count_held(view, node, nots);
  if (count.held >= node.at_least) return Truth::kTrue;
  return count.possible >= node.at_least ? Truth::kUnknown : Truth::kFalse;
}

// Whether one opening of every step can be chosen, each more than one cadence (the slower of the
// two) after the one before.
bool in_order(const ScopeView& view, const RuleNode& node) {
  std::vector<Opening> reached = openings(view, node.children[0]);
  for (size_t step = 1; step < node.children.size(); ++step) {
    std::vector<Opening> next;
    for (const Opening& later : openings(view, node.children[step]))
      if (std::any_of(reached.begin(), reached.end(), [&](const Opening& before) {
            return later.at - before.at > std::max(before.cadence, later.cadence);
          }))
        next.push_back(later);
    reached = std::move(next);
  }
  return !reached.empty();
}

Truth evaluate_then(const ScopeView& view, const RuleNode& node, Nots nots) {
  const Truth all = evaluate_all(view, node, nots);
  if (all != Truth::kTrue) return all;
  return in_order(view, node) ? Truth::kTrue : Truth::kFalse;
}

bool is_lit(const Entry& entry) { return entry.lit != Entry::Lit::kDark; }

// Values (or series) of the lit entries at these leaves, and how many unknown tests are not
// among them. The unknown ones are counted as tests: several may turn out to be one value.
Count count_values(const ScopeView& view, const RuleNode& node) {
  Count out;
  const auto at_leaf = [&](uint32_t leaf) {
    return std::any_of(node.children.begin(), node.children.end(),
                       [&](uint32_t child) { return view.rule.nodes[child].leaf == leaf; });
  };
  uint32_t unknown = 0, lit = 0;
  for (const uint32_t child : node.children) {
    const LeafState& leaf = view.scope.leaves[view.rule.nodes[child].leaf];
    unknown += leaf.unknown;
    lit += leaf.matching + leaf.window;
  }
  std::vector<std::pair<uint32_t, uint32_t>> known;  // (test, leaf) that are lit and unknown
  for (const uint32_t index : lit == 0 ? std::vector<uint32_t>{} : view.scope.entries) {
    const Entry& entry = view.entries[index];
    if (!is_lit(entry) || !at_leaf(entry.leaf)) continue;
    const uint32_t test = view.live[entry.live].test;
    const Labels& labels = view.table.labels(view.tests[test].series);
    const std::string_view value =
        node.distinct.empty() ? std::string_view{} : labels.get(node.distinct);
    out.values.push_back(node.distinct.empty() ? labels.text()
                                               : std::string(value.empty() ? "none" : value));
    if (view.tests[test].unknown) known.emplace_back(test, entry.leaf);
  }
  const auto unique = [](auto& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  };
  unique(out.values);
  unique(known);
  out.held = static_cast<uint32_t>(out.values.size());
  out.possible = out.held + unknown - std::min(unknown, static_cast<uint32_t>(known.size()));
  return out;
}

Count count_conditions(const ScopeView& view, const RuleNode& node, Nots nots) {
  Count out;
  for (const uint32_t child : node.children) {
    const Truth truth = evaluate(view, child, nots);
    if (truth == Truth::kTrue) ++out.held;
    if (truth != Truth::kFalse) ++out.possible;
  }
  return out;
}

void add_lit(const ScopeView& view, uint32_t leaf, std::vector<uint32_t>& out) {
  for (const uint32_t index : view.scope.entries)
    if (view.entries[index].leaf == leaf && is_lit(view.entries[index])) out.push_back(index);
}

// Adds what makes this node `wanted`: only branches that hold, and below `not` those that do not.
void collect(const ScopeView& view, uint32_t index, Truth wanted, std::vector<uint32_t>& out) {
  if (evaluate(view, index, Nots::kSettled) != wanted) return;
  const RuleNode& node = view.rule.nodes[index];
  if (node.kind == Kind::kLeaf) {
    if (wanted == Truth::kTrue) add_lit(view, node.leaf, out);
    return;
  }
  if (node.kind == Kind::kNot) wanted = wanted == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
  for (const uint32_t child : node.children) collect(view, child, wanted, out);
}

std::vector<Opening> pooled_openings(const ScopeView& view, const RuleNode& node) {
  std::vector<Opening> out;
  for (const uint32_t child : node.children) {
    if (evaluate(view, child, Nots::kSettled) != Truth::kTrue) continue;
    const std::vector<Opening> more = openings(view, child);
    out.insert(out.end(), more.begin(), more.end());
  }
  std::sort(out.begin(), out.end(), earlier);
  return out;
}

// Several conditions together opened when the last of them first did.
std::vector<Opening> joint_opening(const ScopeView& view, const RuleNode& node) {
  Opening last{kTimeMin, {}};
  for (const uint32_t child : node.children) {
    const std::vector<Opening> each = openings(view, child);
    if (each.empty()) return {};
    const Opening first = *std::min_element(each.begin(), each.end(), earlier);
    if (earlier(last, first)) last = first;
  }
  return {last};
}

}  // namespace

Count count_held(const ScopeView& view, const RuleNode& node, Nots nots) {
  const bool one_leaf =
      node.children.size() == 1 && view.rule.nodes[node.children[0]].kind == Kind::kLeaf;
  if (!node.distinct.empty() || one_leaf) return count_values(view, node);
  return count_conditions(view, node, nots);
}

std::vector<Opening> openings(const ScopeView& view, uint32_t index) {
  const RuleNode& node = view.rule.nodes[index];
  std::vector<Opening> out;
  switch (node.kind) {
    case Kind::kLeaf:
      for (const uint32_t each : view.scope.entries) {
        const Entry& entry = view.entries[each];
        const Violation& violation = view.live[entry.live].violation;
        if (entry.leaf == node.leaf && is_lit(entry))
          out.push_back({violation.opened, violation.cadence});
      }
      return out;
    case Kind::kAny:
      return pooled_openings(view, node);
    case Kind::kAtLeast:
      out = pooled_openings(view, node);
      out.erase(out.begin(), out.begin() + std::min<size_t>(out.size(), node.at_least - 1));
      return out;
    case Kind::kAll:
    case Kind::kThen:
      return joint_opening(view, node);
    case Kind::kNot:
      return {};
  }
  return out;
}

Truth leaf_truth(const LeafState& leaf) {
  if (leaf.matching + leaf.window > 0) return Truth::kTrue;
  return leaf.unknown > 0 ? Truth::kUnknown : Truth::kFalse;
}

Truth evaluate(const ScopeView& view, uint32_t index, Nots nots) {
  const RuleNode& node = view.rule.nodes[index];
  switch (node.kind) {
    case Kind::kLeaf:
      return leaf_truth(view.scope.leaves[node.leaf]);
    case Kind::kAll:
      return evaluate_all(view, node, nots);
    case Kind::kAny:
      return evaluate_any(view, node, nots);
    case Kind::kNot:
      return evaluate_not(view, node, nots);
    case Kind::kAtLeast:
      return evaluate_at_least(view, node, nots);
    case Kind::kThen:
      return evaluate_then(view, node, nots);
  }
  return Truth::kUnknown;
}

std::vector<uint32_t> lights(const ScopeView& view) {
  std::vector<uint32_t> out;
  collect(view, 0, Truth::kTrue, out);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace tocsin::rules
