// What happens next: the same steps on a copy, as if everything could be sent and nobody answered.
#include <fmt/format.h>

#include <algorithm>

#include "supervisor/escalation.h"

namespace tocsin::supervisor {
namespace {

// More changes of time than this bring nothing new: every policy ends before.
constexpr size_t kTurnsMax = 2000;

EscalationNext next_of(const Escalation& state, const EscalationCall& call, TimeMs at) {
  EscalationNext out;
  out.at = at;
  out.person = call.person;
  out.receiver = call.receiver;
  out.why = call.why;
  out.steps = state.policy ? static_cast<uint32_t>(state.policy->steps.size()) : 0;
  out.step = call.extra || call.step >= out.steps ? 0 : call.step + 1;
  out.round = state.round + 1;
  out.rounds = state.policy ? state.policy->repeat + 1 : 1;
  out.text = call.person.empty() ? fmt::format("{} is told", call.receiver)
                                 : fmt::format("{} is called by {}", call.person, call.receiver);
  if (out.step > 0) out.text += fmt::format(" (step {} of {}", out.step, out.steps);
  if (out.step > 0 && out.round > 1) out.text += fmt::format(", round {}", out.round);
  if (out.step > 0) out.text += ")";
  if (out.step == 0) out.text += fmt::format(" ({})", call.why);
  return out;
}

}  // namespace

std::vector<EscalationNext> forecast(Escalation state, const Directory& directory,
                                     Severity severity, const std::set<std::string>& told,
                                     TimeMs now, size_t limit) {
  std::vector<EscalationNext> out;
  const auto arrive = [&](EscalationCall& call) {
    if (call.state == EscalationCall::State::kPlanned) call.state = EscalationCall::State::kSent;
  };
  std::for_each(state.calls.begin(), state.calls.end(), arrive);
  std::set<std::string> heard = told;
  for (size_t turn = 0; turn < kTurnsMax && out.size() < limit; ++turn) {
    const TimeMs due = next_due(state);
    if (due == kTimeMax) break;
    const TimeMs at = std::max(due, now);
    EscalationActs acts;
    EscalationRun(state, directory, severity, heard, acts).advance(at);
    for (const EscalationActs::Tell& tell : acts.tells) {
      if (out.size() < limit) out.push_back(next_of(state, state.calls[tell.call], at));
      heard.insert(state.calls[tell.call].receiver);
    }
    std::for_each(state.calls.begin(), state.calls.end(), arrive);
  }
  return out;
}

}  // namespace tocsin::supervisor
