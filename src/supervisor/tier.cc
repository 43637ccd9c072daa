#include "supervisor/tier.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace tocsin::supervisor {
namespace {

constexpr std::array kSeverities = {Severity::kCritical, Severity::kHigh, Severity::kLow};
constexpr std::string_view kNone = "none";
constexpr std::string_view kAdmins =
    "People who are called when a policy finds or reaches nobody, its `else` neither; after them "
    "there is the inbox.";
constexpr size_t kTargetsMax = 20;  // of the policy made of people

void read_span(config::MapReader& m, std::string_view key, DurationMs& span, std::string_view doc) {
  span = m.value<DurationMs>(key, span, doc);
  if (span < DurationMs{}) m.problem(key, "must not be negative");
}

void read_tier(config::MapReader& m, Tier& out) {
  out.policy = m.value<std::string>("policy", out.policy,
                                    "The escalation policy of the tier; empty: the one called "
                                    "`default`, or the only one; `none`.");
  out.policy_place = m.place("policy");
  out.receivers = m.value<std::vector<std::string>>(
      "receivers", out.receivers,
      "Who is told where there are no `routes`. Not given: of critical alerts everybody, of high "
      "ones the receivers of kind mail (without any: everybody), of low ones the inbox.");
  out.receivers_given = m.has("receivers");
  out.receivers_place = m.place("receivers");
  read_span(m, "remind_after", out.remind_after,
            "If nobody has acknowledged it for so long, those told are told again, unless its "
            "route names a policy; 0s = never. high: 24h.");
  read_span(m, "escalate_after", out.escalate_after,
            "So long after the reminder the tier's policy begins; 0s = never. high: 24h.");
  read_span(m, "ack_target", out.ack_target,
            "Within what time after being told somebody should acknowledge; 0s = no target. "
            "critical: 5m.");
}

void read_tiers(config::MapReader& m, const std::function<Tier&(Severity)>& tier) {
  for (const Severity severity : kSeverities)
    m.map(to_text(severity), "tier", "What this severity means where nothing else is said.",
          [&](config::MapReader& one) { read_tier(one, tier(severity)); });
}

// The standard's first reminder, then the policy behind it.
Policies::Ptr reminder(const Tier& tier, const Policies::Ptr& policy, Severity severity) {
  if (tier.remind_after <= DurationMs{}) return nullptr;
  auto out = std::make_shared<EscalationPolicy>();
  out->name = fmt::format("tier {}", to_text(severity));
  out->steps.push_back({tier.remind_after, {}, true});
  out->repeat = 0;
  if (policy && tier.escalate_after > DurationMs{}) {
    for (const EscalationStep& step : policy->steps) out->steps.push_back(step);
    out->steps[1].after = tier.escalate_after;
    out->repeat_after = policy->repeat_after;
    out->fail_over_after = policy->fail_over_after;
    out->otherwise = policy->otherwise;
  }
  return out;
}

}  // namespace

Tiers::Tiers() {
  tiers_[static_cast<size_t>(Severity::kCritical)].ack_target = minutes(5);
  Tier& high = tiers_[static_cast<size_t>(Severity::kHigh)];
  high.remind_after = high.escalate_after = hours(24);
}

Tiers Tiers::read(const config::Folder& folder, config::Problems& problems) {
  Tiers out;
  folder.single("tiers", "tiers", problems, [&](config::MapReader& m) {
    out.admins_ = m.value<std::vector<std::string>>("admins", {}, kAdmins);
    for (size_t i = 0; i < out.admins_.size(); ++i)
      out.admin_places_.push_back(m.place("admins", i));
    read_tiers(
        m, [&](Severity severity) -> Tier& { return out.tiers_[static_cast<size_t>(severity)]; });
  });
  return out;
}

void Tiers::describe(config::Reference& reference) {
  config::Problems none;
  if (!reference.begin_type("tiers")) return;
  config::MapReader m(reference, "tiers", none);
  Tier unused;
  m.value<std::vector<std::string>>("admins", {}, kAdmins);
  read_tiers(m, [&](Severity) -> Tier& { return unused; });
}

void Tiers::check(const Policies& policies, const Directory& directory,
                  config::Problems& problems) const {
  const auto receiver_names = directory.names(TargetKind::kReceiver);
  const auto people_names = directory.names(TargetKind::kPerson);
  const std::vector<std::string_view> receivers(receiver_names.begin(), receiver_names.end());
  const std::vector<std::string_view> people(people_names.begin(), people_names.end());
  const auto missing = [&](const config::Place& place, std::string_view key, std::string_view what,
                           const std::string& name, std::span<const std::string_view> known) {
    const std::string_view near = nearest_word(name, known);
    problems.add(place,
                 fmt::format("{}: there is no {} \"{}\"{}", key, what, name,
                             near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  };
  const auto names = policies.names();
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (size_t i = 0; i < admins_.size(); ++i)
    if (!directory.exists(TargetKind::kPerson, admins_[i]))
      missing(admin_places_[i], "admins", "person", admins_[i], people);
  for (const Tier& tier : tiers_) {
    if (!tier.policy.empty() && tier.policy != kNone && !policies.find(tier.policy))
      missing(tier.policy_place, "policy", "policy", tier.policy, known);
    for (const std::string& name : tier.receivers)
      if (name != kInboxReceiver &&
          std::find(receivers.begin(), receivers.end(), name) == receivers.end())
        missing(tier.receivers_place, "receivers", "receiver", name, receivers);
  }
}

std::set<std::string> Tiers::used() const {
  std::set<std::string> out;
  for (const Tier& tier : tiers_)
    if (!tier.policy.empty()) out.insert(tier.policy);
  return out;
}

Policies::Ptr Tiers::policy_of(Severity severity, const Policies& policies) const {
  const Tier& tier = of(severity);
  if (tier.policy == kNone) return nullptr;
  return tier.policy.empty() ? policies.standard() : policies.find(tier.policy);
}

Routes Tiers::routes(const Policies& policies, const std::vector<Receiver>& receivers) const {
  std::vector<std::string> all, mail;
  for (const Receiver& receiver : receivers) {
    all.push_back(receiver.name);
    if (receiver.kind == "mail") mail.push_back(receiver.name);
  }
  if (!mail.empty()) mail.emplace_back(kInboxReceiver);
  std::vector<Route> out;
  for (const Severity severity : kSeverities) {
    const Tier& tier = of(severity);
    Route route;
    route.severity = {severity};
    if (tier.receivers_given)
      route.receivers = tier.receivers;
    else if (severity == Severity::kLow)
      route.receivers = {std::string(kInboxReceiver)};
    else
      route.receivers = severity == Severity::kHigh && !mail.empty() ? mail : all;
    // High and low ones come to their policy by way of the reminder.
    const auto policy = policy_of(severity, policies);
    const bool at_once = tier.remind_after <= DurationMs{} &&
                         (severity == Severity::kCritical || !tier.policy.empty());
    if (policy && at_once) route.policy = policy->name;
    out.push_back(std::move(route));
  }
  return Routes(std::move(out));
}

EscalationRules Tiers::rules(Policies policies) const {
  EscalationRules out;
  for (const Severity severity : kSeverities) {
    const auto index = static_cast<size_t>(severity);
    out.reminders[index] = reminder(of(severity), policy_of(severity, policies), severity);
    out.ack_target[index] = of(severity).ack_target;
  }
  out.policies = std::move(policies);
  return out;
}

Policies::Ptr policy_of_people(const Directory& directory) {
  const auto targets = [&](TargetKind kind) {
    std::vector<EscalationTarget> out;
    for (std::string& name : directory.names(kind))
      if (out.size() < kTargetsMax) out.push_back({kind, std::move(name)});
    return out;
  };
  auto people = targets(TargetKind::kPerson);
  if (people.empty()) return nullptr;
  auto out = std::make_shared<EscalationPolicy>();
  out->name = "everybody";
  if (auto schedules = targets(TargetKind::kSchedule); !schedules.empty())
    out->steps.push_back({{}, std::move(schedules), false});
  out->steps.push_back({out->steps.empty() ? DurationMs{} : minutes(5), std::move(people), false});
  return out;
}

}  // namespace tocsin::supervisor
