// How long ranking causes takes: 200,000 series in the heads of two shards, each on its thread.
//   ./dev bench causes, or bin/causes_scan_bench [SERIES]
// 120 points a minute apart; eight figures of one service move in the last five minutes. No traffic
// beside it. Head and shard threads are the program's; what is on disk plays no part.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>

#include "base/faulty_disk.h"
#include "base/random.h"
#include "query/cause_scan.h"

namespace tocsin::bench {
namespace {

constexpr TimeMs kEnd{1'795'411'200'000};
constexpr int kPoints = 120;
constexpr int kRuns = 9;

// A thread per shard that takes one turn after the other.
class Shards final : public query::HeadAccess {
 public:
  explicit Shards(Store& store) : store_(store) {
    for (uint32_t i = 0; i < store.shards(); ++i) inboxes_.emplace_back();
    for (uint32_t i = 0; i < store.shards(); ++i) threads_.emplace_back([this, i] { run(i); });
  }
  ~Shards() override {
    for (uint32_t i = 0; i < inboxes_.size(); ++i) visit(i, nullptr);
    for (std::thread& thread : threads_) thread.join();
  }
  uint32_t shards() const override { return store_.shards(); }
  void visit(uint32_t shard, query::HeadStep step) override {
    Inbox& inbox = inboxes_[shard];
    const std::lock_guard lock(inbox.mutex);
    inbox.steps.push_back(std::move(step));
    inbox.changed.notify_one();
  }

 private:
  struct Inbox {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<query::HeadStep> steps;
  };
  void run(uint32_t shard) {
    Inbox& inbox = inboxes_[shard];
    for (;;) {
      query::HeadStep step;
      {
        std::unique_lock lock(inbox.mutex);
        inbox.changed.wait(lock, [&] { return !inbox.steps.empty(); });
        step = std::move(inbox.steps.front());
        inbox.steps.pop_front();
      }
      if (!step) return;
      if (step(store_.head(shard))) visit(shard, std::move(step));
    }
  }

  Store& store_;
  std::deque<Inbox> inboxes_;
  std::vector<std::thread> threads_;
};

std::vector<SeriesRef> fill(Store& store, uint32_t count) {
  Random random{1};
  std::vector<SeriesRef> out;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t service = i / 1000, host = i / 50 % 20, figure = i % 50;
    const Labels labels = Labels::of(fmt::format("figure_{}_{}", figure % 7, figure),
                                     {{"service", fmt::format("s{}", service)},
                                      {"host", fmt::format("h{}-{}", service, host)},
                                      {"site", service % 2 == 0 ? "madrid" : "oslo"}});
    const SeriesRef ref = store.series().find_or_add(labels, i % store.shards()).value().ref;
    Head& head = store.head(i % store.shards());
    double value = 100 * random.uniform();
    const bool moves = service == 7 && host == 3 && figure < 8;
    for (int k = 0; k < kPoints; ++k) {
      value += random.uniform() - 0.5;
      const double said = moves && k >= kPoints - 5 ? value + 400 : value;
      head.append(ref, kEnd - minutes(kPoints - 1 - k), said);
    }
    out.push_back(ref);
  }
  return out;
}

double milliseconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began)
      .count();
}

int run(uint32_t count) {
  FaultyDisk disk{1};
  const ManualClock clock{kEnd};
  Counters counters;
  SeriesTable table;
  StoreOptions options;
  options.shards = 2;
  auto store =
      Store::open("/data", options, disk, clock, table, counters, make_memory_keyspace()).value();
  const std::vector<SeriesRef> refs = fill(*store, count);
  query::SeriesIndex index{table};
  Shards shards(*store);
  const query::StoreParts parts{index, shards, *store};
  query::CauseQuestion question;
  question.reference = kEnd - minutes(4);
  question.about = Labels(std::vector<Labels::Pair>{{"site", "oslo"}});
  question.group_labels = query::standard_group_labels();
  std::vector<std::pair<double, double>> took;
  std::string first;
  size_t scored = 0;
  for (int i = 0; i < kRuns; ++i) {
    const auto began = std::chrono::steady_clock::now();
    const auto scan =
        query::scan_causes(parts, refs, query::cause_window(kEnd - minutes(5), kEnd), {});
    const double scanned = milliseconds_since(began);
    const query::CauseOrder order = query::rank_causes(scan->scored, question);
    took.emplace_back(milliseconds_since(began), scanned);
    first = order.groups.empty() ? "none" : order.groups.front().value;
    scored = scan->scored.size();
  }
  std::sort(took.begin(), took.end());
  fmt::print(
      "{} series of {} points ranked in {:.0f} ms (median of {}; slowest {:.0f} ms), {:.0f} ms of "
      "it on the shards; first: {}\n",
      scored, kPoints, took[kRuns / 2].first, kRuns, took.back().first, took[kRuns / 2].second,
      first);
  return first == "s7" ? 0 : 1;
}

}  // namespace
}  // namespace tocsin::bench

int main(int argc, char** argv) {
  return tocsin::bench::run(argc > 1 ? static_cast<uint32_t>(std::atoi(argv[1])) : 200'000);
}
