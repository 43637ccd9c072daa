#pragma once
// How many violations each worker opened, by hour, and by which series: what the noise budget is
// held against. Only violations of a band or a limit count; that a series is silent says nothing of
// thresholds.
//
// Kept by the decision thread, saved in the state database about once a minute (docs/formats/
// episodes.md). What the journal's tail brings again after a crash is counted once: everything up
// to position() is in. Bounded: 30 days of hours per worker, kSeriesMax series per worker (past it
// the series with the fewest goes), kWorkersMax workers; the workers that stopped first go first.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "state/database.h"
#include "state/migrations.h"
#include "vocabulary/labels.h"
#include "vocabulary/point.h"

namespace tocsin {

class EpisodeLedger {
 public:
  static constexpr size_t kSeriesMax = 1000;
  static constexpr size_t kWorkersMax = 4096;
  static constexpr DurationMs kKept = days(30);

  // The worker tests from now on at the latest; it is not known when it is not called. For rates.
  void begin(std::string_view worker, TimeMs now);
  // A violation opened. Nothing if `at` is counted already.
  void opened(Position at, TimeMs now, std::string_view worker, const Labels& series);

  struct Spender {
    Labels series;
    int64_t episodes = 0;
  };
  struct Spent {
    TimeMs since;                 // counted from here on, at most `span` ago
    int64_t episodes = 0;         // in the span
    std::vector<int64_t> by_day;  // today last, days of UTC
    std::vector<Spender> most;    // of the last 7 days, the most first
    int64_t series = 0;           // how many had any in these; not those left out
    int64_t series_left_out = 0;  // for want of room, since it began
  };
  // span: at most kKept, whole hours. Nothing known: since 0.
  Spent spent(std::string_view worker, TimeMs now, DurationMs span, size_t spenders) const;
  int64_t episodes(std::string_view worker, TimeMs now, DurationMs span) const;

  bool changed() const { return changed_; }  // since save() or load()
  Position position() const { return position_; }
  Result<void> save(state::Transaction& transaction);
  // Nothing if nothing is kept. A text that cannot be read is kCorrupt, and counting begins anew.
  Result<void> load(state::Database& database);
  static std::span<const state::Migration> migrations();

  std::string encode() const;
  bool decode(std::string_view text);

 private:
  using Days = std::map<int64_t, int64_t>;  // day -> episodes
  struct Worker {
    TimeMs since;
    std::map<int64_t, int64_t> hours;
    std::map<Labels, Days> series;
    int64_t left_out = 0;
  };
  void forget(Worker& worker, TimeMs now) const;
  void make_room(Worker& worker, int64_t today);
  Worker* worker_for(std::string_view id, TimeMs now);

  std::map<std::string, Worker, std::less<>> workers_;
  Position position_;
  bool changed_ = false;
};

}  // namespace tocsin
