#pragma once
// How long a series that sends unevenly may be silent: expected points by hour of the week.
//
// Time is measured in points that were to be expected: the rate of each hour of the wall clock, the
// mean of the last weeks, integrated over the time since the last point. If points came by chance
// alone, the expected points between two of them would be exponential; what they are is followed as
// the quantile that 1.5 % of the gaps exceed, and the far tail is extrapolated from there as
// exponential, as of every model here (tail.h). Silence is due when no point for so long is rarer
// than 10^-score within an hour, so that who sends often is not missed falsely more often.
//
// An hour of the week that was never seen expects nothing (or what the caller says), so nobody is
// waited for in it: the first night and the first weekend ring no bell. Where an hour has four
// times as many points as the one beside it, the fewer count: nobody knows when exactly a day
// begins. About 1 KB; made only for series that need it.

#include <cstdint>

#include "calendar/zone.h"
#include "models/hour_rates.h"

namespace tocsin::models {

class Presence {
 public:
  static constexpr DurationMs kHorizon = days(14);  // nobody is waited for longer
  static constexpr uint32_t kGapsToLearn = 30;

  explicit Presence(calendar::Zone zone) : zone_(std::move(zone)) {}

  // A point came at `to`, the one before it at `from`; each gap once, in order.
  void learn(TimeMs from, TimeMs to);
  // When silence since `last` is rarer than 10^-score an hour; kTimeMax if it is not within the
  // horizon, or too few gaps were seen. `otherwise`: points per hour where nothing is known of an
  // hour.
  TimeMs due(TimeMs last, double score, double otherwise) const;
  // Points expected within [from, to), as far as is known.
  double expected(TimeMs from, TimeMs to, double otherwise) const;
  bool ready() const { return gaps_ >= kGapsToLearn; }

  template <class Archive>
  void visit(Archive& archive) {
    rates_.visit(archive);
    archive(quantile_, tokens_, gaps_);
  }

 private:
  double rate(int hour, double mean, double otherwise) const;
  double rate_at_edges(int hour, double mean, double otherwise) const;
  void follow(double expected);
  // Calls each(begin, end, hour) for the parts of [from, to) that lie in one hour of the wall
  // clock, until it returns false.
  template <class Each>
  void by_hour(TimeMs from, TimeMs to, const Each& each) const;

  calendar::Zone zone_;
  HourRates rates_;        // points per hour
  double quantile_ = 4.2;  // of the expected points in a gap; -ln(0.015) of an exponential
  double tokens_ = 3;
  uint32_t gaps_ = 0;
};

}  // namespace tocsin::models
