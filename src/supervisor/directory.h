#pragma once
// Whom an escalation can reach: people, teams, schedules, as the supervisor asks for them. An
// answer holds for the instant it is asked for; what was answered is kept with the alert, so a
// restart calls nobody else. Immutable: a change of files or of overrides is a new Directory
// (Supervisor::set_directory). Asked by the decision thread alone; must not block.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "vocabulary/alert.h"
#include "vocabulary/escalation.h"

namespace tocsin::supervisor {

struct Contact {
  std::string receiver;  // name of a receiver: "alice/mail"
  DurationMs after{};    // since it is the person's turn
};

class Directory {
 public:
  virtual ~Directory() = default;
  // Names of people, in an order that is the same each time. Empty: nobody, or no such name.
  virtual std::vector<std::string> on_call(const std::string& schedule, TimeMs at) const = 0;
  virtual std::vector<std::string> people_of(const std::string& team) const = 0;
  // Ways to reach that person, soonest first. Empty: none that works, or no such person.
  virtual std::vector<Contact> contacts(const std::string& person, Severity severity) const = 0;
  virtual bool on_leave(const std::string& person, TimeMs at) const = 0;
  // Who is told when a policy has nobody else.
  virtual std::vector<std::string> admins() const = 0;
  // Sorted; what a policy may name. Receivers without people's own.
  virtual std::vector<std::string> names(TargetKind kind) const = 0;
  bool exists(TargetKind kind, std::string_view name) const;
};

// Plain tables: for tests, and for a program in which nobody is configured.
class FixedDirectory : public Directory {
 public:
  struct Shift {
    TimeMs from = kTimeMin, to = kTimeMax;
    std::vector<std::string> people;
  };
  struct Leave {
    TimeMs from, to;
  };
  std::map<std::string, std::vector<Contact>> people;
  std::map<std::string, std::vector<std::string>> teams;
  std::map<std::string, std::vector<Shift>> schedules;
  std::map<std::string, Leave> leaves;
  std::vector<std::string> receivers;
  std::vector<std::string> administrators;

  std::vector<std::string> on_call(const std::string& schedule, TimeMs at) const override;
  std::vector<std::string> people_of(const std::string& team) const override;
  std::vector<Contact> contacts(const std::string& person, Severity severity) const override;
  bool on_leave(const std::string& person, TimeMs at) const override;
  std::vector<std::string> admins() const override { return administrators; }
  std::vector<std::string> names(TargetKind kind) const override;
};

}  // namespace tocsin::supervisor
