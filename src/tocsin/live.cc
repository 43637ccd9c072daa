#include "tocsin/live.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "state/migrations.h"
#include "vocabulary/markers.h"

namespace tocsin {
namespace {

constexpr DurationMs kTick = milliseconds(100);
// A checkpoint is taken when so much of the journal's limit was written since the last one, or
// twice the size of the last one's file if that is more, but at the latest (before segments are
// missing that only a checkpoint can free) at the second share; and by time.
constexpr double kCheckpointShare = 0.3, kCheckpointShareMax = 0.5;
constexpr uint64_t kCheckpointSizes = 2;
constexpr uint64_t kJournalBytesPerSeries = 1280;  // 256 MB / 200,000
constexpr uint64_t kJournalRoom = 4;               // of what it grows by, on the disk
constexpr DurationMs kCheckpointEvery = minutes(10), kCheckpointAtLeastEvery = hours(1);

thread_local intake::Intake* loop_intake = nullptr;

}  // namespace

Live::Live(std::shared_ptr<const Configuration> configuration, const Clock& clock,
           Counters& counters)
    : clock_(clock),
      counters_(counters),
      configuration_(std::move(configuration)),
      series_(intake::kSeriesTableMax),
      guard_(series_, clock, counters, configuration_->series),
      announced_(intake::kSeriesTableMax),
      senders_(counters),
      intake_counters_(counters),
      intake_shared_{series_,
                     announced_,
                     senders_,
                     intake_counters_,
                     clock,
                     configuration_->settings.shard_count(),
                     configuration_->intake},
      syncs_(counters.counter("tocsin_journal_fsync_total", "", "Syncs of journal segments.")),
      sync_ns_(counters.counter("tocsin_journal_fsync_nanoseconds_total", "",
                                "Time spent in syncs of journal segments.")),
      started_at_(clock.now()) {}

Result<std::unique_ptr<Live>> Live::start(std::shared_ptr<const Configuration> configuration,
                                          const Clock& clock, Counters& counters) {
  std::unique_ptr<Live> live(new Live(std::move(configuration), clock, counters));
  if (auto done = live->open(); !done) return fail(done.error());
  if (auto done = live->make_stages(); !done) return fail(done.error());
  if (auto done = live->recover(); !done) return fail(done.error());
  if (auto done = live->start_threads(); !done) return fail(done.error());
  return live;
}

Live::~Live() { stop(); }

Result<void> Live::start_threads() {
  outbound_ = std::make_unique<net::Outbound>(net::Outbound::Options{}, counters_);
  dispatcher_ = std::make_unique<respond::Dispatcher>(
      respond::Dispatcher::Options{}, configuration_->receivers, *outbound_, clock_, counters_,
      [this](respond::DispatchChanges changes) { decisions_->delivered(std::move(changes)); });
  dispatcher_->set_heard([this](supervisor::Command command) {
    decisions_->command(std::move(command), [](const Result<supervisor::CommandDone>&) {});
  });
  if (auto done = decisions_->set_dispatcher(dispatcher_.get()); !done) return done;
  outbound_thread_ = std::make_unique<net::OutboundThread>(*outbound_);
  outbound_thread_->start();
  store_->journal().set_observers([this](const FramePtr& frame) { on_sequenced(frame); },
                                  [this](Lsn lsn) { on_durable(lsn); });
  tell_start();
  store_->start();
  for (size_t i = 0; i < shards_.size(); ++i) {
    shards_[i]->loop().post([this, i] { loop_intake = intakes_[i].get(); });
    shards_[i]->start();
  }
  decisions_->start();
  background_.every(kTick, [this] {
    pass_time();
    watch_journal();
  });
  watch_cardinality();
  background_thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "background");
    background_.run();
  });
  return {};
}

double Live::fsync_ms() const {
  const double count = static_cast<double>(syncs_.value());
  return count > 0 ? static_cast<double>(sync_ns_.value()) / count / 1e6
                   : std::numeric_limits<double>::quiet_NaN();
}

Result<void> Live::listen(const net::Router& router) {
  const Settings& settings = configuration_->settings;
  const auto address = parse_address(settings.listen);
  if (!address) return fail(address.error());
  net::HttpOptions options;
  options.address = address->host;
  options.port = address->port;
  options.reuse_port = shards_.size() > 1;
  options.body_bytes_max = settings.body_bytes_max;
  options.tls_certificate = settings.tls_certificate;
  options.tls_key = settings.tls_key;
  if (options.reuse_port && options.port != 0) {
    // Shared ports hide a second server: whoever comes second would get half of the connections.
    net::HttpOptions alone = options;
    alone.reuse_port = false;
    net::Loop loop;
    if (auto probe = net::HttpServer::listen(loop, router, alone, counters_); !probe)
      return fail(probe.error());
  }
  for (auto& shard : shards_) {
    auto server = net::HttpServer::listen(shard->loop(), router, options, counters_);
    if (!server) return fail(server.error());
    options.port = (*server)->port();
    servers_.push_back(std::move(*server));
  }
  port_ = options.port;
  return {};
}

void Live::stop() {
  if (std::exchange(stopped_, true) || background_thread_.get_id() == std::thread::id{}) return;
  for (auto& shard : shards_) shard->refuse_new();
  // A last checkpoint spares the next start the replay of the journal; its marker is behind every
  // batch that was accepted.
  begin_checkpoint();
  {
    std::unique_lock lock(checkpoint_mutex_);
    durable_changed_.wait_for(lock, std::chrono::seconds(5),
                              [this] { return checkpoint_.missing == 0; });
  }
  {
    std::unique_lock lock(durable_mutex_);
    durable_changed_.wait_for(lock, std::chrono::seconds(5), [this] {
      return std::all_of(shards_.begin(), shards_.end(),
                         [](const auto& shard) { return shard->unanswered() == 0; });
    });
  }
  background_.stop();
  background_thread_.join();
  background_.poll();
  for (auto& shard : shards_) shard->stop();
  servers_.clear();
  decisions_->stop();
  outbound_thread_->stop();
  store_->journal().set_observers({}, {});
}

intake::Intake& Live::intake_here() { return *loop_intake; }

std::shared_ptr<const Configuration> Live::configuration() const {
  const std::lock_guard lock(configuration_mutex_);
  return configuration_;
}

Result<void> Live::reload(std::shared_ptr<const Configuration> configuration, std::string trained) {
  const bool learned = !trained.empty();
  const auto payload = keep_trained(configuration->folder.version(), trained);
  if (!payload) return fail(payload.error());
  const auto now = configuration;
  {
    const std::lock_guard lock(configuration_mutex_);
    // The observer below runs inside append_marker: it needs no lock of ours.
    auto marker = store_->journal().append_marker(FrameKind::kConfig, *payload);
    if (!marker) return fail(marker.error());
    trained_ = learned ? std::make_shared<const std::string>(std::move(trained)) : nullptr;
    configuration_from_ = (*marker)->lsn;
    configuration_ = std::move(configuration);
  }
  // What comes in is no matter of frames. A label that gets a limit is counted: that takes a while.
  intake_shared_.limits.set(now->intake);
  guard_.set_limits(now->series);
  // A replay under the new configuration can begin here.
  background_.post([this] { begin_checkpoint(); });
  return {};
}

void Live::answer(const GivenAnswer& given, std::function<void(Result<Lsn>)> done) {
  const auto marker = store_->journal().append_marker(FrameKind::kNote, answer_note(given));
  if (!marker) return done(fail(marker.error()));
  log::info("violation {} is {} by {}", to_text(given.violation), to_text(given.answer), given.by);
  when_durable((*marker)->lsn, std::move(done));
}

// Looks again and again, on the background loop: there is one answer a day.
void Live::when_durable(Lsn lsn, std::function<void(Result<Lsn>)> done) {
  if (store_->journal().durable() >= lsn) return done(lsn);
  background_.after(milliseconds(2),
                    [this, lsn, done = std::move(done)] { when_durable(lsn, done); });
}

bool Live::has_room(size_t points) const {
  for (const auto& shard : shards_)
    if (shard->waiting_points() + points > ShardThread::kInboxPointsMax) return false;
  return true;
}

void Live::on_sequenced(const FramePtr& frame) {
  if (frame->kind == FrameKind::kNote && frame->payload == kCheckpointMarker)
    decisions_->save_after(frame->lsn);
  if (frame->kind == FrameKind::kPoints) decisions_->sequenced(frame->lsn);
  points_total_.fetch_add(frame->batch.size(), std::memory_order_relaxed);
  for (auto& shard : shards_) shard->push(frame);
}

void Live::on_durable(Lsn lsn) {
  for (auto& shard : shards_) shard->on_durable(lsn);
  decisions_->on_durable();
  {
    const std::lock_guard lock(durable_mutex_);
  }
  durable_changed_.notify_all();
}

Result<Lsn> Live::submit(const Batch& batch) {
  for (;;) {
    if (!has_room(batch.size())) {
      std::unique_lock lock(durable_mutex_);
      durable_changed_.wait_for(lock, std::chrono::milliseconds(2));
      continue;
    }
    // A copy only when it has to be tried again: append() takes the batch.
    Batch attempt = batch;
    auto frame = store_->journal().append(std::move(attempt));
    if (frame) return (*frame)->lsn;
    if (frame.error().code != ErrorCode::kExhausted || stopped_) return fail(frame.error());
    std::unique_lock lock(durable_mutex_);
    durable_changed_.wait_for(lock, std::chrono::milliseconds(20));
  }
}

void Live::wait_durable(Lsn lsn) {
  std::unique_lock lock(durable_mutex_);
  durable_changed_.wait(lock, [&] { return store_->journal().durable() >= lsn || stopped_; });
}

Result<Lsn> Live::submit_and_wait(Batch batch) {
  std::vector<SeriesRef> fresh;
  for (const NewSeries& one : batch.fresh) fresh.push_back(one.ref);
  auto lsn = submit(batch);
  if (!lsn) return lsn;
  wait_durable(*lsn);
  for (const SeriesRef ref : fresh) announced_.mark(ref);
  return lsn;
}

// That nobody listened until now is part of the one order, so that the next recovery and a replay
// know it as well as this run does.
void Live::tell_start() {
  const std::string payload = std::string(kStartedMarker) + configuration_->folder.version();
  const auto marker = store_->journal().append_marker(FrameKind::kNote, payload);
  if (marker) return;
  log::warning("the start is not in the journal: {}", marker.error().text());
  for (auto& shard : shards_) shard->stage().streamer().interrupted(clock_.now());
}

// A timer runs before the first frame that arrived when it was due or later. If none comes, the
// clock gets a frame: what timers bring about is decided on what is written, like all else.
void Live::pass_time() {
  TimeMs due = decisions_->next_due();
  for (const auto& shard : shards_) due = std::min(due, shard->next_due());
  if (due > clock_.now() || store_->journal().last_arrival() >= due) return;
  const auto frame = store_->journal().append_marker(FrameKind::kNote, std::string(kClockMarker));
  if (!frame) store_->journal().sequence_tick();  // a full journal does not stop the clock
}

bool Live::checkpoint_due() {
  const uint64_t written = store_->journal().bytes_written() - checkpoint_after_;
  const auto limit = static_cast<double>(store_->journal().bytes_max());
  const uint64_t worth = kCheckpointSizes * checkpoint_bytes_.load();
  const uint64_t share = std::max(static_cast<uint64_t>(kCheckpointShare * limit), worth);
  if (written >= std::min(share, static_cast<uint64_t>(kCheckpointShareMax * limit))) return true;
  const DurationMs age = clock_.now() - checkpoint_at_;
  if (store_->checkpoint_wanted() > Lsn{0} && age >= seconds(1)) return true;
  return age >= kCheckpointAtLeastEvery || (age >= kCheckpointEvery && written >= worth);
}

// A journal turns over in as many minutes whatever the number of series: what a turn costs (chunks
// sealed before they are full, a checkpoint of all models) is then the same for each point.
void Live::size_journal() {
  if (configuration_->settings.journal_bytes_max > 0) return;
  const uint64_t wanted = series_.size() * kJournalBytesPerSeries;
  const uint64_t now = store_->journal().bytes_max();
  if (wanted < now + now / 8) return;  // in steps: a fleet comes series by series
  const auto room = disk_.free_bytes(configuration_->settings.data);
  if (room && *room / kJournalRoom >= wanted - now) store_->journal().grow_to(wanted);
}

void Live::watch_journal() {
  size_journal();
  if (checkpoint_due()) begin_checkpoint();
}

}  // namespace tocsin
