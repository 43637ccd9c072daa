#pragma once
// Draws a worker's band over points already stored: the code that judges live points, run causally
// over the points handed in, warmed up from their start. Live and drawn agree on the same input.

#include <span>
#include <string>
#include <vector>

#include "streamer/worker.h"
#include "vocabulary/violation.h"

namespace tocsin::streamer {

struct DrawnPoint {
  TimeMs time;
  double value = 0;
  double weight = 1;  // what stands behind a pair, as attempts, where they are known
};

struct DrawnViolation {
  TimeMs from;
  TimeMs to;  // event time of the last point if it is still open
  bool open = false;
  Direction direction = Direction::kAbove;
  double worst_score = 0;
};

struct DrawnSpan {
  TimeMs from, to;  // [from, to)
  std::string why;
};

struct Drawing {
  // One per point that was judged or learned from; a point in a mark or not newer than the one
  // before it is left out. While learning, expected, lower and upper are NaN.
  std::vector<JudgedPoint> points;
  std::vector<DrawnViolation> violations;
  std::vector<DrawnSpan> excluded;
};

// `labels` are those of the judged series (a rate's or an aggregate's own points are drawn, not
// those it was made of). points ascend by time. JudgedPoint::models is filled where time >=
// models_from.
Drawing draw_band(const WorkerSet& set, WorkerRef worker, const Labels& labels,
                  std::span<const DrawnPoint> points, TimeMs models_from = kTimeMin);

}  // namespace tocsin::streamer
