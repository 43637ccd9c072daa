#pragma once
// Section `inhibit`: while an alert that matches `source` is open, alerts that match `target` and
// agree with it in the `equal` labels notify nobody. The record goes on, and so does the
// resolution. An inhibited alert is covered by its source like one that the source's rule `covers`,
// with the same rules for who is first and for what outlives what.
//
// InhibitRules is immutable, shared. InhibitIndex is the decision thread's: what is open, by the
// values of `equal`, so that finding a source is O(log n) per rule.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "config/folder.h"
#include "vocabulary/matcher.h"

namespace tocsin::supervisor {

struct InhibitRule {
  struct Equal {
    std::string source, target;  // names of labels; a missing label is the empty value
  };
  std::string name;  // as people read it: "inhibit.yaml:3"
  std::vector<LabelMatcher> source, target;
  std::vector<Equal> equal;
};

struct InhibitRules {
  std::vector<InhibitRule> rules;
  static std::shared_ptr<const InhibitRules> read(const config::Folder& folder,
                                                  config::Problems& problems);
  static void describe(config::Reference& reference);  // type "inhibit"
  // The first rule by which `source` inhibits `target`; null if none does.
  const InhibitRule* find(const Labels& source, const Labels& target) const;
};

class InhibitIndex {
 public:
  // Empties it.
  void use(std::shared_ptr<const InhibitRules> rules);
  const InhibitRules& rules() const { return *rules_; }
  void add(const Id128& alert, TimeMs opened_at, const Labels& labels);
  void remove(const Id128& alert, TimeMs opened_at, const Labels& labels);
  // Open alerts that may inhibit this one, or be inhibited by it: oldest first within a rule.
  std::vector<Id128> sources_of(const Labels& target) const;
  std::vector<Id128> targets_of(const Labels& source) const;

 private:
  using Alerts = std::set<std::pair<TimeMs, Id128>>;
  struct Sides {
    std::map<std::string, Alerts> sources, targets;  // by the values of `equal`
  };
  template <class Change>
  void each_side(const Labels& labels, Change&& change);

  std::shared_ptr<const InhibitRules> rules_ = std::make_shared<InhibitRules>();
  std::vector<Sides> sides_;  // as rules_->rules
};

}  // namespace tocsin::supervisor
