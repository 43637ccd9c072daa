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

#include "store/buffers.h"
#include "store/codec.h"
#include "vocabulary/point.h"

namespace tocsin {

// A finished chunk on its way to the disk: immutable, shared by head, sealer and queries.
struct SealedChunk {
  SeriesRef series;
  TimeMs start, end;  // of its points, both included
  Lsn first_lsn;      // no point of it came before
  Lsn last_lsn;       // orders chunks that hold the same time: the later one wins
  uint32_t sub = 0;   // and within one lsn this
  uint16_t count = 0;
  std::string bytes;                         // store/codec.h
  mutable std::atomic<bool> flushed{false};  // set by the sealer once it survives a power cut
};
using SealedChunkPtr = std::shared_ptr<const SealedChunk>;

struct HeadOptions {
  uint16_t points_max = 128;        // of an open chunk
  DurationMs span_max = hours(24);  // of a chunk; reads look back this far
  uint32_t late_points_max = 512;   // kept aside per series before they are sealed
};

enum class Appended : uint8_t { kInOrder, kOutOfOrder };

// Owned by one shard's thread; nothing here locks. Nothing here survives a crash: the journal does.
// Bounded by the journal: what it cannot free it does not accept.
class Head {
 public:
  explicit Head(HeadOptions options = {});
  ~Head();

  // Before the points of a frame; lsns never go back.
  void begin(Lsn lsn);
  // A point that is not newer than its series' newest is kept aside and merged on read and seal;
  // for the same time the last write wins.
  Appended append(SeriesRef series, TimeMs time, double value);
  // Everything up to here was appended, also frames that had nothing for this shard.
  void done(Lsn lsn);

  // The points in [from, to] that are not yet flushed, by time, each time once. Appends to out.
  void copy_points(SeriesRef series, TimeMs from, TimeMs to, std::vector<Sample>& out) const;
  // The newest point by time; nullopt for a series without points since the start.
  std::optional<Sample> latest(SeriesRef series) const;

  // Seals open chunks that hold points with lsn <= upto, at most `series_max` series per call;
  // true once there are none left. For the journal to free a segment.
  bool seal_older_than(Lsn upto, size_t series_max);
  // The chunks sealed since the last call, in the order they were sealed.
  std::vector<SealedChunkPtr> take_sealed();
  // Lets go of chunks that the sealer has flushed.
  void release_flushed();
  // All points with lsn <= this are in flushed chunks.
  Lsn flushed_lsn() const { return flushed_lsn_; }
  Lsn done_lsn() const { return done_lsn_; }
  bool has_unflushed() const { return !sealed_.empty(); }

  size_t bytes() const;  // memory of chunks, states and lists
  size_t series_count() const { return series_.size(); }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Series;  // 80 bytes: encoder, buffer, lsn, lists
  struct LatePoint;
  struct Late;   // points kept aside, in order of arrival
  struct Mark {  // flushed up to `ticket` means flushed_lsn = lsn
    uint64_t ticket;
    Lsn lsn;
  };

  Series& series_of(SeriesRef ref);
  const Series* find(SeriesRef ref) const;
  void append_late(uint32_t local, TimeMs time, double value);
  void seal(uint32_t local);
  void seal_late(uint32_t local);
  void emit(uint32_t local, const std::vector<Sample>& samples, Lsn first_lsn);
  void publish(uint32_t local, std::shared_ptr<SealedChunk> chunk);

  HeadOptions options_;
  Buffers buffers_;
  std::vector<uint32_t> local_of_;  // by SeriesRef::index
  std::deque<Series> series_;
  std::unordered_map<uint32_t, std::unique_ptr<Late>> late_;        // by local; never iterated
  std::unordered_map<uint32_t, std::vector<SealedChunkPtr>> kept_;  // by local; never iterated
  std::deque<SealedChunkPtr> sealed_;                               // not yet flushed, in order
  std::vector<SealedChunkPtr> fresh_;                               // not yet taken
  std::deque<Mark> marks_;
  uint64_t tickets_given_ = 0;  // chunks sealed so far
  uint64_t tickets_flushed_ = 0;
  size_t late_bytes_ = 0, sealed_bytes_ = 0;
  Lsn lsn_{0}, done_lsn_{0}, flushed_lsn_{0};
  uint32_t sub_ = 0;  // points appended in this lsn
  Lsn seal_target_{0};
  uint32_t seal_cursor_ = 0;
  bool sealing_ = false;
};

// Both sorted by time without repeats: the union; where both have a time, `newer` wins.
void merge_samples(const std::vector<Sample>& older, const std::vector<Sample>& newer,
                   std::vector<Sample>& out);

}  // namespace tocsin
