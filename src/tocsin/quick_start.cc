#include "tocsin/quick_start.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/log.h"
#include "base/text.h"
#include "tocsin/embedded.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;
constexpr size_t kBatchPoints = 8192;
constexpr DurationMs kGapKept = seconds(60);  // a sender keeps so much while it cannot send
constexpr DurationMs kEvidenceHistory = hours(6);

TimeMs whole(TimeMs time, DurationMs step) { return {time.ms / step.count * step.count}; }

Result<void> write_text(const fs::path& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush())
    return fail(ErrorCode::kUnavailable, fmt::format("cannot write {}; is the disk full, or the "
                                                     "folder not ours?",
                                                     path.string()));
  return {};
}

// The performance test was announced, so it is marked; the outage was not.
std::string marks_yaml(const demo::Script& history) {
  std::string out = "# Known periods: nothing is learned from them and nothing judged.\nmarks:\n";
  for (const demo::Mark& mark : history.marks)
    out += fmt::format("  - {{from: '{}', to: '{}', why: {}, match: ['*{{site=\"{}\"}}']}}\n",
                       to_iso(mark.from), to_iso(mark.to), mark.why, mark.site);
  return out;
}

}  // namespace

Result<std::string> QuickStart::prepare(const QuickStartOptions& options, const Clock& clock) {
  const fs::path directory = fs::path(options.data) / "config";
  std::error_code error;
  if (fs::exists(directory, error)) return directory.string();
  fs::create_directories(directory, error);
  if (error)
    return fail(ErrorCode::kUnavailable, fmt::format("cannot make {}: {}; choose another folder "
                                                     "with --data",
                                                     directory.string(), error.message()));
  for (const EmbeddedFile& file : quick_start_files())
    if (auto done = write_text(directory / file.path, file.bytes); !done) return fail(done.error());
  const demo::Script history = demo::history_script(whole(clock.now(), seconds(10)));
  if (auto done = write_text(directory / "marks.yaml", marks_yaml(history)); !done)
    return fail(done.error());
  // The scripts' end is part of what was generated: history must be the same after a restart.
  if (auto done = write_text(fs::path(options.data) / "quick-start",
                             fmt::format("history_end {}\n", whole(clock.now(), seconds(10)).ms));
      !done)
    return fail(done.error());
  return directory.string();
}

QuickStart::QuickStart(QuickStartOptions options, Live& live, Progress& progress)
    : options_(std::move(options)),
      live_(live),
      progress_(progress),
      house_(options_.seed),
      machine_(std::make_unique<collect::Machine>(collect::Machine::Options{}, live.counters())) {}

QuickStart::~QuickStart() { stop(); }

void QuickStart::start() {
  progress_.begin("starting", 0);  // not ready until the history is known to be there
  thread_ = std::thread([this] { run(); });
}

void QuickStart::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

Result<void> QuickStart::resolve_series() {
  const TimeMs now = live_.clock().now();
  house_sender_ = live_.senders().seen("quick start", "betting-house", "127.0.0.1", now);
  machine_sender_ = live_.senders().seen("quick start", "this-machine", "127.0.0.1", now);
  const auto shards = static_cast<uint32_t>(live_.shards().size());
  for (size_t i = 0; i < house_.series().size(); ++i) {
    const demo::HouseSeries& one = house_.series()[i];
    auto added =
        live_.series().find_or_add(one.labels, static_cast<uint32_t>(one.labels.hash() % shards));
    if (!added) return fail(added.error());
    sources_.push_back({added->ref, i, one.cadence});
  }
  return {};
}

// "history_end MS" and, once the script began, "script_start MS".
void QuickStart::read_script() {
  std::ifstream in(fs::path(options_.data) / "quick-start");
  history_end_ = whole(live_.clock().now(), seconds(10));
  for (std::string word, value; in >> word >> value;) {
    const auto ms = parse_int(value);
    if (ms && word == "history_end") history_end_ = TimeMs{*ms};
    if (ms && word == "script_start") script_start_ = TimeMs{*ms};
  }
  house_.add(demo::history_script(history_end_));
  const TimeMs now = live_.clock().now();
  if (script_start_.ms != 0 && now - script_start_ >= demo::kLiveScriptLength) {
    std::fprintf(stderr, "The story of the last start is over (it began at %s); it begins anew.\n",
                 to_iso(script_start_).c_str());
    script_start_ = {};
  }
  if (script_start_.ms != 0) take_script(now);
}

// The script begins now, unless the last run's goes on.
Result<void> QuickStart::begin_script() {
  if (script_start_.ms == 0) {
    const TimeMs now = live_.clock().now();
    script_start_ = whole(now, seconds(10)) + seconds(10);
    take_script(now);
  }
  return write_text(
      fs::path(options_.data) / "quick-start",
      fmt::format("history_end {}\nscript_start {}\n", history_end_.ms, script_start_.ms));
}

void QuickStart::take_script(TimeMs now) {
  script_ = demo::live_script(script_start_);
  house_.add(script_);
  const std::lock_guard lock(mutex_);
  for (const demo::Step& step : script_.steps)
    steps_.push_back({step.at, step.text,
                      step.rule.empty() ? "" : fmt::format("/alerts?rule={}", step.rule), step.site,
                      step.at <= now});
}

// The newest point of the house that is kept, or nothing on the first start.
std::optional<TimeMs> QuickStart::last_kept() const {
  std::mutex mutex;
  std::condition_variable answered;
  bool done = false;
  std::optional<TimeMs> last;
  const SeriesRef ref = sources_.front().ref;
  const TimeMs now = live_.clock().now();
  auto& shard = live_.shards()[live_.series().home(ref)];
  shard->ask([&](ShardThread&) {
    auto points = live_.store().points(ref, now - days(60), now);
    const std::lock_guard lock(mutex);
    if (points && !points->empty()) last = points->back().time;
    done = true;
    answered.notify_one();
  });
  std::unique_lock lock(mutex);
  answered.wait(lock, [&] { return done; });
  return last;
}

Result<void> QuickStart::import(TimeMs from, TimeMs to) {
  const auto steps = static_cast<uint64_t>((to - from).count / options_.history_step.count);
  if (steps < 2) return {};
  progress_.begin("importing history", steps);
  Lsn last;
  uint64_t points = 0;
  Batch batch;
  batch.kind = BatchKind::kImport;
  batch.sender = house_sender_;
  const auto send = [&]() -> Result<void> {
    for (const Source& source : sources_)
      if (points == 0) batch.fresh.push_back({source.ref, house_.series()[source.index].labels});
    points += batch.size();
    auto kept = live_.submit(batch);
    batch = {};
    batch.kind = BatchKind::kImport;
    batch.sender = house_sender_;
    if (!kept) return fail(kept.error());
    last = *kept;
    return {};
  };
  for (uint64_t step = 0; step < steps && !stopping_; ++step) {
    const TimeMs time = from + options_.history_step * static_cast<int64_t>(step);
    for (const Source& source : sources_) {
      if (!house_.series()[source.index].kpi && to - time > kEvidenceHistory) continue;
      if (const auto value = house_.value(source.index, time)) batch.add(source.ref, time, *value);
    }
    if (batch.size() >= kBatchPoints)
      if (auto sent = send(); !sent) return sent;
    if (step % 256 == 0) progress_.advance(step);
  }
  if (!batch.empty())
    if (auto sent = send(); !sent) return sent;
  live_.wait_durable(last);
  for (const Source& source : sources_) live_.announced().mark(source.ref);
  live_.senders().count(house_sender_, live_.clock().now(), points, 0);
  live_.begin_checkpoint();  // a restart need not read all of it again
  return {};
}

void QuickStart::run() {
  if (auto done = resolve_series(); !done) {
    log::error("quick start: {}", done.error().text());
    return;
  }
  const std::optional<TimeMs> kept = last_kept();
  const TimeMs now = whole(live_.clock().now(), seconds(1));
  read_script();
  if (!kept || now - *kept > kGapKept) {
    const TimeMs from = whole(kept ? *kept : now - options_.history, options_.history_step);
    if (auto done = import(from + (kept ? options_.history_step : DurationMs{}),
                           whole(live_.clock().now(), options_.history_step));
        !done)
      log::error("quick start: history: {}", done.error().text());
  }
  progress_.end();
  // However long the import took: the script's seconds count from here.
  if (auto done = begin_script(); !done) log::error("{}", done.error().text());
  TimeMs next = whole(kept && now - *kept <= kGapKept ? *kept + seconds(1) : now, seconds(1));
  std::mutex mutex;
  std::condition_variable never;
  while (!stopping_) {
    const TimeMs time = live_.clock().now();
    if (next <= time) {
      feed(next);
      next = next + seconds(1);
      continue;
    }
    std::unique_lock lock(mutex);
    never.wait_for(lock, std::chrono::milliseconds((next - time).count));
  }
}

void QuickStart::feed(TimeMs second) {
  Batch batch;
  batch.sender = house_sender_;
  feed_house(second, batch);
  const size_t points = batch.size();
  live_.senders().sample(batch, live_.clock().now());
  if (points > 0) {
    if (auto kept = live_.submit_and_wait(std::move(batch)); !kept)
      live_.senders().error(house_sender_, live_.clock().now(), kept.error().text());
    else
      live_.senders().count(house_sender_, live_.clock().now(), points, 0);
  }
  feed_machine(second);
  announce_steps(second);
}

void QuickStart::feed_house(TimeMs second, Batch& batch) {
  for (const Source& source : sources_) {
    if (second.ms % source.cadence.count != 0) continue;
    const auto value = house_.value(source.index, second);
    if (!value) continue;
    if (!live_.announced().has(source.ref))
      batch.fresh.push_back({source.ref, house_.series()[source.index].labels});
    batch.add(source.ref, second, *value);
  }
}

void QuickStart::feed_machine(TimeMs now) {
  Batch batch;
  batch.sender = machine_sender_;
  const auto shards = static_cast<uint32_t>(live_.shards().size());
  for (const auto& [labels, value] : machine_->read()) {
    auto added = live_.series().find_or_add(labels, static_cast<uint32_t>(labels.hash() % shards));
    if (!added) continue;
    if (!live_.announced().has(added->ref)) batch.fresh.push_back({added->ref, labels});
    batch.add(added->ref, now, value);
  }
  if (batch.empty()) return;
  const size_t points = batch.size();
  live_.senders().sample(batch, now);
  if (auto kept = live_.submit_and_wait(std::move(batch)); kept)
    live_.senders().count(machine_sender_, now, points, 0);
}

void QuickStart::announce_steps(TimeMs now) {
  const std::lock_guard lock(mutex_);
  for (QuickStartStep& step : steps_) {
    if (step.done || now < step.at) continue;
    step.done = true;
    std::fprintf(
        stderr, "+%3lld s  %s%s\n", static_cast<long long>((step.at - script_start_).count / 1000),
        step.text.c_str(),
        step.link.empty()
            ? ""
            : fmt::format("\n        http://127.0.0.1:{}{}", live_.port(), step.link).c_str());
  }
}

std::vector<QuickStartStep> QuickStart::steps() const {
  const std::lock_guard lock(mutex_);
  return steps_;
}

void QuickStart::on_alert(const AlertView& alert) {
  const bool opened = alert.state == AlertState::kOpen && alert.opened_at == alert.updated_at;
  if (!opened && alert.state == AlertState::kOpen) return;
  std::fprintf(
      stderr, "        %s %s %s: %s\n        http://127.0.0.1:%u/alerts/%s\n",
      std::string(to_text(alert.opened->severity)).c_str(), alert.opened->rule_id.c_str(),
      alert.state == AlertState::kOpen ? (alert.covered_by ? "is covered" : "opened") : "resolved",
      alert.latest->summary.c_str(), live_.port(), to_text(alert.id).c_str());
}

}  // namespace tocsin
