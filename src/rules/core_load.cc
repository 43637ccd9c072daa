// Reading a checkpoint, perhaps under other rules and workers than those that wrote it: replace()
// goes the same way, so an edited configuration and a restart with one mean the same.
#include <algorithm>

#include "base/check.h"
#include "rules/codec.h"
#include "rules/core.h"
#include "rules/core_format.h"
#include "rules/momentum.h"
#include "rules/sentence.h"

namespace tocsin::rules {

struct Engine::Core::SavedEntry {
  uint64_t violation = 0;  // number in the file
  uint64_t leaf = 0;
  Entry::Lit lit = Entry::Lit::kDark;
  bool light = false;
  TimeMs lit_at;
};

struct Engine::Core::SavedScope {
  Labels labels;
  std::vector<DurationMs> cadences;  // by leaf
  bool idle = true;
  std::optional<TimeMs> waiting_since;
  std::vector<SavedEntry> entries;
  std::unique_ptr<OpenAlert> alert;
};

struct Engine::Core::SavedRule {
  std::string id, place;
  uint64_t hash = 0;
  Severity severity = Severity::kLow;
};

struct Engine::Core::Loading {
  struct SavedTest {
    Labels labels;
    std::string worker_id;
    uint32_t test = kNoIndex;  // none: its series or worker is gone
  };
  struct SavedViolation {
    Violation violation;
    Tail tail;
    uint64_t test = 0;
    uint32_t live = kNoIndex;
  };
  Names names = Names::kLabels;
  std::vector<SavedTest> tests;
  std::vector<SavedViolation> violations;
  std::vector<bool> restored;  // by rule: as it was saved

  // As it was judged, for an alert that no entry stands behind any more.
  JudgedViolation judged(const SavedViolation& saved, const SeriesTable& table,
                         const Core& core) const {
    if (saved.live != kNoIndex) return core.judged_one(core.live_[saved.live]);
    const SavedTest& test = tests[saved.test];
    JudgedViolation out;
    out.violation = saved.violation;
    out.labels = test.test == kNoIndex ? test.labels : table.labels(core.tests_[test.test].series);
    out.worker_id = test.worker_id;
    out.weight = momentum_weight(saved.violation.tier);
    if (saved.tail && saved.violation.tier == Tier::kKpi) out.tail = *saved.tail;
    return out;
  }
};

namespace {

std::unique_ptr<OpenAlert> read_alert(ByteReader& in) {
  auto out = std::make_unique<OpenAlert>();
  out->opened = read_time(in);
  out->updated = read_time(in);
  out->refreshed = read_time(in);
  out->pending = in.u8() != 0;
  out->quiet_since = read_optional_time(in);
  out->judge_again = read_optional_time(in);
  for (uint64_t left = read_count(in); left > 0 && in.ok(); --left)
    out->carried.push_back(read_judged(in));
  out->summary = in.text();
  const uint8_t trend = in.u8();
  out->trend = static_cast<Momentum::Trend>(trend < 4 ? trend : 0);
  out->next_prediction = read_time(in);
  for (uint64_t left = read_count(in); left > 0 && in.ok(); --left) {
    const TimeMs due = read_time(in);
    out->predictions.push_back({due, in.f64()});
  }
  out->predictions_due = static_cast<uint32_t>(in.varint());
  out->hits = static_cast<uint32_t>(in.varint());
  return out;
}

Severity read_severity(ByteReader& in) {
  const uint8_t severity = in.u8();
  return static_cast<Severity>(severity < 3 ? severity : 0);
}

void sort_weightiest_first(std::vector<JudgedViolation>& list) {
  std::sort(list.begin(), list.end(), [](const JudgedViolation& a, const JudgedViolation& b) {
    const double left = a.weight * importance(a.violation);
    const double right = b.weight * importance(b.violation);
    return left != right ? left > right : a.violation.id < b.violation.id;
  });
}

bool same_scope(const Rule& rule, const Labels& scope) {
  if (rule.per_series) return true;  // labels differ from series to series
  return scope.pairs().size() == rule.by.size() &&
         std::equal(
             rule.by.begin(), rule.by.end(), scope.pairs().begin(),
             [](const std::string& name, const Labels::View& pair) { return name == pair.first; });
}

}  // namespace

Result<void> Engine::Core::load(ByteReader& in) {
  TOCSIN_CHECK(tests_.empty() && scopes_.empty(), "load into an engine that has {} tests",
               tests_.size());
  Loading loading;
  loading.restored.resize(rules_->rules().size());
  if (const uint8_t version = in.u8(); version != kFormatVersion)
    return fail(ErrorCode::kCorrupt, "cannot read the rules' checkpoint: its version is " +
                                         std::to_string(version) + ", this program reads " +
                                         std::to_string(kFormatVersion));
  load_header(in, loading);
  load_tests(in, loading);
  load_live(in, loading);
  for (uint64_t left = read_count(in); left > 0 && in.ok(); --left) load_rule(in, loading);
  load_orphans(in);
  if (!in.ok())
    return fail(ErrorCode::kCorrupt, "cannot read the rules' checkpoint: it is cut off or damaged");
  enter_fresh(loading);
  for (uint32_t i = 0; i < live_.size(); ++i) release_if_done(i);
  wake_all();
  return {};
}

void Engine::Core::load_header(ByteReader& in, Loading& loading) {
  loading.names = in.u8() == 0 ? Names::kLabels : Names::kRefs;
  now_ = read_time(in);
  last_item_ = read_position(in);
  last_lsn_.value = in.varint();
  last_emitted_ = read_position(in);
  for (uint64_t* count :
       {&counts_.items, &counts_.repeated, &counts_.scopes_refused, &counts_.violations_refused,
        &counts_.opened, &counts_.updated, &counts_.resolved})
    *count = in.varint();
}

void Engine::Core::load_tests(ByteReader& in, Loading& loading) {
  std::map<std::string, uint32_t> workers;
  for (uint32_t i = 0; i < workers_.size(); ++i) workers.emplace(workers_[i].id, i);
  for (uint64_t left = read_count(in); left > 0 && in.ok(); --left) {
    Loading::SavedTest& saved = loading.tests.emplace_back();
    std::optional<SeriesRef> series;
    if (loading.names == Names::kRefs) {
      series = SeriesRef{static_cast<uint32_t>(in.varint())};
      if (!table_.known(*series)) series.reset();
      if (series) saved.labels = table_.labels(*series);
    } else {
      saved.labels = read_labels(in);
      series = table_.find(saved.labels);
    }
    saved.worker_id = in.text();
    const auto tier = in.u8() == 0 ? Tier::kKpi : Tier::kEvidence;
    const uint8_t status = in.u8();
    Test told;
    told.since = read_time(in);
    told.guarded_from = read_time(in);
    told.cadence = {in.zigzag()};
    const auto worker = workers.find(saved.worker_id);
    if (!in.ok() || !series || worker == workers.end()) continue;
    saved.test = test_of(*series, WorkerRef{worker->second}, tier);
    Test& test = tests_[saved.test];
    test.status = static_cast<SeriesStatus::What>(status < 3 ? status : 0);
    test.since = told.since;
    test.guarded_from = told.guarded_from;
    set_unknown(saved.test);
    note_cadence(saved.test, told.cadence);
  }
}

void Engine::Core::load_live(ByteReader& in, Loading& loading) {
  for (uint64_t left = read_count(in); left > 0 && in.ok(); --left) {
    Loading::SavedViolation& saved = loading.violations.emplace_back();
    saved.test = in.varint();
    saved.violation = read_violation(in);
    saved.tail = read_tail(in);
    if (saved.test >= loading.tests.size()) {
      while (in.ok()) in.u64();
      return;
    }
    const uint32_t test = loading.tests[saved.test].test;
    if (test == kNoIndex || live_of(test, saved.violation.id) != kNoIndex) continue;
    saved.violation.series = tests_[test].series;
    saved.violation.worker = tests_[test].worker;
    saved.live = add_live(test, {ViolationChange::What::kOpened, saved.violation, saved.tail});
    if (saved.live == kNoIndex) continue;
    tests_[test].absent += saved.violation.state == ViolationState::kAbsent &&
                           saved.violation.direction != Direction::kSilent;
    set_unknown(test);
  }
}

void Engine::Core::load_rule(ByteReader& in, Loading& loading) {
  SavedRule rule;
  rule.id = in.text();
  rule.hash = in.u64();
  rule.place = in.text();
  rule.severity = read_severity(in);
  const Rule* now = rules_->find(rule.id);
  const bool same = now != nullptr && now->hash == rule.hash;
  if (same) loading.restored[static_cast<size_t>(now - rules_->rules().data())] = true;
  for (uint64_t left = read_count(in); left > 0 && in.ok(); --left) {
    SavedScope scope = read_scope(in);
    for (const SavedEntry& entry : scope.entries)
      if (entry.violation >= loading.violations.size())
        while (in.ok()) in.u64();
    if (!in.ok()) return;
    if (same)
      restore_scope(static_cast<uint32_t>(now - rules_->rules().data()), scope, loading);
    else if (scope.alert)
      carry_alert(rule, scope, loading);
  }
}

Engine::Core::SavedScope Engine::Core::read_scope(ByteReader& in) {
  SavedScope out;
  out.labels = read_labels(in);
  for (uint64_t left = read_count(in); left > 0 && in.ok(); --left)
    out.cadences.push_back({in.zigzag()});
  out.idle = in.u8() != 0;
  if (out.idle) return out;
  out.waiting_since = read_optional_time(in);
  for (uint64_t left = read_count(in); left > 0 && in.ok(); --left) {
    SavedEntry& entry = out.entries.emplace_back();
    entry.violation = in.varint();
    entry.leaf = in.varint();
    const uint8_t lit = in.u8();
    entry.lit = static_cast<Entry::Lit>(lit < 3 ? lit : 0);
    entry.light = in.u8() != 0;
    entry.lit_at = read_time(in);
  }
  if (in.u8() != 0) out.alert = read_alert(in);
  return out;
}

void Engine::Core::restore_scope(uint32_t rule, SavedScope& saved, Loading& loading) {
  if (!same_scope(rules_->rules()[rule], saved.labels)) return;
  const uint32_t index = scope_of(rule, saved.labels);
  if (index == kNoIndex) return;
  for (size_t leaf = 0; leaf < std::min(saved.cadences.size(), scopes_[index].leaves.size());
       ++leaf)
    scopes_[index].leaves[leaf].cadence =
        std::max(scopes_[index].leaves[leaf].cadence, saved.cadences[leaf]);
  scopes_[index].waiting_since = saved.waiting_since;
  scopes_[index].alert = std::move(saved.alert);
  std::vector<JudgedViolation> gone;
  for (const SavedEntry& entry : saved.entries)
    if (!restore_entry(index, entry, loading) && entry.light)
      gone.push_back(loading.judged(loading.violations[entry.violation], table_, *this));
  if (scopes_[index].alert && !gone.empty()) {
    sort_weightiest_first(gone);
    scopes_[index].alert->carried = std::move(gone);
  }
}

bool Engine::Core::restore_entry(uint32_t scope, const SavedEntry& saved, Loading& loading) {
  const uint32_t live = loading.violations[saved.violation].live;
  if (live == kNoIndex) return false;
  const Test& test = tests_[live_[live].test];
  for (uint32_t i = 0; i < test.bindings_count; ++i) {
    const Binding& binding = bindings_[test.bindings + i];
    if (binding.scope != scope || binding.leaf != saved.leaf) continue;
    if (live_[live].entries[i] != kNoIndex) return false;
    const uint32_t index = add_entry(live, binding);
    if (index == kNoIndex) return false;
    live_[live].entries[i] = index;
    entries_[index].light = saved.light && scopes_[scope].alert;
    entries_[index].lit_at = saved.lit_at;
    set_lit(scopes_[scope], entries_[index], saved.lit);
    return true;
  }
  return false;
}

// The rule was edited, or is gone.
void Engine::Core::carry_alert(const SavedRule& rule, SavedScope& saved, Loading& loading) {
  OpenAlert& alert = *saved.alert;
  std::vector<JudgedViolation> lit;
  for (const SavedEntry& entry : saved.entries)
    if (entry.light)
      lit.push_back(loading.judged(loading.violations[entry.violation], table_, *this));
  if (!lit.empty()) {
    sort_weightiest_first(lit);
    alert.carried = std::move(lit);
  }
  const Rule* edited = rules_->find(rule.id);
  if (edited == nullptr || !same_scope(*edited, saved.labels)) {
    orphans_.push_back({rule.id, rule.place, rule.severity, saved.labels,
                        edited == nullptr ? "rule removed" : "rule edited: its scope is another",
                        std::move(alert)});
    return;
  }
  const uint32_t scope =
      scope_of(static_cast<uint32_t>(edited - rules_->rules().data()), saved.labels);
  if (scope == kNoIndex) return;
  alert.pending = false;
  alert.quiet_since.reset();
  alert.judge_again = now_ + edited->within;
  scopes_[scope].alert = std::move(saved.alert);
}

void Engine::Core::load_orphans(ByteReader& in) {
  for (uint64_t left = read_count(in); left > 0 && in.ok(); --left) {
    Orphan orphan;
    orphan.rule_id = in.text();
    orphan.place = in.text();
    orphan.severity = read_severity(in);
    orphan.scope = read_labels(in);
    orphan.reason = in.text();
    orphan.alert = std::move(*read_alert(in));
    orphans_.push_back(std::move(orphan));
  }
}

// What is open now lights the leaves of rules that are new or edited from now on.
void Engine::Core::enter_fresh(const Loading& loading) {
  for (uint32_t live = 0; live < live_.size(); ++live) {
    if (live_[live].test == kNoIndex) continue;
    const Test& test = tests_[live_[live].test];
    for (uint32_t i = 0; i < test.bindings_count; ++i)
      if (!loading.restored[bindings_[test.bindings + i].rule]) update_entry(live, i, true);
  }
}

// Every scope with something in it is judged at the next call: nothing comes of it where nothing
// changed.
void Engine::Core::wake_all() {
  for (uint32_t i = 0; i < scopes_.size(); ++i) {
    Scope& scope = scopes_[i];
    if (scope.entries.empty() && !scope.alert && !scope.waiting_since) continue;
    scope.due = scope.pushed = now_;
    timers_.push_back({now_, scope.key, i});
  }
  std::make_heap(timers_.begin(), timers_.end());
}

std::unique_ptr<Engine::Core> Engine::Core::fresh() const {
  return std::make_unique<Core>(rules_, table_, workers_, limits_);
}

void Engine::Core::settle_after_load(std::vector<Decision>& out) {
  if (orphans_.empty()) return;
  for (const Orphan& orphan : orphans_) close_orphan(orphan, out);
  orphans_.clear();
}

void Engine::Core::close_orphan(const Orphan& orphan, std::vector<Decision>& out) {
  Decision decision;
  decision.what = Decision::What::kResolved;
  decision.alert_key = alert_key(orphan.rule_id, orphan.scope);
  at_ = Position{last_lsn_, now_, decision.alert_key.low, 0};
  decision.at = next_position();
  decision.time = now_;
  decision.rule_id = orphan.rule_id;
  decision.rule_place = orphan.place;
  decision.severity = orphan.severity;
  decision.scope = orphan.scope;
  decision.summary = orphan.alert.summary;
  decision.resolve_reason = orphan.reason;
  decision.violations = orphan.alert.carried;
  ++counts_.resolved;
  out.push_back(std::move(decision));
}

}  // namespace tocsin::rules
