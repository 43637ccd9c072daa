#pragma once
// How unusual one series became in a stretch of time, against what it was before: the figure that
// likely causes are ranked by. Pure; O(n) in the points, no model, nothing stored.
//
//   deviation = |point - median before| / scale before
//   scale     = the larger of IQR / 1.349, (95 % - 5 %) / 3.29, and a floor
//   strength  = d / (d + 10), d = the deviation that only some points of the stretch exceed
//
// The two spreads are those of a normal distribution; the second keeps a series that often leaves
// its quartiles from looking unusual when it does so again. The floor is a share of the level and
// of what is seen now: a series that never moved is not infinitely unusual when it moves once.
// That several points have to exceed it keeps one wild point from counting.
//
// A series that stopped has no points to be unusual: it is so by how many of the longest of its
// pauses before it has been quiet for, d = 5 (quiet / longest - 1), if its points ended in the
// stretch or a quarter of an hour before it.
// docs/causes.md says what the figures were chosen by.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "vocabulary/sample.h"

namespace tocsin::query {

struct CauseWindow {
  TimeMs before_from;  // what is usual: [before_from, from)
  TimeMs from, to;     // what is looked at, both included
};
// `from` and `to` as asked; what is usual is as long as eight times the span, 2 to 24 hours.
CauseWindow cause_window(TimeMs from, TimeMs to);

struct Unusual {
  float strength = 0;    // 0 to 1
  float deviations = 0;  // in scales; what strength is made of
  double usual = 0;      // median before
  double now = 0;        // the point that `deviations` belongs to
  TimeMs began;          // first point of the first stretch well outside; 0: there is none
  bool rate = false;     // of a counter: values are per second
  bool stopped = false;  // no points any more: `now` is the last one
  DurationMs pause{};    // stopped: the longest between two points before
};

inline constexpr size_t kPausesMin = 8;  // with fewer points before nothing is said of a stop
inline constexpr size_t kBeforeMin = 3;    // points; with fewer nothing is said
inline constexpr size_t kBeforeMax = 64;   // of more points every so-manieth counts
inline constexpr size_t kDuringMax = 512;  // likewise

// A counter by its name: _total, _count, _sum, _bucket.
bool is_counter(std::string_view name);
// Per second between neighbours; a counter that went back began anew at zero. Replaces `out`.
void to_rates(std::span<const Sample> samples, std::vector<Sample>& out);

// Keeps its room between series. Belongs to one thread.
class CauseScorer {
 public:
  explicit CauseScorer(CauseWindow window) : window_(window) {}
  const CauseWindow& window() const { return window_; }
  // `samples` by time, from before_from on (older and newer ones are left out). nullopt: too few
  // points before, or none during.
  std::optional<Unusual> score(std::span<const Sample> samples, bool counter);
  // Of the last call: points that counted as before.
  size_t before_count() const { return before_.size(); }

 private:
  std::optional<Unusual> by_values(std::span<const Sample> samples);
  std::optional<Unusual> by_silence(std::span<const Sample> samples) const;
  bool split(std::span<const Sample> samples);
  double scale(double median);
  TimeMs beginning(double median, double scale) const;

  CauseWindow window_;
  std::vector<Sample> rates_;
  std::vector<double> before_;
  std::vector<Sample> during_;
  std::vector<std::pair<double, double>> deviations_;  // deviation, value
};

}  // namespace tocsin::query
