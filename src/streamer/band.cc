#include "streamer/band.h"

#include <algorithm>
#include <limits>

#include "streamer/sole_series.h"
#include "streamer/verdict_math.h"

namespace tocsin::streamer {
namespace {

constexpr double kLearning = std::numeric_limits<double>::quiet_NaN();

// Writes down what happens to the violations.
class Notes final : public Judge::Sink {
 public:
  explicit Notes(std::vector<DrawnViolation>& out) : out_(out) {}
  void changed(Judge::What what, const OpenViolation& violation) override {
    if (what == Judge::What::kOpened) {
      out_.push_back({violation.opened, violation.updated, true, violation.direction, 0});
    }
    DrawnViolation& last = out_.back();
    last.to = violation.updated;
    last.open = what != Judge::What::kEnded;
    last.worst_score = violation.worst.score;
  }

 private:
  std::vector<DrawnViolation>& out_;
};

JudgedPoint drawn(const DrawnPoint& point, const Verdict& verdict) {
  JudgedPoint out;
  out.time = point.time;
  out.value = point.value;
  out.expected = verdict.guarded ? verdict.expected : kLearning;
  out.lower = verdict.guarded ? verdict.lower : kLearning;
  out.upper = verdict.guarded ? verdict.upper : kLearning;
  out.score = verdict.score;
  out.distance = verdict.distance;
  out.outside = verdict.outside;
  return out;
}

}  // namespace

Drawing draw_band(const WorkerSet& set, WorkerRef ref, const Labels& labels,
                  std::span<const DrawnPoint> points, TimeMs models_from) {
  SoleSeries series(set.worker(ref), set.local(labels), labels);
  Drawing out;
  Notes notes(out.violations);
  std::vector<const Mark*> marks;
  for (const Mark& mark : set.marks())
    if (mark.matches(labels)) marks.push_back(&mark);
  for (const DrawnPoint& point : points) {
    const bool marked = std::any_of(marks.begin(), marks.end(), [&](const Mark* mark) {
      return mark->from <= point.time && point.time < mark->to;
    });
    if (marked) {
      series.pass(point.time, point.value);
      continue;
    }
    const auto verdict = series.judge(point.time, point.value, notes, point.weight);
    if (!verdict) continue;
    out.points.push_back(drawn(point, *verdict));
    if (point.time >= models_from && verdict->guarded)
      out.points.back().models = normalised(series.bands());
  }
  if (points.empty()) return out;
  for (const Mark* mark : marks)
    if (mark->from <= points.back().time && mark->to > points.front().time)
      out.excluded.push_back({mark->from, mark->to, mark->why});
  return out;
}

}  // namespace tocsin::streamer
