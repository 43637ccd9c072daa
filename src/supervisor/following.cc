// One call for many alerts: what is told in one group, or opens in a burst, calls people once. The
// first alert is called for; the others follow it, and one of them takes over when it ends.
#include <fmt/format.h>

#include <algorithm>

#include "supervisor/book.h"
#include "supervisor/escalation.h"

namespace tocsin::supervisor {
namespace {

bool follows(const AlertRecord& record) {
  return record.view.escalation && record.view.escalation->state == Escalation::State::kFollows;
}

// Whether a call for it is under way, or was answered.
bool called_for(const AlertRecord& record) {
  if (!record.view.escalation || muted(record.view)) return false;
  const Escalation::State state = record.view.escalation->state;
  return state == Escalation::State::kRunning || state == Escalation::State::kAnswered;
}

}  // namespace

// Not one that is less severe: its call may be meant for others, or for later.
bool Supervisor::Book::may_lead(const Id128& id, const AlertRecord& record,
                                const EscalationPolicy& policy) const {
  const auto open = open_record(id);
  if (open == nullptr || id == record.view.id) return false;
  const AlertRecord& leader = *open;
  return called_for(leader) && leader.view.escalation->policy->name == policy.name &&
         leader.view.latest->severity <= record.view.latest->severity;
}

std::optional<Id128> Supervisor::Book::leader_of(const AlertRecord& record,
                                                 const EscalationPolicy& policy) {
  for (const Id128& id : record.view.groups) {
    const auto group = groups_.find(id);
    if (group == groups_.end()) continue;
    // Any member leads to the one that is called for, so that a large group is no search.
    for (const auto& [member, entry] : group->second.members) {
      const auto open = open_.find(member);
      if (open == open_.end()) continue;
      // Nobody is called for one that is packed; others may be behind whom it once led.
      const bool packed = open->second.whole == nullptr;
      const auto bundle = bundles_.find(packed ? member : bundle_of(*open->second.whole));
      if (packed && bundle == bundles_.end()) continue;
      const Id128 leader = bundle == bundles_.end() ? member : bundle->second.leader;
      if (may_lead(leader, record, policy)) return leader;
    }
  }
  if (options_.storm.calls == 0) return std::nullopt;
  const auto burst = bursts_.find(policy.name);
  if (burst == bursts_.end() || !may_lead(burst->second.leader, record, policy))
    return std::nullopt;
  const bool over = burst->second.begun.count(now_, options_.storm.window) >=
                    static_cast<size_t>(options_.storm.calls);
  return over ? std::optional(burst->second.leader) : std::nullopt;
}

// It begins a call of its own: the latest one is whom a burst follows.
void Supervisor::Book::note_call(const AlertRecord& record, const EscalationPolicy& policy) {
  if (options_.storm.calls == 0) return;
  Burst& burst = bursts_[policy.name];
  burst.begun.add(now_, options_.storm.window, static_cast<size_t>(options_.storm.calls));
  burst.leader = record.view.id;
}

// Alerts that are called for by one call are a bundle; its id is that of the first one called for.
// Only a new leader is written when the leader changes: thousands may stand behind it.
Id128 Supervisor::Book::bundle_of(const AlertRecord& record) {
  const auto& state = record.view.escalation;
  return state && state->with != Id128{} ? state->with : record.view.id;
}

void Supervisor::Book::follow(AlertRecord& record, const Id128& leader, Policies::Ptr policy,
                              Changes& out) {
  auto state = std::make_shared<Escalation>();
  state->policy = std::move(policy);
  state->state = Escalation::State::kFollows;
  state->begun = now_;
  const auto leading = open_record(leader);
  state->with = bundle_of(*leading);
  if (record.view.escalation) state->assigned_to = record.view.escalation->assigned_to;
  bundles_[state->with].leader = leader;
  bundles_[state->with].followers.insert(record.view.id);
  note_history(
      record, "escalation", "",
      fmt::format("called together with {} ({})", leading->view.opened->rule_id, to_text(leader)),
      out);
  keep_escalation(record, std::move(state), out);
}

// As they opened.
std::vector<Id128> Supervisor::Book::followers_of(const AlertRecord& leader) const {
  const Id128 bundle = bundle_of(leader);
  const auto found = bundles_.find(bundle);
  if (found == bundles_.end() || found->second.leader != leader.view.id) return {};
  std::vector<std::pair<TimeMs, Id128>> order;
  for (const Id128& id : found->second.followers) {
    const auto open = open_record(id);
    if (open == nullptr || !follows(*open)) continue;
    const AlertView& view = open->view;
    if (view.escalation->with == bundle) order.emplace_back(view.opened_at, id);
  }
  std::sort(order.begin(), order.end());
  std::vector<Id128> out;
  for (const auto& [opened, id] : order) out.push_back(id);
  return out;
}

// The leader is over, or nobody is to hear of it. Called at the end of a call: what ends or is
// muted together does not pass it on to each other.
void Supervisor::Book::hand_over(const AlertRecord& leader, Changes& out) {
  const auto bundle = bundles_.find(bundle_of(leader));
  if (bundle == bundles_.end()) return;
  const bool over = !open_.contains(leader.view.id);
  if (over) bundle->second.followers.erase(leader.view.id);
  std::shared_ptr<const AlertRecord> next;
  for (const Id128& id : followers_of(leader)) {
    auto record = open_record(id);
    const bool wants = record->view.acknowledged_by.empty() && !muted(record->view);
    if (wants && (next == nullptr || record->view.latest->severity < next->view.latest->severity))
      next = std::move(record);
  }
  if (next != nullptr)
    lead(edit(next->view.id), out);
  else if (bundle->second.followers.empty() && !open_.contains(bundle->second.leader))
    bundles_.erase(bundle);
}

// It is called for from the first step, for all of its bundle; in a while only, because alerts of
// one trouble seldom end in the same second.
void Supervisor::Book::lead(AlertRecord& record, Changes& out) {
  const Policies::Ptr policy = record.view.escalation->policy;
  Bundle& bundle = bundles_[bundle_of(record)];
  bundle.leader = record.view.id;
  bundle.followers.erase(record.view.id);
  note_call(record, *policy);
  run_escalation(record, [&](EscalationRun& run) { run.lead(now_, options_.cover_slack); }, out);
}

// It is muted no longer: whoever leads its bundle now leads it, too.
bool Supervisor::Book::falls_in(AlertRecord& record, Changes& out) {
  const auto& state = record.view.escalation;
  const auto bundle = bundles_.find(bundle_of(record));
  if (bundle == bundles_.end() || !state->policy) return false;
  const Id128 leader = bundle->second.leader;
  const bool behind = leader != record.view.id && may_lead(leader, record, *state->policy);
  if (follows(record)) {
    if (!behind && record.view.acknowledged_by.empty()) lead(record, out);
    return true;
  }
  if (behind) follow(record, leader, state->policy, out);
  return behind;
}

void Supervisor::Book::settle_calls(Changes& out) {
  for (const auto& leader : std::exchange(handing_over_, {})) hand_over(*leader, out);
}

// After load(): who is called for together is in the alerts, and when the latest calls began.
void Supervisor::Book::load_bundles() {
  for (const auto& [id, slot] : open_) {
    if (!slot.whole || !slot.whole->view.escalation) continue;
    // Also of one whose members are all muted: none is called for and none follows now.
    if (const Id128 bundle = slot.whole->view.escalation->with; bundle != Id128{})
      if (auto& followers = bundles_[bundle].followers; follows(*slot.whole)) followers.insert(id);
  }
  for (const auto& [id, slot] : open_) {
    if (!slot.whole) continue;  // nobody is called for it
    const auto bundle = bundles_.find(bundle_of(*slot.whole));
    if (bundle != bundles_.end() && called_for(*slot.whole)) bundle->second.leader = id;
  }
  if (options_.storm.calls == 0) return;
  std::vector<std::pair<TimeMs, Id128>> calls;
  for (const auto& [id, slot] : open_)
    if (slot.whole && called_for(*slot.whole) && slot.whole->view.escalation->policy)
      calls.emplace_back(slot.whole->view.escalation->begun, id);
  std::sort(calls.begin(), calls.end());
  for (const auto& [begun, id] : calls) {
    const EscalationPolicy& policy = *open_.at(id).whole->view.escalation->policy;
    if (reminds(policy)) continue;
    Burst& burst = bursts_[policy.name];
    burst.begun.add(begun, options_.storm.window, static_cast<size_t>(options_.storm.calls));
    burst.leader = id;
  }
}

// For commands that name a group: its open alerts that were told of, as they opened.
std::vector<Id128> Supervisor::Book::members_of(const Id128& group) const {
  const auto found = groups_.find(group);
  if (found == groups_.end()) return {};
  std::vector<std::pair<TimeMs, Id128>> order;
  for (const auto& [id, member] : found->second.members)
    if (const auto open = open_.find(id);
        open != open_.end() && member.state == GroupMember::State::kTold)
      order.emplace_back(rank_of(id, open->second).opened_at, id);
  std::sort(order.begin(), order.end());
  std::vector<Id128> out;
  for (const auto& [opened, id] : order) out.push_back(id);
  return out;
}

}  // namespace tocsin::supervisor
