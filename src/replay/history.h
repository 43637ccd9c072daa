#pragma once
// What is kept, as frames in the order of event time: one frame per instant.

#include <functional>
#include <vector>

#include "replay/replay.h"
#include "vocabulary/point.h"
#include "vocabulary/series_table.h"

namespace tocsin::replay {

// One thread. Memory: a window of the source, which grows and shrinks with how dense it is.
class History {
 public:
  History(Source& source, SeriesTable& table) : source_(source), table_(table) {}
  // The source's series get their places in the table. First, once.
  Result<void> open();

  // Frames of [from, to), of that kind; lsn and arrival are the visitor's to set (arrival is the
  // instant). progress: the time reached; false stops, and then so does the answer.
  Result<bool> frames(TimeMs from, TimeMs to, BatchKind kind,
                      const std::function<void(Frame&)>& visit,
                      const std::function<bool(TimeMs)>& progress);

 private:
  struct Row {
    TimeMs time;
    uint32_t series;
    double value;
  };
  Result<void> read(TimeMs from, TimeMs to);
  void sort(TimeMs from, TimeMs to);
  void give_out(BatchKind kind, const std::function<void(Frame&)>& visit);
  void adapt();

  static constexpr DurationMs kWindowStart = hours(1);
  Source& source_;
  SeriesTable& table_;
  std::vector<SeriesRef> refs_;
  std::vector<Row> rows_, sorted_;
  Frame frame_;  // its columns are used again
  std::vector<Sample> samples_;
  DurationMs window_ = kWindowStart;
};

}  // namespace tocsin::replay
