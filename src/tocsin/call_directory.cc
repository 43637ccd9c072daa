#include "tocsin/call_directory.h"

#include <algorithm>

namespace tocsin {

bool is_own_receiver(std::string_view name) { return name.find('/') != name.npos; }

std::vector<std::string> CallDirectory::on_call(const std::string& schedule, TimeMs at) const {
  return on_call_.on_call(schedule, at);
}

std::vector<std::string> CallDirectory::people_of(const std::string& team) const {
  return on_call_.people_of(team);
}

// A way without a receiver cannot work: the linter of the schedules names it.
std::vector<supervisor::Contact> CallDirectory::contacts(const std::string& person,
                                                         Severity severity) const {
  std::vector<supervisor::Contact> out;
  for (const oncall::OnCall::Contact& contact : on_call_.contacts(person, severity))
    if (receivers_->find(contact.receiver) != nullptr)
      out.push_back({contact.receiver, contact.after});
  return out;
}

bool CallDirectory::on_leave(const std::string& person, TimeMs at) const {
  const oncall::Person* found = on_call_.roster().person(person);
  return found != nullptr && found->on_leave(at);
}

std::vector<std::string> CallDirectory::names(TargetKind kind) const {
  std::vector<std::string> out;
  switch (kind) {
    case TargetKind::kPerson:
      for (const oncall::Person& one : on_call_.roster().people()) out.push_back(one.name);
      break;
    case TargetKind::kSchedule:
      for (const oncall::Schedule& one : on_call_.roster().schedules()) out.push_back(one.name);
      break;
    case TargetKind::kTeam:
      for (const oncall::Team& one : on_call_.roster().teams()) out.push_back(one.name);
      break;
    case TargetKind::kReceiver:
      // A policy does not know whose alert it is: a customer's receivers are told by routes alone.
      for (const respond::Receiver& one : receivers_->list())
        if (!is_own_receiver(one.name) && !one.customers) out.push_back(one.name);
      break;
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace tocsin
