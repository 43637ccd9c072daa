// How long a restart takes: a full journal (256 MB) on a real disk is read back into the heads.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <thread>

#include "base/disk.h"
#include "base/random.h"
#include "store/store.h"

namespace tocsin {
namespace {

constexpr uint32_t kSeries = 200'000;
constexpr uint32_t kBatch = 5000;

void fill(Store& store, SeriesTable& table, double fill_to) {
  Random random(1);
  std::vector<Labels> labels;
  int64_t now = 1'795'411'000'000;
  while (store.journal().fill() < fill_to) {
    for (uint32_t first = 0; first < kSeries; first += kBatch) {
      Batch batch;
      for (uint32_t s = first; s < first + kBatch; ++s) {
        SeriesRef ref{s};
        if (!table.known(ref)) {
          const Labels made = Labels::of("metric", {{"host", "host-" + std::to_string(s)}});
          batch.fresh.push_back({ref = table.find_or_add(made, 0).value().ref, made});
        }
        batch.add(ref, TimeMs{now + s / 40}, std::round(random.normal() * 4000 + 1e5) / 100);
      }
      if (!store.journal().append(std::move(batch))) return;
      (void)store.journal().commit_now();
    }
    now += 10'000;
  }
}

void restart(benchmark::State& state) {
  std::string pattern = (std::filesystem::temp_directory_path() / "restart-XXXXXX").string();
  const std::string folder = mkdtemp(pattern.data());
  PosixDisk disk;
  SystemClock clock;
  {
    Counters counters;
    SeriesTable table;
    StoreOptions options;
    options.journal.durability = JournalOptions::Durability::kProcess;
    auto store = Store::open(folder, options, disk, clock, table, counters).value();
    (void)store->recover({}, {});
    fill(*store, table, 0.95);
  }
  uint64_t points = 0;
  for (auto _ : state) {
    Counters counters;
    SeriesTable table;
    auto store = Store::open(folder, {}, disk, clock, table, counters).value();
    points = store->recover(Lsn{UINT64_MAX}, {}).value().points;
    state.PauseTiming();
    state.counters["head MB"] =
        static_cast<double>(store->head(0).bytes() + store->head(1).bytes()) / 1e6;
    store.reset();
    state.ResumeTiming();
  }
  state.counters["points"] = static_cast<double>(points);
  state.SetItemsProcessed(static_cast<int64_t>(points) * state.iterations());
  std::filesystem::remove_all(folder);
}
BENCHMARK(restart)->Iterations(1)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace tocsin
