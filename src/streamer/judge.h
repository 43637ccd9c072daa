#pragma once
// From a point to a verdict, and from verdicts to a violation. The one place where points are
// judged: live, imported and drawn points go through it.
//
// One Judge per worker, made once and used by one thread; it keeps scratch space, no state of
// series.

#include <optional>
#include <span>
#include <vector>

#include "models/peaks.h"
#include "streamer/series_test.h"
#include "streamer/verdict_math.h"
#include "streamer/worker.h"

namespace tocsin::streamer {

struct Verdict {
  bool guarded = false;  // some model had a band, or there is a limit
  bool outside = false;
  bool well_inside = false;  // within 0.8 of the band
  Direction direction = Direction::kAbove;
  double expected = 0, lower = 0, upper = 0;
  double score = 0, distance = 0;
  // Of a model that votes on its own: what it says, until it is asked again. It decided if
  // `by_vote`.
  const Vote* vote = nullptr;
  bool by_vote = false;
};

class Judge {
 public:
  using What = ViolationChange::What;
  // Hears what happened to a violation; `violation` is as it is after that.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void changed(What what, const OpenViolation& violation) = 0;
  };

  explicit Judge(const Worker& worker);

  // Judges and then learns the point; it must be newer than test.last_time. `more` may be null if
  // the worker needs none (needs_more() is false) and no violation is open; it is called for when
  // one opens. labels_text is asked for only when a violation opens.
  struct Point {
    TimeMs time;
    double value = 0;
    double weight = 1;  // what stands behind a pair, as attempts
    bool imported = false;
  };
  // Gives what is seldom needed, and is not near the hot state.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual SeriesMore& more_for(SeriesTest& test) = 0;
    virtual const Labels& labels_of(const SeriesTest& test) = 0;
  };
  struct Place {
    SeriesTest& test;
    SeriesMore* more;
    Owner& owner;
    Peaks* peaks = nullptr;  // if has_noise_budget()
  };
  Verdict judge(Place& place, const Point& point, Sink& sink);

  // The same for the point that most points are: of a series tested by `level` alone, inside its
  // band, with nothing open. False, and nothing done, if it is another. peaks: as in Place.
  bool judge_quiet(SeriesTest& test, const Peaks* peaks, TimeMs time, double value) const {
    if (!level_alone_ || test.more != kNone || !test.level.ready()) return false;
    const double per_seen = test.level.tail.per_seen();
    const double edge = peaks == nullptr ? edge_ : edge_ * peaks->edge;
    const Tail::HalfWidths reach = test.level.tail.half_widths(edge, per_seen);
    const double expected = test.level.level;
    const double deviation = least_deviation(worker_, expected);
    const double lower = std::min(expected - reach.down, expected - deviation);
    const double upper = std::max(expected + reach.up, expected + deviation);
    if (!(value >= lower && value <= upper)) return false;
    if (peaks != nullptr && !peaks->idle(reach_of(value, expected, lower, upper, peaks->edge)))
      return false;
    test.expected = static_cast<float>(expected);
    test.lower = static_cast<float>(lower);
    test.upper = static_cast<float>(upper);
    test.set(SeriesTest::kHasBand);
    test.above = static_cast<uint8_t>(test.above << 1 & history_mask_);
    test.below = static_cast<uint8_t>(test.below << 1 & history_mask_);
    test.level.learn(value, test.cadence_s, per_seen);
    test.last_time = time;
    test.last_value = value;
    return true;
  }

  // The new normal: what was found out of band ends, and the models learn the points since then.
  void accept(Place& place, TimeMs time, Sink& sink);

  // A verdict without a trace: nothing is learned, opened or remembered.
  // `edge`: the factor of a noise budget on the nominal half width.
  Verdict weigh(const SeriesTest& test, SeriesMore* more, const Point& point, double edge = 1);
  // The bands of the models for the point weighed last, by ModelBand::model.
  std::span<const ModelBand> bands() const { return bands_; }

  // Whether a test of this worker needs a SeriesMore from the start.
  bool needs_more() const { return needs_more_; }
  // Whether its tests need Peaks.
  bool has_noise_budget() const { return noise_.has_value() && has_band_models(); }
  const PeaksPlan& noise_plan() const { return *noise_; }
  bool has_band_models() const { return level_ != nullptr || !objects_.empty(); }
  // The models of a SeriesMore, as many and in the order as this Judge asks them.
  std::vector<std::unique_ptr<BandModel>> make_models(const Local& local, Budget& budget) const;
  const Worker& worker() const { return worker_; }
  // How far learning is, 0 to 1, and when it will be done (0 = cannot say).
  struct Progress {
    double learned = 0;
    TimeMs guarded_from;
    uint32_t points = 0, points_needed = 0;
    std::string why = {};  // what else it waits for
  };
  Progress progress(const SeriesTest& test, const SeriesMore* more) const;

 private:
  struct Band {
    double expected = 0, lower = 0, upper = 0;
    bool any = false;
  };
  // With its sign, in nominal half widths: where the band is `edge` of them wide.
  static double reach_of(double value, double expected, double lower, double upper, double edge) {
    const double residual = value - expected;
    return residual / (residual >= 0 ? upper - expected : expected - lower) * edge;
  }
  Band level_band(const SeriesTest& test, double edge);
  Asked asked(const SeriesTest& test, const Point& point, double edge) const;
  void object_bands(SeriesMore& more, const Asked& asked);
  void place_by_score(double score, double value, Verdict& out) const;
  static double edge_of(const Place& place) {
    return place.peaks == nullptr ? 1 : place.peaks->edge;
  }
  void note_reach(Place& place, const Point& point) const;
  void limit(Place& place) const;
  bool opens(const Place& place, const Point& point, const Verdict& verdict) const;
  bool waits(const Place& place, const Point& point, const Verdict& verdict) const;
  Band combine() const;
  Band envelope(const Band& mean) const;
  void place_in_band(const Band& band, double value, Verdict& out) const;
  void vote_thresholds(SeriesMore* more, const Point& point, Verdict& out);
  void vote_objects(const SeriesMore& more, Verdict& out);
  bool over_long_enough(SeriesMore* more, size_t threshold, TimeMs time, bool over) const;
  void remember(SeriesMore& more, const Point& point, const Verdict& verdict);
  void open(Place& place, const Point& point, const Verdict& verdict, Direction direction,
            Sink& sink);
  void update(Place& place, const Point& point, const Verdict& verdict, Sink& sink);
  void end(Place& place, TimeMs time, Sink& sink);
  void hold(SeriesMore& more, const Point& point, const Verdict& verdict) const;
  void learn_held(Place& place);
  void learn_one(Place& place, const Point& point, double in_band);
  void weigh_again(Place& place, const Point& point);
  void learn(Place& place, const Point& point, const Verdict& verdict);
  JudgedPoint judged(const Point& point, const Verdict& verdict) const;

  const Worker& worker_;
  double edge_;
  std::optional<PeaksPlan> noise_;
  double reach_ = 0;            // of the point weighed last, as its models say it
  bool reach_outside_ = false;  // whether they put it outside
  bool reach_known_ = false;
  uint8_t history_mask_;
  bool needs_more_ = false;
  bool level_alone_ = false;
  const ModelSpec* level_ = nullptr;
  size_t level_index_ = 0;  // in bands_
  // A model that is an object of its own; the i-th of SeriesMore::models.
  struct ObjectPlan {
    const ModelSpec* spec;
    size_t band;  // its first in bands_
    size_t curves;
  };
  std::vector<ObjectPlan> objects_;
  struct ThresholdPlan {
    const ModelSpec* spec;
    size_t band;  // in bands_
  };
  std::vector<ThresholdPlan> thresholds_;
  std::vector<ModelBand> bands_;
  std::vector<Curve> curves_;  // scratch
};

}  // namespace tocsin::streamer
