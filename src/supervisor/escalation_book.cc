// Who is called one after the other: the escalation of an alert in the book. What it does is in
// escalation.h; here it is run, written down, and turned into intents.
#include <fmt/format.h>

#include <algorithm>

#include "supervisor/book.h"
#include "supervisor/escalation.h"
#include "supervisor/preview.h"

namespace tocsin::supervisor {
namespace {

// What fell due while nothing ran (the program was down) begins now, with the delays of the policy
// from now on: all steps at once would call everybody and give nobody time to acknowledge.
constexpr DurationMs kOverdue = minutes(1);

const Directory& nobody() {
  static const FixedDirectory directory;
  return directory;
}

size_t index_of(Severity severity) { return static_cast<size_t>(severity); }

}  // namespace

const Directory& Supervisor::Book::directory() const { return directory_ ? *directory_ : nobody(); }

void Supervisor::Book::set_escalation(std::shared_ptr<const EscalationRules> rules) {
  rules_ = std::move(rules);
}

void Supervisor::Book::set_directory(std::shared_ptr<const Directory> directory) {
  directory_ = std::move(directory);
}

// The policy that an alert is to have now; null = none.
Policies::Ptr Supervisor::Book::policy_of(const AlertRecord& record) const {
  if (!rules_) return nullptr;
  const Severity severity = record.view.latest->severity;
  const auto [name, quiet] = routes_.policy(alert_labels(record.view.latest), severity, now_);
  if (quiet) return nullptr;
  return name.empty() ? rules_->reminders[index_of(severity)] : rules_->policies.find(name);
}

void Supervisor::Book::run_escalation(AlertRecord& record,
                                      const std::function<void(EscalationRun&)>& what,
                                      Changes& out) {
  auto state = record.view.escalation ? std::make_shared<Escalation>(*record.view.escalation)
                                      : std::make_shared<Escalation>();
  EscalationActs acts;
  EscalationRun run(*state, directory(), record.view.latest->severity, record.told, acts);
  what(run);
  for (const EscalationActs::Note& note : acts.notes)
    note_history(record, note.what, note.who, note.text, out);
  for (const EscalationActs::Tell& tell : acts.tells) {
    EscalationCall& call = state->calls[tell.call];
    call.delivery = call_out(record, call, tell.call, out);
  }
  keep_escalation(record, std::move(state), out);
}

void Supervisor::Book::keep_escalation(AlertRecord& record, std::shared_ptr<const Escalation> state,
                                       Changes& out) {
  out.escalations.push_back({record.view.id, state});
  record.view.escalation = std::move(state);
}

// The intent of one call: each call is told anew, whatever the receiver was told before.
int64_t Supervisor::Book::call_out(AlertRecord& record, const EscalationCall& call, size_t index,
                                   Changes& out) {
  NotificationIntent intent;
  intent.id = next_delivery_++;
  intent.alert_id = record.view.id;
  intent.receiver = call.receiver;
  intent.event = Event::kOpened;
  intent.planned = now_;
  IdBuilder key;
  key.add(to_text(record.view.id)).add(call.receiver).add("call");
  key.add(static_cast<int64_t>(index));
  intent.dedupe_key = to_text(key.finish());
  out.intents.push_back(std::move(intent));
  planned_total_.add();
  record.told.insert(call.receiver);
  if (record.spoke_at == TimeMs{}) record.spoke_at = now_;
  return out.intents.back().id;
}

void Supervisor::Book::begin_escalation(AlertRecord& record, Changes& out) {
  const auto [name, quiet] =
      routes_.policy(alert_labels(record.view.latest), record.view.latest->severity, now_);
  if (quiet && rules_) return keep_quiet(record, "policy " + name, "", *quiet, out);
  const Policies::Ptr policy = policy_of(record);
  if (!policy) return;
  // Who is to be reminded has not been told yet.
  if (reminds(*policy) && !record.spoke() && record.speak_at > now_) return;
  if (!reminds(*policy)) {
    if (const auto leader = leader_of(record, *policy)) return follow(record, *leader, policy, out);
    note_call(record, *policy);
  }
  run_escalation(
      record, [&](EscalationRun& run) { run.begin(policy, now_); }, out);
}

// It became more severe: the policy of its route now, from the first step. Whoever has
// acknowledged it goes on having it.
void Supervisor::Book::raise_escalation(AlertRecord& record, Changes& out) {
  if (!record.spoke() || muted(record.view)) return;
  const Policies::Ptr policy = policy_of(record);
  const auto& before = record.view.escalation;
  if (!policy || (before && before->policy && *before->policy == *policy &&
                  before->state != Escalation::State::kExhausted &&
                  before->state != Escalation::State::kFollows && !policy->steps.front().again))
    return;
  if (record.view.acknowledged_by.empty()) begin_escalation(record, out);
}

void Supervisor::Book::pause_escalation(AlertRecord& record, Changes& out) {
  const auto& state = record.view.escalation;
  if (!state || state->state != Escalation::State::kRunning) return;
  run_escalation(
      record, [&](EscalationRun& run) { run.pause(now_); }, out);
  handing_over_.push_back(open_record(record.view.id));
}

void Supervisor::Book::resume_escalation(AlertRecord& record, Changes& out) {
  const auto& state = record.view.escalation;
  if (!state || muted(record.view)) return;
  const bool follows = state->state == Escalation::State::kFollows;
  if (state->state != Escalation::State::kPaused && !follows) return;
  // It became more severe while nobody was to hear of it.
  const Policies::Ptr policy = policy_of(record);
  if (policy && state->policy && policy->name != state->policy->name)
    return begin_escalation(record, out);
  if (falls_in(record, out)) return;
  if (const auto bundle = bundles_.find(bundle_of(record)); bundle != bundles_.end())
    bundle->second.leader = record.view.id;
  run_escalation(record, [&](EscalationRun& run) { run.resume(now_); }, out);
}

void Supervisor::Book::stop_escalation(AlertRecord& record, Changes& out) {
  if (!record.view.escalation) return;
  run_escalation(
      record, [&](EscalationRun& run) { run.answer(now_); }, out);
}

// Due: a step, a way of reaching somebody, a call that was not sent in time.
void Supervisor::Book::escalate_due(const Id128& id, TimeMs due, Changes& out) {
  const bool overdue = advancing_to_ - due > kOverdue;
  if (overdue) now_ = std::max(now_, advancing_to_);
  run_escalation(
      edit(id),
      [&](EscalationRun& run) {
        if (overdue) run.catch_up(now_);
        run.advance(now_);
      },
      out);
}

void Supervisor::Book::acknowledgement_ends(const Id128& id, Changes& out) {
  AlertRecord& record = edit(id);
  const std::string by = record.view.acknowledged_by;
  auto state = std::make_shared<Escalation>(*record.view.escalation);
  state->acknowledged_until = {};
  keep_escalation(record, std::move(state), out);
  record.view.acknowledged_by.clear();
  record.view.acknowledged_at = {};
  record.view.updated_at = now_;
  note_history(record, "unacknowledged", "", fmt::format("the time that {} took is over", by), out);
  tell_update(record, true, out, fmt::format("the time that {} took is over", by));
  if (record.view.escalation->policy)
    run_escalation(
        record, [&](EscalationRun& run) { run.restart(now_); }, out);
}

void Supervisor::Book::acknowledge_until(AlertRecord& record, TimeMs until, Changes& out) {
  const auto& before = record.view.escalation;
  if (until == TimeMs{} && (!before || before->acknowledged_until == TimeMs{})) return;
  auto state = before ? std::make_shared<Escalation>(*before) : std::make_shared<Escalation>();
  state->acknowledged_until = until;
  keep_escalation(record, std::move(state), out);
}

void Supervisor::Book::note_response(AlertRecord& record, const std::string& by, Changes& out) {
  if (std::exchange(record.answered, true)) return;
  Response response;
  response.alert = record.view.id;
  response.told_at = record.spoke_at == TimeMs{} ? record.view.opened_at : record.spoke_at;
  response.acknowledged_at = now_;
  response.by = by;
  response.severity = record.view.latest->severity;
  if (rules_) response.target = rules_->ack_target[index_of(response.severity)];
  response_times_.add(response.severity, now_ - response.told_at, response.target);
  out.responses.push_back(std::move(response));
}

void Supervisor::Book::delivered(const Delivery& delivery, Changes& out) {
  const auto open = open_record(delivery.alert_id);
  if (open == nullptr || !open->view.escalation) return;
  const auto& calls = open->view.escalation->calls;
  const auto call = std::find_if(calls.begin(), calls.end(), [&](const EscalationCall& one) {
    return one.delivery == delivery.id;
  });
  if (call == calls.end() || call->state == EscalationCall::State::kSent) return;
  const auto index = static_cast<size_t>(call - calls.begin());
  if (delivery.state == Delivery::State::kPlanned) return;
  AlertRecord& record = edit(delivery.alert_id);
  run_escalation(
      record,
      [&](EscalationRun& run) {
        switch (delivery.state) {
          case Delivery::State::kSent:
            return run.sent(index);
          case Delivery::State::kGivenUp:
            return run.failed(index, delivery.answer, now_);
          case Delivery::State::kFailed:
            return run.retried(index, delivery.answer);
          case Delivery::State::kPlanned:
            return;
        }
      },
      out);
  publish(out);  // with the call: the outbox tells of nothing it has no view of
}

std::vector<EscalationNext> Supervisor::Book::next(const Id128& id, size_t limit) const {
  const auto open = open_record(id);
  if (open == nullptr) return {};
  const AlertRecord& record = *open;
  if (record.speak_at > now_ && !muted(record.view)) return next_kept(record);
  if (!record.view.escalation) return {};
  if (record.view.escalation->state == Escalation::State::kFollows) {
    const auto bundle = bundles_.find(record.view.escalation->with);
    const bool led = bundle != bundles_.end() && bundle->second.leader != id;
    return led ? next(bundle->second.leader, limit) : std::vector<EscalationNext>();
  }
  return forecast(*record.view.escalation, directory(), record.view.latest->severity, record.told,
                  now_, limit);
}

EscalationPreview Supervisor::Book::preview(const Labels& labels, Severity severity, TimeMs at,
                                            size_t limit) const {
  EscalationPreview out =
      preview_of({routes_, rules_.get(), directory()}, labels, severity, at, limit);
  for (const auto& [id, silence] : silences_)
    if (silence.matches(labels)) out.silenced_by.push_back(id);
  return out;
}

}  // namespace tocsin::supervisor
