// How many violation updates per second and core go through 1,000 rules. Each rule has three leaves
// (all of: a KPI, any of two others); every series feeds one rule; 50 sites make 50,000 scopes.
//   update_quiet    no alert is open: the common case
//   update_open     every scope has an open alert, whose numbers are refreshed every 10 s
//   update_flicker  the score crosses the leaf's edge at every update: the tree is judged each time
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>

#include "rules/engine.h"

namespace tocsin::rules {
namespace {

constexpr int kRules = 1000;
constexpr int kSites = 50;

std::shared_ptr<const RuleSet> thousand_rules() {
  std::string yaml = "rules:\n";
  for (int i = 0; i < kRules; ++i)
    yaml += fmt::format(
        "  - {{id: r{0}, severity: high, within: 2m, when: {{all: [{{violation: kpi_{0}, score: "
        "'>= 4'}}, {{any: [{{violation: errors_{0}}}, {{violation: adapter_{0}, direction: "
        "silent}}]}}]}}}}\n",
        i);
  config::Problems problems;
  const config::Folder folder = config::Folder::from_texts({{"r.yaml", yaml}}, problems);
  return std::make_shared<RuleSet>(RuleSet::read(folder, "site", problems));
}

struct Load {
  SeriesTable table;
  std::shared_ptr<const RuleSet> rules = thousand_rules();
  Engine engine{rules, table, {{"w", {"profile", "level"}, Tier::kKpi, 2, 3}}};
  struct Known {
    Id128 id;
    SeriesRef series;
  };
  std::vector<Known> known;  // one open violation per rule and site
  StreamItem update_item;    // comes fresh from the streamer: it is warm, the engine's state is not
  std::vector<Decision> out;
  TimeMs now{1'795'411'000'000};
  uint64_t lsn = 0;

  explicit Load(double score) {
    for (int rule = 0; rule < kRules; ++rule)
      for (int site = 0; site < kSites; ++site) add("kpi", rule, site, score);
  }

  void add(const char* kind, int rule, int site, double score) {
    const Labels labels =
        Labels::of(fmt::format("{}_{}", kind, rule), {{"site", fmt::format("site{}", site)}});
    StreamItem item;
    ViolationChange change;
    Violation& violation = change.violation;
    violation.series = table.find_or_add(labels, 0)->ref;
    violation.worker = WorkerRef{0};
    violation.tier = Tier::kKpi;
    violation.id = IdBuilder().add(labels.text()).finish();
    violation.opened = violation.updated = now;
    violation.last = {now, 58,   135,
                      118, 151,  score,
                      -4,  true, {{0, 0.5F, true, 135, 118, 151}, {1, 0.5F, true, 135, 118, 151}}};
    violation.worst = violation.last;
    violation.cadence = seconds(10);
    item.what = change;
    step(item);
    std::get<ViolationChange>(item.what).what = ViolationChange::What::kUpdated;
    known.push_back({violation_of(item).id, violation_of(item).series});
    update_item = std::move(item);
  }

  static Violation& violation_of(StreamItem& item) {
    return std::get<ViolationChange>(item.what).violation;
  }

  void step(StreamItem& item) {
    item.at.lsn = Lsn{++lsn};
    item.arrival = now;
    engine.step(item, out);
  }

  // A million updates pass in one second of decision time.
  void update(size_t index, double score) {
    if (lsn % 1000 == 0) now = now + milliseconds(1);
    Violation& violation = violation_of(update_item);
    violation.id = known[index % known.size()].id;
    violation.series = known[index % known.size()].series;
    violation.last.score = score;
    violation.updated = violation.last.time = now;
    ++violation.points_outside;
    step(update_item);
    if (out.size() > 1000) out.clear();
  }
};

// Neighbouring points of a batch are different series: stride through all of them.
size_t scattered(size_t i) { return i * 7919; }

void update_quiet(benchmark::State& state) {
  Load load(5);
  size_t i = 0;
  for (auto _ : state) load.update(scattered(i++), 5);
  state.SetItemsProcessed(static_cast<int64_t>(i));
}
BENCHMARK(update_quiet);

void update_open(benchmark::State& state) {
  Load load(5);
  const size_t count = load.known.size();
  for (int rule = 0; rule < kRules; ++rule)
    for (int site = 0; site < kSites; ++site) load.add("errors", rule, site, 5);
  load.known.resize(count);
  load.out.clear();
  size_t i = 0;
  for (auto _ : state) load.update(scattered(i++), 5);
  state.SetItemsProcessed(static_cast<int64_t>(i));
  state.counters["open"] = static_cast<double>(load.engine.open_alerts());
}
BENCHMARK(update_open);

void update_flicker(benchmark::State& state) {
  Load load(5);
  size_t i = 0;
  for (auto _ : state) {
    load.update(scattered(i), i / load.known.size() % 2 == 0 ? 3 : 5);
    ++i;
  }
  state.SetItemsProcessed(static_cast<int64_t>(i));
}
BENCHMARK(update_flicker);

}  // namespace
}  // namespace tocsin::rules

BENCHMARK_MAIN();
