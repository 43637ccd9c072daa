#pragma once
// The units the hot path moves: a point, the columns of one request, and the frame they become
// once the sequencer has stamped them.

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "vocabulary/labels.h"

namespace tocsin {

// Index into the SeriesTable of this process. Never leaves it: ids and output use labels.
struct SeriesRef {
  uint32_t index = UINT32_MAX;
  friend constexpr auto operator<=>(SeriesRef, SeriesRef) = default;
};
inline constexpr SeriesRef kNoSeries{};

// Who sent it: an index into the SenderTable of the process that wrote it. Never leaves it: what
// outlives the process goes by Batch::sender_name.
struct SenderRef {
  uint32_t index = 0;
  friend constexpr auto operator<=>(SenderRef, SenderRef) = default;
};

// Log sequence number of the journal: the logical clock. The first frame has 1.
struct Lsn {
  uint64_t value = 0;
  friend constexpr auto operator<=>(Lsn, Lsn) = default;
};

struct Point {
  SeriesRef series;
  TimeMs time;
  double value = 0;
};

enum class BatchKind : uint8_t {
  kLive,     // tested on arrival
  kImport,   // history: stored and trained on, opens and closes nothing live
  kDerived,  // what a worker made of points (rate, aggregate): stored, its maker tested it already
};

struct NewSeries {
  SeriesRef ref;
  Labels labels;
};

// What one request (or one part of a long one) brought, resolved to series; equally long columns.
struct Batch {
  BatchKind kind = BatchKind::kLive;
  SenderRef sender;
  std::string sender_name = {};  // "telegraf 10.0.0.3"; empty = Tocsin itself: not watched
  std::vector<SeriesRef> series;
  std::vector<TimeMs> time;
  std::vector<double> value;
  std::vector<NewSeries> fresh;  // series that this batch names for the first time

  size_t size() const { return series.size(); }
  bool empty() const { return series.empty() && fresh.empty(); }
  void add(SeriesRef s, TimeMs t, double v) {
    series.push_back(s);
    time.push_back(t);
    value.push_back(v);
  }
};

// A batch with its place in the one order. Immutable once sequenced; shared by shards and
// committer.
enum class FrameKind : uint8_t {
  kPoints,
  kConfig,  // from here on the configuration in `payload` holds; no points
  kNote,    // a remark for replay and people; no points
  kTick,    // the clock, between frames: has the lsn of the frame before and is never written
};
struct Frame {
  Lsn lsn;
  TimeMs arrival;  // monotonic: never before that of an earlier lsn
  Batch batch;
  FrameKind kind = FrameKind::kPoints;
  std::string payload = {};  // of kConfig and kNote
};
using FramePtr = std::shared_ptr<const Frame>;

// The place of an output in the one order: rows of a frame first, in row order; then what timers
// that fell due after it produced, by due time, then by a content hash (`row` is then its low
// bits).
struct Position {
  Lsn lsn;
  TimeMs due{};       // zero for a row, the timer's due time otherwise
  uint64_t row = 0;   // index within the frame, or the tie-break of timers
  uint32_t step = 0;  // several outputs of one row or timer, in the order they were made
  friend constexpr auto operator<=>(const Position&, const Position&) = default;
};

}  // namespace tocsin
