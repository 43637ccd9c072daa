// Escalate now, hand over, call somebody besides.
#include <fmt/format.h>

#include "supervisor/book.h"
#include "supervisor/escalation.h"

namespace tocsin::supervisor {
namespace {

constexpr size_t kNameBytesMax = 200;
constexpr size_t kTextBytesMax = 10'000;

Result<void> fits(std::string_view what, std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{} has {} bytes; at most {}", what, text.size(), bytes_max));
}

std::string with_note(std::string text, const std::string& note) {
  return note.empty() ? text : fmt::format("{}: {}", text, note);
}

}  // namespace

Result<CommandDone> Supervisor::Book::run(const Escalate& c, const std::string& by, Changes& out) {
  if (auto good = fits("the note", c.note, kTextBytesMax); !good) return fail(good.error());
  const auto open = open_alert(c.alert, "escalate");
  if (!open) return fail(open.error());
  const auto& before = (*open)->view.escalation;
  Policies::Ptr policy = before ? before->policy : nullptr;
  const bool only_reminds = policy && reminds(*policy);
  if ((!policy || only_reminds) && rules_) policy = rules_->policies.standard();
  if (!policy)
    return fail(ErrorCode::kRefused,
                fmt::format("escalate {}: its route names no policy and there is no standard one; "
                            "add somebody instead, or name a policy in the configuration",
                            (*open)->view.opened->rule_id));
  AlertRecord& record = edit(c.alert);
  record.view.updated_at = now_;
  note_history(record, "escalated", by, c.note, out);
  const bool begins = !before || before->policy != policy;
  const bool answered = !record.view.acknowledged_by.empty();
  run_escalation(
      record,
      [&](EscalationRun& run) {
        // What begins now does its first step now.
        if (begins) run.begin_at_once(policy, answered, now_);
        if (!begins) run.escalate(now_);
      },
      out);
  tell_update(record, true, out);
  return done(c.alert);
}

void Supervisor::Book::take_over(AlertRecord& record, const std::string& by,
                                 const std::string& note, Changes& out) {
  if (record.view.acknowledged_by == by) return;
  record.view.acknowledged_by = by;
  record.view.acknowledged_at = now_;
  note_history(record, "acknowledged", by, note, out);
  note_response(record, by, out);
  acknowledge_until(record, {}, out);
  stop_escalation(record, out);
}

Result<CommandDone> Supervisor::Book::run(const Assign& c, const std::string& by, Changes& out) {
  if (auto good = fits("the note", c.note, kTextBytesMax); !good) return fail(good.error());
  if (c.person.empty()) return fail(ErrorCode::kInvalid, "assign: to whom? (\"person\")");
  if (auto good = fits("the name", c.person, kNameBytesMax); !good) return fail(good.error());
  const auto open = open_alert(c.alert, "assign");
  if (!open) return fail(open.error());
  const bool self = c.person == by;
  if (!self && directory().contacts(c.person, (*open)->view.latest->severity).empty())
    return fail(ErrorCode::kRefused,
                fmt::format("assign {} to {}: there is no person of that name who can be reached",
                            (*open)->view.opened->rule_id, c.person));
  AlertRecord& record = edit(c.alert);
  record.view.updated_at = now_;
  note_history(record, "assigned", by, with_note("to " + c.person, c.note), out);
  auto state = record.view.escalation ? std::make_shared<Escalation>(*record.view.escalation)
                                      : std::make_shared<Escalation>();
  state->assigned_to = c.person;
  keep_escalation(record, std::move(state), out);
  if (self) {
    take_over(record, by, "took over", out);
    // Who takes what a call was made for has all of it.
    for (const Id128& id : followers_of(record)) {
      AlertRecord& also = edit(id);
      if (!also.view.acknowledged_by.empty()) continue;
      take_over(also, by, "took over with " + record.view.opened->rule_id, out);
      tell_update(also, true, out, "acknowledged by " + by);
    }
  } else {
    // Nobody has it until that person says so: the policy goes on meanwhile.
    const bool had = !record.view.acknowledged_by.empty();
    record.view.acknowledged_by.clear();
    record.view.acknowledged_at = {};
    acknowledge_until(record, {}, out);
    run_escalation(
        record,
        [&](EscalationRun& run) {
          run.call_extra({TargetKind::kPerson, c.person}, by, now_);
          if (had) run.resume(now_);
        },
        out);
  }
  tell_update(record, true, out);
  return done(c.alert);
}

Result<CommandDone> Supervisor::Book::run(const AddResponder& c, const std::string& by,
                                          Changes& out) {
  if (auto good = fits("the note", c.note, kTextBytesMax); !good) return fail(good.error());
  const auto open = open_alert(c.alert, "call somebody about");
  if (!open) return fail(open.error());
  const auto target = parse_target(c.target);
  if (!target) return fail(target.error());
  const bool inbox = target->kind == TargetKind::kReceiver && target->name == kInboxReceiver;
  if (!inbox && !directory().exists(target->kind, target->name))
    return fail(ErrorCode::kRefused, fmt::format("call somebody about {}: there is no {}",
                                                 (*open)->view.opened->rule_id, target->text()));
  AlertRecord& record = edit(c.alert);
  record.view.updated_at = now_;
  note_history(record, "responder", by, with_note(target->text(), c.note), out);
  bool found = false;
  run_escalation(
      record, [&](EscalationRun& run) { found = run.call_extra(*target, by, now_); }, out);
  if (!found)
    note_history(
        record, "escalation", "",
        fmt::format("{}: nobody of it can be called, or all are called already", target->text()),
        out);
  return done(c.alert);
}

}  // namespace tocsin::supervisor
