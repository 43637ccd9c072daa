#include "tocsin/query_pool.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>

#include <exception>
#include <utility>

#include "base/log.h"
#include "query/with_points.h"

namespace tocsin {
namespace {

// Behind shards, committer and decisions when the machine is busy; they are short and come first.
constexpr int kNice = 5;

}  // namespace

class QueryPool::Context final : public server::QueryContext {
 public:
  Context(QueryPool& pool, const Waiting& waiting)
      : pool_(pool), waiting_(waiting), source_(pool.parts_, [this] { return stopped(); }) {
    options_.lookback = pool.settings_.lookback;
    options_.limits.samples_max = pool.settings_.samples_max;
    options_.limits.stop = [this] { return stopped(); };
  }
  query::SeriesIndex& index() override { return pool_.parts_.index; }
  promql::Source& source() override { return source_; }
  const promql::Options& options() override { return options_; }
  std::vector<SeriesRef> with_points(std::vector<SeriesRef> series, TimeMs from,
                                     TimeMs to) override {
    return query::with_points(pool_.parts_, std::move(series), from, to,
                              [this] { return stopped(); });
  }
  bool abandoned() const override {
    return pool_.stopping_.load() || (waiting_.job.gone && waiting_.job.gone());
  }
  bool stopped() const { return late() || abandoned(); }
  bool late() const { return pool_.clock_.monotonic_ns() > waiting_.deadline_ns; }

 private:
  QueryPool& pool_;
  const Waiting& waiting_;
  query::StoreSource source_;
  promql::Options options_;
};

QueryPool::QueryPool(const query::StoreParts& parts, const QuerySettings& settings,
                     const Clock& clock, Counters& counters)
    : parts_(parts),
      settings_(settings),
      clock_(clock),
      started_(counters.counter("tocsin_queries_total", "", "Queries worked on.")),
      refused_(counters.counter("tocsin_queries_refused_total", "",
                                "Queries refused because too many waited.")),
      timed_out_(
          counters.counter("tocsin_queries_timed_out_total", "", "Queries whose time was up.")),
      abandoned_(counters.counter("tocsin_queries_abandoned_total", "",
                                  "Queries whose client had gone away.")),
      nanoseconds_(counters.counter("tocsin_query_nanoseconds_total", "",
                                    "Time that queries were worked on.")) {}

QueryPool::~QueryPool() { stop(); }

void QueryPool::start() {
  for (uint32_t i = 0; i < settings_.thread_count(); ++i)
    threads_.emplace_back([this, i] {
      pthread_setname_np(pthread_self(), ("query " + std::to_string(i)).c_str());
      if (setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice) != 0)
        log::warning("queries run at the priority of everything else: setpriority failed");
      work();
    });
}

void QueryPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_.store(true);
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  for (Waiting& left : std::exchange(waiting_, {}))
    left.job.fail({ErrorCode::kExhausted, "Tocsin is stopping; ask again", ""});
}

void QueryPool::submit(Job job) {
  const DurationMs timeout =
      job.timeout.count > 0 ? std::min(job.timeout, settings_.timeout) : settings_.timeout;
  const int64_t deadline = clock_.monotonic_ns() + timeout.count * 1'000'000;
  if (stopping_) return job.fail({ErrorCode::kExhausted, "Tocsin is stopping; ask again", ""});
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < settings_.queue && !stopping_) {
      waiting_.push_back({std::move(job), deadline});
      changed_.notify_one();
      return;
    }
  }
  refused_.add();
  job.fail({ErrorCode::kExhausted,
            fmt::format("cannot take this query: {} wait already; ask again later, or raise "
                        "queries.queue or queries.threads",
                        settings_.queue),
            ""});
}

void QueryPool::work() {
  for (;;) {
    Waiting next;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    run(next);
  }
}

void QueryPool::run(Waiting& waiting) {
  started_.add();
  const int64_t began = clock_.monotonic_ns();
  Context context(*this, waiting);
  if (context.late()) {
    timed_out_.add();
    waiting.job.fail({ErrorCode::kUnavailable, "query timed out in query queue", ""});
    return;
  }
  try {
    waiting.job.run(context);
  } catch (const std::exception& thrown) {
    waiting.job.fail(
        {ErrorCode::kInternal, fmt::format("the query failed: {}", thrown.what()), ""});
  }
  if (context.abandoned())
    abandoned_.add();
  else if (context.late())
    timed_out_.add();
  nanoseconds_.add(static_cast<uint64_t>(clock_.monotonic_ns() - began));
}

}  // namespace tocsin
