#include "tocsin/replay_jobs.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "supervisor/operator_marks.h"
#include "tocsin/config_desk.h"
#include "tocsin/config_files.h"
#include "tocsin/replay_parts.h"
#include "tocsin/stored_series.h"

namespace tocsin {
namespace {

using server::ReplayJob;
using server::ReplayStarted;

constexpr int kNice = 10;
constexpr size_t kViolationsMax = 50'000;
constexpr size_t kAlertsMax = 5000;
constexpr size_t kChangesListed = 2000;

replay::Plan bounded(replay::Plan plan) {
  plan.violations_max = kViolationsMax;
  plan.alerts_max = kAlertsMax;
  return plan;
}

}  // namespace

void ReplayJobs::stop() {
  ended_ = true;
  stopping_ = true;
  const std::lock_guard lock(begin_mutex_);
  if (thread_.joinable()) thread_.join();
}

// Reading and checking a folder of files takes longer than a connection's loop may wait.
void ReplayJobs::start(server::ReplayRequest request, server::Done<ReplayStarted> done) {
  auto shared = std::make_shared<server::ReplayRequest>(std::move(request));
  live_.background().post(
      [this, shared, done = std::move(done)] { begin(std::move(*shared), done); });
}

void ReplayJobs::begin(server::ReplayRequest request, const server::Done<ReplayStarted>& done) {
  Work work;
  work.running = live_.configuration();
  config::Problems problems;
  ReplayStarted started;
  for (const auto& [name, text] : request.files)
    if (const auto wrong = name_problem(name)) started.problems.push_back({name, 0, 0, *wrong});
  config::Folder folder = config::Folder::from_texts(
      with_changes(work.running->folder.files(), request.files), problems);
  work.changed = Configuration::build(std::move(folder), work.running->settings.config, problems);
  for (server::ConfigProblem& one : problems_of(problems))
    started.problems.push_back(std::move(one));
  if (!started.problems.empty()) return done(std::move(started));
  auto marks = supervisor::list_operator_marks(live_.reader());
  if (!marks) return done(fail(marks.error()));
  work.marks = std::move(*marks);
  work.request = std::move(request);
  const replay::Narrow narrow{work.request.site, work.request.worker, work.request.rules};
  const auto base = replay_plan(*work.running, work.request.from, work.request.to);
  const auto tried = replay_plan(*work.changed, work.request.from, work.request.to);
  if (auto there = replay::known({&base, &tried}, narrow); !there) return done(fail(there.error()));
  auto id = take_place(work);
  if (!id) return done(fail(id.error()));
  started.id = *id;
  done(std::move(started));
}

Result<uint64_t> ReplayJobs::take_place(Work& work) {
  const std::lock_guard own(begin_mutex_);
  if (ended_) return fail(ErrorCode::kUnavailable, "cannot replay: Tocsin is stopping");
  {
    const std::lock_guard lock(mutex_);
    if (!jobs_.empty() && jobs_.front().state == ReplayJob::State::kRunning)
      return fail(ErrorCode::kRefused,
                  fmt::format("cannot replay: replay {} is under way; cancel it or wait for it",
                              jobs_.front().id));
    work.id = ++last_id_;
    ReplayJob job;
    job.id = work.id;
    job.request = work.request;
    for (auto& [name, text] : job.request.files) text.reset();  // names are shown, texts are not
    job.running = work.running->folder.version();
    job.started = live_.clock().now();
    jobs_.push_front(std::move(job));
    if (jobs_.size() > kKept) jobs_.pop_back();
    stopping_ = false;
  }
  if (thread_.joinable()) thread_.join();
  thread_ = std::thread([this, work] { run(work); });
  return work.id;
}

void ReplayJobs::run(const Work& work) {
  pthread_setname_np(pthread_self(), "replay");
  if (setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice) != 0)
    log::warning("a replay runs at the priority of everything else: setpriority failed");
  auto found = compare(work);
  if (stopping_) return finish(work.id, ReplayJob::State::kCancelled, "", nullptr);
  if (!found) return finish(work.id, ReplayJob::State::kFailed, found.error().text(), nullptr);
  finish(work.id, ReplayJob::State::kDone, "",
         std::make_shared<const std::string>(replay::comparison_json(*found, kChangesListed)));
}

Result<replay::Comparison> ReplayJobs::compare(const Work& work) {
  const server::ReplayRequest& request = work.request;
  const replay::ComparisonInput input{bounded(replay_plan(*work.running, request.from, request.to)),
                                      bounded(replay_plan(*work.changed, request.from, request.to)),
                                      {request.site, request.worker, request.rules},
                                      work.marks};
  const auto sources = [&](const std::function<bool(const Labels&)>& wanted)
      -> Result<std::unique_ptr<replay::Source>> {
    auto source = std::make_unique<StoredSeries>(reads_.parts(), live_.series(), wanted, stopping_);
    if (source->series().size() <= kSeriesMax) return source;
    return fail(ErrorCode::kExhausted,
                fmt::format("cannot replay {} series at once, at most {}: choose a site, a worker "
                            "or rules",
                            source->series().size(), kSeriesMax));
  };
  Counters counters;  // what a replay tells is not what Tocsin tells
  return replay::compare_runs(input, sources, counters,
                              [&](double done) { return progress(work.id, done); });
}

bool ReplayJobs::progress(uint64_t id, double done) {
  const std::lock_guard lock(mutex_);
  if (ReplayJob* mine = job(id)) mine->done = done;
  return !stopping_;
}

void ReplayJobs::finish(uint64_t id, ReplayJob::State state, std::string error,
                        std::shared_ptr<const std::string> result) {
  const std::lock_guard lock(mutex_);
  ReplayJob* mine = job(id);
  if (mine == nullptr) return;
  mine->state = state;
  mine->error = std::move(error);
  mine->result = std::move(result);
  mine->ended = live_.clock().now();
  if (state == ReplayJob::State::kDone) mine->done = 1;
}

ReplayJob* ReplayJobs::job(uint64_t id) {
  const auto found =
      std::find_if(jobs_.begin(), jobs_.end(), [&](const ReplayJob& one) { return one.id == id; });
  return found == jobs_.end() ? nullptr : &*found;
}

std::vector<ReplayJob> ReplayJobs::list() const {
  const std::lock_guard lock(mutex_);
  return {jobs_.begin(), jobs_.end()};
}

std::optional<ReplayJob> ReplayJobs::find(uint64_t id) const {
  const std::lock_guard lock(mutex_);
  for (const ReplayJob& one : jobs_)
    if (one.id == id) return one;
  return std::nullopt;
}

std::vector<server::OwnRule> ReplayJobs::rules() const {
  std::vector<server::OwnRule> out;
  const auto configuration = live_.configuration();
  for (const rules::Rule& rule : configuration->rules->rules())
    out.push_back({rule.id, rule.place, rule.severity});
  return out;
}

bool ReplayJobs::cancel(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const ReplayJob* mine = job(id);
  if (mine == nullptr) return false;
  if (mine->state == ReplayJob::State::kRunning) stopping_ = true;
  return true;
}

}  // namespace tocsin
