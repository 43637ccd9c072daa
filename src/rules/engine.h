#pragma once
// Decides: violations and series' states in, decisions out, both in Position order. Plain state
// machine without threads, clock or I/O of its own; the decision thread owns and calls it.
//
//   series ──► test (series × worker) ──► bindings (rule, leaf, scope), resolved once
//                    │                                       │
//                    └► violations that live ──► entries ──► scope: leaves' counts, tree, alert
//
// Survives a crash by save()/load(): the same items after it give the same decisions, byte for
// byte. Bounded by EngineLimits; what is refused is counted (counts()) and changes nothing else.
//
// Time is decision time: the arrival of an item, or a timer's due time. A timer due at D runs
// before every item that arrived at or after D. For the same Positions live and in replay, call
// advance(Lsn{frame.lsn.value - 1}, frame.arrival) for every frame before its items.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "rules/rule.h"
#include "vocabulary/alert.h"
#include "vocabulary/series_table.h"
#include "vocabulary/violation.h"

namespace tocsin::rules {

// What a rule may ask and a sentence may say about a worker; by WorkerRef::index.
struct WorkerName {
  std::string id;
  std::vector<std::string> models;  // by ModelBand::model
  Tier tier = Tier::kEvidence;
  uint32_t points_needed = 2;  // n of m points outside open a violation
  uint32_t points_of = 3;
};
using WorkerNames = std::vector<WorkerName>;

struct EngineLimits {
  uint32_t scopes_per_rule = 10'000;
  uint32_t violations_per_scope = 1'000;
  uint32_t violations_max = 1'000'000;  // that live, in all
  uint32_t violations_shown = 100;      // in one decision, the weightiest first
};

// Since the engine was made; kept by save(). For /metrics.
struct EngineCounts {
  uint64_t items = 0;
  uint64_t repeated = 0;            // items before one already seen: ignored
  uint64_t scopes_refused = 0;      // a series' binding to a rule that has too many scopes
  uint64_t violations_refused = 0;  // a violation beyond a limit: it feeds no rule
  uint64_t opened = 0, updated = 0, resolved = 0;
};

class Engine {
 public:
  Engine(std::shared_ptr<const RuleSet> rules, const SeriesTable& table, WorkerNames workers,
         EngineLimits limits = {});
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  // Runs own timers due at or before item.arrival, then the item. Items come in Position order;
  // one that is older than the last is ignored, the last one again changes nothing.
  void step(const StreamItem& item, std::vector<Decision>& out);
  // All frames up to `last` are through and it is `now`: runs timers due at or before `now`.
  void advance(Lsn last, TimeMs now, std::vector<Decision>& out);
  // The due time of the earliest timer, for the driver's sleep; nullopt = none.
  std::optional<TimeMs> next_due() const;

  // A new configuration. An edited rule keeps its alerts and judges them anew after one window; a
  // removed rule closes its alerts ("rule removed"); violations of workers whose id is gone end.
  void replace(std::shared_ptr<const RuleSet> rules, WorkerNames workers, Lsn last, TimeMs now,
               std::vector<Decision>& out);

  void save(ByteWriter& out) const;
  // Into a fresh engine. The rules may differ from those that saved: as with replace(), and the
  // decisions come out of the next step() or advance(). kCorrupt if the bytes do not check out;
  // the engine is then empty. Series that the table does not know are left out.
  Result<void> load(ByteReader& in);
  void forget();  // as if nothing had been loaded

  // For the pages, on the decision thread.
  std::vector<std::string> rules_for(SeriesRef series) const;  // ids, in the order of the files
  // The tree of a rule's scope as it is worth now; empty if there is no such rule or scope.
  std::vector<BranchValue> branches(std::string_view rule_id, const Labels& scope) const;
  // Windows shorter than two cadences of a series they match, now that cadences are known.
  std::vector<std::string> notes() const;
  const EngineCounts& counts() const;
  size_t open_alerts() const;
  const RuleSet& rules() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

// Identity of an alert: hash of the rule's id and the scope.
Id128 alert_key(std::string_view rule_id, const Labels& scope);

}  // namespace tocsin::rules
