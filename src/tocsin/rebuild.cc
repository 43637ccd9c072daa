#include "tocsin/rebuild.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"

namespace tocsin {
namespace {

constexpr int kNice = 10;
constexpr size_t kHeadsAtOnce = query::kSeriesPerTurn;

// Series that some of the wanted workers test, with their points out of heads and chunks.
class StoreHistory final : public pipeline::History {
 public:
  StoreHistory(const query::StoreParts& parts, const SeriesTable& table,
               const pipeline::TrainingPlan& plan, const std::atomic<bool>& stopping)
      : parts_(parts), table_(table), stopping_(stopping) {
    for (uint32_t i = 0; i < table.size(); ++i) {
      const SeriesRef ref{i};
      if (!table.known(ref)) continue;
      const Labels& labels = table.labels(ref);
      // What workers made is made anew.
      if (labels.name().find(':') != std::string_view::npos) continue;
      const auto testing = plan.workers->testing(labels);
      const bool wanted = std::any_of(testing.begin(), testing.end(), [&](WorkerRef worker) {
        return std::find(plan.wanted.begin(), plan.wanted.end(), worker) != plan.wanted.end();
      });
      if (!wanted) continue;
      refs_.push_back(ref);
      labels_.push_back(labels);
    }
  }

  const std::vector<Labels>& series() const override { return labels_; }

  Result<void> points(size_t index, TimeMs from, TimeMs to, std::vector<Sample>& out) override {
    const TimeMs last = to - milliseconds(1);
    if (auto copied = copy_heads(index, from, last); !copied) return copied;
    query::HeadPoints head = std::move(heads_[index - first_]);
    auto read = query::with_stored(parts_.store, refs_[index], from, last, std::move(head));
    if (!read) return fail(read.error());
    out.insert(out.end(), read->begin(), read->end());
    return {};
  }

 private:
  // Of this series and, for the same span, of those that will be asked for next.
  Result<void> copy_heads(size_t index, TimeMs from, TimeMs last) {
    const bool same = from == from_ && last == last_ && !heads_.empty();
    if (same && index > asked_ && index < first_ + heads_.size()) {
      asked_ = index;
      return {};
    }
    const size_t end = std::min(refs_.size(), index + kHeadsAtOnce);
    const std::vector<SeriesRef> wanted(refs_.begin() + static_cast<std::ptrdiff_t>(index),
                                        refs_.begin() + static_cast<std::ptrdiff_t>(end));
    auto copied = query::copy_heads_and_wait(parts_.heads, table_, wanted, {from, last},
                                             [this] { return stopping_.load(); });
    if (!copied) return fail(ErrorCode::kUnavailable, "the rebuild was stopped");
    heads_ = std::move(*copied);
    first_ = asked_ = index;
    from_ = from;
    last_ = last;
    return {};
  }

  query::StoreParts parts_;
  const SeriesTable& table_;
  const std::atomic<bool>& stopping_;
  std::vector<SeriesRef> refs_;
  std::vector<Labels> labels_;
  std::vector<query::HeadPoints> heads_;  // of refs_[first_] and those after it
  size_t first_ = 0, asked_ = 0;
  TimeMs from_, last_;
};

}  // namespace

Result<void> Rebuild::begin(std::shared_ptr<const Configuration> configuration) {
  const std::lock_guard lock(begin_mutex_);
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  stopping_ = false;
  finish("");
  const auto wanted =
      pipeline::changed_workers(*live_.configuration()->workers, *configuration->workers);
  if (wanted.empty() || live_.series().size() == 0) return live_.reload(std::move(configuration));
  State state{configuration->folder.version(), {}, 0};
  for (const WorkerRef ref : wanted)
    state.workers.push_back(configuration->workers->worker(ref).id);
  log::info("configuration {} begins when {} workers have learned from history: {}", state.version,
            wanted.size(), fmt::join(state.workers, ", "));
  {
    const std::lock_guard mine(mutex_);
    state_ = std::move(state);
  }
  thread_ = std::thread([this, configuration, wanted] { run(configuration, wanted); });
  return {};
}

void Rebuild::run(const std::shared_ptr<const Configuration>& configuration,
                  const std::vector<WorkerRef>& wanted) {
  pthread_setname_np(pthread_self(), "rebuild");
  if (setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice) != 0)
    log::warning("models are rebuilt at the priority of everything else: setpriority failed");
  const pipeline::TrainingPlan plan{configuration->workers, wanted, live_.clock().now()};
  StoreHistory history(reads_.parts(), live_.series(), plan, stopping_);
  auto trained = pipeline::train(plan, history, [this](double done) { return progress(done); });
  if (stopping_) return finish("");
  if (!trained)
    return finish(
        fmt::format("configuration {} is not used: its models could not learn from "
                    "history: {}; the one before goes on",
                    configuration->folder.version(), trained.error().text()));
  if (!trained->complete)
    log::warning(
        "not all series learned from history, there are too many points; the rest of "
        "them learn anew");
  log::info("{} series learned from {} points", trained->series, trained->points);
  if (auto done = live_.reload(configuration, std::move(trained->models)); !done)
    return finish(done.error().text());
  log::info("configuration {} is running", configuration->folder.version());
  finish("");
}

bool Rebuild::progress(double done) {
  const std::lock_guard lock(mutex_);
  if (state_) state_->done = done;
  return !stopping_;
}

void Rebuild::finish(const std::string& error) {
  if (!error.empty()) log::error("{}", error);
  const std::lock_guard lock(mutex_);
  state_.reset();
  error_ = error;
}

std::optional<Rebuild::State> Rebuild::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::string Rebuild::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void Rebuild::stop() {
  const std::lock_guard lock(begin_mutex_);
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

}  // namespace tocsin
