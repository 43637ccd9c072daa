#include "tocsin/rebuild.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "tocsin/stored_series.h"

namespace tocsin {
namespace {

constexpr int kNice = 10;
// Whether one of the workers that learn tests this series.
bool is_wanted(const pipeline::TrainingPlan& plan, const Labels& labels) {
  const auto testing = plan.workers->testing(labels);
  return std::any_of(testing.begin(), testing.end(), [&](WorkerRef worker) {
    return std::find(plan.wanted.begin(), plan.wanted.end(), worker) != plan.wanted.end();
  });
}

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
  StoredSeries history(
      reads_.parts(), live_.series(), [&](const Labels& labels) { return is_wanted(plan, labels); },
      stopping_);
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
