#pragma once
// The newest points of one shard's series, encoded in memory. See README.md for the picture.

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/block_pool.h"
#include "store/codec.h"
#include "store/days.h"
#include "vocabulary/point.h"

namespace tocsin {

// A finished chunk on its way to the disk: immutable, shared by head, sealer and queries.
struct SealedChunk {
  SeriesRef series;
  TimeMs start, end;  // of its points, both included
  Lsn sealed_at;      // orders chunks that hold the same time: the later one wins
  uint32_t sub = 0;   // and within one lsn the points appended before
  uint16_t count = 0;
  std::string bytes;                         // store/codec.h
  mutable std::atomic<bool> flushed{false};  // set by the sealer once it survives a power cut
};
using SealedChunkPtr = std::shared_ptr<const SealedChunk>;

// What a head has of a series in a stretch of time: cheap to take, joined by whoever asked.
struct HeadParts {
  std::vector<Sample> previous;        // of the chunk before the open one, perhaps flushed
  std::vector<SealedChunkPtr> sealed;  // not yet flushed; go over it, in this order
  std::vector<Sample> newest;          // the open chunk and late points; go over all
};
// The points of the parts in [from, to], by time, each time once. Appends to out.
void join(const HeadParts& parts, TimeMs from, TimeMs to, std::vector<Sample>& out);

struct HeadOptions {
  uint16_t points_max = 128;        // of an open chunk
  DurationMs span_max = hours(24);  // of a chunk; it ends with its UTC day as well
  uint32_t late_points_max = 512;   // kept aside per series before they are sealed
  // Of previous chunks that stay readable although they are on disk; past it those go whose series
  // has kReadableAlone newer points, and where there is none, none is added.
  size_t previous_bytes_max = 8u << 20;
  // The first chunk of a series ends early, each elsewhere: a fleet that began in the same second
  // would seal in the same second for ever, and need all its previous chunks at once.
  bool stagger = true;
};

enum class Appended : uint8_t { kInOrder, kOutOfOrder };

// Owned by one shard's thread; nothing here locks. Nothing here survives a crash: the journal does.
// Bounded by the journal: what it cannot free it does not accept.
class Head {
 public:
  explicit Head(HeadOptions options = {});
  ~Head();

  // Points up to here may be on disk from before this run: for whole_from().
  void set_newest_on_disk(TimeMs newest) { newest_on_disk_ = newest; }
  // Before the points of a frame; lsns never go back.
  void begin(Lsn lsn);
  // A point that is not newer than its series' newest is kept aside and merged on read and seal;
  // for the same time the last write wins.
  Appended append(SeriesRef series, TimeMs time, double value);
  // Everything up to here was appended, also frames that had nothing for this shard.
  void done(Lsn lsn);

  // The points in [from, to] that are not yet flushed, by time, each time once. Appends to out.
  void copy_points(SeriesRef series, TimeMs from, TimeMs to, std::vector<Sample>& out) const;
  // The same in parts: sealed chunks are handed out as they are, for another thread to decode.
  void copy_parts(SeriesRef series, TimeMs from, TimeMs to, HeadParts& out) const;
  // Every stored point of the series from this time on is in the head: who reads no older ones need
  // not look at the disk: the open chunk, the one before, and what is not yet flushed; trivially
  // so after its newest point. kTimeMax: not known.
  TimeMs whole_from(SeriesRef series) const;
  // The newest point by time; nullopt for a series without points since the start.
  std::optional<Sample> latest(SeriesRef series) const;

  // Seals open chunks that hold points with lsn <= upto, at most `series_max` series per call;
  // true once there are none left. For the journal to free a segment.
  bool seal_older_than(Lsn upto, size_t series_max);
  // Seals open chunks and late points that began before `border`, so that their day can be joined;
  // at most `series_max` series per call; true once there are none left.
  bool seal_started_before(TimeMs border, size_t series_max);
  // The chunks sealed since the last call, in the order they were sealed.
  std::vector<SealedChunkPtr> take_sealed();
  // Lets go of chunks that the sealer has flushed, at most `chunks_max`; true if there may be more.
  bool release_flushed(size_t chunks_max = SIZE_MAX);
  // All points with lsn <= this are in sealed chunks; the last of them may still wait to be taken.
  Lsn sealed_lsn() const { return sealed_to_; }
  Lsn done_lsn() const { return done_lsn_; }
  size_t unflushed() const { return sealed_.size(); }  // sealed chunks still held

  size_t bytes() const;  // memory of chunks, states and lists
  size_t series_count() const { return series_count_; }
  uint64_t late_total() const { return late_total_; }  // points ever kept aside

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kBlock = 4096;  // series per allocation
  static constexpr uint16_t kReadableAlone = 32;
  struct Series {
    EncoderState encoder;   // count 0: no open chunk; last_time and last_bits are the newest point
    BlockPool::Chain open;  // the open chunk's bytes
    BlockPool::Chain previous;  // the chunk before it, for readers
    TimeMs start;               // of the open chunk
    TimeMs whole_from = kTimeMax;
    Lsn first_lsn{0};  // no point of the open chunk or kept aside came before
    SeriesRef ref;
    uint16_t points_max = 0;  // of the open chunk
    uint16_t kept = 0;        // sealed chunks that are not yet flushed
    bool has_late = false;
    bool seen = false;  // it has a newest point
  };
  Series& at(uint32_t local) const { return blocks_[local / kBlock][local % kBlock]; }
  Series& series_of(SeriesRef ref);
  const Series* find(SeriesRef ref) const;
  void append_late(Series& series, TimeMs time, double value);
  void put(Series& series, TimeMs time, double value);
  void seal(Series& series);
  void seal_late(Series& series);
  void keep_as_previous(Series& series);
  void forget_previous(Series& series);
  bool room_for_previous(size_t bytes);
  uint16_t first_points_max(SeriesRef ref) const;
  std::vector<Sample> take_late(Series& series);
  void emit(Series& series, const std::vector<Sample>& samples);
  void publish(Series& series, std::shared_ptr<SealedChunk> chunk);

  HeadOptions options_;
  BlockPool blocks_of_chunks_;
  std::vector<uint32_t> local_of_;  // by SeriesRef::index
  std::vector<std::unique_ptr<Series[]>> blocks_;
  uint32_t series_count_ = 0;
  // By SeriesRef::index; looked up, never iterated.
  std::unordered_map<uint32_t, std::vector<Sample>> late_;  // in order of arrival
  std::unordered_map<uint32_t, std::vector<SealedChunkPtr>> kept_;
  std::deque<SealedChunkPtr> sealed_;  // not yet flushed, in order
  std::vector<SealedChunkPtr> fresh_;  // not yet taken
  size_t late_bytes_ = 0, sealed_bytes_ = 0, previous_bytes_ = 0;
  uint32_t forget_cursor_ = 0;  // the series that is asked next to give up its previous chunk
  TimeMs newest_on_disk_ = kTimeMax;
  TimeRange today_{kTimeMax, kTimeMin};  // of the newest point
  uint64_t late_total_ = 0;
  Lsn lsn_{0}, done_lsn_{0};
  uint32_t sub_ = 0;  // points appended in this lsn
  Lsn seal_target_{0}, sealed_to_{0};
  uint32_t seal_cursor_ = 0;
  bool sealing_ = false;
  TimeMs ended_border_ = kTimeMin, ended_to_ = kTimeMin;
  uint32_t ended_cursor_ = 0;
};

// Both sorted by time without repeats: the union; where both have a time, `newer` wins.
void merge_samples(const std::vector<Sample>& older, const std::vector<Sample>& newer,
                   std::vector<Sample>& out);

}  // namespace tocsin
