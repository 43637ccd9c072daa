#include "rules/core.h"

#include <algorithm>

#include "base/check.h"

namespace tocsin::rules {
namespace {

bool is_absent(const Violation& violation) {
  return violation.state == ViolationState::kAbsent && violation.direction != Direction::kSilent;
}

// As assignment, but the worst point, which seldom changes, is not copied for nothing: its models
// are memory of their own.
void renew(Violation& kept, const Violation& told) {
  if (kept.worst.time != told.worst.time || kept.worst.score != told.worst.score)
    kept.worst = told.worst;
  kept.tier = told.tier;
  kept.state = told.state;
  kept.direction = told.direction;
  kept.opened = told.opened;
  kept.updated = told.updated;
  kept.ended = told.ended;
  kept.last = told.last;
  kept.points_outside = told.points_outside;
  kept.motion = told.motion;
  kept.cadence = told.cadence;
  kept.shift = told.shift;
  kept.outlook = told.outlook;
}

}  // namespace

Engine::Core::Core(std::shared_ptr<const RuleSet> rules, const SeriesTable& table,
                   WorkerNames workers, EngineLimits limits)
    : rules_(std::move(rules)), table_(table), workers_(std::move(workers)), limits_(limits) {
  index_leaves();
  scopes_by_labels_.resize(rules_->rules().size());
}

void Engine::Core::step(const StreamItem& item, std::vector<Decision>& out) {
  settle_after_load(out);
  if (item.at < last_item_) {
    ++counts_.repeated;
    return;
  }
  run_timers(item.arrival, out);
  ++counts_.items;
  last_item_ = at_ = item.at;
  last_lsn_ = std::max(last_lsn_, item.at.lsn);
  now_ = std::max(now_, item.arrival);
  if (const auto* change = std::get_if<ViolationChange>(&item.what))
    on_change(*change, out);
  else
    on_status(std::get<SeriesStatus>(item.what), out);
}

void Engine::Core::advance(Lsn last, TimeMs now, std::vector<Decision>& out) {
  settle_after_load(out);
  last_lsn_ = std::max(last_lsn_, last);
  run_timers(now, out);
  now_ = std::max(now_, now);
}

// What the violation says replaces what was known; telling it twice changes nothing.
void Engine::Core::on_change(const ViolationChange& change, std::vector<Decision>& out) {
  const Violation& told = change.violation;
  if (!table_.known(told.series)) return;
  const uint32_t test = test_of(told.series, told.worker, told.tier);
  uint32_t index = live_of(test, told.id);
  const bool was_unknown = tests_[test].unknown;
  bool changed = false;
  if (index == kNoIndex) {
    if (told.state == ViolationState::kEnded) return;
    index = add_live(test, change);
    if (index == kNoIndex) return;
    changed = true;
  } else {
    Live& live = live_[index];
    changed = live.violation.state != told.state || live.violation.cadence != told.cadence;
    tests_[test].absent -= is_absent(live.violation);
    renew(live.violation, told);
    if (change.tail) live.tail = change.tail;
  }
  tests_[test].absent += is_absent(told);
  set_unknown(test);
  const bool slower = note_cadence(test, told.cadence);
  visiting_ = index;
  visit(index, changed, slower || tests_[test].unknown != was_unknown, out);
  visiting_ = kNoIndex;
  release_if_done(index);
}

void Engine::Core::on_status(const SeriesStatus& status, std::vector<Decision>& out) {
  if (!table_.known(status.series)) return;
  const uint32_t index = test_of(status.series, status.worker, status.tier);
  Test& test = tests_[index];
  const bool was_unknown = test.unknown;
  test.status = status.what;
  test.since = status.since;
  test.guarded_from = status.guarded_from;
  set_unknown(index);
  const bool slower = note_cadence(index, status.cadence);
  if (was_unknown == test.unknown && !slower) return;
  for (uint32_t i = 0; i < test.bindings_count; ++i) {
    const uint32_t scope = bindings_[test.bindings + i].scope;
    const bool last =
        i + 1 == test.bindings_count || bindings_[test.bindings + i + 1].scope != scope;
    if (last) judge(scope, now_, false, out);
  }
}

uint32_t Engine::Core::live_of(uint32_t test, const Id128& id) const {
  for (uint32_t at = tests_[test].violation; at != kNoIndex; at = live_[at].next)
    if (live_[at].violation.id == id) return at;
  return kNoIndex;
}

uint32_t Engine::Core::add_live(uint32_t test, const ViolationChange& change) {
  if (live_.size() - free_live_.size() >= limits_.violations_max) {
    ++counts_.violations_refused;
    return kNoIndex;
  }
  uint32_t index = static_cast<uint32_t>(live_.size());
  if (free_live_.empty()) {
    live_.emplace_back();
  } else {
    index = free_live_.back();
    free_live_.pop_back();
  }
  Live& live = live_[index];
  live.violation = change.violation;
  live.tail = change.tail;
  live.test = test;
  live.next = tests_[test].violation;
  live.entries.assign(tests_[test].bindings_count, kNoIndex);
  tests_[test].violation = index;
  return index;
}

void Engine::Core::release_if_done(uint32_t index) {
  Live& live = live_[index];
  if (index == visiting_ || live.test == kNoIndex) return;
  if (live.violation.state != ViolationState::kEnded) return;
  for (const uint32_t entry : live.entries)
    if (entry != kNoIndex) return;
  uint32_t* link = &tests_[live.test].violation;
  while (*link != index) link = &live_[*link].next;
  *link = live.next;
  live = Live{};
  free_live_.push_back(index);
}

// The hot path: an update that changes nothing visible ends in update_entry without allocating.
void Engine::Core::visit(uint32_t live, bool changed, bool judge_all, std::vector<Decision>& out) {
  const uint32_t first = tests_[live_[live].test].bindings;
  const uint32_t count = tests_[live_[live].test].bindings_count;
  Effect effect;
  for (uint32_t i = 0; i < count; ++i) {
    const Effect more = update_entry(live, i, changed);
    effect.judge |= more.judge;
    effect.visible |= more.visible;
    effect.light |= more.light;
    const uint32_t scope = bindings_[first + i].scope;
    if (i + 1 < count && bindings_[first + i + 1].scope == scope) continue;
    if (effect.judge || judge_all)
      judge(scope, now_, effect.visible, out);
    else if (effect.light)
      refresh(scopes_[scope], now_, out);
    effect = {};
  }
}

Engine::Core::Effect Engine::Core::update_entry(uint32_t live_index, uint32_t i, bool changed) {
  Live& live = live_[live_index];
  const Binding binding = bindings_[tests_[live.test].bindings + i];
  const Rule& rule = rules_->rules()[binding.rule];
  const LeafCondition& leaf = rule.leaves[binding.leaf];
  if (live.entries[i] == kNoIndex) {
    if (live.violation.state == ViolationState::kEnded || !leaf.allows(live.violation.direction))
      return {};
    live.entries[i] = add_entry(live_index, binding);
    if (live.entries[i] == kNoIndex) {
      counts_.violations_refused += changed;
      return {};
    }
    changed = true;
  }
  Entry& entry = entries_[live.entries[i]];
  Entry::Lit lit = Entry::Lit::kDark;
  if (leaf.matches(live.violation, now_))
    lit = Entry::Lit::kMatching;
  else if (entry.lit != Entry::Lit::kDark && now_ < entry.lit_at + rule.within)
    lit = Entry::Lit::kWindow;
  const bool relit = lit != entry.lit;
  if (relit) {
    if (lit == Entry::Lit::kMatching) entry.lit_at = now_;
    set_lit(scopes_[binding.scope], entry, lit);
  }
  return {changed || relit, changed && entry.light, entry.light};
}

uint32_t Engine::Core::add_entry(uint32_t live, const Binding& binding) {
  Scope& scope = scopes_[binding.scope];
  if (scope.entries.size() >= limits_.violations_per_scope) return kNoIndex;
  uint32_t index = static_cast<uint32_t>(entries_.size());
  if (free_entries_.empty()) {
    entries_.emplace_back();
    entry_scope_.emplace_back();
  } else {
    index = free_entries_.back();
    free_entries_.pop_back();
  }
  entries_[index] = Entry{live, binding.leaf, Entry::Lit::kDark, false, {}};
  entry_scope_[index] = binding.scope;
  scope.entries.push_back(index);
  return index;
}

// The caller has taken it out of its scope's list.
void Engine::Core::drop_entry(uint32_t index) {
  set_lit(scopes_[entry_scope_[index]], entries_[index], Entry::Lit::kDark);
  const uint32_t live = entries_[index].live;
  std::replace(live_[live].entries.begin(), live_[live].entries.end(), index, kNoIndex);
  entries_[index] = Entry{};
  free_entries_.push_back(index);
  release_if_done(live);
}

void Engine::Core::set_lit(Scope& scope, Entry& entry, Entry::Lit lit) {
  LeafState& leaf = scope.leaves[entry.leaf];
  leaf.matching -= entry.lit == Entry::Lit::kMatching;
  leaf.window -= entry.lit == Entry::Lit::kWindow;
  entry.lit = lit;
  leaf.matching += lit == Entry::Lit::kMatching;
  leaf.window += lit == Entry::Lit::kWindow;
}

void Engine::Core::set_unknown(uint32_t index) {
  Test& test = tests_[index];
  const bool unknown = test.status != SeriesStatus::What::kGuarded || test.absent > 0;
  if (unknown == test.unknown) return;
  test.unknown = unknown;
  for (uint32_t i = 0; i < test.bindings_count; ++i) {
    const Binding& binding = bindings_[test.bindings + i];
    uint32_t& count = scopes_[binding.scope].leaves[binding.leaf].unknown;
    TOCSIN_CHECK(unknown || count > 0, "unknown count of leaf {} would fall below 0", binding.leaf);
    unknown ? ++count : --count;
  }
}

// Whether `not` may have to wait longer than before.
bool Engine::Core::note_cadence(uint32_t index, DurationMs cadence) {
  Test& test = tests_[index];
  if (cadence <= DurationMs{} || cadence == test.cadence) return false;
  test.cadence = cadence;
  bool slower = false;
  for (uint32_t i = 0; i < test.bindings_count; ++i) {
    const Binding& binding = bindings_[test.bindings + i];
    LeafState& leaf = scopes_[binding.scope].leaves[binding.leaf];
    if (cadence <= leaf.cadence) continue;
    leaf.cadence = cadence;
    slower = true;
  }
  return slower;
}

}  // namespace tocsin::rules
