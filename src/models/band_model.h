#pragma once
// A model that draws a band: what is expected now, and the lower and upper bound. One object per
// model and series; called by the thread of its shard, in event time, each point once:
//
//   weigh(point)   what the model says of it, before it has seen it
//   learn(point)   after that, unless a violation of the series is open or the point is held back
//   watch(point)   instead of learn() while a violation is open
//
// Streaming: O(1) per point, bounded memory (bytes()), nothing looks ahead. Deterministic: the same
// points give the same bands, after save() and load() too.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/time.h"
#include "calendar/day_calendar.h"
#include "calendar/zone.h"
#include "models/model_spec.h"
#include "models/motion.h"
#include "models/vote.h"

namespace tocsin::models {

// Bytes of the models of one shard.
struct Budget {
  uint64_t bytes_max = 0;
  uint64_t bytes = 0;
  uint64_t refused = 0;
  bool take(uint64_t wanted) {
    if (bytes + wanted > bytes_max) {
      ++refused;
      return false;
    }
    bytes += wanted;
    return true;
  }
  void give(uint64_t back) { bytes -= back; }
};

// Where a series is at home.
struct Local {
  calendar::Zone zone;                                    // its wall clock
  std::shared_ptr<const calendar::DayCalendar> calendar;  // of its site; nullptr if that has none
};

struct Asked {
  TimeMs time;
  double value = 0;      // finite; NaN: only the band is wanted
  double cadence_s = 0;  // of the series; 0 = not known yet
  double score = 4;      // -log10 of the tail probability wanted at the band's edge
  double weight = 1;     // of the point: what stands behind a pair, as attempts
};

// One curve of a model: a profile has one per past period, all others have one.
struct Curve {
  double share = 0;  // of the model's weight; 0 = abstains
  double expected = 0, lower = 0, upper = 0;
};

// How far learning is.
struct Learned {
  double share = 1;                        // 0 to 1
  TimeMs guarded_from;                     // the estimate; 0 = cannot say
  uint32_t points = 0, points_needed = 0;  // where it is points that it needs
  std::string why = {};                    // what else it waits for; mostly nothing
};

class BandModel {
 public:
  virtual ~BandModel() = default;
  // out.size() is curves_of(spec). False (and no shares) if the model abstains. Leaves no trace but
  // what learn(), watch() and score() of the same point use: pages ask between points.
  virtual bool weigh(const Asked& asked, std::span<Curve> out) = 0;
  // -log10 of the tail probability of the point weighed last, where the model knows it better than
  // the distance from its band says; outside is then score() >= asked.score. Negative: the band
  // says it. Asked for only if the model is the only one of its worker that draws a band.
  virtual double score() const { return -1; }
  // Of the point weighed last, for a model that votes on its own: its curve is drawn, but has no
  // part in the worker's band. nullptr: it does not, or abstains.
  virtual const Vote* vote() const { return nullptr; }
  // The point weighed last. `in_band` is its value, or the edge of the worker's band if it lay
  // outside and opened nothing.
  virtual void learn(const Asked& asked, double in_band) = 0;
  virtual void watch(const Asked&) {}
  // History that comes late or out of order; most models have no place for it.
  virtual bool trains_out_of_order() const { return false; }
  virtual void train(TimeMs, double) {}
  // The new normal was accepted: these are the points since the violation opened.
  virtual void accept(std::span<const MotionPoint> points, double cadence_s) = 0;
  virtual void violation_opened() {}
  // The same of a worker with a noise budget, which widens the band itself.
  virtual void violation_opened_in_budget() { violation_opened(); }
  virtual Learned learned(TimeMs last_time, double cadence_s) const = 0;
  virtual uint64_t bytes() const = 0;
  // A malformed text leaves a model that has learned nothing.
  virtual void save(ByteWriter& out) const = 0;
  virtual void load(ByteReader& in) = 0;
};

// Curves of a model of this spec.
size_t curves_of(const ModelSpec& spec);

}  // namespace tocsin::models
