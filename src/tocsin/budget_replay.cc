// LiveBudget's thread: the last weeks once more, under the configuration that runs.
#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "base/log.h"
#include "pipeline/training.h"
#include "replay/narrow.h"
#include "replay/pages.h"
#include "tocsin/live_budget.h"
#include "tocsin/replay_parts.h"
#include "tocsin/stored_series.h"

namespace tocsin {
namespace {

constexpr int kNice = 10;
constexpr std::chrono::seconds kLookEvery{10};
constexpr DurationMs kWarmUpMax = days(35);
constexpr DurationMs kReplayMin = days(1);
// A tail of residuals says something after about as long.
constexpr DurationMs kTailNeeds = days(14);
constexpr DurationMs kSampledSpan = days(1);
constexpr size_t kSampledSeries = 32;

DurationMs warm_up_of(const streamer::WorkerSet& workers) {
  DurationMs out;
  for (const streamer::Worker& worker : workers.workers()) {
    out = std::max(out, pipeline::history_needed(worker));
    if (worker.noise) out = std::max(out, kTailNeeds);
  }
  return std::min(out, kWarmUpMax);
}

// Points per day of all series, by a sample of them over the last day.
Result<double> points_per_day(StoredSeries& source, TimeMs now) {
  const size_t count = source.series().size();
  const size_t step = count / kSampledSeries + 1;
  std::vector<Sample> points;
  size_t looked = 0;
  for (size_t i = 0; i < count; i += step, ++looked)
    if (auto read = source.points(i, now - kSampledSpan, now, points); !read)
      return fail(read.error());
  if (looked == 0) return 0;
  return static_cast<double>(points.size()) * static_cast<double>(count) /
         static_cast<double>(looked);
}

}  // namespace

void LiveBudget::start() {
  thread_ = std::thread([this] { run(); });
}

void LiveBudget::stop() {
  stopping_ = true;
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LiveBudget::replay(server::Done<bool> done) {
  const std::lock_guard lock(mutex_);
  if (asked_ || replay_.state == Replay::State::kRunning)
    return done(fail(ErrorCode::kRefused,
                     "cannot replay the last weeks: a replay is under way; wait for it"));
  if (live_.configuration()->budget.replay.count == 0)
    return done(fail(ErrorCode::kRefused,
                     "cannot replay the last weeks: the configuration switches it off; set "
                     "`budget: {replay: 28d}`"));
  asked_ = true;
  wake_.notify_all();
  done(true);
}

bool LiveBudget::due() const {
  if (asked_) return true;
  const auto configuration = live_.configuration();
  if (configuration->budget.replay.count == 0) return false;
  const TimeMs now = live_.clock().now();
  if (now - version_since_ < kSettle) return false;
  return tried_version_ != version_ || now - tried_ >= configuration->budget.replay_every;
}

void LiveBudget::run() {
  pthread_setname_np(pthread_self(), "budget");
  if (setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice) != 0)
    log::warning("the budget is replayed at the priority of everything else: setpriority failed");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::string version = live_.configuration()->folder.version();
    if (version != version_) {
      version_ = version;
      version_since_ = live_.clock().now();
    }
    if (due()) {
      asked_ = false;
      tried_ = live_.clock().now();
      tried_version_ = version_;
      replay_.state = Replay::State::kRunning;
      replay_.done = 0;
      lock.unlock();
      replay_now();
      lock.lock();
    }
    wake_.wait_for(lock, kLookEvery, [this] { return stopping_ || asked_; });
  }
}

void LiveBudget::replay_now() {
  Replay found;
  Pages pages;
  auto done = replay_into(found, pages);
  if (stopping_) return;
  live_.counters()
      .counter("tocsin_budget_replays_total", done ? "result=\"done\"" : "result=\"failed\"",
               "Replays of the last weeks that verify the page budget.")
      .add();
  const std::lock_guard lock(mutex_);
  if (!done) {
    replay_.state = Replay::State::kFailed;
    replay_.note = done.error().text();
    log::warning("the page budget could not be verified: {}", replay_.note);
    return;
  }
  found.state = Replay::State::kDone;
  found.done = 1;
  replay_ = std::move(found);
  replayed_ = std::move(pages);
  log::info("the budget's replay of {} points of {} series would have told {} pages",
            replay_.points, replay_.series,
            std::accumulate(replayed_.begin(), replayed_.end(), int64_t{0},
                            [](int64_t sum, const auto& one) { return sum + one.second; }));
}

Result<void> LiveBudget::replay_into(Replay& out, Pages& pages) {
  const auto configuration = live_.configuration();
  const BudgetSettings& budget = configuration->budget;
  const TimeMs now = live_.clock().now();
  replay::Plan plan = replay_plan(*configuration, now - budget.replay, now);
  replay::Narrow narrow;
  for (const rules::Rule& rule : configuration->rules->rules()) narrow.rules.push_back(rule.id);
  if (narrow.rules.empty()) return fail(ErrorCode::kRefused, "there are no rules");
  const auto matters = [&](const Labels& series) { return replay::wanted(plan, narrow, series); };
  StoredSeries source(reads_.parts(), live_.series(), matters, stopping_);
  out.series = static_cast<int64_t>(source.series().size());
  if (source.series().size() > kSeriesMax)
    return fail(ErrorCode::kExhausted,
                fmt::format("the rules look at {} series, at most {} are replayed",
                            source.series().size(), kSeriesMax));
  const auto rate = points_per_day(source, now);
  if (!rate) return fail(rate.error());
  const DurationMs warm_up = warm_up_of(*plan.workers);
  DurationMs span = budget.replay;
  if (*rate > 0) {
    const double most_days = static_cast<double>(budget.replay_points_max) / *rate;
    const auto most = DurationMs{static_cast<int64_t>(most_days * 86'400'000)} - warm_up;
    if (most < kReplayMin)
      return fail(ErrorCode::kExhausted,
                  fmt::format("the rules look at {:.0f} points a day; to learn and replay a day "
                              "takes more than `budget: {{replay_points: {}}}`",
                              *rate, budget.replay_points_max));
    if (most < span) {
      span = most;
      out.note = fmt::format("shortened to {:.1f} days: {:.0f} points a day, at most {} are read",
                             span.seconds() / 86'400, *rate, budget.replay_points_max);
    }
  }
  plan.from = now - span;
  plan.warm_up_from = plan.from - warm_up;
  Counters counters;  // what a replay tells is not what Tocsin tells
  auto report = replay::run(plan, source, counters, [this](double share) {
    const std::lock_guard lock(mutex_);
    replay_.done = share;
    return !stopping_.load();
  });
  if (!report) return fail(report.error());
  pages = replay::pages_by_rule(*report);
  out.from = plan.from;
  out.to = plan.to;
  out.at = live_.clock().now();
  out.version = configuration->folder.version();
  out.points = static_cast<int64_t>(report->points);
  return {};
}

}  // namespace tocsin
