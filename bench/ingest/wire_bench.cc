// Cost per point of reading a body and resolving its lines: 200,000 series, 69-byte lines, bodies
// of 5,000, sent again and again in the same order. Design's budget: scan 65 ns, resolve 10 ns.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>

#include "fleet_lines.h"
#include "intake/resolver.h"
#include "wire/line_protocol.h"

namespace {

using namespace tocsin;

constexpr uint32_t kSeries = 200'000;
constexpr uint32_t kLinesPerBody = 5'000;

std::vector<std::string> bodies(bool shuffled) {
  std::vector<uint32_t> order(kSeries);
  for (uint32_t i = 0; i < kSeries; ++i) order[i] = i;
  if (shuffled) std::shuffle(order.begin(), order.end(), std::mt19937(7));
  std::vector<std::string> out;
  for (uint32_t i = 0; i < kSeries; i += kLinesPerBody) {
    std::string& body = out.emplace_back();
    for (uint32_t k = i; k < i + kLinesPerBody; ++k)
      body += bench::fleet_line(order[k], (order[k] * 7919 % 10'000) / 100.0,
                                1'795'411'000'000'000'000);
  }
  return out;
}

void scan(benchmark::State& state) {
  const auto all = bodies(false);
  size_t turn = 0;
  double sum = 0;
  for (auto _ : state) {
    wire::LineScanner scanner(all[turn++ % all.size()], wire::TimePrecision::kNanoseconds);
    while (scanner.next() == wire::LineScanner::Step::kLine)
      sum += scanner.line().fields.front().value;
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kLinesPerBody);
}
BENCHMARK(scan);

// second: the order of the lines in every other round; the same = each guess is right.
void scan_and_resolve(benchmark::State& state, bool same_order) {
  SeriesTable table;
  intake::AnnouncedSeries announced;
  intake::Resolver resolver(table, announced, 2);
  const auto first = bodies(false);
  const auto second = same_order ? first : bodies(true);
  Batch batch;
  size_t turn = 0;
  const auto read = [&](const std::string& body) {
    wire::LineScanner scanner(body, wire::TimePrecision::kNanoseconds);
    batch.series.clear();
    batch.time.clear();
    batch.value.clear();
    batch.fresh.clear();
    resolver.begin_batch();
    while (scanner.next(resolver.expected(), resolver.expected_key_bytes()) ==
           wire::LineScanner::Step::kLine)
      resolver.resolve(scanner.line(), scanner.line().time, batch);
    for (const auto& series : batch.fresh) announced.mark(series.ref);
  };
  for (const auto& body : first) read(body);
  for (auto _ : state) {
    const size_t round = turn / first.size();
    read((round % 2 == 0 ? first : second)[turn % first.size()]);
    ++turn;
    benchmark::DoNotOptimize(batch.value.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kLinesPerBody);
  state.counters["resolver_MB"] = static_cast<double>(resolver.bytes()) / 1e6;
}
BENCHMARK_CAPTURE(scan_and_resolve, same_order, true);
BENCHMARK_CAPTURE(scan_and_resolve, shuffled_every_other_round, false);

}  // namespace

BENCHMARK_MAIN();
