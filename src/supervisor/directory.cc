#include "supervisor/directory.h"

#include <algorithm>

namespace tocsin::supervisor {
namespace {

template <class Table>
std::vector<std::string> keys(const Table& table) {
  std::vector<std::string> out;
  for (const auto& [name, value] : table) out.push_back(name);
  return out;
}

}  // namespace

bool Directory::exists(TargetKind kind, std::string_view name) const {
  const auto all = names(kind);
  return std::find(all.begin(), all.end(), name) != all.end();
}

std::vector<std::string> FixedDirectory::on_call(const std::string& schedule, TimeMs at) const {
  const auto found = schedules.find(schedule);
  if (found == schedules.end()) return {};
  std::vector<std::string> out;
  for (const Shift& shift : found->second)
    if (shift.from <= at && at < shift.to)
      out.insert(out.end(), shift.people.begin(), shift.people.end());
  return out;
}

std::vector<std::string> FixedDirectory::people_of(const std::string& team) const {
  const auto found = teams.find(team);
  return found == teams.end() ? std::vector<std::string>{} : found->second;
}

std::vector<Contact> FixedDirectory::contacts(const std::string& person, Severity) const {
  const auto found = people.find(person);
  return found == people.end() ? std::vector<Contact>{} : found->second;
}

bool FixedDirectory::on_leave(const std::string& person, TimeMs at) const {
  const auto leave = leaves.find(person);
  return leave != leaves.end() && leave->second.from <= at && at < leave->second.to;
}

std::vector<std::string> FixedDirectory::names(TargetKind kind) const {
  switch (kind) {
    case TargetKind::kPerson:
      return keys(people);
    case TargetKind::kSchedule:
      return keys(schedules);
    case TargetKind::kTeam:
      return keys(teams);
    case TargetKind::kReceiver:
      return receivers;
  }
  return {};
}

}  // namespace tocsin::supervisor
