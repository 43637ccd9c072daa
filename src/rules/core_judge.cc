// Opening is not holding: what opens an alert, what keeps it open, what closes it; and timers.
#include <algorithm>

#include "rules/core.h"
#include "rules/momentum.h"

namespace tocsin::rules {

void Engine::Core::run_timers(TimeMs until, std::vector<Decision>& out) {
  while (!timers_.empty() && timers_.front().due <= until) {
    const Wake wake = timers_.front();
    std::pop_heap(timers_.begin(), timers_.end());
    timers_.pop_back();
    Scope& scope = scopes_[wake.scope];
    if (scope.pushed != wake.due) continue;  // an earlier one took its place
    scope.pushed = kTimeMax;
    now_ = std::max(now_, wake.due);
    at_ = Position{last_lsn_, wake.due, wake.key.low, 0};
    if (scope.due == wake.due)
      judge(wake.scope, wake.due, false, out);
    else
      schedule(wake.scope);
  }
}

std::optional<TimeMs> Engine::Core::next_due() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.front().due;
}

void Engine::Core::judge(uint32_t index, TimeMs now, bool visible, std::vector<Decision>& out) {
  Scope& scope = scopes_[index];
  if (scope.entries.empty() && !scope.alert && !scope.waiting_since) return;
  expire(scope, now);
  if (scope.alert)
    judge_open(scope, now, visible, out);
  else
    judge_closed(scope, now, out);
  prune(scope);
  schedule(index);
}

// Windows that have passed, and silences that have lasted long enough.
bool Engine::Core::expire(Scope& scope, TimeMs now) {
  const Rule& rule = rule_of(scope);
  bool any = false;
  for (const uint32_t index : scope.entries) {
    Entry& entry = entries_[index];
    if (entry.lit == Entry::Lit::kWindow && now >= entry.lit_at + rule.within) {
      set_lit(scope, entry, Entry::Lit::kDark);
      any = true;
    }
    if (entry.lit == Entry::Lit::kMatching) continue;
    const LeafCondition& leaf = rule.leaves[entry.leaf];
    if (!leaf.longer_than || !leaf.matches(live_[entry.live].violation, now)) continue;
    entry.lit_at = now;
    set_lit(scope, entry, Entry::Lit::kMatching);
    any = true;
  }
  return any;
}

void Engine::Core::judge_closed(Scope& scope, TimeMs now, std::vector<Decision>& out) {
  const ScopeView seen = view(scope);
  if (evaluate(seen, 0, Nots::kSettled) != Truth::kTrue) {
    scope.waiting_since.reset();
    return;
  }
  if (seen.rule.has_not && evaluate(seen, 0, Nots::kPending) != Truth::kTrue) {
    if (!scope.waiting_since) scope.waiting_since = now;
    if (now < *scope.waiting_since + settle_of(scope)) return;
  }
  open(scope, now, out);
}

// The slowest cadence of the series below `not`, unless the rule says.
DurationMs Engine::Core::settle_of(const Scope& scope) const {
  const Rule& rule = rule_of(scope);
  if (rule.settle) return *rule.settle;
  DurationMs slowest{};
  for (const uint32_t leaf : rule.leaves_below_not)
    slowest = std::max(slowest, scope.leaves[leaf].cadence);
  return std::min(slowest, rule.within);
}

void Engine::Core::open(Scope& scope, TimeMs now, std::vector<Decision>& out) {
  scope.alert = std::make_unique<OpenAlert>();
  scope.alert->opened = now;
  scope.alert->next_prediction = now;
  join_lights(scope, true);
  track_predictions(*scope.alert, momentum_of(scope), now);
  emit(scope, Decision::What::kOpened, now, "", out);
  scope.waiting_since.reset();
  if (has_open_light(scope)) return;
  scope.alert->quiet_since = now;
  if (rule_of(scope).resolve_after == DurationMs{}) resolve(scope, now, "recovered", out);
}

// Matching entries that do not light the alert, at a leaf where the same test did before.
std::vector<uint32_t> Engine::Core::came_back(const Scope& scope) const {
  using Place = std::pair<uint32_t, uint32_t>;
  std::vector<uint32_t> out;
  for (const uint32_t index : scope.entries)
    if (!entries_[index].light && entries_[index].lit == Entry::Lit::kMatching)
      out.push_back(index);
  if (out.empty()) return out;
  const auto place = [&](uint32_t index) {
    return Place{entries_[index].leaf, live_[entries_[index].live].test};
  };
  std::vector<Place> lit;
  for (const uint32_t index : scope.entries)
    if (entries_[index].light) lit.push_back(place(index));
  std::sort(lit.begin(), lit.end());
  std::erase_if(out, [&](uint32_t index) {
    return !std::binary_search(lit.begin(), lit.end(), place(index));
  });
  return out;
}

// While the rule would open the alert, all that makes it do so lights it too; otherwise only what
// lit it before and came back.
bool Engine::Core::join_lights(Scope& scope, bool holds) {
  const ScopeView seen = view(scope);
  bool joined = false;
  const auto join = [&](uint32_t entry) {
    joined |= !entries_[entry].light;
    entries_[entry].light = true;
  };
  if (holds)
    for (const uint32_t entry : lights(seen)) join(entry);
  for (const uint32_t index : came_back(scope)) join(index);
  return joined;
}

bool Engine::Core::has_open_light(const Scope& scope) const {
  return std::any_of(scope.entries.begin(), scope.entries.end(), [&](uint32_t index) {
    const Entry& entry = entries_[index];
    return entry.light && live_[entry.live].violation.state != ViolationState::kEnded;
  });
}

void Engine::Core::judge_open(Scope& scope, TimeMs now, bool visible, std::vector<Decision>& out) {
  OpenAlert& alert = *scope.alert;
  if (now >= alert.next_prediction) track_predictions(alert, momentum_of(scope), now);
  if (alert.judge_again) {
    if (now >= *alert.judge_again) judge_edited(scope, now, out);
    return;
  }
  const bool holds = evaluate(view(scope), 0, Nots::kSettled) == Truth::kTrue;
  visible |= join_lights(scope, holds);
  if (has_open_light(scope)) {
    alert.quiet_since.reset();
  } else {
    if (!alert.quiet_since) alert.quiet_since = now;
    if (now >= *alert.quiet_since + rule_of(scope).resolve_after) {
      resolve(scope, now, "recovered", out);
      return;
    }
  }
  if (visible || alert.pending) show(scope, now, out);
}

// One window after its rule was edited an alert stands on what the new rule says, or falls.
void Engine::Core::judge_edited(Scope& scope, TimeMs now, std::vector<Decision>& out) {
  OpenAlert& alert = *scope.alert;
  alert.judge_again.reset();
  if (evaluate(view(scope), 0, Nots::kSettled) != Truth::kTrue) {
    resolve(scope, now, "no longer holds since the rule was edited", out);
    return;
  }
  alert.carried.clear();
  join_lights(scope, true);
  if (!has_open_light(scope)) alert.quiet_since = now;
  emit(scope, Decision::What::kUpdated, now, "", out);
}

// What lit the alert does not light the next one by what is left of its window.
void Engine::Core::resolve(Scope& scope, TimeMs now, std::string reason,
                           std::vector<Decision>& out) {
  emit(scope, Decision::What::kResolved, now, std::move(reason), out);
  scope.alert.reset();
  for (const uint32_t index : scope.entries) {
    Entry& entry = entries_[index];
    if (entry.light && entry.lit == Entry::Lit::kWindow) set_lit(scope, entry, Entry::Lit::kDark);
    entry.light = false;
  }
}

// At most one decision per alert and second: a storm of changes becomes one with all of them.
void Engine::Core::show(Scope& scope, TimeMs now, std::vector<Decision>& out) {
  scope.alert->pending = now < scope.alert->updated + kUpdateEvery;
  if (scope.alert->pending) return;
  emit(scope, Decision::What::kUpdated, now, "", out);
}

// Only numbers changed: told if the sentence or the trend reads differently, each 10 s at most.
void Engine::Core::refresh(Scope& scope, TimeMs now, std::vector<Decision>& out) {
  OpenAlert& alert = *scope.alert;
  if (now < alert.refreshed + kRefreshEvery) return;
  alert.refreshed = now;
  const Momentum momentum = momentum_of(scope);
  if (momentum.trend == alert.trend &&
      summary_of(scope, judged(scope), momentum.trend, now) == alert.summary)
    return;
  show(scope, now, out);
}

// An ended violation that lit the alert stays with it, until the same test lit it again.
bool Engine::Core::is_superseded(const Scope& scope, size_t position) const {
  const Entry& old = entries_[scope.entries[position]];
  for (size_t i = position + 1; i < scope.entries.size(); ++i) {
    const Entry& entry = entries_[scope.entries[i]];
    if (entry.light && entry.leaf == old.leaf && live_[entry.live].test == live_[old.live].test)
      return true;
  }
  return false;
}

void Engine::Core::prune(Scope& scope) {
  std::vector<uint32_t> done;
  for (size_t i = 0; i < scope.entries.size(); ++i) {
    const Entry& entry = entries_[scope.entries[i]];
    if (live_[entry.live].violation.state != ViolationState::kEnded) continue;
    if (entry.lit != Entry::Lit::kDark) continue;
    if (!entry.light || is_superseded(scope, i)) done.push_back(scope.entries[i]);
  }
  if (done.empty()) return;
  std::erase_if(scope.entries, [&](uint32_t index) {
    return std::find(done.begin(), done.end(), index) != done.end();
  });
  for (const uint32_t index : done) drop_entry(index);
}

TimeMs Engine::Core::alert_due(const OpenAlert& alert, const Rule& rule) const {
  TimeMs due = alert.next_prediction;
  if (alert.judge_again) return std::min(due, *alert.judge_again);
  if (alert.quiet_since) due = std::min(due, *alert.quiet_since + rule.resolve_after);
  if (alert.pending) due = std::min(due, alert.updated + kUpdateEvery);
  return due;
}

TimeMs Engine::Core::due_of(const Scope& scope) const {
  const Rule& rule = rule_of(scope);
  TimeMs due = kTimeMax;
  for (const uint32_t index : scope.entries) {
    const Entry& entry = entries_[index];
    if (entry.lit == Entry::Lit::kWindow) due = std::min(due, entry.lit_at + rule.within);
    const LeafCondition& leaf = rule.leaves[entry.leaf];
    const Violation& violation = live_[entry.live].violation;
    if (entry.lit == Entry::Lit::kMatching || !leaf.longer_than) continue;
    if (violation.direction != Direction::kSilent || !is_open(violation)) continue;
    const TimeMs long_enough = violation.opened + *leaf.longer_than;
    if (long_enough > now_) due = std::min(due, long_enough);
  }
  if (scope.waiting_since) due = std::min(due, *scope.waiting_since + settle_of(scope));
  if (scope.alert) due = std::min(due, alert_due(*scope.alert, rule));
  return due;
}

void Engine::Core::schedule(uint32_t index) {
  Scope& scope = scopes_[index];
  scope.due = due_of(scope);
  if (scope.due >= scope.pushed) return;
  scope.pushed = scope.due;
  timers_.push_back({scope.due, scope.key, index});
  std::push_heap(timers_.begin(), timers_.end());
}

}  // namespace tocsin::rules
