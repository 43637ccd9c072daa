#include "store/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <thread>

#include "base/check.h"
#include "base/crew.h"
#include "base/log.h"
#include "store/rollup_fill.h"
#include "store/sealer.h"

namespace tocsin {
namespace {

// The year 1: nothing is older.
constexpr TimeMs kForEver{-days(719'162).count};

constexpr uint32_t kNeighbours = 256;  // series that share a home after a restart
constexpr size_t kRecoverFrames = 48, kRecoverPoints = 200'000;  // taken up at once
constexpr DurationMs kSealEvery{50};                             // the sealer's rest between steps
constexpr DurationMs kRetryEvery = seconds(1);
constexpr DurationMs kRetentionEvery = hours(1);
constexpr size_t kFillGroups = 20'000;  // days of 32 series, looked at for missing rollups at once
constexpr DurationMs kCompactEvery = minutes(1);
constexpr DurationMs kAskedEvery{500};  // whether somebody asked to compact all

double thread_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

// The threads, and what only they (or whoever calls their steps) touch.
struct Store::Background {
  std::thread sealer, compactor;
  TimeMs retention_done = kTimeMin;  // of the thread that compacts
  std::vector<TimeMs> ended;         // by shard: the day up to which open chunks were sealed
  // compact_all(): each shard seals, then the compactor makes a pass. Counted, so that all can
  // tell.
  std::atomic<uint64_t> asked{0};                   // how often it was asked for
  std::atomic<Lsn> asked_at{Lsn{0}};                // all that was answered before is packed
  std::unique_ptr<std::atomic<uint64_t>[]> sealed;  // by shard: up to which of these
  std::vector<Lsn> seal_to;                         // by shard, of its thread: {0} = not begun
  uint64_t begun = 0, all_ended_wanted = 0;         // of the thread that compacts
  std::atomic<uint64_t> ended_all{0};
};

Store::Store(StoreOptions options, Disk& disk, const Clock& clock, SeriesTable& series)
    : options_(std::move(options)),
      disk_(disk),
      series_(series),
      clock_(clock),
      background_(std::make_unique<Background>()) {}

Store::~Store() {
  if (sealer_) sealer_->stop();
  if (background_->sealer.joinable()) background_->sealer.join();
  if (background_->compactor.joinable()) background_->compactor.join();
}

Result<std::unique_ptr<Store>> Store::open(std::string directory, StoreOptions options, Disk& disk,
                                           const Clock& clock, SeriesTable& series,
                                           Counters& counters, std::unique_ptr<Keyspace> keyspace) {
  if (options.shards == 0 || options.head.span_max > days(1))
    return fail(ErrorCode::kInvalid,
                fmt::format("cannot open the store in {}: it needs at least one shard, and chunks "
                            "of at most {}",
                            directory, to_text(days(1))));
  std::unique_ptr<Store> store(new Store(std::move(options), disk, clock, series));
  store->directory_ = std::move(directory);
  if (auto done = disk.make_directory(store->checkpoint_directory()); !done)
    return fail(done.error());
  if (auto done = store->open_parts(std::move(keyspace), counters); !done)
    return fail(done.error());
  return store;
}

Result<void> Store::open_parts(std::unique_ptr<Keyspace> keyspace, Counters& counters) {
  keyspace_ = std::move(keyspace);
  if (!keyspace_) {
    auto opened = open_rocksdb(directory_ + "/chunks", options_.rocks);
    if (!opened) return fail(opened.error());
    keyspace_ = std::move(*opened);
  }
  chunks_ = std::make_unique<Chunks>(*keyspace_, series_, counters);
  if (auto done = chunks_->check_format(); !done) return done;
  if (auto done = chunks_->sums().load(); !done) return done;
  const auto flushed = chunks_->flushed();
  if (!flushed) return fail(flushed.error());
  // Rows stand in for points that are gone: without an end to points there are none.
  options_.compaction.minutes = options_.keep.count > 0 && options_.keep_minutes.count > 0;
  options_.compaction.hours = options_.keep.count > 0 && options_.keep_hours.count > 0;
  compactor_ =
      std::make_unique<Compactor>(*keyspace_, chunks_->sums(), options_.compaction, counters);
  if (auto done = compactor_->load(); !done) return done;
  for (size_t i = 0; i < kResolutions; ++i)
    borders_[i] = border_of(static_cast<Resolution>(i), clock_.now()).ms;
  background_->ended.assign(options_.shards, kTimeMin);
  background_->sealed = std::make_unique<std::atomic<uint64_t>[]>(options_.shards);
  background_->seal_to.assign(options_.shards, Lsn{0});
  options_.journal.first_lsn = std::max(options_.journal.first_lsn, Lsn{flushed->lsn.value + 1});
  auto journal = Journal::open(directory_ + "/journal", options_.journal, disk_, clock_, counters);
  if (!journal) return fail(journal.error());
  journal_ = std::move(*journal);
  open_archive(counters);
  for (uint32_t i = 0; i < options_.shards; ++i) {
    heads_.push_back(std::make_unique<Head>(options_.head));
    heads_.back()->set_newest_on_disk(flushed->newest);
  }
  sealer_ = std::make_unique<Sealer>(*keyspace_, *chunks_, options_.shards, options_.flush_bytes,
                                     *flushed, counters);
  return {};
}

// An archive that cannot be had is no reason not to start.
void Store::open_archive(Counters& counters) {
  auto archive = Archive::open(directory_ + "/archive", options_.archive, disk_, clock_, counters);
  if (!archive) {
    log::error("nothing is archived: {}", archive.error().text());
    return;
  }
  archive_ = std::move(*archive);
  journal_->set_dispose([this](const std::string& path, uint64_t number) {
    return archive_->take_segment(path, number);
  });
}

uint32_t Store::home_of(SeriesRef series) const {
  return series.index / kNeighbours % options_.shards;
}

Result<JournalRecovery> Store::recover(Lsn after,
                                       const std::function<void(const FramePtr&)>& on_frame) {
  const auto home = [this](SeriesRef ref) { return home_of(ref); };
  if (auto done = chunks_->load_catalogue(home); !done) return fail(done.error());
  const Lsn flushed = sealer_->flushed();
  Crew crew(shards());
  std::vector<FramePtr> some;  // the shards take them up side by side, a few frames at a time
  size_t points = 0;
  Result<void> sealed;
  const auto take_up = [&] {
    crew.run([&](uint32_t shard) {
      for (const FramePtr& frame : some)
        if (frame->lsn > flushed) apply(shard, *frame);
    });
    for (const FramePtr& frame : some)
      if (frame->lsn > after && on_frame) on_frame(frame);
    // Chunks that filled up on the way go out: memory does not follow the journal's size.
    for (uint32_t shard = 0; shard < shards(); ++shard) {
      hand_over(shard);
      heads_[shard]->release_flushed();
    }
    // A few are written later, by the sealer's own thread: whoever waits for the start does not
    // wait for them.
    if (sealed && !some.empty() && sealer_->backlog() >= Sealer::kBacklogMax)
      sealed = sealer_->step(some.back()->lsn, Lsn{0});
    some.clear();
    points = 0;
  };
  const auto replay = [&](const FramePtr& frame) {
    some.push_back(frame);
    points += frame->batch.size();
    if (some.size() >= kRecoverFrames || points >= kRecoverPoints) take_up();
  };
  auto report = journal_->recover(series_, home, std::min(after, flushed), replay);
  take_up();
  if (!report) return report;
  if (!sealed) log::warning("while recovering: {}", sealed.error().text());
  chunks_->doubt_until(journal_->last());
  for (const JournalDamage& damage : report->damage) log::error("journal: {}", damage.text());
  for (uint32_t shard = 0; shard < shards(); ++shard) heads_[shard]->done(journal_->last());
  return report;
}

void Store::start() {
  journal_->start();
  if (archive_) archive_->start();
  background_->sealer = std::thread([this] { run_sealer(); });
  background_->compactor = std::thread([this] { run_compactor(); });
}

void Store::run_sealer() {
  bool failing = false;
  while (!sealer_->stopped()) {
    const auto done = seal_step(clock_.now());
    if (!done && !failing) log::error("store: {}", done.error().text());
    failing = !done;
    sealer_->wait(failing ? kRetryEvery : kSealEvery);
  }
}

// Nothing to join now: looks again after a while, or when compact_all() is asked for.
void Store::rest_of_compactor(bool hurry) {
  const DurationMs whole = hurry ? kSealEvery : kCompactEvery;
  for (DurationMs waited; waited < whole && !sealer_->stopped(); waited = waited + kAskedEvery) {
    sealer_->wait(hurry ? kSealEvery : kAskedEvery);
    if (compacting()) return;
  }
}

// Works for a share of one core: after each step it rests in proportion to what the step took.
void Store::run_compactor() {
  bool failing = false;
  while (!sealer_->stopped()) {
    const bool hurry = lead_compact_all();
    const double begin = thread_cpu_seconds();
    const auto more = compact_step(clock_.now());
    const double used = thread_cpu_seconds() - begin;
    if (!more && !failing) log::error("store: {}", more.error().text());
    failing = !more;
    const double rest = used * (1 / options_.compaction_share - 1);
    if (more && *more && hurry) continue;  // somebody waits for it
    if (more && *more)
      sealer_->wait(DurationMs{static_cast<int64_t>(rest * 1000)});
    else
      rest_of_compactor(hurry);
  }
}

void Store::apply(uint32_t shard, const Frame& frame) {
  Head& head = *heads_[shard];
  head.begin(frame.lsn);
  const Batch& batch = frame.batch;
  for (size_t i = 0; i < batch.size(); ++i)
    if (series_.home(batch.series[i]) % shards() == shard)
      head.append(batch.series[i], batch.time[i], batch.value[i]);
  head.done(frame.lsn);
}

void Store::hand_over(uint32_t shard) {
  Head& head = *heads_[shard];
  std::vector<SealedChunkPtr> chunks = head.take_sealed();
  sealer_->give(shard, std::move(chunks), head.sealed_lsn());
}

Lsn Store::release_wanted() const { return journal_->release_wanted(options_.seal_from_fill); }

bool Store::collect(uint32_t shard, size_t series_max) {
  Head& head = *heads_[shard];
  bool more = head.release_flushed(series_max);
  const Lsn wanted = std::min(release_wanted(), head.done_lsn());
  if (wanted > head.sealed_lsn() && sealer_->backlog() < Sealer::kBacklogMax)
    more |= !head.seal_older_than(wanted, series_max);
  // Half of the time that the compactor leaves a day alone: then its last chunks are there.
  const TimeMs ended =
      range_of(RowSpan::kDay, clock_.now() - DurationMs{options_.compaction.settle.count / 2}).from;
  if (ended > background_->ended[shard]) {
    if (head.seal_started_before(ended, series_max))
      background_->ended[shard] = ended;
    else
      more = true;
  }
  std::atomic<uint64_t>& sealed = background_->sealed[shard];
  const uint64_t asked = background_->asked.load(std::memory_order_acquire);
  // What was answered before it was asked for may still be on its way to this shard.
  const bool all = sealed.load(std::memory_order_relaxed) < asked &&
                   head.done_lsn() >= background_->asked_at.load(std::memory_order_acquire);
  Lsn& seal_to = background_->seal_to[shard];
  if (all && seal_to == Lsn{0}) seal_to = head.done_lsn();
  const bool all_sealed = all && head.seal_older_than(seal_to, series_max);
  more |= all && !all_sealed;
  hand_over(shard);
  if (all_sealed) {
    seal_to = Lsn{0};
    sealed.store(asked, std::memory_order_release);
  }
  return more;
}

void Store::compact_all() {
  background_->asked_at.store(journal_->last(), std::memory_order_release);
  uint64_t ended = background_->ended_all.load(std::memory_order_acquire);
  background_->asked.compare_exchange_strong(ended, ended + 1, std::memory_order_acq_rel);
}

bool Store::compacting() const {
  return background_->ended_all.load(std::memory_order_acquire) <
         background_->asked.load(std::memory_order_acquire);
}

// True while compact_all() is under way. Once the shards have sealed and the sealer has written it
// all, the compactor is asked for its pass.
bool Store::lead_compact_all() {
  const uint64_t asked = background_->asked.load(std::memory_order_acquire);
  if (background_->ended_all.load(std::memory_order_relaxed) == asked) return false;
  if (background_->begun == asked) {
    if (compactor_->all_ended() >= background_->all_ended_wanted)
      background_->ended_all.store(asked, std::memory_order_release);
    return true;
  }
  for (uint32_t shard = 0; shard < shards(); ++shard)
    if (background_->sealed[shard].load(std::memory_order_acquire) < asked) return true;
  if (sealer_->backlog() > 0) return true;
  background_->begun = asked;
  background_->all_ended_wanted = compactor_->all_ended() + 1;
  compactor_->ask_all();
  return true;
}

Result<void> Store::seal_step(TimeMs now) {
  journal_->tick(now);
  if (auto done = sealer_->step(journal_->durable(), release_wanted()); !done) return done;
  Lsn hold;
  {
    const std::lock_guard lock(hold_mutex_);
    hold = hold_after_;
  }
  journal_->release_until(std::min(sealer_->flushed(), hold));
  return {};
}

TimeMs Store::border_of(Resolution resolution, TimeMs now) const {
  const DurationMs keep = resolution == Resolution::kRaw      ? options_.keep
                          : resolution == Resolution::kMinute ? options_.keep_minutes
                                                              : options_.keep_hours;
  if (resolution == Resolution::kRaw && keep.count <= 0) return kForEver;
  return range_of(RowSpan::kWeek, now - keep).from;
}

Result<void> Store::drop_old(TimeMs now) {
  for (size_t i = 0; i < kResolutions; ++i) {
    const auto resolution = static_cast<Resolution>(i);
    const TimeMs border = border_of(resolution, now);
    borders_[i] = border.ms;  // first: nobody reads what is half gone
    const auto dropped = chunks_->drop_before(resolution, border);
    if (!dropped) return fail(dropped.error());
    if (*dropped > 0)
      log::info("store: dropped {} days and weeks of {} points before {}", *dropped,
                to_text(resolution), to_iso(border));
  }
  return {};
}

Result<bool> Store::compact_step(TimeMs now) {
  if (background_->retention_done == kTimeMin ||
      now - background_->retention_done >= kRetentionEvery) {
    background_->retention_done = now;
    if (auto done = drop_old(now); !done) return fail(done.error());
    RollupFill fill(*keyspace_, chunks_->sums(), options_.compaction.minutes,
                    options_.compaction.hours);
    const auto filled = fill.step(TimeMs{borders_[0]}, kFillGroups);
    if (!filled) return fail(filled.error());
  }
  return compactor_->step(now, TimeMs{borders_[0]});
}

Result<void> Store::flush_chunks() { return sealer_->step(journal_->durable(), Lsn{UINT64_MAX}); }

Result<std::vector<Sample>> Store::points(SeriesRef series, TimeMs from, TimeMs to) {
  std::vector<Sample> head_points;
  from = std::max(from, TimeMs{borders_[0]});
  if (series_.known(series))
    heads_[series_.home(series) % shards()]->copy_points(series, from, to, head_points);
  // The open chunk and the one before answer alone for what is newer.
  if (series_.known(series) && from >= heads_[series_.home(series) % shards()]->whole_from(series))
    return head_points;
  return read_sealed(series, from, to, std::move(head_points));
}

Result<std::vector<Sample>> Store::read_sealed(SeriesRef series, TimeMs from, TimeMs to,
                                               std::vector<Sample> head_points) const {
  std::vector<Sample> sealed, out;
  from = std::max(from, TimeMs{borders_[0]});
  std::erase_if(head_points, [&](const Sample& sample) { return sample.time < from; });
  to = std::min(to, sealer_->newest());
  if (from > to) return head_points;  // so is all that a head may lack
  if (auto done = chunks_->read(series, from, to, sealed); !done) return fail(done.error());
  if (sealed.empty()) return head_points;
  merge_samples(sealed, head_points, out);
  return out;
}

Extents Store::extents() const {
  const TimeMs rolled = compactor_->rolled_to();
  Extents out{{{TimeMs{borders_[0]}, kTimeMax}, {}, {}}};
  for (size_t i = 1; i < kResolutions; ++i) {
    const bool made = i == 1 ? options_.compaction.minutes : options_.compaction.hours;
    const TimeMs from{borders_[i]};
    out[i] = made && from < rolled ? ResolutionExtent{from, rolled} : ResolutionExtent{};
  }
  return out;
}

Result<void> Store::read_rollup(SeriesRef series, Resolution resolution, TimeMs from, TimeMs to,
                                RollupColumns& out) const {
  from = std::max(from, TimeMs{borders_[static_cast<size_t>(resolution)]});
  if (resolution == Resolution::kRaw || from > to) return {};
  return chunks_->read_rollup(series, resolution, from, to, out);
}

Result<StoreStats> Store::stats() const {
  StoreStats out;
  out.journal_bytes = journal_->bytes_on_disk();
  out.journal_bytes_max = journal_->bytes_max();
  out.archive_bytes = archive_ ? archive_->bytes() : 0;
  out.archive_bytes_max = options_.archive.bytes_max;
  out.extents = extents();
  out.keep = {options_.keep, options_.keep_minutes, options_.keep_hours};
  out.series = chunks_->catalogue_series();
  out.catalogue_bytes = chunks_->catalogue_bytes();
  out.take(chunks_->sums().days());
  if (auto done = read_partitions(*keyspace_, out); !done) return fail(done.error());
  out.disk_bytes = keyspace_->stats().disk_bytes;
  return out;
}

Result<uint64_t> Store::write_checkpoint(Lsn lsn, std::string_view name, const StatePieces& state,
                                         TimeMs time, uint64_t tag) {
  if (lsn > journal_->durable())
    return fail(ErrorCode::kRefused,
                fmt::format("cannot write checkpoint {} of {}: the journal is durable only up to "
                            "{}; wait for it",
                            name, lsn.value, journal_->durable().value));
  DisposeFile dispose;
  if (archive_)
    dispose = [this](const std::string& path) { return archive_->take_checkpoint(path); };
  auto written = tocsin::write_checkpoint(disk_, checkpoint_directory(), name, {lsn, time, tag},
                                          state, dispose);
  if (!written) return written;
  const auto oldest = oldest_checkpoint_lsn(disk_, checkpoint_directory(), name);
  if (!oldest) return fail(oldest.error());
  note_checkpoints(name, *oldest);
  return written;
}

Result<std::optional<Checkpoint>> Store::read_latest_checkpoint(std::string_view name) {
  const auto oldest = oldest_checkpoint_lsn(disk_, checkpoint_directory(), name);
  if (!oldest) return fail(oldest.error());
  if (*oldest > Lsn{0}) note_checkpoints(name, *oldest);
  return tocsin::read_latest_checkpoint(disk_, checkpoint_directory(), name);
}

void Store::note_checkpoints(std::string_view name, Lsn oldest) {
  const std::lock_guard lock(hold_mutex_);
  checkpoints_.insert_or_assign(std::string(name), oldest);
  hold_after_ = Lsn{UINT64_MAX};
  for (const auto& [known, lsn] : checkpoints_) hold_after_ = std::min(hold_after_, lsn);
}

void Store::hold_journal_after(Lsn lsn) {
  const std::lock_guard lock(hold_mutex_);
  hold_after_ = lsn;
}

Lsn Store::checkpoint_wanted() const {
  const Lsn wanted = release_wanted();
  const std::lock_guard lock(hold_mutex_);
  return wanted > hold_after_ ? wanted : Lsn{0};
}

}  // namespace tocsin
