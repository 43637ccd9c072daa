#pragma once
// The machine behind Engine (engine.h has the contract). Internal to src/rules; its parts:
//   core.cc         items, violations, entries
//   core_bind.cc    tests, bindings, scopes
//   core_judge.cc   opening, holding, resolving, timers
//   core_decide.cc  decisions as values
//   core_save.cc, core_load.cc

#include <functional>
#include <map>
#include <unordered_map>

#include "rules/engine.h"
#include "rules/state.h"
#include "rules/tree.h"

namespace tocsin::rules {

inline constexpr DurationMs kRefreshEvery = seconds(10);  // an alert's numbers
inline constexpr DurationMs kUpdateEvery = seconds(1);    // between two decisions on one alert

class Engine::Core {
 public:
  Core(std::shared_ptr<const RuleSet> rules, const SeriesTable& table, WorkerNames workers,
       EngineLimits limits);

  void step(const StreamItem& item, std::vector<Decision>& out);
  void advance(Lsn last, TimeMs now, std::vector<Decision>& out);
  std::optional<TimeMs> next_due() const;

  enum class Names : uint8_t { kLabels, kRefs };  // refs: within one process only
  void save(ByteWriter& out, Names names) const;
  Result<void> load(ByteReader& in);
  // What a loaded state asks for at once: alerts of removed rules close, new rules are judged.
  void settle_after_load(std::vector<Decision>& out);
  std::unique_ptr<Core> fresh() const;  // an empty one of the same configuration

  std::vector<std::string> rules_for(SeriesRef series) const;
  std::vector<BranchValue> branches(std::string_view rule_id, const Labels& scope) const;
  std::vector<std::string> notes() const;
  size_t open_alerts() const;

  const SeriesTable& table() const { return table_; }
  const RuleSet& rules() const { return *rules_; }
  const EngineLimits& limits() const { return limits_; }
  const EngineCounts& counts() const { return counts_; }

 private:
  struct LeafPlace {
    uint32_t rule = 0, leaf = 0;
    friend auto operator<=>(const LeafPlace&, const LeafPlace&) = default;
  };
  struct Wake {
    TimeMs due;
    Id128 key;
    uint32_t scope = 0;
    // The heap's front is the earliest; equal times in the order of the alerts' keys.
    friend bool operator<(const Wake& a, const Wake& b) {
      return a.due != b.due ? a.due > b.due : a.key > b.key;
    }
  };
  // An alert whose rule or scope is gone: closed at the next call, told once.
  struct Orphan {
    std::string rule_id, place;
    Severity severity = Severity::kLow;
    Labels scope;
    std::string reason;
    OpenAlert alert;
  };
  struct SavedEntry;
  struct SavedScope;
  struct SavedRule;
  struct Loading;

  // core.cc
  void on_change(const ViolationChange& change, std::vector<Decision>& out);
  void on_status(const SeriesStatus& status, std::vector<Decision>& out);
  uint32_t live_of(uint32_t test, const Id128& id) const;
  uint32_t add_live(uint32_t test, const ViolationChange& change);
  void release_if_done(uint32_t live);
  void visit(uint32_t live, bool changed, bool judge_all, std::vector<Decision>& out);
  struct Effect {
    bool judge = false;    // the scope must be judged
    bool visible = false;  // something the open alert shows changed
    bool light = false;    // the violation lit the open alert
  };
  Effect update_entry(uint32_t live, uint32_t binding_index, bool changed);
  uint32_t add_entry(uint32_t live, const Binding& binding);
  void drop_entry(uint32_t entry);
  void set_lit(Scope& scope, Entry& entry, Entry::Lit lit);
  void set_unknown(uint32_t test);  // recomputes Test::unknown and its leaves' counts
  bool note_cadence(uint32_t test, DurationMs cadence);

  // core_bind.cc
  void index_leaves();
  uint32_t test_of(SeriesRef series, WorkerRef worker, Tier tier);
  void bind(uint32_t test);
  std::vector<LeafPlace> leaves_for(const Test& test) const;
  uint32_t scope_of(uint32_t rule, Labels labels);
  std::string_view worker_id(WorkerRef worker) const;

  // core_judge.cc
  void run_timers(TimeMs until, std::vector<Decision>& out);
  void judge(uint32_t scope, TimeMs now, bool visible, std::vector<Decision>& out);
  void judge_closed(Scope& scope, TimeMs now, std::vector<Decision>& out);
  void judge_open(Scope& scope, TimeMs now, bool visible, std::vector<Decision>& out);
  void judge_edited(Scope& scope, TimeMs now, std::vector<Decision>& out);
  bool expire(Scope& scope, TimeMs now);
  bool join_lights(Scope& scope, bool holds);
  std::vector<uint32_t> came_back(const Scope& scope) const;
  bool has_open_light(const Scope& scope) const;
  void open(Scope& scope, TimeMs now, std::vector<Decision>& out);
  void resolve(Scope& scope, TimeMs now, std::string reason, std::vector<Decision>& out);
  void show(Scope& scope, TimeMs now, std::vector<Decision>& out);
  void refresh(Scope& scope, TimeMs now, std::vector<Decision>& out);
  void prune(Scope& scope);
  bool is_superseded(const Scope& scope, size_t position) const;
  void schedule(uint32_t scope);
  TimeMs due_of(const Scope& scope) const;
  TimeMs alert_due(const OpenAlert& alert, const Rule& rule) const;
  DurationMs settle_of(const Scope& scope) const;

  // core_decide.cc
  ScopeView view(const Scope& scope) const;
  const Rule& rule_of(const Scope& scope) const { return rules_->rules()[scope.rule]; }
  Position next_position();
  void emit(Scope& scope, Decision::What what, TimeMs now, std::string reason,
            std::vector<Decision>& out);
  Decision decide(const Scope& scope, TimeMs now) const;
  std::vector<JudgedViolation> judged(const Scope& scope) const;
  JudgedViolation judged_one(const Live& live) const;
  Momentum momentum_of(const Scope& scope) const;
  Labels text_labels(const Scope& scope, const std::vector<JudgedViolation>& violations) const;
  std::string summary_of(const Scope& scope, const std::vector<JudgedViolation>& violations,
                         Momentum::Trend trend, TimeMs now) const;
  std::string wait_reason(const Scope& scope, TimeMs now) const;
  void set_opening(const Scope& scope, Decision& decision) const;

  // core_save.cc
  void save_rules(ByteWriter& out, const std::unordered_map<uint32_t, uint32_t>& live_number) const;
  void save_scope(ByteWriter& out, const Scope& scope,
                  const std::unordered_map<uint32_t, uint32_t>& live_number) const;

  // core_load.cc
  void load_header(ByteReader& in, Loading& loading);
  void load_tests(ByteReader& in, Loading& loading);
  void load_live(ByteReader& in, Loading& loading);
  void load_rule(ByteReader& in, Loading& loading);
  void load_orphans(ByteReader& in);
  static SavedScope read_scope(ByteReader& in);
  void restore_scope(uint32_t rule, SavedScope& saved, Loading& loading);
  bool restore_entry(uint32_t scope, const SavedEntry& saved, Loading& loading);
  void carry_alert(const SavedRule& rule, SavedScope& saved, Loading& loading);
  void enter_fresh(const Loading& loading);
  void wake_all();
  void close_orphan(const Orphan& orphan, std::vector<Decision>& out);

  std::shared_ptr<const RuleSet> rules_;
  const SeriesTable& table_;
  WorkerNames workers_;
  EngineLimits limits_;
  EngineCounts counts_;

  std::unordered_map<std::string, std::vector<LeafPlace>> leaves_by_name_;  // exact names
  std::vector<LeafPlace> leaves_by_pattern_;

  std::vector<uint32_t> first_test_;  // by SeriesRef::index
  std::vector<Test> tests_;
  std::vector<Binding> bindings_;
  std::vector<Live> live_;
  std::vector<uint32_t> free_live_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> free_entries_;
  std::vector<uint32_t> entry_scope_;  // by entry
  std::vector<Scope> scopes_;
  std::vector<std::map<Labels, uint32_t>> scopes_by_labels_;  // by rule
  std::vector<Wake> timers_;                                  // a heap
  std::vector<Orphan> orphans_;

  uint32_t visiting_ = kNoIndex;  // a violation that must not be released now
  TimeMs now_ = kTimeMin;         // decision time reached
  Position last_item_;
  Lsn last_lsn_;
  Position at_;            // of what is being judged
  Position last_emitted_;  // decisions' positions only grow
};

}  // namespace tocsin::rules
