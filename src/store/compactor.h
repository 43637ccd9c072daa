#pragma once
// Joins the chunks of days that are over into rows and makes the rollups; joins short rows of a
// week that is over. Owned by the Store; one thread calls it, readers and the sealer go on
// meanwhile.
//
//   chunks of a day, 32 neighbouring series ─► row of the day ─► (slow series) row of the week
//                                        └──► rollups per minute and hour, rows as well
//
// A step replaces what it joined in one batch: a crash leaves the state before or after it. Points
// that come later for a joined day are chunks again, and the next pass makes its rows and rollups
// anew. Bounded: one step holds the points of 32 series and a day (a week where rows are short).

#include <cstdint>
#include <optional>

#include "base/counters.h"
#include "store/chunks.h"

namespace tocsin {

struct CompactorOptions {
  bool minutes = true, hours = true;         // which rollups to make
  DurationMs settle = tocsin::hours(1);      // how long after its end a day or week is left alone
  DurationMs pass_every = tocsin::hours(1);  // late points are collected this long
  size_t slice_points = kSlicePoints;
  size_t join_below = 4096;  // rows of a day are joined when no series has more points in one
};

class Compactor {
 public:
  Compactor(Keyspace& keyspace, ChunkSums& sums, CompactorOptions options, Counters& counters);

  // One group of one day or week. True if there is more to do now. Nothing before `border` is
  // touched: retention takes it.
  Result<bool> step(TimeMs now, TimeMs border);
  // The next pass takes what there is, of the day that is not over too; any thread.
  void ask_all() { all_asked_.store(true, std::memory_order_relaxed); }
  // Passes of that kind that have ended, done or failed; any thread.
  uint64_t all_ended() const { return all_ended_.load(std::memory_order_acquire); }
  // Rollups are there for all times before; any thread.
  TimeMs rolled_to() const { return TimeMs{rolled_to_.load(std::memory_order_relaxed)}; }
  Result<void> load();  // rolled_to, as it was written down

 private:
  enum class Phase : uint8_t { kIdle, kDays, kWeeks };
  struct Unit {  // what is made anew as a whole
    uint32_t group = 0;
    RowSpan span = RowSpan::kDay;
    TimeRange range;
    std::vector<RowSeries> series;
    std::vector<std::string> rows, chunks;  // keys of what went in
    ChunkChange gone;                       // of the chunks
    uint64_t row_points = 0, row_bytes = 0;
    bool damaged = false;  // a row did not check out: the unit is left as it is
  };
  void begin(TimeMs now, bool all);
  Result<bool> step_days(TimeMs border);
  Result<bool> step_weeks();
  Result<void> finish();
  Result<void> gather_rows(Resolution resolution, Unit& unit);
  Result<void> gather_chunks(Unit& unit);
  Result<void> compact_day(uint32_t group, TimeMs day, TimeMs border);
  Result<void> remake(Unit unit, bool join, KeyBatch& batch, ChunkChange& change);
  Result<void> join_week(Resolution resolution, int32_t week, uint32_t group, KeyBatch& batch,
                         ChunkChange& change);
  Result<void> put_rollup(Resolution resolution, const Unit& raw, KeyBatch& batch);
  Result<void> put(Resolution resolution, Unit unit, KeyBatch& batch);

  Keyspace& keyspace_;
  ChunkSums& sums_;
  const CompactorOptions options_;
  Counter &groups_, &points_, &bytes_, &passes_, &skipped_;
  Phase phase_ = Phase::kIdle;
  TimeMs pass_at_ = kTimeMin;     // when the last pass began
  TimeMs days_end_ = kTimeMin;    // of the pass: days that begin before are joined
  TimeMs settled_ = kTimeMin;     // of the pass: days that begin before will hardly change
  bool all_ = false;              // the pass takes the day that is not over too
  std::string cursor_;            // the next key to look at
  std::vector<int64_t> touched_;  // days of the pass whose chunks' space can be given back
  std::atomic<int64_t> rolled_to_{kTimeMin.ms};
  std::atomic<bool> all_asked_{false};
  std::atomic<uint64_t> all_ended_{0};
};

// Slots of `step` of one series' points, as rollup columns.
RowSeries roll(const RowSeries& raw, Resolution resolution);

}  // namespace tocsin
