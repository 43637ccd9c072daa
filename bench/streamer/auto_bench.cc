// What a point costs in the model `auto` alone, weighed and learned, after two weeks of a daily
// curve at one a minute; many series in turn, so that their state comes from memory as in a fleet.
//   bin/auto_bench; the whole way of a point is in streamer_bench.
#include <benchmark/benchmark.h>

#include <cmath>
#include <numbers>

#include "base/random.h"
#include "models/auto.h"

namespace tocsin::models {
namespace {

constexpr TimeMs kStart{1'795'000'000'000};
constexpr int kDay = 1440;
constexpr int kLearned = 14 * kDay;

struct Fleet {
  Fleet(size_t series, bool novelty) {
    ModelSpec spec;
    spec.kind = ModelKind::kAuto;
    spec.numbers["novelty"] = novelty;
    for (size_t i = 0; i < series; ++i)
      models.push_back(std::make_unique<Auto>(spec, calendar::Zone(), budget));
    for (double& value : noise) value = random.normal();
    for (int minute = 0; minute < kDay; ++minute)
      curve.push_back(100 + 50 * std::sin(2 * std::numbers::pi * minute / kDay));
  }
  void point(size_t i, int minute) {
    const double odd = noise[(i * 31 + static_cast<size_t>(minute)) % noise.size()];
    const double value = curve[static_cast<size_t>(minute % kDay)] + odd;
    const Asked asked{kStart + minutes(minute), value, 60, 4, 1};
    Curve band;
    models[i]->weigh(asked, {&band, 1});
    benchmark::DoNotOptimize(models[i]->score());
    models[i]->learn(asked, value);
  }
  Budget budget{1ULL << 40, 0, 0};
  std::vector<std::unique_ptr<Auto>> models;
  std::vector<double> curve;
  std::array<double, 4099> noise;
  Random random{1};
};

void run(benchmark::State& state, bool novelty) {
  const auto series = static_cast<size_t>(state.range(0));
  Fleet fleet(series, novelty);
  for (size_t i = 0; i < series; ++i)
    for (int minute = 0; minute < kLearned; ++minute) fleet.point(i, minute);
  int minute = kLearned;
  for (auto _ : state) {
    for (size_t i = 0; i < series; ++i) fleet.point(i, minute);
    ++minute;
  }
  const auto points = static_cast<double>(state.iterations()) * static_cast<double>(series);
  state.counters["ns/point"] =
      benchmark::Counter(points * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes"] = static_cast<double>(fleet.models[0]->bytes());
}

void auto_evidence(benchmark::State& state) { run(state, false); }
void auto_kpi(benchmark::State& state) { run(state, true); }
BENCHMARK(auto_evidence)->Arg(1)->Arg(1000);
BENCHMARK(auto_kpi)->Arg(1)->Arg(200);

}  // namespace
}  // namespace tocsin::models

BENCHMARK_MAIN();
