#pragma once
// For tests of this room only: decisions as text, engines through their checkpoint.

#include <fmt/format.h>

#include <string>

#include "base/bytes.h"
#include "rules/engine.h"

namespace tocsin::rules {

// Every field, so that two runs can be compared byte for byte.
inline std::string dump(const Decision& decision) {
  constexpr const char* kWhat[] = {"opened", "updated", "resolved"};
  std::string out = fmt::format(
      "{} {}/{}/{}/{} {} {} {} {} {} {}|{}|{}|{}|{}|{}|", kWhat[static_cast<int>(decision.what)],
      decision.at.lsn.value, decision.at.due.ms, decision.at.row, decision.at.step,
      to_iso(decision.time), to_text(decision.alert_key), decision.rule_id, decision.rule_place,
      to_text(decision.severity), decision.scope.text(), decision.summary, decision.description,
      decision.resolve_reason, decision.wait_reason, decision.since_first_point.count);
  for (const auto& [name, text] : decision.annotations) out += name + "=" + text + ",";
  for (const std::string& id : decision.covers) out += id + ",";
  for (const BranchValue& branch : decision.tree)
    out += fmt::format("\n  {} {} {}: {} [{}]", branch.kind, branch.label, to_text(branch.truth),
                       branch.reason, fmt::join(branch.children, ","));
  for (const JudgedViolation& each : decision.violations) {
    const Violation& violation = each.violation;
    out += fmt::format("\n  {} {} {} {} {} {} {} {} {} {} {} {} tail {} weight {}",
                       to_text(violation.id), each.labels.text(), each.worker_id,
                       to_text(violation.tier), to_text(violation.state),
                       to_text(violation.direction), violation.opened.ms, violation.updated.ms,
                       violation.ended.ms, violation.last.value, violation.last.score,
                       violation.points_outside, each.tail.size(), each.weight);
  }
  const Momentum& momentum = decision.momentum;
  out += fmt::format("\n  {} {} {} {} {} {}/{}\n", to_text(momentum.trend), momentum.distance,
                     momentum.speed, momentum.acceleration, momentum.predicted, momentum.hits,
                     momentum.predictions);
  return out;
}

// An engine with the state of `engine`, as after a restart.
inline Engine restarted(const Engine& engine, std::shared_ptr<const RuleSet> rules,
                        const SeriesTable& table, const WorkerNames& workers,
                        EngineLimits limits = {}) {
  ByteWriter bytes;
  engine.save(bytes);
  Engine fresh(std::move(rules), table, workers, limits);
  ByteReader in(bytes.bytes());
  const Result<void> loaded = fresh.load(in);
  if (!loaded || !in.done()) throw std::runtime_error("checkpoint is not read back");
  return fresh;
}

}  // namespace tocsin::rules
