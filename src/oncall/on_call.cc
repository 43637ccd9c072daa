#include "oncall/on_call.h"

#include <algorithm>

namespace tocsin::oncall {

std::vector<Shift> OnCall::shifts(std::string_view schedule, TimeMs from, TimeMs to) const {
  const Schedule* found = roster_->schedule(schedule);
  if (found == nullptr) return {};
  return final_shifts(*roster_, *found, *overrides_, from, to);
}

std::vector<std::string> OnCall::on_call(std::string_view schedule, TimeMs at) const {
  const auto found = shifts(schedule, at, TimeMs{at.ms + 1});
  return found.empty() ? std::vector<std::string>{} : found.front().people;
}

std::vector<std::string> OnCall::people_of(std::string_view team) const {
  const Team* found = roster_->team(team);
  if (found == nullptr) return {};
  std::vector<std::string> out = found->people;
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<OnCall::Contact> OnCall::contacts(std::string_view person, Severity severity) const {
  std::vector<Contact> out;
  const Person* found = roster_->person(person);
  if (found == nullptr) return out;
  for (const ContactMethod& method : found->notify) {
    const auto& wanted = method.severities;
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), severity) != wanted.end())
      out.push_back({method.receiver, method.after});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Contact& a, const Contact& b) { return a.after < b.after; });
  return out;
}

TimeMs OnCall::next_change(std::string_view schedule, TimeMs after) const {
  const auto now = on_call(schedule, after);
  // Most changes are near; the far ones cost more and are looked for last.
  for (const DurationMs ahead : {days(8), days(62), days(731)}) {
    const TimeMs horizon = after + ahead;
    TimeMs until = after;  // so far the same people are on call
    for (const Shift& shift : shifts(schedule, after, horizon)) {
      if (!now.empty() && shift.begin > until) return until;  // nobody from then on
      if (shift.people != now) return shift.begin;
      until = shift.end;
    }
    if (!now.empty() && until < horizon) return until;
  }
  return kTimeMax;
}

}  // namespace tocsin::oncall
