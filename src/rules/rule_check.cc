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

// `complain` puts a problem at the text.
template <class Complain>
void check_text(const Rule& rule, std::string_view text, const Complain& complain) {
  for (size_t at = text.find("{{"); at != std::string_view::npos; at = text.find("{{", at + 2)) {
    const size_t end = text.find("}}", at);
    if (end == std::string_view::npos) {
      complain("\"{{\" without \"}}\"");
      return;
    }
    std::string label(text.substr(at + 2, end - at - 2));
    std::erase(label, ' ');
    if (!rule.per_series && std::find(rule.by.begin(), rule.by.end(), label) == rule.by.end())
      complain(fmt::format(
          "{{{{ {} }}}} is not a label of this rule's scope ({})", label,
          rule.global ? "global: it has none" : fmt::format("{}", fmt::join(rule.by, ", "))));
  }
}

// Whether rule `from` is `goal` or covers it, directly or through others. No recursion: a chain may
// be as long as there are rules.
bool reaches(const std::vector<Rule>& rules, const std::map<std::string_view, size_t>& by_id,
             size_t from, size_t goal) {
  std::vector<bool> seen(rules.size());
  std::vector<size_t> open{from};
  while (!open.empty()) {
    const size_t at = open.back();
    open.pop_back();
    if (at == goal) return true;
    if (seen[at]) continue;
    seen[at] = true;
    for (const std::string& id : rules[at].covers)
      if (const auto next = by_id.find(id); next != by_id.end()) open.push_back(next->second);
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
    for (const std::string_view key : {"distance", "speed", "acceleration", "limit_within"})
      if (m.has(key)) m.problem(key, "a silent series has no points and so no " + std::string(key));
  if (leaf.direction == Direction::kAbove && wants_less(leaf.distance, 0))
    m.problem("distance", "above the band is positive: this can never hold");
  if (leaf.direction == Direction::kBelow && wants_more(leaf.distance, 0))
    m.problem("distance", "below the band is negative, write \"< -2\": this can never hold");
  if (wants_less(leaf.score, 0)) m.problem("score", "is never negative: this can never hold");
  if (wants_less(leaf.points, 0)) m.problem("points", "is never negative: this can never hold");
  if (leaf.limit_within && *leaf.limit_within <= DurationMs{})
    m.problem("limit_within", "must be longer than nothing");
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
  if (m.refused("by")) return;  // which labels the texts may name is not known
  check_text(rule, rule.summary, [&](std::string text) { m.problem("summary", std::move(text)); });
  check_text(rule, rule.description,
             [&](std::string text) { m.problem("description", std::move(text)); });
  for (const auto& [name, text] : rule.annotations)
    check_text(rule, text,
               [&](std::string told) { m.problem("annotations", name, std::move(told)); });
}

void RuleChecks::note(MapReader& m, const Rule& rule) {
  Places places{m.place("id"), {}};
  for (size_t i = 0; i < rule.covers.size(); ++i) places.covers.push_back(m.place("covers", i));
  places_.push_back(std::move(places));
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
  ById by_id;
  for (size_t i = 0; i < rules.size(); ++i) {
    const auto [at, fresh] = by_id.emplace(rules[i].id, i);
    if (!fresh && !rules[i].id.empty())
      problems.add(places_[i].id, fmt::format("id: rule \"{}\" is already at {}", rules[i].id,
                                              rules[at->second].place));
  }
  for (size_t i = 0; i < rules.size(); ++i) finish_covers(rules, by_id, i, problems);
}

void RuleChecks::finish_covers(const std::vector<Rule>& rules, const ById& by_id, size_t rule,
                               config::Problems& problems) {
  const Rule& parent = rules[rule];
  for (size_t i = 0; i < parent.covers.size(); ++i) {
    const std::string& id = parent.covers[i];
    const config::Place& place = places_[rule].covers[i];
    const auto covered = by_id.find(id);
    if (covered == by_id.end()) {
      problems.add(place, unknown_rule(id, rules));
      continue;
    }
    if (const Rule& child = rules[covered->second]; child.by != parent.by ||
                                                    child.global != parent.global ||
                                                    child.per_series != parent.per_series)
      notes_.push_back({place, fmt::format("rule \"{}\" covers \"{}\", but their scopes differ: it "
                                           "will never apply",
                                           parent.id, id)});
    if (reaches(rules, by_id, covered->second, rule))
      problems.add(place, fmt::format("covers: rule \"{}\" covers itself in a circle", parent.id));
  }
}

}  // namespace tocsin::rules
