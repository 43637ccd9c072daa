#pragma once
// What the journal does not need any more, kept for `tocsin replay --as-received`: released
// segments, compressed by a thread of low priority, and a checkpoint of the models now and then.
//
//   journal ─ release ─► rename ─► NUMBER.journal ─ background ─► NUMBER.journal.zst
//   checkpoints ─ third newest ─► rename, if none younger than an hour is here
//
// Nothing that goes wrong here comes back to the journal: a file that cannot be taken, compressed
// or read is removed and counted. Bounded by age, by bytes, and by the room that the disk must
// have left: the oldest go first, and a checkpoint goes with the first segment behind it.
// A power cut may bring back a raw segment or a name: both are what they were.

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/counters.h"
#include "base/disk.h"
#include "store/archive_file.h"
#include "store/checkpoints.h"

namespace tocsin {

struct ArchiveOptions {
  DurationMs keep = days(14);              // 0 = off
  uint64_t bytes_max = uint64_t{2} << 30;  // 0 = off
  uint64_t free_bytes_min = 256u << 20;    // of the disk; below it the archive gives way
  DurationMs checkpoint_every = hours(1);  // unless the configuration changed
};

// Owned by the Store. take_*: the sealer's and the checkpoints' thread; step(): the archive's own
// thread after start(), or whoever calls it.
class Archive {
 public:
  // Sees what is there. What cannot be used is removed.
  static Result<std::unique_ptr<Archive>> open(std::string directory, ArchiveOptions options,
                                               Disk& disk, const Clock& clock, Counters& counters);
  ~Archive();  // stops the thread

  // Moves the file here, or removes it. An error only if neither could be done.
  Result<void> take_segment(const std::string& path, uint64_t number);
  Result<void> take_checkpoint(const std::string& path);

  void start();
  // Drops what is too much, compresses one segment; true if another waits.
  bool step();

  uint64_t bytes() const;

 private:
  struct Segment {
    bool raw = false;  // not compressed yet: what is inside is not known
    ArchivedSegment inside;
    TimeMs taken;        // raw: when
    uint64_t bytes = 0;  // on disk
  };
  struct Kept {
    std::string path;
    CheckpointMark mark;
    uint64_t bytes = 0;
  };
  Archive(std::string directory, ArchiveOptions options, Disk& disk, const Clock& clock,
          Counters& counters);
  bool off() const { return options_.keep.count <= 0 || options_.bytes_max == 0; }
  Result<void> find_files();
  void add_segment(const std::string& name, uint64_t number, bool raw);
  std::string raw_path(uint64_t number) const;
  std::string path_of(uint64_t number, const Segment& segment) const;
  void compress(uint64_t number);
  void trim(TimeMs now);
  const char* too_much(TimeMs now, uint64_t free) const;
  uint64_t drop_oldest(const char* why);
  uint64_t drop_segment(const char* why);
  uint64_t drop_checkpoint(const char* why);
  void drop_cut_off();
  uint64_t remove(const std::string& path, uint64_t bytes, const char* why);
  void publish();
  void run();

  const std::string directory_;
  const ArchiveOptions options_;
  Disk& disk_;
  const Clock& clock_;
  Counters& counters_;
  Counter &segments_total_, &failures_;
  Gauge& bytes_gauge_;

  mutable std::mutex mutex_;
  std::map<uint64_t, Segment> segments_;  // by number; guarded by mutex_, as all below
  std::map<Lsn, Kept> checkpoints_;
  uint64_t bytes_ = 0;
  Lsn cut_;  // frames up to here are gone from the archive
  bool stop_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace tocsin
