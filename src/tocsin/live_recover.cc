// How a start finds what the last run left: tables, journal, heads, models, alerts.

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "access/tables.h"
#include "base/crew.h"
#include "base/log.h"
#include "oncall/overrides.h"
#include "oncall/record.h"
#include "state/migrations.h"
#include "supervisor/kept_causes.h"
#include "supervisor/ledger.h"
#include "supervisor/marked_change.h"
#include "supervisor/operator_marks.h"
#include "tocsin/config_history.h"
#include "tocsin/live.h"
#include "vocabulary/markers.h"

namespace tocsin {
namespace {

constexpr std::string_view kTrained = "trained";
constexpr std::string_view kTrainedWord = " trained ";
constexpr uint64_t kRoomNeeded = 16u << 20;
constexpr size_t kFramesAtOnce = 48;         // of a recovery
constexpr uint64_t kJournalPointBytes = 16;  // about; docs/formats/journal.md

streamer::Options streamer_options() { return {}; }

// Frames of a recovery: the shards take them up side by side, a few at a time, and what they found
// is then decided on in the order of the journal.
class TakeUp {
 public:
  TakeUp(const std::vector<std::unique_ptr<ShardThread>>& shards, DecisionThread& decisions,
         std::vector<pipeline::ShardReport>& reports)
      : shards_(shards),
        decisions_(decisions),
        reports_(reports),
        crew_(static_cast<uint32_t>(shards.size())) {}

  // True: as many as go at once.
  bool add(const FramePtr& frame) {
    frames_.push_back(frame);
    return frames_.size() >= kFramesAtOnce;
  }
  // The last frame may have brought `workers` that had been trained.
  Result<void> run(const std::shared_ptr<const streamer::WorkerSet>& workers,
                   const std::optional<std::string>& trained) {
    if (frames_.empty()) return {};
    crew_.run([&](uint32_t i) {
      for (const FramePtr& frame : frames_)
        if (frame->kind != FrameKind::kTick) shards_[i]->stage().pass(*frame, reports_[i]);
    });
    const Frame& newest = *frames_.back();
    for (uint32_t i = 0; i < shards_.size(); ++i) {
      if (trained)
        if (auto done = shards_[i]->stage().replace(workers, newest.lsn, newest.arrival,
                                                    reports_[i], *trained);
            !done)
          log::error("{}; workers learn anew", done.error().text());
      reports_[i].derived.clear();  // the journal has them
      decisions_.recovered(i, reports_[i]);
    }
    auto decided = decisions_.run_recovered(newest.lsn);
    frames_.clear();
    return decided;
  }

 private:
  const std::vector<std::unique_ptr<ShardThread>>& shards_;
  DecisionThread& decisions_;
  std::vector<pipeline::ShardReport>& reports_;
  Crew crew_;
  std::vector<FramePtr> frames_;
};

}  // namespace

Result<void> Live::open() {
  const Settings& settings = configuration_->settings;
  std::error_code error;
  std::filesystem::create_directories(settings.data, error);
  if (error)
    return fail(ErrorCode::kUnavailable,
                fmt::format("cannot make the data folder {}: {}; choose another with --data",
                            settings.data, error.message()));
  // Less than this and an engine below may give up half way, in words of its own.
  if (const auto room = disk_.free_bytes(settings.data); room && *room < kRoomNeeded)
    return fail(
        ErrorCode::kExhausted,
        fmt::format("cannot open {}: the disk has {} MB left; make at least {} MB of room and "
                    "start again (everything acknowledged is kept)",
                    settings.data, *room >> 20, kRoomNeeded >> 20));
  StoreOptions options;
  options.shards = settings.shard_count();
  options.journal.durability = settings.durability;
  if (settings.journal_bytes_max > 0) options.journal.bytes_max = settings.journal_bytes_max;
  options.archive.keep = settings.archive_keep;
  options.archive.bytes_max = settings.archive_bytes_max;
  options.keep = settings.keep;
  options.keep_minutes = settings.keep_minutes;
  options.keep_hours = settings.keep_hours;
  options.compaction_share = settings.background_share;
  auto store = Store::open(settings.data + "/points", options, disk_, clock_, series_, counters_);
  if (!store)
    return fail(
        store.error().code,
        fmt::format("cannot open {}: another tocsin is running on it, or it is damaged ({})",
                    settings.data, store.error().message));
  store_ = std::move(*store);
  return {};
}

Result<void> Live::make_stages() {
  const Settings& settings = configuration_->settings;
  const std::string path = settings.data + "/state.db";
  state::Database::Options options;
  options.counters = &counters_;
  auto database = state::Database::open(path, options);
  if (!database) return fail(database.error());
  for (const auto& migrations :
       {supervisor::migrations(), respond::inbox_migrations(), config_history_migrations(),
        supervisor::operator_mark_migrations(), supervisor::marked_change_migrations(),
        supervisor::kept_causes_migrations(), oncall::override_migrations(),
        oncall::record_migrations(), respond::person_notice_migrations(),
        EpisodeLedger::migrations(), access::migrations()})
    if (auto done = state::migrate(*database, migrations); !done) return fail(done.error());
  options.access = state::Database::Access::kReader;
  options.check_on_open = false;
  auto reader = state::Database::open(path, options);
  if (!reader) return fail(reader.error());
  reader_ = std::make_unique<state::Database>(std::move(*reader));

  supervisor::Supervisor book(configuration_->supervisor, configuration_->routes, counters_);
  // Those that ended long ago concern nobody who is called from here on.
  auto overrides = oncall::read_overrides(*database, clock_.now() - days(1));
  if (!overrides) return fail(overrides.error());
  const Reach reach{oncall::OnCall(configuration_->roster, std::move(*overrides)),
                    configuration_->receivers, configuration_->tiers.admins()};
  book.set_escalation(configuration_->escalation);
  book.set_directory(reach.directory());
  if (auto loaded = book.load(*database); !loaded) return fail(loaded.error());
  EpisodeLedger ledger;
  if (auto loaded = ledger.load(*database); !loaded) log::error("{}", loaded.error().text());
  const uint32_t shards = store_->shards();
  DecisionThread::Parts parts{
      std::make_unique<pipeline::Merge>(shards),
      rules::Engine(configuration_->rules, series_, configuration_->worker_names()),
      std::move(book),
      std::move(*database),
      std::move(ledger),
      series_,
      configuration_->workers,
      reach};
  decisions_ = std::make_unique<DecisionThread>(std::move(parts), *store_, clock_, counters_,
                                                decision_hooks());
  make_shards();
  return {};
}

DecisionThread::Hooks Live::decision_hooks() {
  DecisionThread::Hooks hooks;
  hooks.violation = [this](const StreamItem& item) {
    if (watchers.violation) watchers.violation(item);
  };
  hooks.alert = [this](const std::shared_ptr<const AlertView>& alert) {
    if (watchers.alert) watchers.alert(alert);
  };
  hooks.delivery = [this](const Delivery& delivery) {
    if (watchers.delivery) watchers.delivery(delivery);
  };
  hooks.saved = [this](const pipeline::Passed& at, std::string rules, std::string alerts) {
    {
      const std::lock_guard lock(checkpoint_mutex_);
      checkpoint_.time = at.time;
      checkpoint_.state.alerts = std::move(alerts);
    }
    checkpoint_part(shards_.size(), at.lsn, std::move(rules));
  };
  hooks.configuration_of =
      [this](const pipeline::Passed& frame) -> std::shared_ptr<const Configuration> {
    const std::lock_guard lock(configuration_mutex_);
    return frame.lsn == configuration_from_ ? configuration_ : nullptr;
  };
  return hooks;
}

void Live::make_shards() {
  const uint32_t shards = store_->shards();
  for (uint32_t i = 0; i < shards; ++i) {
    ShardThread::Hooks shard_hooks;
    shard_hooks.report = [this](uint32_t shard, pipeline::ShardReport&& report) {
      decisions_->report(shard, std::move(report));
    };
    shard_hooks.saved = [this](uint32_t shard, Lsn lsn, std::string models) {
      checkpoint_part(shard, lsn, std::move(models));
    };
    shard_hooks.workers_of = [this](const Frame& frame) -> ShardThread::NewWorkers {
      const std::lock_guard lock(configuration_mutex_);
      if (frame.lsn != configuration_from_) return {};
      return {configuration_->workers, trained_};
    };
    shard_hooks.has_room = [this](size_t points) { return has_room(points); };
    shards_.push_back(std::make_unique<ShardThread>(
        i, pipeline::ShardStage(configuration_->workers, series_, i, shards, streamer_options()),
        *store_, announced_, counters_, std::move(shard_hooks)));
    intakes_.push_back(std::make_unique<intake::Intake>(intake_shared_, *shards_.back()));
  }
}

// A checkpoint that cannot be used costs what the models had learned, not the start.
Result<void> Live::restore(const Checkpoint& checkpoint, TimeMs at,
                           std::vector<pipeline::ShardReport>& reports) {
  const auto saved = decode_model_checkpoint(checkpoint.bytes);
  if (!saved) return fail(saved.error());
  // Each shard takes what is its own, whichever shard saved it: there may be more of them now.
  // One more of the crew takes the rules' state meanwhile.
  using SavedBy = streamer::Streamer::SavedBy;
  const bool as_many = saved->shards.size() == shards_.size();
  rules::Engine& engine = decisions_->stage().engine();
  std::vector<Result<void>> all(shards_.size() + 1);
  Crew(static_cast<uint32_t>(all.size())).run([&](uint32_t i) {
    if (i == shards_.size()) {
      ByteReader rules(saved->rules);
      all[i] = engine.load(rules);
      return;
    }
    for (size_t by = 0; by < saved->shards.size() && all[i]; ++by) {
      ByteReader part(saved->shards[by]);
      const bool other = as_many && by != i;
      all[i] = shards_[i]->stage().streamer().load(
          part, other ? SavedBy::kAnotherOfAsMany : SavedBy::kAnyShard);
    }
  });
  for (const Result<void>& loaded : all) {
    if (loaded) continue;
    engine.forget();  // of tests that learn anew
    return fail(loaded.error());
  }
  if (saved->configuration != configuration_->folder.version()) {
    // Other workers or rules than those that were saved: the rules must hear of every test anew.
    streamer::StreamerOutputs outputs;
    for (uint32_t i = 0; i < shards_.size(); ++i) {
      shards_[i]->stage().streamer().announce({checkpoint.lsn, {}, 0, 0}, at, outputs);
      std::move(outputs.items.begin(), outputs.items.end(), std::back_inserter(reports[i].items));
      outputs.clear();
    }
  }
  return {};
}

// What the changed workers had learned when this frame brought the configuration that is used now.
std::optional<std::string> Live::trained_with(const Frame& frame) {
  const std::string begin = configuration_->folder.version() + std::string(kTrainedWord);
  if (frame.kind != FrameKind::kConfig || !frame.payload.starts_with(begin)) return std::nullopt;
  auto kept = read_latest_checkpoint(disk_, configuration_->settings.data + "/trained", kTrained);
  if (!kept)
    log::error("what the models learned before a crash cannot be read: {}", kept.error().text());
  const bool right =
      kept && *kept && to_text(hash128((*kept)->bytes)) == frame.payload.substr(begin.size());
  if (!right) {
    log::warning("what changed workers had learned from history is lost; they learn anew");
    return std::nullopt;
  }
  return std::move((*kept)->bytes);
}

// The frame that brings the configuration names what its workers learned by its hash; the text is
// safe before that.
Result<std::string> Live::keep_trained(const std::string& version, std::string_view trained) {
  if (trained.empty()) return version;
  const std::string folder = configuration_->settings.data + "/trained";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const CheckpointMark mark{store_->journal().last(), clock_.now(), hash64(version)};
  if (auto done = write_checkpoint(disk_, folder, kTrained, mark, {trained}); !done)
    return fail(done.error());
  return version + std::string(kTrainedWord) + to_text(hash128(trained));
}

Result<void> Live::recover() {
  auto checkpoint = store_->read_latest_checkpoint(kCheckpointName);
  if (!checkpoint) return fail(checkpoint.error());
  const Lsn after = *checkpoint ? (*checkpoint)->lsn : Lsn{0};
  store_->hold_journal_after(after);
  std::vector<pipeline::ShardReport> reports(shards_.size());
  bool restored = false;
  // `at`: the time of what comes next; the rules' clock must not run ahead of the journal's tail.
  const auto restore_once = [&](TimeMs at) {
    if (std::exchange(restored, true) || !*checkpoint) return;
    if (auto done = restore(**checkpoint, at, reports); !done)
      log::error("{}; workers learn anew", done.error().text());
  };
  if (const uint64_t bytes = store_->journal().bytes_on_disk(); bytes > (64u << 20))
    log::info("reading the journal, up to {} MB", bytes >> 20);
  load_cardinality();
  Error failed;
  Lsn last = after;
  TimeMs last_arrival;
  uint64_t reread = 0;  // bytes of the journal after the checkpoint, about
  TakeUp together(shards_, *decisions_, reports);
  const auto take_up = [&](const std::optional<std::string>& trained) {
    auto run = together.run(configuration_->workers, trained);
    if (!run && failed.message.empty()) failed = run.error();
  };
  auto recovered = store_->recover(after, [&](const FramePtr& frame) {
    restore_once(frame->arrival);
    const std::optional<std::string> trained = trained_with(*frame);
    guard_.journal_has(frame->batch.fresh, frame->arrival, frame->batch.sender_name);
    reread += frame->batch.size() * kJournalPointBytes;
    for (const NewSeries& series : frame->batch.fresh) reread += series.labels.bytes();
    last = frame->lsn;
    last_arrival = frame->arrival;
    if (together.add(frame) || trained) take_up(trained);
  });
  take_up({});
  if (!recovered) return fail(recovered.error());
  if (!failed.message.empty()) return fail(failed);
  restore_once(started_at_);
  for (const JournalDamage& damage : recovered->damage) log::error("journal: {}", damage.text());
  for (uint32_t ref = 0; ref < series_.size(); ++ref)
    if (series_.known(SeriesRef{ref})) announced_.mark(SeriesRef{ref});
  guard_.recovered();
  series_.set_gate(&guard_);
  // Modular: as if they had been written by this run.
  checkpoint_after_ = store_->journal().bytes_written() - reread;
  size_journal();
  const auto limit = static_cast<double>(store_->journal().bytes_max());
  // Half empty segments of many short runs fill the journal as well: the marker of a checkpoint
  // would find no room, and what a checkpoint frees would never be freed.
  if (static_cast<double>(reread) >= kCheckpointFill * limit ||
      store_->journal().fill() > kJournalFill)
    checkpoint_recovered(last, last_arrival);
  if (series_.size() > 0)
    log::info("recovered {} series, {} frames and {} points from the journal", series_.size(),
              recovered->frames, recovered->points);
  return {};
}

// All stages stand after the same frame, so no marker is needed; and a journal that crashes have
// filled could not take one: it is freed by this.
void Live::checkpoint_recovered(Lsn last, TimeMs time) {
  CheckpointParts parts;
  parts.lsn = last;
  parts.time = time;
  for (auto& shard : shards_) {
    ByteWriter models;
    shard->stage().streamer().save(models);
    parts.state.shards.push_back(models.take());
  }
  ByteWriter rules, alerts;
  decisions_->stage().engine().save(rules);
  decisions_->stage().supervisor().save_open(alerts);
  parts.state.rules = rules.take();
  parts.state.alerts = alerts.take();
  keep_checkpoint(std::move(parts));
}

void Live::begin_checkpoint() {
  {
    const std::lock_guard lock(checkpoint_mutex_);
    if (checkpoint_.missing > 0) return;  // the last one is still under way
    checkpoint_ = {};
    checkpoint_.state.shards.resize(shards_.size());
    checkpoint_.missing = shards_.size() + 1;
  }
  background_.post([this] { save_cardinality(); });
  checkpoint_at_ = clock_.now();
  checkpoint_after_ = store_->journal().bytes_written();
  const std::string payload(kCheckpointMarker);
  if (auto marker = store_->journal().append_marker(FrameKind::kNote, payload); !marker) {
    log::warning("no checkpoint now: {}", marker.error().text());
    const std::lock_guard lock(checkpoint_mutex_);
    checkpoint_.missing = 0;
  }
}

// part: a shard's models, or after the last shard the rules.
void Live::checkpoint_part(size_t part, Lsn lsn, std::string bytes) {
  auto parts = std::make_shared<CheckpointParts>();
  {
    const std::lock_guard lock(checkpoint_mutex_);
    if (checkpoint_.missing == 0) return;
    checkpoint_.lsn = lsn;
    ModelCheckpoint& state = checkpoint_.state;
    (part < state.shards.size() ? state.shards[part] : state.rules) = std::move(bytes);
    if (--checkpoint_.missing > 0) return;
    *parts = std::move(checkpoint_);
    checkpoint_.missing = 0;
  }
  background_.post([this, parts] {
    keep_checkpoint(std::move(*parts));
    durable_changed_.notify_all();
  });
}

void Live::keep_checkpoint(CheckpointParts parts) {
  const auto now = configuration();
  parts.state.configuration = now->folder.version();
  parts.state.workers = now->workers->identities();
  const uint64_t tag = configuration_tag(parts.state.configuration);
  const EncodedCheckpoint state = encode(parts.state);
  const auto size =
      store_->write_checkpoint(parts.lsn, kCheckpointName, state.pieces, parts.time, tag);
  if (!size) {
    log::warning("the checkpoint was not written: {}", size.error().text());
    return;
  }
  checkpoint_bytes_.store(*size);
  store_->hold_journal_after(parts.lsn);
}

}  // namespace tocsin
