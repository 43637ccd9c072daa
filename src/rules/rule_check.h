#pragma once
// What must fit together in rules: called while reading, so that every problem has its place.
// Internal to src/rules.

#include <map>
#include <string_view>
#include <vector>

#include "config/reader.h"
#include "rules/rule.h"

namespace tocsin::rules {

void check_leaf(config::MapReader& m, const LeafCondition& leaf);
void check_node(config::MapReader& m, const Rule& rule, const RuleNode& node);
// The rule as a whole: opens on something, texts name labels of its scope.
void check_rule(config::MapReader& m, const Rule& rule);

// What concerns several rules: unique ids, covers; and notes.
class RuleChecks {
 public:
  void note(config::MapReader& m, const Rule& rule);
  void finish(const std::vector<Rule>& rules, config::Problems& problems);
  std::vector<config::Problem> take_notes() { return std::move(notes_); }

 private:
  struct Places {
    config::Place id;
    std::vector<config::Place> covers;  // of each
  };
  using ById = std::map<std::string_view, size_t>;  // index of the first rule of that id
  void finish_covers(const std::vector<Rule>& rules, const ById& by_id, size_t rule,
                     config::Problems& problems);
  std::vector<Places> places_;  // by rule
  std::vector<config::Problem> notes_;
};

}  // namespace tocsin::rules
