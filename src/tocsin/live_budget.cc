#include "tocsin/live_budget.h"

#include <algorithm>
#include <cmath>

#include "supervisor/archive.h"
#include "tocsin/budget_view.h"

namespace tocsin {
namespace {

constexpr size_t kTailsMax = 1000;  // looked at per worker and shard, so that no shard stops for it
constexpr DurationMs kSpentSpan = days(30);
constexpr size_t kSpenders = 10;

// Evenly spread.
std::vector<uint32_t> sample_of(const std::vector<uint32_t>& tests) {
  if (tests.size() <= kTailsMax) return tests;
  std::vector<uint32_t> out;
  out.reserve(kTailsMax);
  for (size_t i = 0; i < kTailsMax; ++i) out.push_back(tests[i * tests.size() / kTailsMax]);
  return out;
}

void join(streamer::NoiseView& into, const streamer::NoiseView& part) {
  into.series += part.series;
  into.learning += part.learning;
  into.supported += part.supported;
  into.edges.insert(into.edges.end(), part.edges.begin(), part.edges.end());
  into.supports.insert(into.supports.end(), part.supports.begin(), part.supports.end());
}

}  // namespace

// What is asked for one after the other: workers, shards, decision thread, database.
struct LiveBudget::Gathered {
  std::shared_ptr<const Configuration> configuration;
  BudgetFacts facts;
  std::mutex mutex;
  size_t missing = 0;  // shards
  server::Done<server::BudgetView> done;
};

void LiveBudget::budget(server::Done<server::BudgetView> done) {
  auto gathered = std::make_shared<Gathered>();
  gathered->configuration = live_.configuration();
  gathered->facts.now = live_.clock().now();
  gathered->done = std::move(done);
  views_.workers([this, gathered](Result<std::vector<server::WorkerView>> workers) {
    if (!workers) return gathered->done(fail(workers.error()));
    for (const server::WorkerView& worker : *workers)
      gathered->facts.workers[worker.id].guarded = worker.guarded;
    ask_shards(gathered);
  });
}

void LiveBudget::ask_shards(const std::shared_ptr<Gathered>& gathered) {
  gathered->missing = live_.shards().size();
  for (const auto& shard : live_.shards())
    shard->ask([this, gathered](ShardThread& here) {
      const streamer::Streamer& streamer = here.stage().streamer();
      const auto& workers = here.stage().workers().workers();
      std::vector<std::pair<std::string, streamer::NoiseView>> parts;
      for (uint32_t w = 0; w < workers.size(); ++w)
        if (workers[w].noise)
          parts.emplace_back(workers[w].id,
                             streamer.noise(WorkerRef{w}, sample_of(here.summary().tests_of(w))));
      const std::lock_guard lock(gathered->mutex);
      for (const auto& [id, noise] : parts) join(gathered->facts.workers[id].noise, noise);
      if (--gathered->missing == 0) ask_ledger(gathered);
    });
}

void LiveBudget::ask_ledger(const std::shared_ptr<Gathered>& gathered) {
  live_.decisions().loop().post([this, gathered] {
    const EpisodeLedger& ledger = live_.decisions().ledger();
    for (const streamer::Worker& worker : gathered->configuration->workers->workers()) {
      BudgetFacts::Worker& facts = gathered->facts.workers[worker.id];
      facts.spent = ledger.spent(worker.id, gathered->facts.now, kSpentSpan, kSpenders);
      facts.episodes_7d = ledger.episodes(worker.id, gathered->facts.now, days(7));
    }
    live_.background().post([this, gathered] { ask_database(gathered); });
  });
}

void LiveBudget::ask_database(const std::shared_ptr<Gathered>& gathered) {
  const TimeMs since = pages_since(*gathered->configuration, gathered->facts.now);
  auto pages = supervisor::list_pages(live_.reader(), since);
  if (!pages) return gathered->done(fail(pages.error()));
  gathered->facts.told = std::move(*pages);
  {
    const std::lock_guard lock(mutex_);
    gathered->facts.replay = replay_;
    gathered->facts.replayed = replayed_;
  }
  gathered->done(budget_view(*gathered->configuration, gathered->facts));
}

}  // namespace tocsin
