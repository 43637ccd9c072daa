#include "supervisor/escalation_policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace tocsin::supervisor {
namespace {

constexpr size_t kPoliciesMax = 500;
constexpr size_t kStepsMax = 20;
constexpr size_t kTargetsMax = 20;  // of one step
constexpr int64_t kRepeatMax = 20;
constexpr std::string_view kAgain = "told";
constexpr std::string_view kExpected =
    "expected \"person NAME\", \"schedule NAME\", \"team NAME\" or \"receiver NAME\"";

void not_negative(config::MapReader& m, std::string_view key, DurationMs span) {
  if (span < DurationMs{}) m.problem(key, "must not be negative");
}

}  // namespace

Result<EscalationTarget> parse_target(std::string_view text) {
  const size_t blank = text.find(' ');
  const std::string_view word = text.substr(0, blank);
  std::string_view name = blank == text.npos ? std::string_view{} : text.substr(blank + 1);
  while (name.starts_with(' ')) name.remove_prefix(1);
  for (const TargetKind kind :
       {TargetKind::kPerson, TargetKind::kSchedule, TargetKind::kTeam, TargetKind::kReceiver})
    if (to_text(kind) == word && !name.empty()) return EscalationTarget{kind, std::string(name)};
  return fail(ErrorCode::kInvalid, fmt::format("{}, not \"{}\"", kExpected, cut_text(text, 100)));
}

// Reads one policy; keeps the place of every target, for check_targets().
struct PolicyReading {
  Policies::Entry entry;
  EscalationPolicy policy;
  size_t named = 0;  // words of the list that was read last, right or wrong

  std::vector<EscalationTarget> targets(config::MapReader& m, std::string_view key,
                                        std::string_view doc, bool* again) {
    std::vector<EscalationTarget> out;
    const auto texts = m.value<std::vector<std::string>>(key, {}, doc);
    named = texts.size();
    if (texts.size() > kTargetsMax)
      m.problem(key, fmt::format("names {} targets; at most {}", texts.size(), kTargetsMax));
    for (size_t i = 0; i < texts.size(); ++i) {
      if (again != nullptr && texts[i] == kAgain) {
        *again = true;
        continue;
      }
      auto target = parse_target(texts[i]);
      if (!target) {
        m.problem(key, i, target.error().message);
        continue;
      }
      if (std::find(out.begin(), out.end(), *target) != out.end())
        m.problem(key, i, fmt::format("{} stands twice", target->text()));
      entry.targets.push_back({*target, std::string(key), m.place(key, i)});
      out.push_back(std::move(*target));
    }
    return out;
  }

  void step(config::MapReader& m) {
    EscalationStep out;
    const bool first = policy.steps.empty();
    out.after = m.value<DurationMs>("after", {},
                                    "How long after the step before it, if nobody has "
                                    "acknowledged; of the first step: after the alert was told.");
    not_negative(m, "after", out.after);
    if (!m.describing() && !first && out.after == DurationMs{} && !m.refused("after"))
      m.problem("after",
                "is 0: nobody of the step before it would have time to acknowledge; name "
                "both in one step, or give them some minutes");
    out.tell = targets(m, "tell",
                       "Who: `person NAME`, `schedule NAME` (who is on call then), `team NAME`, "
                       "`receiver NAME`; `told`: those once more who were told already.",
                       &out.again);
    if (!m.describing() && named == 0 && !m.refused("tell"))
      m.problem("tell", fmt::format("this step tells nobody; {}", kExpected));
    policy.steps.push_back(std::move(out));
  }

  void timing(config::MapReader& m) {
    const int64_t repeat = m.value<int64_t>(
        "repeat", policy.repeat, "How many more rounds follow the first if nobody acknowledges.");
    if (repeat < 0 || repeat > kRepeatMax)
      m.problem("repeat", fmt::format("must be 0 to {}", kRepeatMax));
    policy.repeat = static_cast<uint32_t>(std::clamp<int64_t>(repeat, 0, kRepeatMax));
    policy.repeat_after = m.value<DurationMs>(
        "repeat_after", policy.repeat_after,
        "From the last step to the next round, or to the end, when `else` is told.");
    if (policy.repeat_after < seconds(1)) m.problem("repeat_after", "must be at least 1s");
    policy.fail_over_after = m.value<DurationMs>(
        "fail_over_after", policy.fail_over_after,
        "A call that is not sent after so long counts as failed: the next way to reach that "
        "person is tried, then the next step.");
    if (policy.fail_over_after < seconds(1)) m.problem("fail_over_after", "must be at least 1s");
  }

  void read(config::MapReader& m) {
    policy.name = m.required<std::string>("name", "Unique name; routes and tiers name it.");
    entry.place = m.place();
    const size_t steps = m.list(
        "steps", "step", "Who is called, one step after the other.",
        [&](config::MapReader& one) {
          if (policy.steps.size() < kStepsMax) step(one);
        },
        true);
    if (steps > kStepsMax) m.problem("steps", fmt::format("more than {} steps", kStepsMax));
    if (!m.describing() && steps == 0 && !m.refused("steps"))
      m.problem("steps", "a policy needs at least one step");
    timing(m);
    policy.otherwise = targets(
        m, "else",
        "Who is told when nobody can be found or reached (an empty schedule, nobody with a way to "
        "reach him, all on leave, nothing could be sent), or nobody acknowledged in all rounds. "
        "Then all admins, then the inbox.",
        nullptr);
  }
};

Policies Policies::read(const config::Folder& folder, config::Problems& problems) {
  Policies out;
  folder.for_each("policies", "policy", problems, [&](config::MapReader& m) {
    PolicyReading reading;
    reading.read(m);
    if (out.find(reading.policy.name))
      m.problem("name",
                fmt::format("policy \"{}\" stands twice; names are unique", reading.policy.name));
    if (out.list_.size() == kPoliciesMax)
      m.problem("name", fmt::format("more than {} policies", kPoliciesMax));
    if (out.list_.size() >= kPoliciesMax) return;
    reading.entry.policy = std::make_shared<const EscalationPolicy>(std::move(reading.policy));
    out.list_.push_back(std::move(reading.entry));
  });
  return out;
}

void Policies::describe(config::Reference& reference) {
  config::Problems none;
  if (!reference.begin_type("policy")) return;
  config::MapReader m(reference, "policy", none);
  PolicyReading reading;
  reading.read(m);
}

void Policies::check_targets(const Directory& directory, config::Problems& problems) const {
  for (const Entry& entry : list_)
    for (const TargetPlace& one : entry.targets) {
      if (one.target.kind == TargetKind::kReceiver && one.target.name == "inbox") continue;
      if (directory.exists(one.target.kind, one.target.name)) continue;
      const auto names = directory.names(one.target.kind);
      const std::vector<std::string_view> known(names.begin(), names.end());
      const std::string_view near = nearest_word(one.target.name, known);
      problems.add(one.place,
                   fmt::format("{}: there is no {} \"{}\"{}", one.key, to_text(one.target.kind),
                               one.target.name,
                               near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
    }
}

void Policies::check_used(const std::set<std::string>& used, config::Problems& problems) const {
  const Ptr standard = this->standard();
  for (const Entry& entry : list_)
    if (!used.contains(entry.policy->name) && entry.policy != standard)
      problems.add(entry.place,
                   fmt::format("policy \"{}\" is used by no route and no tier; name it "
                               "in one, or remove it",
                               entry.policy->name));
}

Policies::Ptr Policies::find(std::string_view name) const {
  for (const Entry& entry : list_)
    if (entry.policy->name == name) return entry.policy;
  return nullptr;
}

std::vector<std::string> Policies::names() const {
  std::vector<std::string> out;
  for (const Entry& entry : list_) out.push_back(entry.policy->name);
  return out;
}

std::set<std::string> Policies::schedules() const {
  std::set<std::string> out;
  const auto take = [&out](const std::vector<EscalationTarget>& targets) {
    for (const EscalationTarget& target : targets)
      if (target.kind == TargetKind::kSchedule) out.insert(target.name);
  };
  for (const Entry& entry : list_) {
    for (const EscalationStep& step : entry.policy->steps) take(step.tell);
    take(entry.policy->otherwise);
  }
  return out;
}

Policies::Ptr Policies::standard() const {
  if (const Ptr named = find("default")) return named;
  return list_.size() == 1 ? list_.front().policy : nullptr;
}

}  // namespace tocsin::supervisor
