#pragma once
// A group of rules at work: evaluates them at an instant, keeps what is pending and firing, and
// says what is to be written. Knows no clock and no store: they are handed in.
//
// One thread. Bounded by the results of its queries (limit of the group, options.limits).

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "promql/engine.h"
#include "promrules/alert.h"
#include "promrules/rule_file.h"

namespace tocsin::promrules {

// Where what rules make goes. What was appended is seen by the rule after it.
class Appender {
 public:
  virtual ~Appender() = default;
  virtual Result<void> append(TimeMs at, const std::vector<Made>& made) = 0;
};

struct Surroundings {
  TextMap external_labels;
  std::string external_url;
  promql::Options options;
  // Alerts of before a restart are looked for that far back; zero: there is nothing to look for.
  DurationMs outage_max = hours(1);
};

enum class Health : uint8_t { kUnknown, kGood, kBad };

// A rule with what became of it.
struct RuleState {
  Rule rule;
  std::string id;  // of the rule of the house that tells its alerts; empty: it has none
  Health health = Health::kUnknown;
  std::string error;
  TimeMs evaluated;                // 0: never
  DurationMs took{};               // by the driver's clock
  std::map<Labels, Alert> active;  // alerting
  std::set<Labels> written;        // series of the evaluation before, to be marked stale
  bool restored = false;           // alerts of before the start were looked for
};

class GroupState {
 public:
  // ids: by rule, "" for recording ones.
  GroupState(Group group, std::vector<std::string> ids);

  const Group& group() const { return group_; }
  const std::vector<RuleState>& rules() const { return rules_; }
  TimeMs evaluated() const { return evaluated_; }
  DurationMs took() const { return took_; }

  // The last instant at or before `now` at which it is due: multiples of the interval, moved by an
  // amount that is the group's own, so that groups do not all start at once.
  TimeMs slot(TimeMs now) const;

  // All rules in their order. `clock` measures how long they take. A rule that fails says so in its
  // state and writes nothing; the others go on.
  void evaluate(TimeMs at, promql::Source& source, Appender& appender,
                const Surroundings& surroundings, const std::function<TimeMs()>& clock);
  // Takes over what the same rules (name and labels) had in `before`.
  void inherit(GroupState& before);
  // What is left to say when the group goes away: nothing fires any more.
  std::vector<Made> farewell() const;

 private:
  struct Run;
  Result<std::vector<Made>> evaluate_rule(RuleState& state, Run& run);
  Result<std::vector<Made>> record(RuleState& state, Run& run);
  Result<std::vector<Made>> alert(RuleState& state, Run& run);

  Group group_;
  std::vector<RuleState> rules_;
  TimeMs evaluated_;
  DurationMs took_{};
};

}  // namespace tocsin::promrules
