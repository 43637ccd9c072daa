#pragma once
// Where points are kept: journal (safe), heads (readable at once), sealed chunks (for long).
//
//   append ─► journal ─► shard: head().append ─► collect() ─► sealer: keyspace, flush
//                 ▲                                                    │
//                 └─ segments freed up to min(flushed, checkpoint) ◄───┘
//
// How `kill -9` or a power cut leaves things: every point whose lsn <= journal().durable() is found
// exactly once by a read after open() and recover(): from the flushed chunks, or replayed from the
// journal into a head; what is in both is merged by time.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "base/disk.h"
#include "store/archive.h"
#include "store/checkpoints.h"
#include "store/chunks.h"
#include "store/compactor.h"
#include "store/head.h"
#include "store/journal.h"
#include "store/keyspace.h"
#include "store/rollup.h"
#include "store/store_stats.h"
#include "vocabulary/series_table.h"

namespace tocsin {

struct StoreOptions {
  uint32_t shards = 2;
  JournalOptions journal;
  ArchiveOptions archive;
  HeadOptions head;
  RocksOptions rocks;
  // How long each resolution is kept; whole weeks are dropped. 0 of a rollup: it is not made.
  // keep 0: points for ever, and no rollups.
  DurationMs keep = days(90), keep_minutes = days(400), keep_hours = days(1826);
  CompactorOptions compaction;
  double compaction_share = 0.25;  // of one core, for joining and rollups
  double seal_from_fill = 0.5;  // of the journal's bytes_max: from here on open chunks are sealed
  uint64_t flush_bytes =
      8u << 20;  // written chunks are flushed at the latest when they are this many
};

// Threads: open, recover and start on one; then journal().append anywhere, head(i), collect(i) and
// points() on shard i's thread only, read_sealed anywhere.
class Sealer;

class Store {
 public:
  // keyspace: made by the caller in the simulation; nullptr opens RocksDB in directory/chunks.
  static Result<std::unique_ptr<Store>> open(std::string directory, StoreOptions options,
                                             Disk& disk, const Clock& clock, SeriesTable& series,
                                             Counters& counters,
                                             std::unique_ptr<Keyspace> keyspace = nullptr);
  ~Store();  // stops the threads; nothing needs to be flushed, the journal has it

  // Fills the series table and the heads; on_frame gets every frame with lsn > after (the models'
  // checkpoint), after its points are in the heads.
  Result<JournalRecovery> recover(Lsn after, const std::function<void(const FramePtr&)>& on_frame);
  // Starts the committer and the sealer. Without it: journal().commit_now() and seal_step().
  void start();

  Journal& journal() { return *journal_; }
  Head& head(uint32_t shard) { return *heads_[shard]; }
  uint32_t shards() const { return static_cast<uint32_t>(heads_.size()); }
  uint32_t home_of(SeriesRef series) const;  // the shard of a series that is restored

  // Shard's thread, after each frame (cheap) and when idle: appends the frame's points of this
  // shard to its head. A frame is handed to every shard, in lsn order.
  void apply(uint32_t shard, const Frame& frame);
  // Shard's thread, regularly: hands sealed chunks to the sealer, seals what the journal wants to
  // free (at most `series_max` series), lets go of what was flushed. True if there is more to do.
  bool collect(uint32_t shard, size_t series_max = 256);

  // One step of the sealer: writes what the shards handed over, flushes when due, frees journal
  // segments. An error is tried again by the next call.
  Result<void> seal_step(TimeMs now);

  // One step of the background: drops old weeks, joins the chunks of one group of series. True if
  // there is more to do now.
  Result<bool> compact_step(TimeMs now);

  // Joins all there is into rows at once, the open day's points too; what comes for it later is
  // joined again when the day is over. Any thread; goes on in the background, and a second one
  // while the first is under way is the same. Progress: compacting().
  void compact_all();
  bool compacting() const;

  // Flushes what was handed over so far, although no limit asks for it. The sealer's side.
  Result<void> flush_chunks();

  // All points of a series in [from, to]: head first, then chunks. Shard's thread of the series
  // (or when nothing else runs).
  Result<std::vector<Sample>> points(SeriesRef series, TimeMs from, TimeMs to);
  // The half that needs no shard: merges what the shard copied from its head.
  Result<std::vector<Sample>> read_sealed(SeriesRef series, TimeMs from, TimeMs to,
                                          std::vector<Sample> head_points) const;

  // How far back raw points and rollups reach (store/rollup.h). Any thread.
  Extents extents() const;
  // Rows whose slot begins in [from, to], appended to out. Any thread. What does not check out is
  // left out, counted and logged; an error is one of the engine.
  Result<void> read_rollup(SeriesRef series, Resolution resolution, TimeMs from, TimeMs to,
                           RollupColumns& out) const;

  // What is stored, in numbers. Any thread; looks at a few keys per day and week.
  Result<StoreStats> stats() const;

  // The state of `name` as of lsn. kRefused if lsn is not durable yet: a checkpoint must not know
  // more than the journal. The journal keeps what the older kept checkpoint still needs.
  // `time`, `tag`: CheckpointMark. Gives the size of the file.
  Result<uint64_t> write_checkpoint(Lsn lsn, std::string_view name, const StatePieces& state,
                                    TimeMs time = {}, uint64_t tag = 0);
  Result<std::optional<Checkpoint>> read_latest_checkpoint(std::string_view name);
  // The journal keeps every frame with lsn > this, whatever is flushed. Checkpoints that were
  // written or read move it by themselves; before the first one, the caller says {0} if a restart
  // will want all frames.
  void hold_journal_after(Lsn lsn);
  // The lsn that a checkpoint must reach for the journal to free space; {0} if none is needed.
  // A caller that never writes it finds appends refused once the journal is full.
  Lsn checkpoint_wanted() const;

  Chunks& chunks() { return *chunks_; }
  Keyspace& keyspace() { return *keyspace_; }
  SeriesTable& series() { return series_; }

 private:
  Store(StoreOptions options, Disk& disk, const Clock& clock, SeriesTable& series);
  struct Background;
  Result<void> open_parts(std::unique_ptr<Keyspace> keyspace, Counters& counters);
  void open_archive(Counters& counters);
  void hand_over(uint32_t shard);
  Lsn release_wanted() const;
  Result<void> drop_old(TimeMs now);
  TimeMs border_of(Resolution resolution, TimeMs now) const;
  void run_sealer();
  void run_compactor();
  void rest_of_compactor(bool hurry);
  bool lead_compact_all();
  std::string checkpoint_directory() const { return directory_ + "/checkpoints"; }
  void note_checkpoints(std::string_view name, Lsn oldest);

  StoreOptions options_;
  std::string directory_;
  Disk& disk_;
  SeriesTable& series_;
  const Clock& clock_;
  std::unique_ptr<Keyspace> keyspace_;
  std::unique_ptr<Chunks> chunks_;
  std::unique_ptr<Archive> archive_;  // null if it cannot be had
  std::unique_ptr<Journal> journal_;
  std::vector<std::unique_ptr<Head>> heads_;
  std::unique_ptr<Sealer> sealer_;
  std::unique_ptr<Compactor> compactor_;
  std::array<std::atomic<int64_t>, kResolutions> borders_{};  // in ms; older points are not there
  std::unique_ptr<Background> background_;
  mutable std::mutex hold_mutex_;
  Lsn hold_after_{UINT64_MAX};
  std::map<std::string, Lsn, std::less<>> checkpoints_;  // the oldest kept, by name
};

}  // namespace tocsin
