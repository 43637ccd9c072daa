#include "supervisor/escalation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace tocsin::supervisor {
namespace {

using Call = EscalationCall;

constexpr size_t kAnswerBytesMax = 300;

bool alive(const Call& call) {
  return call.state == Call::State::kWaiting || call.state == Call::State::kPlanned ||
         call.state == Call::State::kSent;
}

std::string step_text(const EscalationPolicy& policy, uint32_t step, uint32_t round) {
  std::string out = fmt::format("step {} of {}", step + 1, policy.steps.size());
  if (step >= policy.steps.size()) out = "else";
  if (round > 0) out += fmt::format(", round {}", round + 1);
  return out;
}

std::string whom(const Call& call) { return call.person.empty() ? call.receiver : call.person; }

}  // namespace

bool active(const Escalation& state, const Call& call) {
  return call.extra || state.state == Escalation::State::kRunning ||
         state.state == Escalation::State::kExhausted;
}

bool reminds(const EscalationPolicy& policy) {
  return policy.steps.size() == 1 && policy.steps.front().again;
}

TimeMs next_due(const Escalation& state) {
  TimeMs due = state.state == Escalation::State::kRunning ? state.due : kTimeMax;
  for (const Call& call : state.calls) {
    if (!active(state, call)) continue;
    if (call.state == Call::State::kWaiting) due = std::min(due, call.due);
    if (call.state == Call::State::kPlanned && state.policy)
      due = std::min(due, call.due + state.policy->fail_over_after);
  }
  return due;
}

void EscalationRun::note(std::string_view what, std::string_view who, std::string text) {
  acts_.notes.push_back({std::string(what), std::string(who), std::move(text)});
}

void EscalationRun::begin(std::shared_ptr<const EscalationPolicy> policy, TimeMs now) {
  state_.policy = std::move(policy);
  state_.begun = now;
  state_.with = {};
  restart(now);
}

void EscalationRun::lead(TimeMs now, DurationMs wait) {
  state_.begun = now;
  state_.state = Escalation::State::kRunning;
  state_.round = state_.step = state_.fallback = 0;
  state_.due = now + wait + policy().steps.front().after;
  state_.left = {};
}

// Calls of before are done with: what still waits of them belongs to a pass that is over.
void EscalationRun::restart(TimeMs now) {
  if (!state_.policy) return;
  for (Call& call : state_.calls)
    if (call.state == Call::State::kWaiting && !call.extra) call.state = Call::State::kDropped;
  if (!state_.calls.empty()) ++state_.pass;
  state_.state = Escalation::State::kRunning;
  state_.round = state_.step = state_.fallback = 0;
  state_.due = now + policy().steps.front().after;
  state_.left = {};
  advance(now);
}

void EscalationRun::advance(TimeMs now) {
  for (TimeMs due = next_due(state_); due <= now; due = next_due(state_)) {
    const TimeMs at = std::max(due, TimeMs{0});
    tell_due(at);
    fail_late(at);
    if (state_.state != Escalation::State::kRunning || state_.due > at) continue;
    if (state_.step < policy().steps.size())
      do_step(at);
    else
      end_round(at);
  }
}

void EscalationRun::catch_up(TimeMs now) {
  if (state_.state == Escalation::State::kRunning) state_.due = std::max(state_.due, now);
  for (Call& call : state_.calls) {
    const bool open = call.state == Call::State::kWaiting || call.state == Call::State::kPlanned;
    if (open && active(state_, call)) call.due = std::max(call.due, now);
  }
}

void EscalationRun::do_step(TimeMs now) {
  const uint32_t step = state_.step++;
  const EscalationStep& what = policy().steps[step];
  const std::string where = step_text(policy(), step, state_.round);
  bool found = what.again && tell_again(now);
  for (const EscalationTarget& target : what.tell)
    found = add(target, fmt::format("{}, {}", target.text(), where), step, false, now) || found;
  const bool last = state_.step == policy().steps.size();
  if (found) {
    state_.due = now + (last ? policy().repeat_after : policy().steps[state_.step].after);
  } else {
    note("escalation", "", fmt::format("{}: nobody was there to be called anew", where));
    state_.due = last && reached_in_pass() ? now + policy().repeat_after : now;
    if (last && !reached_in_pass()) {
      fall_back(now);
      state_.due = now + policy().repeat_after;
    }
  }
  tell_due(now);
}

void EscalationRun::end_round(TimeMs now) {
  if (!reached_in_pass()) fall_back(now);
  if (state_.round < policy().repeat) {
    ++state_.round;
    ++state_.pass;
    state_.step = 0;
    state_.due = now;
    return;
  }
  state_.state = Escalation::State::kExhausted;
  note("escalation", "",
       fmt::format("nobody has acknowledged after {} round{} of policy {}", state_.round + 1,
                   state_.round == 0 ? "" : "s", policy().name));
  if (state_.fallback == 0) fall_back(now);
}

// `else`, then all admins, then the inbox: the first of them that reaches anybody.
void EscalationRun::fall_back(TimeMs now) {
  bool found = false;
  while (!found && state_.fallback < 3) {
    switch (++state_.fallback) {
      case 1:
        found = fall_back_to(policy().otherwise, now);
        break;
      case 2:
        found = add_people(directory_.admins(), "admin; nobody else could be reached",
                           static_cast<uint32_t>(policy().steps.size()), false, now);
        break;
      default:
        found = add_receiver("inbox", "nobody could be reached",
                             static_cast<uint32_t>(policy().steps.size()), false, now);
        note("escalation", "", "nobody can be reached; it stands in the inbox");
    }
  }
  tell_due(now);
}

bool EscalationRun::fall_back_to(const std::vector<EscalationTarget>& targets, TimeMs now) {
  bool found = false;
  for (const EscalationTarget& target : targets)
    found = add(target, "else of policy " + policy().name,
                static_cast<uint32_t>(policy().steps.size()), false, now) ||
            found;
  return found;
}

bool EscalationRun::room() {
  if (state_.calls.size() < kCallsMax) return true;
  if (state_.state == Escalation::State::kRunning) {
    state_.state = Escalation::State::kExhausted;
    note("escalation", "",
         fmt::format("{} calls were made, the most there may be; it ends here", kCallsMax));
  }
  return false;
}

bool EscalationRun::add(const EscalationTarget& target, const std::string& why, uint32_t step,
                        bool extra, TimeMs now) {
  switch (target.kind) {
    case TargetKind::kPerson:
      return add_person(target.name, why, step, extra, now);
    case TargetKind::kSchedule: {
      const auto people = directory_.on_call(target.name, now);
      if (people.empty())
        note("escalation", "", fmt::format("nobody is on call in {}", target.name));
      return add_people(people, why, step, extra, now);
    }
    case TargetKind::kTeam: {
      const auto people = directory_.people_of(target.name);
      if (people.empty())
        note("escalation", "", fmt::format("nobody is in the team {}", target.name));
      return add_people(people, why, step, extra, now);
    }
    case TargetKind::kReceiver:
      return add_receiver(target.name, why, step, extra, now);
  }
  return false;
}

bool EscalationRun::add_people(const std::vector<std::string>& people, const std::string& why,
                               uint32_t step, bool extra, TimeMs now) {
  bool found = false;
  for (const std::string& person : people)
    found = add_person(person, why, step, extra, now) || found;
  return found;
}

bool EscalationRun::add_person(const std::string& person, const std::string& why, uint32_t step,
                               bool extra, TimeMs now) {
  const bool called = std::any_of(state_.calls.begin(), state_.calls.end(), [&](const Call& call) {
    return call.person == person && call.pass == state_.pass && call.extra == extra &&
           call.state != Call::State::kDropped;
  });
  if (called) return false;
  if (directory_.on_leave(person, now)) {
    note("escalation", "", fmt::format("{} is on leave and is not called", person));
    return false;
  }
  const auto contacts = directory_.contacts(person, severity_);
  if (contacts.empty()) {
    note("escalation", "", fmt::format("there is no way to reach {} that works", person));
    return false;
  }
  if (!room()) return false;
  for (const Contact& contact : contacts) {
    Call call;
    call.person = person;
    call.receiver = contact.receiver;
    call.why = why;
    call.step = step;
    call.pass = state_.pass;
    call.extra = extra;
    call.due = now + contact.after;
    state_.calls.push_back(std::move(call));
  }
  return true;
}

bool EscalationRun::add_receiver(const std::string& receiver, const std::string& why, uint32_t step,
                                 bool extra, TimeMs now) {
  // Who heard of it by a route has heard of it in the first pass.
  if (state_.pass == 0 && !extra && told_.contains(receiver)) return false;
  const bool told = std::any_of(state_.calls.begin(), state_.calls.end(), [&](const Call& call) {
    return call.person.empty() && call.receiver == receiver && call.pass == state_.pass;
  });
  if (told || (receiver != "inbox" && !room())) return false;
  Call call;
  call.receiver = receiver;
  call.why = why;
  call.step = step;
  call.pass = state_.pass;
  call.extra = extra;
  call.due = now;
  state_.calls.push_back(std::move(call));
  return true;
}

bool EscalationRun::tell_again(TimeMs now) {
  bool found = false;
  const uint32_t step = state_.step - 1;
  for (const std::string& receiver : told_) {
    if (!room()) break;
    Call call;
    call.receiver = receiver;
    call.why = "reminder, " + step_text(policy(), step, state_.round);
    call.step = step;
    call.pass = state_.pass;
    call.due = now;
    state_.calls.push_back(std::move(call));
    found = true;
  }
  return found;
}

void EscalationRun::tell_due(TimeMs now) {
  for (size_t i = 0; i < state_.calls.size(); ++i) {
    Call& call = state_.calls[i];
    if (call.state != Call::State::kWaiting || call.due > now || !active(state_, call)) continue;
    call.state = Call::State::kPlanned;
    call.due = now;
    acts_.tells.push_back({i});
    note("called", whom(call),
         call.person.empty() ? call.why : fmt::format("by {}: {}", call.receiver, call.why));
  }
}

void EscalationRun::fail_late(TimeMs now) {
  if (!state_.policy) return;
  const DurationMs patience = policy().fail_over_after;
  for (size_t i = 0; i < state_.calls.size(); ++i) {
    const Call& call = state_.calls[i];
    if (call.state != Call::State::kPlanned || !active(state_, call)) continue;
    if (call.due + patience > now) continue;
    const std::string why =
        call.answer.empty() ? fmt::format("no answer within {}", to_text(patience)) : call.answer;
    failed(i, why, now);
  }
}

void EscalationRun::sent(size_t call) {
  // Also one that counted as late: it has arrived after all.
  state_.calls[call].state = Call::State::kSent;
}

void EscalationRun::retried(size_t call, std::string_view why) {
  state_.calls[call].answer = cut_text(why, kAnswerBytesMax);
}

// Somebody of this step may still hear of it.
bool EscalationRun::reached(uint32_t step) const {
  return std::any_of(state_.calls.begin(), state_.calls.end(), [&](const Call& call) {
    return call.pass == state_.pass && call.step == step && !call.extra && alive(call);
  });
}

bool EscalationRun::reached_in_pass() const {
  return std::any_of(state_.calls.begin(), state_.calls.end(), [&](const Call& call) {
    return call.pass == state_.pass && !call.extra && alive(call);
  });
}

// The person's next way, now instead of at its time.
bool EscalationRun::try_next_method(size_t failed, TimeMs now) {
  const Call& lost = state_.calls[failed];
  if (lost.person.empty()) return false;
  for (Call& call : state_.calls) {
    if (call.person != lost.person || call.pass != lost.pass || call.extra != lost.extra) continue;
    if (call.state != Call::State::kWaiting) continue;
    call.due = std::min(call.due, now);
    return true;
  }
  return false;
}

void EscalationRun::failed(size_t index, std::string_view why, TimeMs now) {
  const Call lost = state_.calls[index];
  if (lost.state == Call::State::kFailed || lost.state == Call::State::kSent) return;
  state_.calls[index].state = Call::State::kFailed;
  state_.calls[index].answer = cut_text(why, kAnswerBytesMax);
  const size_t line = acts_.notes.size();
  note("not sent", whom(lost), "");
  const size_t before = acts_.tells.size();
  const bool other_way = active(state_, lost) && try_next_method(index, now);
  const bool running = state_.state == Escalation::State::kRunning;
  const bool of_now = lost.pass == state_.pass && !lost.extra;
  if (!other_way && of_now && !reached(lost.step)) {
    const uint32_t steps = state_.policy ? static_cast<uint32_t>(policy().steps.size()) : 0;
    if (lost.step == steps && (running || state_.state == Escalation::State::kExhausted))
      fall_back(now);
    else if (running && lost.step + 1 == state_.step && state_.step < steps)
      do_step(now);
    else if (running && state_.step == steps && !reached_in_pass())
      fall_back(now);
  }
  tell_due(now);
  std::string instead;
  for (size_t i = before; i < acts_.tells.size(); ++i) {
    const Call& call = state_.calls[acts_.tells[i].call];
    instead +=
        (instead.empty() ? "" : ", ") + (call.person == lost.person ? call.receiver : whom(call));
  }
  acts_.notes[line].text =
      fmt::format("could not be sent to {}: {}{}", lost.receiver, state_.calls[index].answer,
                  instead.empty() ? "" : fmt::format("; {} is told instead", instead));
}

void EscalationRun::answer(TimeMs now) {
  for (Call& call : state_.calls)
    if (call.state == Call::State::kWaiting) call.state = Call::State::kDropped;
  if (state_.state == Escalation::State::kRunning)
    state_.left = std::max(DurationMs{}, state_.due - now);
  // After the last round there is nothing to go on with: taken back, it begins anew.
  if (state_.state == Escalation::State::kExhausted) state_.left = milliseconds(-1);
  if (state_.policy) state_.state = Escalation::State::kAnswered;
}

void EscalationRun::pause(TimeMs now) {
  if (state_.state != Escalation::State::kRunning) return;
  state_.left = std::max(DurationMs{}, state_.due - now);
  state_.state = Escalation::State::kPaused;
}

void EscalationRun::resume(TimeMs now) {
  if (state_.state != Escalation::State::kPaused && state_.state != Escalation::State::kAnswered)
    return;
  if (state_.left < DurationMs{}) return restart(now);
  state_.state = Escalation::State::kRunning;
  state_.due = now + state_.left;
  state_.left = {};
  advance(now);
}

void EscalationRun::begin_at_once(std::shared_ptr<const EscalationPolicy> policy, bool answered,
                                  TimeMs now) {
  state_.policy = std::move(policy);
  state_.begun = now;
  if (!state_.calls.empty()) ++state_.pass;
  state_.round = state_.step = state_.fallback = 0;
  state_.state = answered ? Escalation::State::kAnswered : Escalation::State::kRunning;
  escalate(now);
}

bool EscalationRun::escalate(TimeMs now) {
  if (!state_.policy) return false;
  const Escalation::State before = state_.state;
  if (before == Escalation::State::kExhausted || state_.step >= policy().steps.size()) {
    ++state_.pass;
    state_.step = state_.fallback = 0;
  }
  state_.state = Escalation::State::kRunning;
  do_step(now);
  advance(now);
  if (before != Escalation::State::kAnswered) return true;
  // Who has the alert asked for help: those are called, the rest waits as before.
  for (Call& call : state_.calls)
    if (call.state == Call::State::kWaiting || call.state == Call::State::kPlanned)
      call.extra = true;
  state_.left = std::max(DurationMs{}, state_.due - now);
  state_.state = Escalation::State::kAnswered;
  return true;
}

bool EscalationRun::call_extra(const EscalationTarget& target, const std::string& by, TimeMs now) {
  const auto step = static_cast<uint32_t>(state_.policy ? policy().steps.size() : 0);
  // Asked for again, they are called again.
  for (Call& call : state_.calls)
    if (call.extra && call.state == Call::State::kSent) call.pass = state_.pass - 1;
  const bool found = add(target, "asked for by " + by, step, true, now);
  tell_due(now);
  return found;
}

}  // namespace tocsin::supervisor
