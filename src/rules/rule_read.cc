// Reading rules from YAML: shapes and single values here, what must fit together in rule_check.cc.
#include <fmt/format.h>

#include <algorithm>

#include "config/reader.h"
#include "rules/rule_check.h"

namespace tocsin::rules {
namespace {

using config::MapReader;
using config::Node;
using Kind = RuleNode::Kind;

void read_comparison(MapReader& m, std::string_view key, std::optional<Comparison>& out,
                     std::string_view doc) {
  const auto node = m.any(key, "comparison", doc);
  if (!node) return;
  const bool scalar = node->kind() == Node::Kind::kScalar;
  const std::string text = scalar ? node->scalar() : node->excerpt();
  if (scalar) out = Comparison::parse(text);
  if (!out)
    m.problem(key, fmt::format("expected a comparison in quotes such as \">= 4\" or \"< 0\", "
                               "not \"{}\"",
                               text));
}

// A condition on a label is one scalar: `condition` makes it of its text.
template <class Condition>
void add_matcher(MapReader& m, const Node& node, const Condition& condition,
                 std::vector<LabelMatcher>& out) {
  if (node.kind() != Node::Kind::kScalar) {
    m.problems().add(node.place(),
                     fmt::format("labels: expected text, not \"{}\"", node.excerpt()));
    return;
  }
  Result<LabelMatcher> matcher = condition(node.scalar());
  if (matcher)
    out.push_back(std::move(*matcher));
  else
    m.problems().add(node.place(), "labels: " + matcher.error().message);
}

std::vector<LabelMatcher> read_labels(MapReader& m) {
  std::vector<LabelMatcher> out;
  const auto node = m.any("labels", "any",
                          "Conditions on labels: a mapping (`{site: madrid}`, equal) or a list of "
                          "matchers (`['host=~\"web.*\"', 'env!=test']`).");
  if (!node) return out;
  if (node->kind() == Node::Kind::kMap) {
    for (const Node::Member& member : node->members())
      add_matcher(
          m, member.value,
          [&](const std::string& text) {
            return LabelMatcher::make(member.key, LabelMatcher::Op::kEqual, text);
          },
          out);
  } else if (node->kind() == Node::Kind::kList) {
    for (const Node& item : node->items())
      add_matcher(m, item, [](const std::string& text) { return LabelMatcher::parse(text); }, out);
  } else {
    m.problem("labels",
              fmt::format("expected a mapping or a list of matchers, not \"{}\"", node->excerpt()));
  }
  return out;
}

template <class T>
void read_word(MapReader& m, std::string_view key, std::initializer_list<std::string_view> words,
               std::optional<T>& out, std::string_view doc) {
  const size_t index = m.choice(key, words, "any", doc);
  if (index > 0) out = static_cast<T>(index - 1);
}

void read_leaf(MapReader& m, std::string_view name, LeafCondition& out) {
  out.name = name;
  std::vector<LabelMatcher> labels = read_labels(m);
  if (!name.starts_with('~') && name.find('{') != std::string::npos)
    m.problem("violation", fmt::format("\"{}\" is a name and labels; write the labels beside it: "
                                       "labels: {{site: madrid}}",
                                       name));
  auto selector = SeriesSelector::make(name, std::move(labels));
  if (selector)
    out.selector = std::move(*selector);
  else
    m.problem("violation", selector.error().message);
  out.worker = m.value<std::string>("worker", "", "Only violations that this worker found.");
  read_word(m, "tier", {"any", "kpi", "evidence"}, out.tier, "Only series of this tier.");
  read_word(m, "direction", {"any", "above", "below", "silent"}, out.direction,
            "On which side of the band; `silent`: the series stopped.");
  read_comparison(m, "score", out.score,
                  "How improbable the last point is: -log10 of its tail probability.");
  read_comparison(m, "distance", out.distance,
                  "How far outside the last point is, in half band-widths; negative is below.");
  read_comparison(m, "speed", out.speed,
                  "Half band-widths per minute; positive is worsening. Unknown before 4 points.");
  read_comparison(m, "acceleration", out.acceleration, "Change of speed, per minute.");
  read_comparison(m, "points", out.points, "How many points were outside so far.");
  out.limit_within = m.optional<DurationMs>(
      "limit_within", "A model of kind forecast expects its limit to be reached within this time.");
  out.longer_than = m.optional<DurationMs>("longer_than", "Open for at least this event time.");
}

constexpr uint32_t kRefused = UINT32_MAX;  // the rule has too many conditions

struct TreeReader {
  Rule& rule;
  bool full_told = false;

  uint32_t read(MapReader& m);
  void read_children(MapReader& m, std::string_view key, Kind kind, std::string_view doc,
                     RuleNode& out);
  void read_of(MapReader& m, RuleNode& out);
  void read_child(MapReader& m, RuleNode& parent) {
    if (const uint32_t child = read(m); child != kRefused) parent.children.push_back(child);
  }
};

void TreeReader::read_children(MapReader& m, std::string_view key, Kind kind, std::string_view doc,
                               RuleNode& out) {
  const size_t count =
      m.list(key, "condition", doc, [&](MapReader& child) { read_child(child, out); });
  if (!m.has(key)) return;
  out.kind = kind;
  if (count == 0 && !m.describing())
    m.problem(key, fmt::format("an empty \"{}\" decides nothing; give it conditions", key));
}

void TreeReader::read_of(MapReader& m, RuleNode& out) {
  const auto of = m.any("of", "list of condition",
                        "With `at_least`: what is counted: a list of conditions, or one condition "
                        "whose series are counted.");
  if (!of) return;
  std::vector<Node> items{*of};
  if (of->kind() == Node::Kind::kList) items = of->items();
  for (const Node& item : items) {
    MapReader child(item, "condition", m.problems());
    if (item.kind() == Node::Kind::kMap) read_child(child, out);
  }
}

// Exactly one of these says what kind of condition a mapping is.
constexpr std::string_view kKindKeys[] = {"violation", "all", "any", "not", "at_least", "then"};
constexpr std::string_view kLeafKeys[] = {"labels", "worker",       "tier",       "direction",
                                          "score",  "distance",     "speed",      "acceleration",
                                          "points", "limit_within", "longer_than"};

bool check_kind(MapReader& m) {
  if (m.describing()) return true;
  std::string found;
  int count = 0;
  for (const std::string_view key : kKindKeys) {
    if (!m.has(key)) continue;
    found += fmt::format("{}{}", count++ == 0 ? "" : ", ", key);
  }
  if (count == 0)
    m.problems().add(m.place(),
                     "a condition needs one of violation, all, any, not, at_least, then");
  if (count > 1)
    m.problems().add(m.place(), fmt::format("a condition is one of {}; write them as separate "
                                            "conditions below \"all\" or \"any\"",
                                            found));
  if (!m.has("violation"))
    for (const std::string_view key : kLeafKeys)
      if (m.has(key)) m.problem(key, "belongs beside \"violation\"; this condition has none");
  if (!m.has("at_least"))
    for (const std::string_view key : {"distinct", "of"})
      if (m.has(key)) m.problem(key, "belongs beside \"at_least\"; this condition has none");
  return count == 1;
}

uint32_t TreeReader::read(MapReader& m) {
  const auto index = static_cast<uint32_t>(rule.nodes.size());
  if (rule.nodes.size() >= kNodesMax) {
    if (!full_told)
      m.problems().add(m.place(), fmt::format("rule \"{}\" has more than {} conditions; split it",
                                              rule.id, kNodesMax));
    full_told = true;
    return kRefused;
  }
  rule.nodes.emplace_back();
  const bool one_kind = check_kind(m);
  RuleNode node;
  LeafCondition leaf;
  const auto name = m.optional<std::string>(
      "violation", "Name of the series: exact, `prefix_*`, `*_suffix` or `~RE2`.");
  read_leaf(m, name.value_or(""), leaf);
  read_children(m, "all", Kind::kAll, "Every one of these holds.", node);
  read_children(m, "any", Kind::kAny, "At least one of these holds.", node);
  if (m.map("not", "condition", "This does not hold; counts after `settle`.",
            [&](MapReader& child) { read_child(child, node); }))
    node.kind = Kind::kNot;
  const auto at_least = m.optional<int64_t>("at_least", "At least so many of `of` hold.");
  node.distinct = m.value<std::string>("distinct", "", "Count different values of this label.");
  read_of(m, node);
  if (at_least) {
    node.kind = Kind::kAtLeast;
    if (*at_least < 1 || *at_least > 1'000'000)
      m.problem("at_least", "must be between 1 and 1000000");
    node.at_least = static_cast<uint32_t>(std::clamp<int64_t>(*at_least, 1, 1'000'000));
  }
  read_children(m, "then", Kind::kThen,
                "These opened in this order, each more than one cadence after the one before.",
                node);
  if (name && one_kind) {
    node.leaf = static_cast<uint32_t>(rule.leaves.size());
    check_leaf(m, leaf);
    rule.leaves.push_back(std::move(leaf));
  }
  if (one_kind) check_node(m, rule, node);
  rule.nodes[index] = std::move(node);
  return index;
}

void read_scope(MapReader& m, const std::string& site_label, Rule& out) {
  out.by = m.value<std::vector<std::string>>(
      "by", {site_label}, "Labels whose values make the scope: one alert per combination.");
  const size_t scope = m.choice("scope", {"labels", "global", "series"}, "labels",
                                "`global`: one alert over all series instead of one per `by`; "
                                "`series`: one per series.");
  out.global = scope == 1;
  out.per_series = scope == 2;
  if (m.describing()) return;
  if (scope != 0 && m.has("by"))
    m.problem("scope", fmt::format("{} has no `by` labels; leave one away",
                                   out.global ? "global" : "series"));
  if (!out.global && out.by.empty() && !m.refused("by"))
    m.problem("by", "is empty; write `scope: global` instead");
  if (scope != 0) out.by.clear();
  std::sort(out.by.begin(), out.by.end());
  out.by.erase(std::unique(out.by.begin(), out.by.end()), out.by.end());
}

void read_spans(MapReader& m, Rule& out) {
  out.within = m.value<DurationMs>("within", kWithinDefault,
                                   "A violation counts from when it began to match for this long, "
                                   "and while it is open. Decides opening only.");
  out.resolve_after = m.value<DurationMs>(
      "resolve_after", minutes(2), "How long after its last violation ended an alert resolves.");
  out.settle = m.optional<DurationMs>(
      "settle",
      "How long `not` waits before it counts; default: the slowest cadence of its series.");
  if (out.within <= DurationMs{} || out.within > kWithinMax)
    m.problem("within", fmt::format("must be longer than 0 and at most {}", to_text(kWithinMax)));
  if (out.resolve_after < DurationMs{} || out.resolve_after > kWithinMax)
    m.problem("resolve_after", fmt::format("must be at most {}", to_text(kWithinMax)));
  if (out.settle && (*out.settle < DurationMs{} || *out.settle > out.within))
    m.problem("settle", "must not be longer than `within`, or nothing is left to wait for");
}

void read_pages(MapReader& m, Rule& out) {
  const auto text = m.optional<std::string>(
      "pages",
      "How often it may tell somebody, such as `1 per 30d`: its share of the noise budget. The "
      "Budget page holds it against what was told and what a replay of the last weeks would have "
      "told; it suppresses nothing.");
  if (!text) return;
  out.pages = Frequency::parse(*text);
  if (!out.pages)
    m.problem("pages", fmt::format("expected \"COUNT per SPAN\" such as \"1 per 30d\" or \"2 per "
                                   "week\", not \"{}\"",
                                   *text));
}

void read_text(MapReader& m, Rule& out) {
  out.summary =
      m.value<std::string>("summary", "",
                           "One sentence; {{ label }} is the scope's value. Default: made "
                           "from the violations.");
  out.description = m.value<std::string>("description", "", "Longer text, the same way.");
  out.annotations = m.value<std::map<std::string, std::string>>(
      "annotations", {}, "Named texts that go with the alert, the same way (runbook, dashboard).");
}

void read_rule(MapReader& m, const std::string& site_label, Rule& out) {
  out.place = m.place().file_line();
  out.id = m.required<std::string>("id", "Unique name; part of the alert's identity.");
  out.severity = static_cast<Severity>(
      m.choice("severity", {"critical", "high", "low"}, "", "How urgent its alerts are."));
  read_scope(m, site_label, out);
  read_spans(m, out);
  out.covers = m.value<std::vector<std::string>>(
      "covers", {}, "Rules whose alerts of the same scope notify nobody while this one is open.");
  read_pages(m, out);
  read_text(m, out);
  TreeReader tree{out};
  const bool has_when = m.map(
      "when", "condition", "What must hold for an alert to open.",
      [&](MapReader& root) { tree.read(root); }, true);
  if (!m.describing() && has_when) check_rule(m, out);
}

}  // namespace

RuleSet RuleSet::read(const config::Folder& folder, const std::string& site_label,
                      config::Problems& problems) {
  std::vector<Rule> rules;
  RuleChecks checks;
  folder.for_each("rules", "rule", problems, [&](MapReader& m) {
    Rule rule;
    read_rule(m, site_label, rule);
    checks.note(m, rule);
    rules.push_back(std::move(rule));
  });
  checks.finish(rules, problems);
  RuleSet out(std::move(rules), site_label);
  out.notes_ = checks.take_notes();
  return out;
}

void RuleSet::describe(config::Reference& reference) {
  config::Problems none;
  if (!reference.begin_type("rule")) return;
  MapReader m(reference, "rule", none);
  Rule rule;
  read_rule(m, "site", rule);
}

}  // namespace tocsin::rules
