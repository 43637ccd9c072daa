#pragma once
// How unusual a value is for now. Two predictions, the recent level (about 20 minutes) and the
// usual value of this time of day lifted to the recent offset; the nearer one counts: odd only if
// odd for both. The distance is measured in the series' own usual error (about 4 hours), and made
// comparable between series by the error that 1.5 % of its points exceed, by side. docs/models.md
// has the formulas, docs/decisions/0021-auto-asks-two-questions.md says where the constants come
// from.
//
// A plain state machine, one per series: learn() after weigh(), each point once, in event time.

#include <array>
#include <cstdint>

#include "models/residual_profile.h"

namespace tocsin::models {

class Residual {
 public:
  // The limits of a violation that this model itself holds open; see learn().
  static constexpr double kOpensAt = 2.5;
  static constexpr int64_t kLearns_ms = 5 * 86'400'000LL;

  struct Point {
    TimeMs time;
    int64_t wall_ms = 0;
    double value = 0;
    double cadence_s = 0;
  };
  // What is said of a point before it is learned.
  struct Weighed {
    double lower_prediction = 0, upper_prediction = 0;
    double scale = 0;                      // the usual error, never 0
    float rarity_up = 1, rarity_down = 1;  // surprise for each unit of score, by side
    float residual = 0;                    // signed distance from the nearer prediction
    float z = 0;                           // in units of the scale, bounded
    float surprise = 0;                    // z, a little less where the last point was quiet
    float score = 0;                       // comparable between series; 0 while learning
    float held = 0;           // score, or the worst of the violation that it belongs to
    bool known = false;       // the usual value of this time of day is
    bool open_after = false;  // a violation is open when this point has been learned
  };

  void weigh(const Point& point, Weighed& out) const;
  // How far above (or below) its predictions a value reaches `score`.
  double reach(const Weighed& weighed, bool above, double score) const;
  // `frozen`: a violation is open, or was marked: the usual day stays what it was.
  void learn(const Point& point, const Weighed& weighed, bool frozen, Budget& budget);
  // The new normal starts with this value.
  void accept(const Point& point);

  uint32_t points() const { return points_; }
  TimeMs first() const { return first_; }
  bool learning(TimeMs now) const { return points_ == 0 || now - first_ < DurationMs{kLearns_ms}; }
  double level() const { return level_; }

  void save(ByteWriter& out) const;
  bool load(ByteReader& in, Budget& budget);
  uint64_t bytes() const { return profile_.bytes(); }
  void release(Budget& budget) { profile_.release(budget); }

 private:
  struct Gains {
    float cadence_s = -1;  // that they hold for
    float level = 0, offset = 0, spread = 0, mean = 0, shrink = 0, limiter = 0, persistence = 0;
  };
  struct Hold {
    double offset = 0;  // of the day when it opened
    TimeMs opened;
    float limit = 0, peak = 0;
    int8_t side = 0;
    uint8_t inside = 0;
    bool open = false;
  };
  struct Range {
    double mean = 0, low = 0, high = 0;
  };

  static Gains gains_for(double cadence_s);
  Gains gains(double cadence_s) const;
  std::optional<double> usual(const Point& point) const;
  Range range_after(double value, const Gains& gains) const;
  Hold hold_after(const Point& point, const Weighed& weighed, std::optional<double> usual) const;
  void calibrate(size_t side, float surprise);
  void limit(TimeMs time, float score);
  void learn_spread(double size, double scale);
  void learn_day(const Point& point, double scale, bool frozen, Budget& budget);
  double clipped(const Point& point, double residual, double limit) const;
  template <class Archive>
  void visit(Archive& archive);

  ResidualProfile profile_;
  double level_ = 0;
  double offset_ = 0;  // of the last 20 minutes from the usual day
  Range range_;
  TimeMs first_;
  TimeMs loud_;  // of the last score above kOpensAt
  Hold hold_;
  Gains gains_;
  float spread_ = 0;
  float last_z_ = 0;
  std::array<float, 2> log_q_{0.693147F, 0.693147F};  // above, below
  std::array<float, 2> tokens_{3, 3};
  float log_limiter_ = 0;
  uint32_t points_ = 0;
  int8_t last_side_ = 0;
  bool moved_ = false;
};

}  // namespace tocsin::models
