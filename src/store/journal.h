#pragma once
// The journal: the one order of everything that came in, and what makes an answered point safe.
//
//   append() ─ any thread ─► lsn, arrival ─► on_sequenced ─► queue ─► committer: write, sync ─►
//   durable(), on_durable
//
// What survives: with durability power_cut every frame with lsn <= durable() survives a power cut;
// with `process` it survives the end of the process, and a power cut may take the last second.
// Bounded: bytes on disk (bytes_max), bytes waiting for the disk (queue_bytes_max). Space is
// reserved before a batch gets its lsn; past a limit append() answers kExhausted and the sender is
// told to try again. The last room of a full journal is kept for markers.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "base/disk.h"
#include "base/result.h"
#include "vocabulary/point.h"
#include "vocabulary/series_table.h"

namespace tocsin {

struct JournalOptions {
  enum class Durability { kPowerCut, kProcess };
  Durability durability = Durability::kPowerCut;
  uint64_t segment_bytes = 16u << 20;
  uint64_t bytes_max = 256u << 20;
  uint64_t queue_bytes_max = 64u << 20;
  DurationMs sync_interval = seconds(1);  // durability process: how often tick() syncs
  Lsn first_lsn{1};  // at least; what is kept elsewhere (flushed, checkpoint) + 1
};

// A stretch of the journal that does not check out. Lsns that were found again elsewhere are not
// in the range; an empty range (to < from) means that no frame is missing.
struct JournalDamage {
  std::string file;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  Lsn from, to;
  std::string text() const;
};

struct JournalRecovery {
  Lsn first, last;      // of the frames found; {0,0} if there are none
  uint64_t frames = 0;  // replayed
  uint64_t points = 0;
  uint64_t duplicates = 0;      // frames found twice and applied once
  uint64_t torn_bytes = 0;      // cut off the end: a write that was never answered
  uint64_t unknown_points = 0;  // left out: their series was named in a damaged frame
  std::vector<JournalDamage> damage;
};

// Owned by the Store. Any thread may append; one committer (its own thread after start(), else
// whoever calls commit_now()).
class Journal {
 public:
  using OnSequenced = std::function<void(const FramePtr&)>;
  using OnDurable = std::function<void(Lsn)>;

  // Reads the directory (made if missing). Call recover() next, once, before anything else.
  static Result<std::unique_ptr<Journal>> open(std::string directory, JournalOptions options,
                                               Disk& disk, const Clock& clock, Counters& counters);
  ~Journal();  // stops the committer; what is queued is committed if the disk lets it

  // Replays what the disk holds: all series are restored into the table first (home: `home_of`),
  // then `on_frame` gets every frame with lsn > after, in lsn order. Damage is reported, the rest
  // is served. A torn tail is cut.
  using HomeOf = std::function<uint32_t(SeriesRef)>;
  Result<JournalRecovery> recover(SeriesTable& series, const HomeOf& home_of, Lsn after,
                                  const std::function<void(const FramePtr&)>& on_frame);

  // Takes released segments away from where they are; before the first release. Without it they
  // are removed.
  using Dispose = std::function<Result<void>(const std::string& path, uint64_t number)>;
  void set_dispose(Dispose dispose);

  // Set both before the first append. on_sequenced runs inside the journal's mutex, in lsn order:
  // it only pushes into inboxes. on_durable runs on the committer, outside the mutex.
  void set_observers(OnSequenced on_sequenced, OnDurable on_durable);

  // The batch gets its place. It is safe once durable() reached its lsn. kExhausted: no space now,
  // try again; kInvalid: the batch can never fit.
  Result<FramePtr> append(Batch&& batch);
  Result<FramePtr> append_marker(FrameKind kind, std::string payload);

  // Any thread: on_sequenced gets a kTick frame with the last lsn and the clock's time, in the same
  // order as all frames. Nothing is written and no lsn is taken.
  void sequence_tick();

  Lsn durable() const;          // everything up to here is safe
  Lsn last() const;             // the last lsn given
  TimeMs last_arrival() const;  // of the last frame or tick; kTimeMin before the first

  // Starts the committer thread. Without it: commit_now() writes what is queued, makes room for
  // more and says how far the journal is durable; after an error the next call tries again.
  void start();
  Result<Lsn> commit_now();
  // Durability process: syncs when sync_interval has passed. Committer's side as well.
  void tick(TimeMs now);

  // Frames with lsn <= upto are not needed any more: segments that hold only such are removed.
  void release_until(Lsn upto);
  // How far frames must be kept elsewhere so that release_until() can bring fill() down to `fill`;
  // {0} if it is not above, or if nothing can be released yet.
  Lsn release_wanted(double fill) const;
  // The limit of what lies on disk; grow_to() raises it, for a fleet that grows. Any thread.
  uint64_t bytes_max() const;
  void grow_to(uint64_t bytes);
  // The share of bytes_max in use, 0 to 1.
  double fill() const;
  uint64_t bytes_on_disk() const;
  // Of frames, since the start of the process.
  uint64_t bytes_written() const;

 private:
  explicit Journal(std::unique_ptr<class JournalWriter> writer);
  std::unique_ptr<JournalWriter> writer_;
};

}  // namespace tocsin
