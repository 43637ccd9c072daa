// Finding series among 200,000: no server, no disk.
#include <benchmark/benchmark.h>

#include <memory>

#include "query/series_index.h"

namespace {

using tocsin::Labels;
using tocsin::SeriesSelector;
using tocsin::SeriesTable;
using tocsin::query::SeriesIndex;

constexpr int kHosts = 12'500;

// 12,500 hosts with 16 series each: 4 names, 4 cores.
SeriesTable& fleet() {
  static auto table = [] {
    auto made = std::make_unique<SeriesTable>();
    for (int host = 0; host < kHosts; ++host)
      for (int i = 0; i < 16; ++i)
        (void)made->find_or_add(Labels::of("metric_" + std::to_string(i / 4),
                                           {{"host", "web-" + std::to_string(host)},
                                            {"dc", "dc" + std::to_string(host % 5)},
                                            {"service", "service-" + std::to_string(host % 200)},
                                            {"core", std::to_string(i % 4)}}),
                                0);
    return made;
  }();
  return *table;
}

void build(benchmark::State& state) {
  for (auto _ : state) {
    SeriesIndex index(fleet());
    index.catch_up();
    state.counters["bytes"] = static_cast<double>(index.bytes());
  }
  state.SetItemsProcessed(state.iterations() * fleet().size());
}
BENCHMARK(build)->Unit(benchmark::kMillisecond);

void find(benchmark::State& state, const char* text) {
  SeriesIndex index(fleet());
  const auto selector = SeriesSelector::parse(text).value();
  size_t found = 0;
  for (auto _ : state) found = index.find(selector).series.size();
  state.counters["series"] = static_cast<double>(found);
}
BENCHMARK_CAPTURE(find, one, "metric_2{host=\"web-777\",core=\"3\"}");
BENCHMARK_CAPTURE(find, of_a_service, "metric_2{service=\"service-7\"}");
BENCHMARK_CAPTURE(find, by_alternatives, "metric_1{host=~\"web-1|web-22|web-333\"}");
BENCHMARK_CAPTURE(find, by_prefix, "metric_1{host=~\"web-77.*\"}");
BENCHMARK_CAPTURE(find, by_regex, "metric_1{host=~\".*77\"}");
BENCHMARK_CAPTURE(find, all_but_one, "metric_1{dc!=\"dc0\"}");
BENCHMARK_CAPTURE(find, of_a_name, "metric_1");

}  // namespace

BENCHMARK_MAIN();
