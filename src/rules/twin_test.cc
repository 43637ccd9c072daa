// A second, naive implementation: it keeps the whole history, computes everything anew at every
// second and knows no counters, timers or bindings. The engine must open and resolve the same
// alerts at the same times, whatever comes. All spans and arrivals are whole seconds, so that
// judging each second finds every timer.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "rules/testing.h"

namespace tocsin::rules {
namespace {

using Kind = RuleNode::Kind;
const WorkerNames kWorkers{{"w", {"level"}, Tier::kKpi, 2, 3}};

constexpr const char* kRules = R"(
rules:
  - {id: one, severity: low, within: 7s, resolve_after: 3s, when: {violation: a, score: ">= 4"}}
  - id: both
    severity: low
    within: 8s
    resolve_after: 5s
    when: {all: [{violation: a}, {any: [{violation: b, direction: above}, {violation: c}]}]}
  - id: unless
    severity: low
    within: 9s
    resolve_after: 4s
    when: {all: [{violation: a, score: ">= 4"}, {not: {violation: b}}]}
  - id: settled
    severity: low
    within: 12s
    settle: 3s
    resolve_after: 0s
    when:
      any:
        - all: [{violation: c}, {not: {any: [{violation: a}, {violation: b}]}}]
        - {violation: b, score: ">= 4"}
  - id: hosts
    severity: low
    by: [host]
    within: 10s
    resolve_after: 6s
    when: {at_least: 2, distinct: site, of: [{violation: a}, {violation: b}]}
  - id: series
    severity: low
    scope: global
    within: 6s
    resolve_after: 2s
    when: {all: [{at_least: 3, of: {violation: a}}, {not: {at_least: 2, of: {violation: c}}}]}
  - id: chain
    severity: low
    within: 20s
    resolve_after: 5s
    when: {then: [{violation: a}, {violation: b}, {violation: "~[ac]"}]}
  - id: long
    severity: low
    within: 5s
    resolve_after: 5s
    when: {violation: "*", longer_than: 4s}
)";

struct Op {
  int what = 0, series = 0, wait = 0, score = 0, cadence = 0;
};

std::shared_ptr<const RuleSet> rule_set() {
  config::Problems problems;
  const config::Folder folder = config::Folder::from_texts({{"r.yaml", kRules}}, problems);
  auto rules = std::make_shared<RuleSet>(RuleSet::read(folder, "site", problems));
  EXPECT_EQ(problems.text(), "");
  return rules;
}

Labels labels_of(int series) {
  const char* names[] = {"a", "b", "c"};
  return Labels::of(names[series % 3], {{"site", series / 3 % 2 == 0 ? "x" : "y"},
                                        {"host", series / 6 % 2 == 0 ? "" : "h"}});
}

// Turns operations into items as a streamer would give them, one open violation per series.
struct Source {
  SeriesTable table;
  std::map<int, Violation> open;
  std::vector<StreamItem> items;
  TimeMs now = TimeMs{} + hours(1);

  void add(const Op& op) {
    now = now + seconds(op.wait);
    StreamItem item;
    item.at.lsn = Lsn{items.size() + 1};
    item.arrival = now;
    const SeriesRef series = table.find_or_add(labels_of(op.series), 0)->ref;
    if (op.what >= 8) {
      SeriesStatus status;
      status.what = static_cast<SeriesStatus::What>(op.what - 8);
      status.series = series;
      status.worker = WorkerRef{0};
      status.tier = Tier::kKpi;
      status.cadence = seconds(op.cadence);
      item.what = status;
    } else {
      item.what = change(op, series);
    }
    items.push_back(std::move(item));
  }

  ViolationChange change(const Op& op, SeriesRef series) {
    ViolationChange out;
    const auto found = open.find(op.series);
    if (found == open.end()) {
      Violation& fresh = open[op.series];
      fresh.series = series;
      fresh.worker = WorkerRef{0};
      fresh.tier = Tier::kKpi;
      fresh.direction = static_cast<Direction>(op.score % 3);
      fresh.opened = fresh.updated = now - seconds(op.cadence);
      fresh.id = IdBuilder().add(op.series).add(static_cast<int64_t>(items.size())).finish();
      out.what = ViolationChange::What::kOpened;
    } else {
      found->second.updated = now;
      out.what = ViolationChange::What::kUpdated;
      found->second.state = op.what < 3   ? ViolationState::kEnded
                            : op.what < 4 ? ViolationState::kAbsent
                                          : ViolationState::kOpen;
    }
    Violation& violation = open[op.series];
    violation.cadence = seconds(op.cadence);
    violation.last.score = op.score;
    out.violation = violation;
    if (violation.state == ViolationState::kEnded) {
      out.what = ViolationChange::What::kEnded;
      open.erase(op.series);
    }
    return out;
  }
};

// What the twin knows: all that ever arrived, by series and by violation.
struct History {
  struct Version {
    TimeMs at;
    Violation violation;
  };
  std::map<Id128, std::vector<Version>> violations;
  std::map<SeriesRef, SeriesStatus::What> status;
  std::map<SeriesRef, std::vector<DurationMs>> cadences;  // of every item
};

struct Twin {
  const RuleSet& rules;
  const SeriesTable& table;
  History history;
  TimeMs now;
  std::vector<std::string> said;

  struct Instance {
    std::optional<TimeMs> waiting, quiet;
    bool open = false;
    std::set<std::pair<uint32_t, Id128>> lights;  // (leaf, violation)
    std::set<std::pair<uint32_t, Id128>> spent;   // lit an alert that is over
    std::map<std::pair<uint32_t, Id128>, TimeMs> spent_at;
  };
  std::map<std::pair<std::string, Labels>, Instance> instances;

  bool belongs(const Rule& rule, const Labels& scope, uint32_t leaf, SeriesRef series) const {
    const Labels& labels = table.labels(series);
    return rule.leaves[leaf].selects(labels, "w", Tier::kKpi) && rule.scope_of(labels) == scope;
  }

  // When it last began to match, walking through every second of its life.
  std::optional<TimeMs> lit_at(const LeafCondition& leaf, const Id128& id, bool& matching) const {
    const auto& versions = history.violations.at(id);
    std::optional<TimeMs> out;
    matching = false;
    for (size_t i = 0; i < versions.size(); ++i) {
      const TimeMs end = i + 1 < versions.size() ? versions[i + 1].at : now;
      for (TimeMs t = versions[i].at; t <= end; t = t + seconds(1)) {
        // At the second of the next version only what fell due before it is seen.
        const bool matches = leaf.matches(versions[i].violation, t);
        if (matches && !matching) out = t;
        matching = matches;
      }
    }
    return out;
  }

  struct Lit {
    Id128 id;
    SeriesRef series;
    const Violation* violation;
    bool matching;
  };
  std::vector<Lit> lit(const Rule& rule, const Labels& scope, uint32_t leaf,
                       const Instance& instance) const {
    std::vector<Lit> out;
    for (const auto& [id, versions] : history.violations) {
      const Violation& last = versions.back().violation;
      if (!belongs(rule, scope, leaf, last.series)) continue;
      bool matching = false;
      const auto began = lit_at(rule.leaves[leaf], id, matching);
      if (!began) continue;
      const auto spent = instance.spent_at.find({leaf, id});
      const bool used = spent != instance.spent_at.end() && *began <= spent->second;
      if (matching || (now < *began + rule.within && !used))
        out.push_back({id, last.series, &last, matching});
    }
    return out;
  }

  bool unknown(SeriesRef series) const {
    const auto told = history.status.find(series);
    if (told != history.status.end() && told->second != SeriesStatus::What::kGuarded) return true;
    for (const auto& [id, versions] : history.violations) {
      const Violation& last = versions.back().violation;
      if (last.series == series && last.state == ViolationState::kAbsent &&
          last.direction != Direction::kSilent)
        return true;
    }
    return false;
  }
  std::set<SeriesRef> unknown_of(const Rule& rule, const Labels& scope, uint32_t leaf) const {
    std::set<SeriesRef> out;
    for (const auto& [series, ignored] : history.cadences)
      if (belongs(rule, scope, leaf, series) && unknown(series)) out.insert(series);
    return out;
  }

  Truth truth(const Rule& rule, const Labels& scope, const Instance& instance, uint32_t index,
              bool pending) const {
    const RuleNode& node = rule.nodes[index];
    std::vector<Truth> children;
    for (const uint32_t child : node.children)
      children.push_back(truth(rule, scope, instance, child, pending));
    const auto count = [&](Truth wanted) {
      return static_cast<uint32_t>(std::count(children.begin(), children.end(), wanted));
    };
    switch (node.kind) {
      case Kind::kLeaf:
        if (!lit(rule, scope, node.leaf, instance).empty()) return Truth::kTrue;
        return unknown_of(rule, scope, node.leaf).empty() ? Truth::kFalse : Truth::kUnknown;
      case Kind::kNot:
        if (children[0] == Truth::kUnknown) return Truth::kUnknown;
        if (children[0] == Truth::kTrue) return Truth::kFalse;
        return pending ? Truth::kUnknown : Truth::kTrue;
      case Kind::kAny:
        if (count(Truth::kTrue) > 0) return Truth::kTrue;
        return count(Truth::kUnknown) > 0 ? Truth::kUnknown : Truth::kFalse;
      case Kind::kAll:
      case Kind::kThen:
        if (count(Truth::kFalse) > 0) return Truth::kFalse;
        if (count(Truth::kUnknown) > 0) return Truth::kUnknown;
        if (node.kind == Kind::kAll) return Truth::kTrue;
        return ordered(rule, scope, instance, node) ? Truth::kTrue : Truth::kFalse;
      case Kind::kAtLeast:
        return at_least(rule, scope, instance, node);
    }
    return Truth::kFalse;
  }

  Truth at_least(const Rule& rule, const Labels& scope, const Instance& instance,
                 const RuleNode& node) const {
    std::set<std::string> values;
    size_t unknown_count = 0;
    for (const uint32_t child : node.children) {
      const uint32_t leaf = rule.nodes[child].leaf;
      std::set<SeriesRef> open = unknown_of(rule, scope, leaf);
      for (const Lit& each : lit(rule, scope, leaf, instance)) {
        const Labels& labels = table.labels(each.series);
        values.insert(node.distinct.empty() ? labels.text()
                                            : std::string(labels.get(node.distinct)));
        open.erase(each.series);
      }
      unknown_count += open.size();
    }
    if (values.size() >= node.at_least) return Truth::kTrue;
    return values.size() + unknown_count >= node.at_least ? Truth::kUnknown : Truth::kFalse;
  }

  bool ordered(const Rule& rule, const Labels& scope, const Instance& instance,
               const RuleNode& node) const {
    std::vector<std::vector<Lit>> steps;
    for (const uint32_t child : node.children)
      steps.push_back(lit(rule, scope, rule.nodes[child].leaf, instance));
    for (const Lit& a : steps[0])
      for (const Lit& b : steps[1])
        for (const Lit& c : steps[2])
          if (after(a, b) && after(b, c)) return true;
    return false;
  }
  static bool after(const Lit& a, const Lit& b) {
    return b.violation->opened - a.violation->opened >
           std::max(a.violation->cadence, b.violation->cadence);
  }

  void collect(const Rule& rule, const Labels& scope, Instance& instance, uint32_t index,
               bool wanted) const {
    const Truth found = truth(rule, scope, instance, index, false);
    if (found != (wanted ? Truth::kTrue : Truth::kFalse)) return;
    const RuleNode& node = rule.nodes[index];
    if (node.kind == Kind::kLeaf && wanted)
      for (const Lit& each : lit(rule, scope, node.leaf, instance))
        instance.lights.insert({node.leaf, each.id});
    for (const uint32_t child : node.children)
      collect(rule, scope, instance, child, node.kind == Kind::kNot ? !wanted : wanted);
  }

  DurationMs settle(const Rule& rule, const Labels& scope) const {
    if (rule.settle) return *rule.settle;
    DurationMs out{};
    for (const uint32_t leaf : rule.leaves_below_not)
      for (const auto& [series, cadences] : history.cadences)
        if (belongs(rule, scope, leaf, series))
          out = std::max(out, *std::max_element(cadences.begin(), cadences.end()));
    return std::min(out, rule.within);
  }

  bool light_is_open(const Instance& instance) const {
    return std::any_of(instance.lights.begin(), instance.lights.end(), [&](const auto& light) {
      return history.violations.at(light.second).back().violation.state != ViolationState::kEnded;
    });
  }

  void say(const char* what, const Rule& rule, const Labels& scope) {
    said.push_back(fmt::format("{} {} {}{}", now.ms / 1000, what, rule.id, scope.text()));
  }

  void close(Instance& instance, const Rule& rule, const Labels& scope) {
    say("resolved", rule, scope);
    for (const auto& light : instance.lights) instance.spent_at[light] = now;
    instance.open = false;
    instance.lights.clear();
    instance.quiet.reset();
  }

  void rest(Instance& instance, const Rule& rule, const Labels& scope) {
    if (light_is_open(instance)) {
      instance.quiet.reset();
      return;
    }
    if (!instance.quiet) instance.quiet = now;
    if (now >= *instance.quiet + rule.resolve_after) close(instance, rule, scope);
  }

  void came_back(const Rule& rule, const Labels& scope, Instance& instance) const {
    for (uint32_t leaf = 0; leaf < rule.leaves.size(); ++leaf)
      for (const Lit& each : lit(rule, scope, leaf, instance)) {
        const bool before = std::any_of(
            instance.lights.begin(), instance.lights.end(), [&, at = leaf](const auto& light) {
              return light.first == at &&
                     history.violations.at(light.second).back().violation.series == each.series;
            });
        if (before && each.matching) instance.lights.insert({leaf, each.id});
      }
  }

  void judge(const Rule& rule, const Labels& scope) {
    Instance& instance = instances[{rule.id, scope}];
    const bool holds = truth(rule, scope, instance, 0, false) == Truth::kTrue;
    if (instance.open) {
      if (holds) collect(rule, scope, instance, 0, true);
      came_back(rule, scope, instance);
      return rest(instance, rule, scope);
    }
    if (!holds) {
      instance.waiting.reset();
      return;
    }
    if (truth(rule, scope, instance, 0, true) != Truth::kTrue) {
      if (!instance.waiting) instance.waiting = now;
      if (now < *instance.waiting + settle(rule, scope)) return;
    }
    instance.waiting.reset();
    instance.open = true;
    collect(rule, scope, instance, 0, true);
    say("opened", rule, scope);
    rest(instance, rule, scope);
  }

  void judge_all() {
    for (const Rule& rule : rules.rules()) {
      std::set<Labels> scopes;
      for (const auto& [series, ignored] : history.cadences)
        for (const LeafCondition& leaf : rule.leaves)
          if (leaf.selects(table.labels(series), "w", Tier::kKpi))
            scopes.insert(rule.scope_of(table.labels(series)));
      for (const Labels& scope : scopes) judge(rule, scope);
    }
  }

  void take(const StreamItem& item) {
    if (const auto* change = std::get_if<ViolationChange>(&item.what)) {
      history.violations[change->violation.id].push_back({now, change->violation});
      history.cadences[change->violation.series].push_back(change->violation.cadence);
    } else {
      const auto& status = std::get<SeriesStatus>(item.what);
      history.status[status.series] = status.what;
      history.cadences[status.series].push_back(status.cadence);
    }
    judge_all();
  }
};

std::vector<std::string> run_twin(const Source& source, const RuleSet& rules, TimeMs end) {
  Twin twin{rules, source.table, {}, source.items.front().arrival, {}, {}};
  size_t next = 0;
  for (; twin.now <= end; twin.now = twin.now + seconds(1)) {
    twin.judge_all();
    while (next < source.items.size() && source.items[next].arrival == twin.now)
      twin.take(source.items[next++]);
  }
  std::sort(twin.said.begin(), twin.said.end());
  return twin.said;
}

std::vector<Decision> run_engine(const Source& source, std::shared_ptr<const RuleSet> rules,
                                 TimeMs end, size_t restart_every) {
  Engine engine(rules, source.table, kWorkers);
  std::vector<Decision> out;
  size_t count = 0;
  for (const StreamItem& item : source.items) {
    engine.advance(Lsn{item.at.lsn.value - 1}, item.arrival, out);
    engine.step(item, out);
    if (restart_every > 0 && ++count % restart_every == 0)
      engine = restarted(engine, rules, source.table, kWorkers);
  }
  engine.advance(Lsn{source.items.size()}, end, out);
  return out;
}

rc::Gen<Op> any_op() {
  using rc::gen::inRange;
  return rc::gen::build<Op>(
      rc::gen::set(&Op::what, inRange(0, 11)), rc::gen::set(&Op::series, inRange(0, 12)),
      rc::gen::set(&Op::wait, inRange(0, 4)), rc::gen::set(&Op::score, inRange(2, 7)),
      rc::gen::set(&Op::cadence, inRange(0, 4)));
}

RC_GTEST_PROP(Twin, OpensAndResolvesTheSame, ()) {
  const auto ops = *rc::gen::container<std::vector<Op>>(any_op());
  RC_PRE(!ops.empty());
  Source source;
  for (const Op& op : ops) source.add(op);
  const std::shared_ptr<const RuleSet> rules = rule_set();
  const TimeMs end = source.now + seconds(30);
  std::vector<std::string> said;
  for (const Decision& decision : run_engine(source, rules, end, 0))
    if (decision.what != Decision::What::kUpdated)
      said.push_back(fmt::format("{} {} {}{}", decision.time.ms / 1000,
                                 decision.what == Decision::What::kOpened ? "opened" : "resolved",
                                 decision.rule_id, decision.scope.text()));
  std::sort(said.begin(), said.end());
  const std::vector<std::string> expected = run_twin(source, *rules, end);
  RC_ASSERT(said == expected);
  RC_TAG(said.empty() ? "nothing" : said.size() < 10 ? "some" : "many");
}

RC_GTEST_PROP(Engine, SaysTheSameAgainAndAfterRestarts, ()) {
  const auto ops = *rc::gen::container<std::vector<Op>>(any_op());
  const auto restart_every = *rc::gen::inRange<size_t>(1, 6);
  RC_PRE(!ops.empty());
  Source source;
  for (const Op& op : ops) source.add(op);
  const std::shared_ptr<const RuleSet> rules = rule_set();
  const TimeMs end = source.now + seconds(30);
  const std::vector<Decision> first = run_engine(source, rules, end, 0);
  const std::vector<Decision> again = run_engine(source, rules, end, restart_every);
  RC_ASSERT(first.size() == again.size());
  for (size_t i = 0; i < first.size(); ++i) {
    RC_ASSERT(dump(first[i]) == dump(again[i]));
    if (i > 0) RC_ASSERT(first[i - 1].at < first[i].at);
  }
}

}  // namespace
}  // namespace tocsin::rules
