#include "vocabulary/escalation.h"

namespace tocsin {

std::string_view to_text(TargetKind kind) {
  switch (kind) {
    case TargetKind::kPerson:
      return "person";
    case TargetKind::kSchedule:
      return "schedule";
    case TargetKind::kTeam:
      return "team";
    case TargetKind::kReceiver:
      return "receiver";
  }
  return "";
}

std::string EscalationTarget::text() const { return std::string(to_text(kind)) + " " + name; }

std::string_view to_text(EscalationCall::State state) {
  switch (state) {
    case EscalationCall::State::kWaiting:
      return "waiting";
    case EscalationCall::State::kPlanned:
      return "planned";
    case EscalationCall::State::kSent:
      return "sent";
    case EscalationCall::State::kFailed:
      return "failed";
    case EscalationCall::State::kDropped:
      return "not needed";
  }
  return "";
}

std::string_view to_text(Escalation::State state) {
  switch (state) {
    case Escalation::State::kNone:
      return "none";
    case Escalation::State::kRunning:
      return "running";
    case Escalation::State::kPaused:
      return "paused";
    case Escalation::State::kAnswered:
      return "answered";
    case Escalation::State::kExhausted:
      return "exhausted";
    case Escalation::State::kFollows:
      return "follows";
  }
  return "";
}

bool operator==(const Escalation& a, const Escalation& b) {
  const bool same_policy = a.policy == b.policy || (a.policy && b.policy && *a.policy == *b.policy);
  return same_policy && a.state == b.state && a.step == b.step && a.round == b.round &&
         a.pass == b.pass && a.fallback == b.fallback && a.begun == b.begun && a.due == b.due &&
         a.left == b.left && a.calls == b.calls && a.assigned_to == b.assigned_to &&
         a.acknowledged_until == b.acknowledged_until && a.with == b.with;
}

}  // namespace tocsin
