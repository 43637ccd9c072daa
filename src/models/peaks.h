#pragma once
// How far a healthy series reaches, in episodes: peaks over threshold, streaming. One per series
// and worker with a noise budget, 64 bytes.
//
// A point's reach is its residual in units of the band's nominal half width: 1 is the edge that the
// worker's `score` draws. Points of which n of the last m reach beyond `body` on one side are a
// cluster until m points in a row are below it; its peak is the largest reach that n of m points
// had. A violation with the edge T would have opened in it exactly if the peak lies beyond T.
//
//   reach |           .                 `body` follows the rate of clusters that is aimed at, 30
//   edge  |-----------|--------         times the wanted rate where there are points enough. The
//         |     .     |.                excesses over it have a generalised Pareto tail, so
//   body  |-----|.----||-------           edge = body + s/k ((rate of clusters / wanted)^k - 1)
//         |....||.....||.......         with scale s and shape k (an exponential tail for k = 0).
//
// Scale and shape come from mean and mean square of the excesses (the moments' fit), over the last
// 100 clusters, drawn towards an exponential tail while these are few. Peaks that come together,
// and tails that the fit misses, are made good by `correction`: an episode widens the edge by 16 %,
// time narrows it, and both are even at the wanted rate.
//
// Guards against poisoning: a peak counts for at most 2.5 edges, and clusters are let in at twice
// the rate that is aimed at, so that an incident moves the tail by a few steps.

#include <array>
#include <cstdint>

namespace tocsin::models {

// What is wanted of a worker's series.
struct PeaksPlan {
  double per_week = 1;  // episodes wanted, > 0
  double body = 0.456;  // where the body ends before anything is known: kTailScore / score
  uint8_t points = 2;   // n ...
  uint8_t of = 3;       // ... of the last m open a violation; m <= 8
};

struct alignas(64) Peaks {
  static constexpr double kEdgeMin = 0.15, kEdgeMax = 200;

  // The factor on the nominal half width at which episodes are expected to come as often as wanted.
  float edge = 1;
  std::array<float, 7> recent{};  // reaches before the last, signed, newest first; 0 = in the body
  float body = 0;                 // 0 = has seen nothing
  float mean = 0, square = 0;     // of the excesses, and of their squares
  float correction = 0;           // logarithm of a factor on the edge
  float peak = 0;                 // of the cluster under way; 0 = none yet
  float tokens = 5;               // clusters that are let in
  uint32_t touched_s = 0;         // event time of the last call
  uint8_t clusters = 0;           // taken in; saturates
  uint8_t quiet = 0;              // points since the last one beyond the body
  uint8_t near = 0;               // 1: one of the last m lay beyond the body
  uint8_t spare = 0;

  // A judged point; cadence_s > 0, time_s its event time.
  void note(const PeaksPlan& plan, double reach, double cadence_s, uint32_t time_s);
  // True if noting this point would let time pass and nothing else; the next call makes up for it.
  bool idle(double reach) const { return near == 0 && body >= reach && body >= -reach; }
  // A violation opened.
  void opened(const PeaksPlan& plan, double cadence_s);

  // The rarest rate, per week, that what was seen says anything about. Where less is wanted, the
  // edge is the one for this.
  double supported_per_week(const PeaksPlan& plan, double cadence_s) const;

  struct Tail {
    double scale = 0, shape = 0;
  };
  Tail tail() const;

 private:
  double step() const;
  double nth_reach(const PeaksPlan& plan, double reach) const;
  void pass(const PeaksPlan& plan, double cadence_s, uint32_t time_s);
  void close(const PeaksPlan& plan, double cadence_s);
  void place_edge(const PeaksPlan& plan, double cadence_s);
};
static_assert(sizeof(Peaks) == 64);

// Clusters per week that `body` is set for.
double clusters_per_week(const PeaksPlan& plan, double cadence_s);

}  // namespace tocsin::models
