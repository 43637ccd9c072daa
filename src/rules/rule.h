#pragma once
// Level two, as configured: a rule is a tree of conditions over violations within a window, per
// scope. A RuleSet is all rules of one configuration: immutable, shared, read by any thread.
// docs/rules.md explains every key to users; docs/semantics.md binds what they mean.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/folder.h"
#include "rules/condition.h"
#include "vocabulary/alert.h"
#include "vocabulary/frequency.h"

namespace tocsin::rules {

// A node of the tree, depth first in Rule::nodes; [0] is the root.
struct RuleNode {
  enum class Kind { kAll, kAny, kNot, kAtLeast, kThen, kLeaf };
  Kind kind = Kind::kLeaf;
  std::vector<uint32_t> children;  // indices into Rule::nodes
  uint32_t leaf = 0;               // kLeaf: index into Rule::leaves
  uint32_t at_least = 0;           // kAtLeast
  std::string distinct;            // kAtLeast: count values of this label; empty = not asked for
};
std::string_view to_text(RuleNode::Kind kind);  // "all", "any", "not", "at_least", "then", "leaf"

inline constexpr DurationMs kWithinDefault = minutes(5);
inline constexpr DurationMs kWithinMax = days(7);
inline constexpr uint32_t kNodesMax = 1000;  // per rule

struct Rule {
  std::string id;
  std::string place;  // file:line
  Severity severity = Severity::kLow;
  bool global = false;
  bool per_series = false;      // the scope is the series itself
  std::vector<std::string> by;  // label names, sorted; empty if global or per series
  DurationMs within = kWithinDefault;
  DurationMs resolve_after = minutes(2);
  std::optional<Frequency> pages;    // how often it may tell somebody, at most; not in the hash
  std::optional<DurationMs> settle;  // what `not` waits; unset = slowest cadence of its series
  std::vector<std::string> covers;
  std::string summary, description;  // with {{ label }} of the scope; empty = made from violations
  std::map<std::string, std::string> annotations;
  std::vector<RuleNode> nodes;
  std::vector<LeafCondition> leaves;
  std::vector<uint32_t> leaves_below_not;  // indices into leaves
  bool has_not = false;
  uint64_t hash = 0;  // of everything that changes what the rule decides or says; not of its place

  // The scope a series belongs to: its values of the `by` labels, "none" where it has no value. Per
  // series: all of its labels but the name and those that begin with "tocsin_".
  Labels scope_of(const Labels& series) const;
};

// Replaces {{ label }} by the scope's value; unknown labels stay as they are.
std::string fill_text(std::string_view text, const Labels& scope);

class RuleSet {
 public:
  RuleSet() = default;
  explicit RuleSet(std::vector<Rule> rules, std::string site_label = "site");

  // Parses section `rules`; every mistake is added to `problems` with its place.
  static RuleSet read(const config::Folder& folder, const std::string& site_label,
                      config::Problems& problems);
  // Adds the types "rule" and "condition" to the configuration reference.
  static void describe(config::Reference& reference);

  const std::vector<Rule>& rules() const { return rules_; }
  const std::string& site_label() const { return site_label_; }
  const Rule* find(std::string_view id) const;
  // What is allowed but probably not meant: shown by `tocsin check`, stops nothing.
  const std::vector<config::Problem>& notes() const { return notes_; }

 private:
  std::vector<Rule> rules_;  // in the order of the files
  std::string site_label_ = "site";
  std::vector<config::Problem> notes_;
};

}  // namespace tocsin::rules
