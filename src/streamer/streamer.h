#pragma once
// Tests every point the moment it arrives. One Streamer per shard, owned and called by that shard's
// thread alone; no threads, no clock, no locks of its own. Deterministic: the same frames and calls
// give the same items, whatever the number of shards (sort by Position to compare).
//
// Every shard must be shown every frame, in order of lsn, with the rows that concern it (often
// none): the lsn of a timer's Position is that of the last frame seen.
//
// Bounded: models and tails by Options; an aggregate's members and open slots (aggregate.h);
// senders (senders.h); everything else is proportional to the number of series, at most 200 bytes
// each.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "streamer/worker.h"
#include "vocabulary/point.h"
#include "vocabulary/series_table.h"
#include "vocabulary/violation.h"

namespace tocsin::streamer {

struct Options {
  uint64_t model_bytes_max = 128 << 20;  // past it a new profile (and the like) abstains, counted
  uint64_t tail_bytes_max = 64 << 20;    // past it a new kpi series keeps only its last point
  DurationMs history_after = days(1);    // a live point older than this on arrival is history:
                                         // learned from, not judged, counted late
  std::vector<WorkerRef> only = {};      // test by these alone; empty = by all
};

// What one step made. Items ascend by Position; derived points (rates, aggregates) belong to the
// head of this shard and are not given back to step().
struct StreamerOutputs {
  std::vector<StreamItem> items;
  std::vector<Point> derived;
  void clear() {
    items.clear();
    derived.clear();
  }
};

struct StreamerCounts {
  uint64_t points = 0;             // rows seen
  uint64_t judged = 0;             // judged by a worker (a point judged by two counts twice)
  uint64_t learning = 0;           // not judged: the models had not seen enough
  uint64_t marked = 0;             // not judged: in an excluded period
  uint64_t late = 0;               // not judged: not newer than the last, or history
  uint64_t future = 0;             // not judged: further ahead of its arrival than the lateness
  uint64_t not_a_number = 0;       // NaN, infinite or beyond 1e30: not judged
  uint64_t untested = 0;           // no worker selects the series
  uint64_t models_refused = 0;     // budget of models reached
  uint64_t tails_refused = 0;      // budget of tails reached
  uint64_t members_refused = 0;    // aggregate with too many members
  uint64_t slots_late = 0;         // points for a slot of an aggregate that was closed
  uint64_t derived_refused = 0;    // the series table is full
  uint64_t senders_forgotten = 0;  // or refused: there are too many; every shard counts all
  uint64_t opened = 0, ended = 0;
};

// One worker's test of one series, as pages show it.
struct TestView {
  enum class State : uint8_t { kLearning, kGuarded, kAbsent, kOpen };
  WorkerRef worker;
  SeriesRef series;  // the series judged: the rate or the aggregate, where there is one
  State state = State::kLearning;
  std::optional<Direction> direction;  // kOpen
  TimeMs guarded_from;                 // kLearning: the estimate; 0 = cannot say
  double learned = 0;                  // 0 to 1
  std::string reason;  // "learning: 3 of 30 points", "not tested: 12 s late", "inside", ...
  DurationMs cadence{};
  JudgedPoint last;                    // without models on evidence tier; time 0 = none yet
  std::optional<Violation> violation;  // kOpen, or open and absent
};
std::string_view to_text(TestView::State state);  // "learning", "guarded", "absent", "open"

// How a worker's noise budget stands, by a sample of its series.
struct NoiseView {
  uint64_t series = 0;          // looked at: those that have a tail
  uint64_t learning = 0;        // of these: fewer than 20 clusters seen
  uint64_t supported = 0;       // the wanted rate is not beyond what the tail supports
  std::vector<float> edges;     // factor on the band at `score`, ascending
  std::vector<float> supports;  // rarest supported rate per week, ascending
};

class Streamer {
 public:
  class Core;  // core.h: not for other rooms
  Streamer(std::shared_ptr<const WorkerSet> workers, SeriesTable& table, uint32_t shard,
           uint32_t shards, Options options = {});
  ~Streamer();
  Streamer(Streamer&&) noexcept;
  Streamer& operator=(Streamer&&) noexcept;

  // `rows` of this frame belong to this shard (home or extra), ascending. Runs the timers due up to
  // frame.arrival first. An import frame trains and tracks: no items come of it, but its derived
  // points.
  void step(const Frame& frame, std::span<const uint32_t> rows, StreamerOutputs& out);
  // Runs the timers due <= now, each at its own due time. `last` is the last frame seen by anyone.
  void advance(Lsn last, TimeMs now, StreamerOutputs& out);
  // When the next timer may be due; kTimeMax if there is none. May be early, never late.
  TimeMs next_due() const;
  // Our own intake was interrupted until `now` (a restart): timers that fell due meanwhile are
  // skipped, and silence is suspended for two cadences. Call it after load() and the journal's
  // tail.
  void interrupted(TimeMs now);
  // States all tests and open violations anew: a SeriesStatus for each test that was announced,
  // kOpened for each open violation (kAbsent after it for an absent one); ordered by row of `at`.
  void announce(Position at, TimeMs arrival, StreamerOutputs& out) const;

  // An answer to "accept the new normal?", as of a frame that has no rows: accepted, the violation
  // ends and the models learn the points since it opened (a silent series or sender is not waited
  // for any more); kept, it is not asked again. Every shard must be told; where there is
  // no such violation it means nothing.
  void answer(const GivenAnswer& given, Position at, TimeMs arrival, StreamerOutputs& out);

  // Model checkpoint. load() takes what save() of any shard wrote, also of another number of shards
  // (call it once per saved text): series of other shards are skipped, and so is what a worker
  // learned whose definition has changed. kCorrupt leaves this Streamer as it was.
  // Of a text that another shard of as many shards saved only the clock and the senders are taken:
  // it knows no series of this one.
  enum class SavedBy : uint8_t { kAnyShard, kAnotherOfAsMany };
  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in, SavedBy by = SavedBy::kAnyShard);

  // For pages, on the shard's thread.
  std::vector<TestView> tests(SeriesRef series) const;  // of the series as sent, or as judged
  size_t test_count() const;
  WorkerRef worker_of(size_t index) const;       // cheap, as test(index) says it
  TestView::State state_of(size_t index) const;  // likewise
  TestView test(size_t index) const;  // index < test_count(); the order is that of first sight
  // Of these tests, as test() counts them; those of other workers are passed over.
  NoiseView noise(WorkerRef worker, std::span<const uint32_t> tests) const;
  // The points judged last, oldest first: up to 64 on kpi tier, one on evidence.
  std::vector<JudgedPoint> tail(SeriesRef judged, WorkerRef worker) const;
  // Each model's band for the point judged last, with its current share of the weight.
  std::vector<ModelBand> models(SeriesRef judged, WorkerRef worker) const;

  // All that are told and not ended, those of senders among them.
  std::vector<Violation> open_violations() const;

  const StreamerCounts& counts() const;
  uint64_t model_bytes() const;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace tocsin::streamer
