#include "rules/rule_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace tocsin::rules {
namespace {

using config::MapReader;
using Kind = RuleNode::Kind;
using Op = Comparison::Op;

bool wants_less(const std::optional<Comparison>& wanted, double limit) {
  return wanted &&
         ((wanted->op == Op::kLess && wanted->value <= limit) ||
          (wanted->op != Op::kGreater && wanted->op != Op::kGreaterEqual && wanted->value < limit));
}

bool wants_more(const std::optional<Comparison>& wanted, double limit) {
  return wanted &&
         ((wanted->op == Op::kGreater && wanted->value >= limit) ||
          (wanted->op != Op::kLess && wanted->op != Op::kLessEqual && wanted->value > limit));
}

// What the tree is worth when nothing is wrong anywhere.
bool holds_on_nothing(const Rule& rule, uint32_t index) {
  const RuleNode& node = rule.nodes[index];
  const auto holds = [&](uint32_t child) { return holds_on_nothing(rule, child); };
  switch (node.kind) {
    case Kind::kAll:
    case Kind::kThen:
      return std::all_of(node.children.begin(), node.children.end(), holds);
    case Kind::kAny:
      return std::any_of(node.children.begin(), node.children.end(), holds);
    case Kind::kNot:
      return node.children.empty() || !holds(node.children[0]);
    case Kind::kAtLeast:
      return std::count_if(node.children.begin(), node.children.end(), holds) >= node.at_least;
    case Kind::kLeaf:
      return false;
  }
  return false;
}

bool contains_not(const Rule& rule, uint32_t index) {
  const RuleNode& node = rule.nodes[index];
  return node.kind == Kind::kNot ||
         std::any_of(node.children.begin(), node.children.end(),
                     [&](uint32_t child) { return contains_not(rule, child); });
}

void check_text(MapReader& m, const Rule& rule, std::string_view key, std::string_view text) {
  for (size_t at = text.find("{{"); at != std::string_view::npos; at = text.find("{{", at + 2)) {
    const size_t end = text.find("}}", at);
    if (end == std::string_view::npos) {
      m.problem(key, "\"{{\" without \"}}\"");
      return;
    }
    std::string label(text.substr(at + 2, end - at - 2));
    std::erase(label, ' ');
    if (std::find(rule.by.begin(), rule.by.end(), label) == rule.by.end())
      m.problem(key, fmt::format("{{{{ {} }}}} is not a label of this rule's scope ({})", label,
                                 rule.global ? "global: it has none"
                                             : fmt::format("{}", fmt::join(rule.by, ", "))));
  }
}

bool finds_cycle(const std::vector<Rule>& rules, size_t from, size_t at, std::vector<bool>& seen) {
  for (const std::string& id : rules[at].covers)
    for (size_t next = 0; next < rules.size(); ++next) {
      if (rules[next].id != id) continue;
      if (next == from) return true;
      if (seen[next]) continue;
      seen[next] = true;
      if (finds_cycle(rules, from, next, seen)) return true;
    }
  return false;
}

std::string unknown_rule(const std::string& id, const std::vector<Rule>& rules) {
  std::vector<std::string_view> ids;
  for (const Rule& rule : rules) ids.push_back(rule.id);
  const std::string_view near = nearest_word(id, ids);
  return fmt::format("covers: there is no rule \"{}\"{}", id,
                     near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
}

}  // namespace

void check_leaf(MapReader& m, const LeafCondition& leaf) {
  if (leaf.name.empty())
    m.problem("violation", "is empty; name a series, or write \"*\" for every series");
  if (leaf.direction == Direction::kSilent)
    for (const std::string_view key : {"distance", "speed", "acceleration"})
      if (m.has(key)) m.problem(key, "a silent series has no points and so no " + std::string(key));
  if (leaf.direction == Direction::kAbove && wants_less(leaf.distance, 0))
    m.problem("distance", "above the band is positive: this can never hold");
  if (leaf.direction == Direction::kBelow && wants_more(leaf.distance, 0))
    m.problem("distance", "below the band is negative, write \"< -2\": this can never hold");
  if (wants_less(leaf.score, 0)) m.problem("score", "is never negative: this can never hold");
  if (wants_less(leaf.points, 0)) m.problem("points", "is never negative: this can never hold");
  if (leaf.longer_than && *leaf.longer_than < DurationMs{})
    m.problem("longer_than", "must not be negative");
}

void check_node(MapReader& m, const Rule& rule, const RuleNode& node) {
  if (m.describing()) return;
  if (node.kind == Kind::kAtLeast) {
    const size_t count = node.children.size();
    if (count == 0) m.problem("at_least", "needs `of`: the conditions to count");
    if (count > 1 && node.distinct.empty() && node.at_least > count)
      m.problem("at_least",
                fmt::format("{} of {} conditions can never hold", node.at_least, count));
    const bool leaves =
        std::all_of(node.children.begin(), node.children.end(),
                    [&](uint32_t child) { return rule.nodes[child].kind == Kind::kLeaf; });
    if (!node.distinct.empty() && !leaves)
      m.problem("distinct", "counts violations: `of` may only hold conditions with `violation`");
    if (count == 1 && !leaves)
      m.problem("of", "a single condition must be one with `violation`: its series are counted");
  }
  if (node.kind == Kind::kThen) {
    if (node.children.size() == 1) m.problem("then", "needs two conditions or more to be in order");
    if (std::any_of(node.children.begin(), node.children.end(),
                    [&](uint32_t child) { return contains_not(rule, child); }))
      m.problem("then", "what is not there has no opening to be ordered by; move `not` outside");
  }
}

void check_rule(MapReader& m, const Rule& rule) {
  if (!rule.nodes.empty() && holds_on_nothing(rule, 0))
    m.problem("when",
              "holds when nothing is wrong; put what `not` excludes below an `all` beside "
              "a condition with `violation`");
  check_text(m, rule, "summary", rule.summary);
  check_text(m, rule, "description", rule.description);
  for (const auto& [name, text] : rule.annotations) check_text(m, rule, "annotations", text);
}

void RuleChecks::note(MapReader& m, const Rule& rule) {
  places_.push_back({m.place("id"), m.place("covers")});
  const bool evidence_only =
      !rule.leaves.empty() &&
      std::all_of(rule.leaves.begin(), rule.leaves.end(),
                  [](const LeafCondition& leaf) { return leaf.tier == Tier::kEvidence; });
  if (evidence_only)
    notes_.push_back({m.place(), fmt::format("rule \"{}\" asks for evidence only: such series are "
                                             "meant to explain alerts, not to make them",
                                             rule.id)});
}

void RuleChecks::finish(const std::vector<Rule>& rules, config::Problems& problems) {
  std::map<std::string_view, size_t> first;
  for (size_t i = 0; i < rules.size(); ++i) {
    const auto [at, fresh] = first.emplace(rules[i].id, i);
    if (!fresh && !rules[i].id.empty())
      problems.add(places_[i].id, fmt::format("id: rule \"{}\" is already at {}", rules[i].id,
                                              rules[at->second].place));
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    for (const std::string& id : rules[i].covers) {
      const auto covered = first.find(id);
      if (covered == first.end()) {
        problems.add(places_[i].covers, unknown_rule(id, rules));
      } else if (const Rule& child = rules[covered->second];
                 child.by != rules[i].by || child.global != rules[i].global) {
        notes_.push_back({places_[i].covers,
                          fmt::format("rule \"{}\" covers \"{}\", but their scopes differ: it will "
                                      "never apply",
                                      rules[i].id, id)});
      }
    }
    std::vector<bool> seen(rules.size());
    if (finds_cycle(rules, i, i, seen))
      problems.add(places_[i].covers,
                   fmt::format("covers: rule \"{}\" covers itself in a circle", rules[i].id));
  }
}

}  // namespace tocsin::rules
