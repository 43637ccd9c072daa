#pragma once
// Section `policies`: who is called one after the other until somebody acknowledges. Immutable once
// read; any thread.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/folder.h"
#include "supervisor/directory.h"
#include "vocabulary/escalation.h"

namespace tocsin::supervisor {

class Policies {
 public:
  using Ptr = std::shared_ptr<const EscalationPolicy>;

  static Policies read(const config::Folder& folder, config::Problems& problems);
  static void describe(config::Reference& reference);  // types "policy", "step"

  // Problems for people, schedules, teams and receivers that are not there.
  void check_targets(const Directory& directory, config::Problems& problems) const;
  // A problem for every policy that is not among the `used` ones.
  void check_used(const std::set<std::string>& used, config::Problems& problems) const;

  Ptr find(std::string_view name) const;  // null if there is none
  std::vector<std::string> names() const;
  // Schedules that a step or an `else` leads to.
  std::set<std::string> schedules() const;
  bool empty() const { return list_.empty(); }
  // The policy that counts where none is named: the one called `default`, or the only one.
  Ptr standard() const;
  void add(Ptr policy) { list_.push_back({std::move(policy), {}, {}}); }

 private:
  struct TargetPlace {
    EscalationTarget target;
    std::string key;
    config::Place place;
  };
  struct Entry {
    Ptr policy;
    config::Place place;
    std::vector<TargetPlace> targets;
  };
  friend struct PolicyReading;
  std::vector<Entry> list_;
};

// "schedule payments" and its like; kInvalid says what is expected.
Result<EscalationTarget> parse_target(std::string_view text);

}  // namespace tocsin::supervisor
