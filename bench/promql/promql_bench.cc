// What a query costs in the engine alone: parsing aside, the points in memory, handed over by copy.
//   ./dev bench promql, or bin/promql_bench
#include <benchmark/benchmark.h>

#include "base/random.h"
#include "promql/engine.h"
#include "promql/parse.h"

namespace tocsin::promql {
namespace {

constexpr TimeMs kStart{1'600'000'000'000};

class Points : public Source {
 public:
  Points(size_t series, size_t points, DurationMs step) {
    Random random{1};
    for (size_t i = 0; i < series; ++i) {
      std::vector<Sample> samples;
      double value = 100 * random.uniform();
      for (size_t k = 0; k < points; ++k) {
        value += random.uniform();
        samples.push_back({kStart + step * static_cast<int64_t>(k), value});
      }
      char name[32];
      std::snprintf(name, sizeof name, "host-%05zu", i);
      labels_.push_back(
          Labels::of("cpu_seconds_total",
                     {{"host", name}, {"site", i % 10 < 5 ? "madrid" : "oslo"}, {"job", "node"}}));
      samples_.push_back(std::move(samples));
    }
  }
  Result<Selected> select(const std::vector<LabelMatcher>&, TimeMs from, TimeMs to,
                          const SelectHint&, size_t) override {
    Selected selected;
    selected.series.reserve(labels_.size());
    for (size_t i = 0; i < labels_.size(); ++i) {
      const auto by_time = [](const Sample& a, TimeMs b) { return a.time < b; };
      const auto begin = std::lower_bound(samples_[i].begin(), samples_[i].end(), from, by_time);
      const auto end = std::lower_bound(begin, samples_[i].end(), to + milliseconds(1), by_time);
      selected.series.push_back({&labels_[i], {begin, end}});
    }
    return selected;
  }

 private:
  std::vector<Labels> labels_;
  std::vector<std::vector<Sample>> samples_;
};

void run(benchmark::State& state, Source& source, const char* text, Range range) {
  const Parsed expr = parse(text);
  size_t values = 0;
  for (auto _ : state) {
    const auto answer = range.step.count == 0 ? evaluate(**expr, Instant{range.end}, source)
                                              : evaluate(**expr, range, source);
    if (!answer) {
      state.SkipWithError(answer.error().message.c_str());
      return;
    }
    benchmark::DoNotOptimize(answer->value);
    if (const auto* matrix = std::get_if<Matrix>(&answer->value)) {
      values = 0;
      for (const MatrixSeries& series : *matrix) values += series.samples.size();
    }
  }
  state.counters["values"] = static_cast<double>(values);
}

// A week of one series, a point a minute: 10,080 steps.
void week(benchmark::State& state, const char* text) {
  Points points(1, 10'080, minutes(1));
  run(state, points, text, {kStart, kStart + minutes(10'079), minutes(1)});
}
BENCHMARK_CAPTURE(week, as_it_is, "cpu_seconds_total")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(week, rate_5m, "rate(cpu_seconds_total[5m])")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(week, avg_over_1h, "avg_over_time(cpu_seconds_total[1h])")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(week, max_over_1d, "max_over_time(cpu_seconds_total[1d])")
    ->Unit(benchmark::kMicrosecond);

// 1,000 series, a point every ten seconds, five minutes: 30 steps.
void fleet(benchmark::State& state, const char* text) {
  Points points(1000, 66, seconds(10));
  run(state, points, text, {kStart + seconds(360), kStart + seconds(650), seconds(10)});
}
BENCHMARK_CAPTURE(fleet, as_it_is, "cpu_seconds_total")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(fleet, sum_by, "sum by (site) (cpu_seconds_total)")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(fleet, sum_rate_by, "sum by (site) (rate(cpu_seconds_total[5m]))")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(fleet, quantile, "quantile(0.99, cpu_seconds_total)")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(fleet, quantile_over_time, "quantile_over_time(0.99, cpu_seconds_total[5m])")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(fleet, topk, "topk(5, cpu_seconds_total)")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(fleet, divide, "cpu_seconds_total / cpu_seconds_total")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(fleet, group_left,
                  "cpu_seconds_total / on(site) group_left sum by (site) (cpu_seconds_total)")
    ->Unit(benchmark::kMicrosecond);

void instant(benchmark::State& state, const char* text) {
  Points points(1000, 66, seconds(10));
  run(state, points, text, {kStart, kStart + seconds(650), {}});
}
BENCHMARK_CAPTURE(instant, as_it_is, "cpu_seconds_total")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(instant, sum, "sum(cpu_seconds_total)")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(instant, sum_rate, "sum(rate(cpu_seconds_total[5m]))")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(instant, above, "cpu_seconds_total > 150")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tocsin::promql

BENCHMARK_MAIN();
