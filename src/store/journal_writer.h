#pragma once
// The inside of the Journal: segments, the reservation of space, the committer. Private to
// journal*.cc.
//
//   plan_ (guarded by mutex_) foresees where the committer will put each queued frame:
//     left = room in the segment that the last queued frame goes to, spares = preallocated
//     segments not yet spoken for. append() refuses what the plan cannot place, so that a frame
//     with an lsn always has its space. After a failure frames move on to other segments and the
//     plan is made anew; spares may then be negative until the disk gives more.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "store/frame_codec.h"
#include "store/journal.h"
#include "store/journal_scan.h"

namespace tocsin {

std::string segment_header(uint64_t number);
bool check_segment_header(std::string_view bytes, uint64_t number);
std::string segment_name(uint64_t number);
std::optional<uint64_t> segment_number(std::string_view name);

class JournalWriter {
 public:
  JournalWriter(std::string directory, JournalOptions options, Disk& disk, const Clock& clock,
                Counters& counters);
  ~JournalWriter();

  Result<FramePtr> append(std::shared_ptr<Frame> frame, EncodedFrame encoded);
  void sequence_tick();
  EncodedFrame take_buffer();
  void start();
  Result<Lsn> commit_now();
  void tick(TimeMs now);
  void release_until(Lsn upto);
  Lsn release_wanted(double fill) const;
  double fill() const;
  uint64_t bytes_on_disk() const;
  uint64_t bytes_max() const { return bytes_max_.load(std::memory_order_relaxed); }
  void grow_to(uint64_t bytes);
  uint64_t bytes_written() const { return bytes_total_.value(); }
  Lsn durable() const { return {durable_.load(std::memory_order_acquire)}; }
  Lsn last() const { return {last_.load(std::memory_order_acquire)}; }
  TimeMs last_arrival() const {
    const std::lock_guard lock(mutex_);
    return last_arrival_;
  }

  // A segment that is not written any more; last is {0} if nothing answered lies in it.
  struct Segment {
    uint64_t number = 0;
    uint64_t bytes = 0;
    Lsn last;
  };
  // What recovery found.
  struct Found {
    std::vector<Segment> segments;
    Lsn last;
    TimeMs last_arrival = kTimeMin;
    uint64_t next_number = 1;
  };
  Result<void> adopt(Found found);

  std::string path(uint64_t number) const { return directory_ + "/" + segment_name(number); }

  const std::string directory_;
  const JournalOptions options_;
  std::atomic<uint64_t> bytes_max_;
  Disk& disk_;
  Journal::OnSequenced on_sequenced_;
  Journal::OnDurable on_durable_;
  Journal::Dispose dispose_;

 private:
  struct Open {  // a preallocated segment, written or spare
    uint64_t number = 0;
    std::unique_ptr<File> file;
    uint64_t end = kSegmentHeaderBytes;
    Lsn last;
    bool unsynced = false;
  };
  struct Waiting {
    EncodedFrame frame;
    Lsn lsn;
  };
  struct Plan {
    uint64_t left = 0;
    int64_t spares = 0;
    // False: does not fit and leave `reserve` of the last segment; nothing changed.
    bool place(uint64_t bytes, uint64_t usable, uint64_t reserve);
    void force(uint64_t bytes, uint64_t usable);  // spares may become negative
  };

  uint64_t usable() const { return options_.segment_bytes - kSegmentHeaderBytes; }
  size_t segments_max() const;
  size_t segments_now() const;
  Error refusal(std::string_view why) const;
  // All below: the committer's side, guarded by commit_mutex_.
  Result<void> make_spares();
  Result<Open> make_segment();
  Result<void> commit_segment();
  Result<void> sync_current();
  bool next_segment();
  void retire_current();
  void abandon_current();
  void replan();
  void settle(size_t frames, Lsn upto);
  void run();

  const Clock& clock_;
  Counter &bytes_total_, &frames_total_, &points_total_, &syncs_, &sync_ns_, &failures_;
  Counter &refused_full_, &refused_behind_, &sealed_early_;
  Gauge& bytes_gauge_;

  mutable std::mutex mutex_;
  uint64_t next_lsn_ = 1;
  TimeMs last_arrival_ = kTimeMin;
  std::deque<Waiting> queue_;
  uint64_t waiting_bytes_ = 0;  // queued or being written
  Plan plan_;
  std::vector<EncodedFrame> buffers_;  // to be used again
  bool stop_ = false;
  bool nudged_ = false;  // room may have been freed
  std::condition_variable wake_;

  std::mutex commit_mutex_;
  std::deque<Waiting> pending_;  // taken from the queue, not yet durable
  std::unique_ptr<Open> current_;
  std::deque<Open> spares_;
  uint64_t next_number_ = 1;
  TimeMs last_sync_ = kTimeMin;

  mutable std::mutex segments_mutex_;
  std::deque<Segment> retired_;  // oldest first
  size_t open_segments_ = 0;     // current and spares

  std::atomic<uint64_t> durable_{0}, last_{0};
  std::thread thread_;
};

}  // namespace tocsin
