#include "rules/reasons.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/sentence.h"

namespace tocsin::rules {
namespace {

using Kind = RuleNode::Kind;
constexpr size_t kValuesNamed = 5;

struct Words {
  const ScopeView& view;
  const WorkerNames& workers;
  TimeMs now;
  DurationMs settle;

  std::string leaf_reason(const RuleNode& node) const;
  std::string lit_words(const Entry& entry, const LeafCondition& leaf) const;
  std::string unknown_words(const LeafState& leaf) const;
  std::string not_reason(Truth truth) const;
  std::string count_reason(const RuleNode& node) const;
  std::string then_reason(const RuleNode& node, Truth truth) const;
  BranchValue value(uint32_t index) const;
  const Violation& violation(const Entry& entry) const { return view.live[entry.live].violation; }
};

int rank(const Entry& entry) {
  switch (entry.lit) {
    case Entry::Lit::kMatching:
      return 2;
    case Entry::Lit::kWindow:
      return 1;
    case Entry::Lit::kDark:
      return 0;
  }
  return 0;
}

std::string label_of(const Rule& rule, const RuleNode& node) {
  switch (node.kind) {
    case Kind::kLeaf:
      return rule.leaves[node.leaf].label();
    case Kind::kAll:
      return "all of";
    case Kind::kAny:
      return "any of";
    case Kind::kNot:
      return "not";
    case Kind::kThen:
      return "one after the other";
    case Kind::kAtLeast:
      return node.distinct.empty()
                 ? fmt::format("at least {}", node.at_least)
                 : fmt::format("at least {} distinct {}", node.at_least, node.distinct);
  }
  return "";
}

std::string Words::lit_words(const Entry& entry, const LeafCondition& leaf) const {
  const Violation& seen = violation(entry);
  const uint32_t worker = seen.worker.index;
  std::string out =
      evidence_words(seen, now, worker < workers.size() ? workers[worker].points_of : 0);
  if ((leaf.speed || leaf.acceleration) && seen.motion)
    out += fmt::format("; speed {:+.1f}/min", seen.motion->speed);
  if (entry.lit == Entry::Lit::kWindow)
    out += fmt::format("; {}, began {} ago, within {}",
                       seen.state == ViolationState::kEnded    ? "ended"
                       : seen.state == ViolationState::kAbsent ? "no data now"
                                                               : "open, no longer matching",
                       span_words(now - entry.lit_at), span_words(view.rule.within));
  return out;
}

std::string Words::unknown_words(const LeafState& leaf) const {
  for (const uint32_t index : leaf.tests) {
    const Test& test = view.tests[index];
    if (!test.unknown) continue;
    std::string out(view.table.labels(test.series).text());
    if (test.status == SeriesStatus::What::kLearning) {
      out += " is learning";
      if (test.guarded_from.ms > 0) out += " until " + to_iso(test.guarded_from);
    } else {
      out += " has no data";
      if (test.since.ms > 0) out += " since " + to_iso(test.since);
    }
    return out + "; unknown opens nothing";
  }
  return "unknown opens nothing";
}

// The entry that says most: matching, then in its window, then open without matching.
std::string Words::leaf_reason(const RuleNode& node) const {
  const LeafCondition& leaf = view.rule.leaves[node.leaf];
  const LeafState& state = view.scope.leaves[node.leaf];
  const Entry* best = nullptr;
  for (const uint32_t index : view.scope.entries) {
    const Entry& entry = view.entries[index];
    if (entry.leaf != node.leaf) continue;
    if (entry.lit == Entry::Lit::kDark && !is_open(violation(entry))) continue;
    if (best == nullptr || rank(entry) > rank(*best) ||
        (rank(entry) == rank(*best) && importance(violation(entry)) > importance(violation(*best))))
      best = &entry;
  }
  const uint32_t lit = state.matching + state.window;
  if (lit > 0 && best != nullptr)
    return lit_words(*best, leaf) + (lit > 1 ? fmt::format("; and {} more", lit - 1) : "");
  if (state.unknown > 0) return unknown_words(state);
  if (best != nullptr) return "open, but " + leaf.unmet(violation(*best), now);
  if (state.tests.empty()) return "no such series is known";
  return "none in the last " + span_words(view.rule.within);
}

std::string Words::not_reason(Truth truth) const {
  if (truth == Truth::kFalse) return "it holds";
  if (truth == Truth::kUnknown) return "unknown opens nothing";
  if (settle == DurationMs{}) return "does not hold";
  if (view.scope.waiting_since && now < *view.scope.waiting_since + settle)
    return "does not hold; settles in " + span_words(*view.scope.waiting_since + settle - now);
  if (view.scope.waiting_since) return "does not hold; settled after " + span_words(settle);
  return "does not hold";
}

std::string Words::count_reason(const RuleNode& node) const {
  const Count count = count_held(view, node, Nots::kSettled);
  std::string out = fmt::format("{} of {}", count.held, node.at_least);
  if (count.possible > count.held) out += fmt::format(", {} unknown", count.possible - count.held);
  for (size_t i = 0; i < std::min(count.values.size(), kValuesNamed); ++i)
    out += (i == 0 ? ": " : ", ") + count.values[i];
  if (count.values.size() > kValuesNamed)
    out += fmt::format(" and {} more", count.values.size() - kValuesNamed);
  return out;
}

std::string Words::then_reason(const RuleNode& node, Truth truth) const {
  if (truth == Truth::kTrue) return "opened in this order, more than one cadence apart";
  const bool all = std::all_of(node.children.begin(), node.children.end(), [&](uint32_t child) {
    return evaluate(view, child, Nots::kSettled) == Truth::kTrue;
  });
  return all ? "all hold, but did not open in this order more than one cadence apart" : "not yet";
}

BranchValue Words::value(uint32_t index) const {
  const RuleNode& node = view.rule.nodes[index];
  BranchValue out;
  out.kind = to_text(node.kind);
  out.label = label_of(view.rule, node);
  out.truth = evaluate(view, index, Nots::kSettled);
  out.children = node.children;
  const auto held = std::count_if(node.children.begin(), node.children.end(), [&](uint32_t child) {
    return evaluate(view, child, Nots::kSettled) == Truth::kTrue;
  });
  switch (node.kind) {
    case Kind::kLeaf:
      out.reason = leaf_reason(node);
      break;
    case Kind::kAll:
    case Kind::kAny:
      out.reason = fmt::format("{} of {}", held, node.children.size());
      break;
    case Kind::kNot:
      out.reason = not_reason(out.truth);
      break;
    case Kind::kAtLeast:
      out.reason = count_reason(node);
      break;
    case Kind::kThen:
      out.reason = then_reason(node, out.truth);
      break;
  }
  return out;
}

}  // namespace

std::vector<BranchValue> branch_values(const ScopeView& view, const WorkerNames& workers,
                                       TimeMs now, DurationMs settle) {
  const Words words{view, workers, now, settle};
  std::vector<BranchValue> out;
  for (uint32_t i = 0; i < view.rule.nodes.size(); ++i) out.push_back(words.value(i));
  return out;
}

}  // namespace tocsin::rules
