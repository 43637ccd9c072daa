// What one point costs in Streamer::step: resolving its tests, judging, learning, bookkeeping.
//   ./dev bench streamer, or bin/streamer_bench
#include <benchmark/benchmark.h>

#include "base/random.h"
#include "config/folder.h"
#include "streamer/streamer.h"

namespace tocsin::streamer {
namespace {

constexpr TimeMs kStart{1'795'000'000'000};
constexpr size_t kRows = 5000;

struct Load {
  Load(const char* yaml, size_t series_count) {
    config::Problems problems;
    set = WorkerSet::read(config::Folder::from_texts({{"w.yaml", yaml}}, problems), problems);
    streamer = std::make_unique<Streamer>(set, table, 0, 1);
    for (size_t i = 0; i < series_count; ++i)
      series.push_back(table.find_or_add(Labels::of("metric", {{"i", std::to_string(i)}}), 0)->ref);
    for (uint32_t row = 0; row < kRows; ++row) rows.push_back(row);
    for (double& value : noise) value = random.normal();
  }
  // The next batch: every series once per round, ten seconds a round.
  void step() {
    Batch batch;
    for (size_t i = 0; i < kRows; ++i) {
      batch.add(series[next], now, 100 + noise[(next * 31 + round) % noise.size()]);
      if (++next == series.size()) {
        next = 0;
        ++round;
        now = now + seconds(10);
      }
    }
    frame = Frame{Lsn{++lsn}, now, std::move(batch)};
  }
  SeriesTable table;
  std::shared_ptr<const WorkerSet> set;
  std::unique_ptr<Streamer> streamer;
  std::vector<SeriesRef> series;
  std::vector<uint32_t> rows;
  std::array<double, 4099> noise;
  Random random{1};
  Frame frame;
  StreamerOutputs out;
  TimeMs now = kStart;
  size_t next = 0, round = 0;
  uint64_t lsn = 0;
};

void run(benchmark::State& state, const char* yaml) {
  Load load(yaml, static_cast<size_t>(state.range(0)));
  for (size_t warm = 0; warm < 40 * load.series.size() / kRows + 1; ++warm) {
    load.step();
    load.streamer->step(load.frame, load.rows, load.out);
    load.out.clear();
  }
  for (auto _ : state) {
    state.PauseTiming();
    load.step();
    load.out.clear();
    state.ResumeTiming();
    load.streamer->step(load.frame, load.rows, load.out);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRows));
  state.counters["judged"] = static_cast<double>(load.streamer->counts().judged);
  state.counters["ns/point"] =
      benchmark::Counter(static_cast<double>(state.iterations() * kRows) * 1e-9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void level(benchmark::State& state) { run(state, ""); }
void profile_and_level(benchmark::State& state) {
  run(state,
      "workers: [{id: k, select: metric, tier: kpi, models: [{kind: profile, season: day}, {kind: "
      "level}]}]");
}
void auto_evidence(benchmark::State& state) {
  run(state, "workers: [{id: e, select: metric, models: auto}]");
}
void auto_kpi(benchmark::State& state) {
  run(state, "workers: [{id: k, select: metric, tier: kpi, models: auto}]");
}
BENCHMARK(level)->Arg(1000)->Arg(20'000)->Arg(200'000);
BENCHMARK(profile_and_level)->Arg(300);
BENCHMARK(auto_evidence)->Arg(1000)->Arg(20'000)->Arg(200'000);
BENCHMARK(auto_kpi)->Arg(300);

}  // namespace
}  // namespace tocsin::streamer

BENCHMARK_MAIN();
