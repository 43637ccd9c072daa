#pragma once
// Where the upper edge of a series goes: a line through its maxima, robust, over a window.
//
//   window    [b][b][b] ... [b][b]   24 buckets; of each the second largest value (third of many)
//   slope     median of the slopes of all pairs of buckets (Theil, Sen); where the last third says
//             surely more, its own: what began to rise an hour ago is not averaged away
//   teeth     a series that falls back again and again (rotation of logs, garbage collection): the
//             line goes through the peaks of the last teeth, unless the present one outgrows it
//
// How sure the slope is: the scatter of the maxima around the line, and how much the slope changed
// from one half window to the next before. A daily rhythm in a window of six hours is sure of
// nothing, and says so. For a lower edge, values and answers are negated by the caller.

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/time.h"
#include "models/motion.h"

namespace tocsin::models {

// The edge as a line from now on.
struct Edge {
  double level = 0;  // now
  double slope_per_s = 0;
  double noise = 0;        // deviation of maxima around the line
  double slope_error = 0;  // deviation, per second
  double doubt = 0;        // a slope below this may be nothing
  double seen_s = 0;       // for so long it has gone on like this
};

class Envelope {
 public:
  static constexpr size_t kBuckets = 24;
  static constexpr size_t kBucketsToLearn = 5;  // that reach half a window back

  explicit Envelope(DurationMs window)
      : bucket_ms_(window.count / static_cast<int64_t>(kBuckets)) {}

  // In order of time.
  void learn(TimeMs time, double value);
  // Nothing before half a window was seen.
  std::optional<Edge> at(TimeMs time) const;
  // The largest value of all that the window has left behind.
  std::optional<double> record() const;

  template <class Archive>
  void visit(Archive& archive);

 private:
  static constexpr size_t kTop = 3, kPeaks = 8, kLast = 5;
  static constexpr size_t kPeaksToUse = 4;
  static constexpr size_t kShort = 8;  // buckets of the last third
  struct Bucket {
    int64_t number = INT64_MIN;
    std::array<double, kTop> top{};  // the largest values, descending
    uint32_t count = 0;
    double edge() const;
  };
  struct Fit {
    double slope = 0, level = 0, noise = 0, error = 0;  // level at the middle of bucket `at`
    double changes = 0;                                 // of the slope, as they were before
    double seen_s = 0;
    Edge edge(double ahead_s) const;
    int64_t at = 0;
  };

  TimeMs middle(int64_t number) const { return {number * bucket_ms_ + bucket_ms_ / 2}; }
  void close(int64_t next);
  void compare(int64_t now);
  void take_late(std::span<const MotionPoint> points);
  static Fit fit(std::span<const MotionPoint> points, double noise_min);
  std::optional<Edge> by_window(TimeMs time) const;
  std::optional<Edge> by_teeth(TimeMs time) const;
  void follow_teeth(TimeMs time, double value);
  double last_median() const;

  int64_t bucket_ms_;
  std::array<Bucket, kBuckets> buckets_{};  // at number % size
  int64_t newest_ = INT64_MIN;
  size_t filled_ = 0;
  bool ready_ = false;
  Fit fit_;
  double slope_before_ = 0, slope_change_ = 0;  // over half windows
  int64_t compared_at_ = INT64_MIN;
  uint32_t compared_ = 0;
  std::array<double, kLast> last_{};  // values, as a ring
  uint32_t seen_ = 0;
  bool has_record_ = false;
  double record_ = 0;
  // The tooth under way.
  bool falling_ = false;
  double low_ = 0, top_ = 0;
  TimeMs low_time_{}, top_time_{};
  double smooth_ = 0, last_step_ = 0;
  double step_ = 0;   // mean size of a step of the smoothed values
  double rough_ = 0;  // and, at the median, of its change from one to the next: what is no ramp
  std::array<double, kPeaks> peak_values_{};
  std::array<TimeMs, kPeaks> peak_times_{};
  double depth_ = 0;  // mean fall after a peak
  uint32_t peaks_ = 0;
};

template <class Archive>
void Envelope::visit(Archive& archive) {
  for (Bucket& bucket : buckets_) {
    archive(bucket.number, bucket.count);
    for (double& top : bucket.top) archive(top);
  }
  uint64_t filled = filled_;
  archive(newest_, filled, fit_.slope, fit_.level, fit_.noise, fit_.error, fit_.changes,
          fit_.seen_s, fit_.at, ready_, slope_before_, slope_change_, compared_at_, compared_,
          seen_, has_record_, record_, falling_, low_, top_, low_time_, top_time_, smooth_,
          last_step_, step_, rough_, depth_, peaks_);
  filled_ = static_cast<size_t>(filled);
  for (double& value : last_) archive(value);
  for (double& value : peak_values_) archive(value);
  for (TimeMs& time : peak_times_) archive(time);
}

}  // namespace tocsin::models
