#include "tocsin/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "tocsin/builtin.h"
#include "tocsin/coverage_tests.h"

namespace tocsin {
namespace {

using server::CoverageView;
using Mend = CoverageView::Mend;

// The name a selector asks for exactly; empty if it asks otherwise.
std::string exact_name(const SeriesSelector& selector) {
  for (const LabelMatcher& one : selector.matchers())
    if (one.label() == kNameLabel && one.op() == LabelMatcher::Op::kEqual) return one.value();
  return "";
}

// A name that is not taken: NAME, NAME-2, ...
std::string free_id(const streamer::WorkerSet& workers, const std::string& wanted) {
  std::string out = wanted;
  for (int n = 2; workers.find(out); ++n) out = fmt::format("{}-{}", wanted, n);
  return out;
}

std::string worker_yaml(const std::string& id, std::string_view select, bool counter) {
  return fmt::format(
      "workers:\n  - id: {}\n    tier: kpi\n    select: [{}]\n{}    models:\n"
      "      - {{kind: profile}}\n      - {{kind: level}}\n",
      yaml_text(id), yaml_text(select),
      counter ? "    transform: rate  # a counter: judged per second\n" : "");
}

void list_series(const Configuration& configuration, const TestedSeries& tested,
                 CoverageView& out) {
  const bool default_on = configuration.workers->find("default").has_value();
  for (const auto& [name, one] : tested.unselected()) {
    CoverageView::Series row;
    row.name = name;
    row.example = one.example;
    row.series = one.series;
    row.tested_by = default_on ? "default" : "";
    row.mend.words = default_on
                         ? "They are evidence: ranked as causes, never paged for. A worker of "
                           "their own guards them with models that know the week."
                         : "Nobody tests them. A worker guards them.";
    row.mend.yaml =
        worker_yaml(free_id(*configuration.workers, name), name, streamer::is_counter_name(name));
    out.series.push_back(std::move(row));
  }
  std::stable_sort(out.series.begin(), out.series.end(),
                   [](const auto& a, const auto& b) { return a.series > b.series; });
  if (out.series.size() > kCoverageRowsMax) {
    out.names_more = static_cast<int64_t>(out.series.size() - kCoverageRowsMax);
    out.series.resize(kCoverageRowsMax);
  }
}

// ---- Leaves and scopes of one rule

struct Scopes {
  std::set<Labels> known;
  bool all = true;  // false: there may be others
};

class RuleLook {
 public:
  RuleLook(const Configuration& configuration, const TestedSeries& tested, CoverageView& out)
      : configuration_(configuration), tested_(tested), out_(out) {}

  void look(const rules::Rule& rule) {
    Scopes scopes;
    for (const rules::LeafCondition& leaf : rule.leaves) {
      if (tries_ >= kLeafTriesMax) {
        out_.all_leaves = false;
        break;
      }
      if (!find(rule, leaf, scopes) && out_.leaves.size() < kCoverageRowsMax)
        out_.leaves.push_back(dead(rule, leaf));
    }
    list_untold(rule, scopes);
  }

 private:
  const streamer::Worker& worker(uint32_t index) const {
    return configuration_.workers->workers()[index];
  }

  // True if the leaf matches something; adds its scopes.
  bool find(const rules::Rule& rule, const rules::LeafCondition& leaf, Scopes& scopes) {
    if (leaf.selector.matches(Labels::of(std::string(kSenderSeriesName)))) return true;
    bool any = false;
    tested_.look_through(leaf.selector, tries_, [&](const TestedSeries::Test& test) {
      const streamer::Worker& by = worker(test.worker);
      if (!leaf.selects(test.judged, by.id, by.tier)) return tries_ < kLeafTriesMax;
      any = true;
      if (scopes.known.size() >= kScopesMax) {
        scopes.all = false;
        return false;
      }
      scopes.known.insert(rule.scope_of(test.judged));
      return !rule.global && tries_ < kLeafTriesMax;
    });
    if (tries_ < kLeafTriesMax) return any;
    out_.all_leaves = false;
    return true;  // cannot say
  }

  CoverageView::Leaf dead(const rules::Rule& rule, const rules::LeafCondition& leaf) {
    CoverageView::Leaf row{rule.id, rule.place, leaf.label(), "", {}};
    std::set<std::string> others;
    tested_.look_through(leaf.selector, tries_, [&](const TestedSeries::Test& test) {
      if (leaf.selector.matches(test.judged)) {
        const streamer::Worker& by = worker(test.worker);
        others.insert(
            fmt::format("{} (tier {})", by.id, by.tier == Tier::kKpi ? "kpi" : "evidence"));
      }
      return others.size() < 3;
    });
    if (!others.empty()) return other_worker(std::move(row), leaf, others);
    const std::string name = exact_name(leaf.selector);
    const auto& names = tested_.names();
    if (std::find(names.begin(), names.end(), name) != names.end())
      return wrong_labels(std::move(row), name);
    const std::string near(nearest_word(name, names));
    row.why = fmt::format("no series {} has had a point in the last day", leaf.selector.text());
    if (near.empty()) {
      row.mend.words = fmt::format("Send such a series, or take the leaf out of {}.", rule.place);
    } else {
      row.mend.words = fmt::format("{} arrives. In {} write:", near, rule.place);
      row.mend.yaml = fmt::format("violation: {}\n", yaml_text(near));
    }
    return row;
  }

  CoverageView::Leaf wrong_labels(CoverageView::Leaf row, const std::string& name) {
    std::string example;
    size_t tries = 0;
    tested_.look_through(*SeriesSelector::make(name, {}), tries, [&](const auto& test) {
      example = test.judged.text();
      return false;
    });
    row.why = fmt::format("{} arrives, but none of them has these labels", name);
    row.mend.words = fmt::format(
        "One that arrives is {}. In {} ask for labels that it has, or for "
        "none:",
        example.empty() ? name : example, row.place);
    row.mend.yaml = fmt::format("violation: {}\n", yaml_text(name));
    return row;
  }

  CoverageView::Leaf other_worker(CoverageView::Leaf row, const rules::LeafCondition& leaf,
                                  const std::set<std::string>& others) {
    std::string list;
    for (const std::string& one : others) list += (list.empty() ? "" : ", ") + one;
    const std::string tier = leaf.tier == Tier::kEvidence ? "evidence" : "kpi";
    const bool missing = !leaf.worker.empty() && !configuration_.workers->find(leaf.worker);
    row.why =
        missing ? fmt::format("there is no worker \"{}\"; these series are tested by {}",
                              leaf.worker, list)
        : leaf.worker.empty()
            ? fmt::format("no worker of tier {} tests these series; {} does", tier, list)
            : fmt::format("worker \"{}\" does not test these series; {} does", leaf.worker, list);
    if (!leaf.worker.empty() && !missing) {
      row.mend.words = fmt::format("Add them to `select` of worker \"{}\":", leaf.worker);
      row.mend.yaml = fmt::format("select: [{}]\n", yaml_text(leaf.selector.text()));
    } else {
      row.mend.words = "A worker for them:";
      const std::string id =
          free_id(*configuration_.workers, leaf.worker.empty() ? leaf.name : leaf.worker);
      row.mend.yaml = worker_yaml(id, leaf.selector.text(),
                                  streamer::is_counter_name(exact_name(leaf.selector)));
      if (tier == "evidence") row.mend.yaml.replace(row.mend.yaml.find("kpi"), 3, "evidence");
    }
    return row;
  }

  // ---- Who is told

  // A receiver that reaches somebody: the inbox waits until it is looked at.
  bool reaches(const std::string& receiver) const {
    const respond::Receiver* found = configuration_.receivers->find(receiver);
    return found != nullptr && found->kind() != "inbox";
  }

  // What is low is recorded, for trends; that nobody is woken is as it should be.
  void list_untold(const rules::Rule& rule, const Scopes& scopes) {
    if (rule.severity == Severity::kLow) return;
    std::set<Labels> known = scopes.known;
    if (known.empty()) known.insert(rule.scope_of(Labels()));
    CoverageView::Alert row;
    for (const Labels& scope : known) {
      Decision decision;
      decision.rule_id = rule.id;
      decision.severity = rule.severity;
      decision.scope = scope;
      const auto told = configuration_.routes.receivers(alert_labels(decision), rule.severity);
      if (std::any_of(told.begin(), told.end(), [&](const auto& name) { return reaches(name); }))
        continue;
      if (row.scopes++ == 0) {
        row.scope = scope.text();
        row.told = told;
      }
    }
    if (row.scopes == 0 || out_.alerts.size() >= kCoverageRowsMax) return;
    row.rule = rule.id;
    row.place = rule.place;
    row.severity = to_text(rule.severity);
    row.of = static_cast<int64_t>(known.size());
    explain(rule, row);
    out_.alerts.push_back(std::move(row));
  }

  void explain(const rules::Rule& rule, CoverageView::Alert& row) const {
    row.why = "only the inbox hears of it: nobody is woken";
    std::string receiver;
    for (const respond::Receiver& one : configuration_.receivers->list())
      if (receiver.empty() && one.kind() != "inbox") receiver = one.name;
    if (receiver.empty()) {
      row.mend.words =
          "No receiver is configured. With one, and without routes, it is told "
          "everything:";
      row.mend.yaml =
          "receivers:\n  - name: on-call\n    kind: webhook\n"
          "    url: https://example.com/hook  # where your pager listens\n";
      return;
    }
    row.mend.words = "A route for it, before the others: the first that matches wins.";
    row.mend.yaml = fmt::format("routes:\n  - match: [{}]\n    receivers: [{}]\n",
                                yaml_text("rule=" + rule.id), yaml_text(receiver));
  }

  const Configuration& configuration_;
  const TestedSeries& tested_;
  CoverageView& out_;
  size_t tries_ = 0;
};

// ---- Workers

// Models that draw a band have to learn; limits and silence do not.
bool has_band_model(const streamer::Worker& worker) {
  return std::any_of(worker.models.begin(), worker.models.end(), [](const auto& model) {
    return model.weight > 0 && model.kind != streamer::ModelKind::kThreshold &&
           model.kind != streamer::ModelKind::kSilence;
  });
}

void say_nothing_selected(const streamer::Worker& worker, const TestedSeries& tested,
                          CoverageView::Worker& row) {
  std::string near, wanted;
  for (const SeriesSelector& selector : worker.select) {
    wanted = exact_name(selector);
    near = wanted.empty() ? "" : nearest_word(wanted, tested.names());
    if (!near.empty()) break;
  }
  row.why = "no series that it selects has come";
  if (near.empty()) {
    row.mend.words = "Send such a series, or take the worker out.";
  } else {
    row.mend.words = fmt::format("{} arrives. In {} write:", near, row.place);
    row.mend.yaml = fmt::format("select: [{}]\n", yaml_text(near));
  }
}

void list_workers(const Configuration& configuration, const TestedSeries& tested,
                  std::span<const WorkerProgress> progress, CoverageView& out) {
  const auto& workers = configuration.workers->workers();
  for (size_t i = 0; i < std::min(workers.size(), progress.size()); ++i) {
    const streamer::Worker& worker = workers[i];
    const WorkerProgress& now = progress[i];
    if (worker.place.empty() || is_builtin(worker.place)) continue;
    const bool learning = now.series > 0 && now.learning == now.series && has_band_model(worker);
    if (now.series > 0 && !learning) continue;
    if (out.workers.size() >= kCoverageRowsMax) return;
    CoverageView::Worker row;
    row.id = worker.id;
    row.place = worker.place;
    row.series = now.series;
    if (!learning) {
      say_nothing_selected(worker, tested, row);
    } else {
      row.learned = now.learned;
      row.guarded_from = now.guarded_from;
      row.why = "none of its series is guarded yet: all of them are learning";
      if (worker.model(streamer::ModelKind::kLevel) == nullptr) {
        row.mend.words = "A level beside its models guards after 30 points, while they learn:";
        row.mend.yaml = "models:\n  - {kind: level, weight: 0.5}\n";
      } else {
        row.mend.words = "It takes time, or history: import what you have (tocsin import).";
      }
    }
    out.workers.push_back(std::move(row));
  }
}

}  // namespace

CoverageView coverage_of(const Configuration& configuration, std::span<const Labels* const> series,
                         std::span<const WorkerProgress> workers) {
  CoverageView out;
  out.series_looked = static_cast<int64_t>(series.size());
  const TestedSeries tested(*configuration.workers, series);
  list_series(configuration, tested, out);
  RuleLook look(configuration, tested, out);
  for (const rules::Rule& rule : configuration.rules->rules())
    if (!is_builtin(rule.place)) look.look(rule);
  list_workers(configuration, tested, workers, out);
  return out;
}

}  // namespace tocsin
