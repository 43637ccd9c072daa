#pragma once
// Section `tiers`: what a severity means where nothing else is said. Out of the box critical alerts
// page by escalation, high ones go to the mail lists and must be dealt with within a day, low ones
// are recorded only. Immutable once read; any thread.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "config/folder.h"
#include "supervisor/escalation_policy.h"
#include "supervisor/route.h"

namespace tocsin::supervisor {

struct Tier {
  std::string policy;                  // empty = the standard one; "none"
  std::vector<std::string> receivers;  // of alerts when there are no routes
  bool receivers_given = false;
  DurationMs remind_after{};  // not acknowledged for so long: those told are told again; 0 = never
  DurationMs escalate_after{};  // after the reminder: its policy; 0 = never
  DurationMs ack_target{};      // from being told to the acknowledgement; 0 = none
  config::Place policy_place, receivers_place;
};

// What the supervisor needs of policies and tiers.
struct EscalationRules {
  Policies policies;
  // By severity: of alerts whose route names no policy; null = none.
  std::array<Policies::Ptr, 3> reminders;
  std::array<DurationMs, 3> ack_target{};
};

class Tiers {
 public:
  Tiers();
  static Tiers read(const config::Folder& folder, config::Problems& problems);
  static void describe(config::Reference& reference);  // types "tiers", "tier"

  const Tier& of(Severity severity) const { return tiers_[static_cast<size_t>(severity)]; }
  // Problems for policies, receivers and people that are not there.
  void check(const Policies& policies, const Directory& directory,
             config::Problems& problems) const;
  // Names of the policies that it uses.
  std::set<std::string> used() const;
  // Who is told when nobody else can be reached.
  const std::vector<std::string>& admins() const { return admins_; }

  struct Receiver {
    std::string name, kind;
  };
  // The routes where none are configured. `receivers`: without people's own.
  Routes routes(const Policies& policies, const std::vector<Receiver>& receivers) const;
  EscalationRules rules(Policies policies) const;

 private:
  Policies::Ptr policy_of(Severity severity, const Policies& policies) const;
  std::array<Tier, 3> tiers_;
  std::vector<std::string> admins_;
  std::vector<config::Place> admin_places_;
};

// The policy where people are configured and no policy is: who is on call, then everybody. Null if
// there are no people.
Policies::Ptr policy_of_people(const Directory& directory);

}  // namespace tocsin::supervisor
