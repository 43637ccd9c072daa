#include "supervisor/preview.h"

#include <algorithm>
#include <utility>

namespace tocsin::supervisor {

EscalationPreview preview_of(const PreviewParts& parts, const Labels& labels, Severity severity,
                             TimeMs at, size_t limit) {
  EscalationPreview out;
  out.routes = parts.routes.explain(labels, severity);
  for (const Telling& one : parts.routes.tellings(labels, severity, at)) {
    // Routes that the tiers made stand in no file.
    const bool placed = !one.route.empty() && !one.route.starts_with(':');
    EscalationPreview::Told told{placed ? one.route : "", {}, one.receivers, {}, {}, one.quiet};
    if (!one.quiet)
      out.receivers.insert(out.receivers.end(), one.receivers.begin(), one.receivers.end());
    if (!one.receivers.empty()) told.customer = parts.routes.owner(one.receivers.front());
    if (one.grouping != nullptr) told.grouping = *one.grouping;
    if (one.repeat != nullptr) told.repeat = *one.repeat;
    out.tellings.push_back(std::move(told));
  }
  std::sort(out.receivers.begin(), out.receivers.end());
  if (parts.rules == nullptr) return out;
  const auto [name, quiet] = parts.routes.policy(labels, severity, at);
  if (quiet) at = quiet->until;  // it begins then
  const Policies::Ptr policy = name.empty() ? parts.rules->reminders[static_cast<size_t>(severity)]
                                            : parts.rules->policies.find(name);
  if (!policy) return out;
  out.policy = policy->name;
  const std::set<std::string> told(out.receivers.begin(), out.receivers.end());
  // One turn before it begins, so that the first step is part of what is to come.
  Escalation state;
  state.policy = policy;
  state.state = Escalation::State::kRunning;
  state.begun = at;
  state.due = at + policy->steps.front().after;
  out.next = forecast(std::move(state), parts.directory, severity, told, at, limit);
  return out;
}

}  // namespace tocsin::supervisor
