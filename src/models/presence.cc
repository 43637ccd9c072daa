#include "models/presence.h"

#include <algorithm>
#include <cmath>

#include "models/tail.h"

namespace tocsin::models {
namespace {

constexpr double kHour_s = 3600;
// What the mean over all hours counts for beside the weeks seen, in points.
constexpr double kPriorPoints = 0.5;
constexpr double kWeeksMax = 4;
constexpr double kEdge = 0.25;  // an hour with fewer than this of its neighbour's points is an edge
constexpr double kQuantileMin = 1.2, kQuantileMax = 1e4;

}  // namespace

template <class Each>
void Presence::by_hour(TimeMs from, TimeMs to, const Each& each) const {
  calendar::Zone::Cursor cursor;
  while (from < to) {
    const int64_t wall = zone_.wall_ms(from, cursor);
    const int64_t rest =
        HourRates::kHourMs - (wall - HourRates::floor_hours(wall) * HourRates::kHourMs);
    const TimeMs end = std::min(to, from + DurationMs{rest});
    if (!each(from, end, HourRates::hour_of(wall))) return;
    from = end;
  }
}

double Presence::rate(int hour, double mean, double otherwise) const {
  const double weeks = std::min<double>(kWeeksMax, rates_.weeks(hour));
  if (weeks == 0 || !(mean > 0)) return otherwise;
  return (weeks * rates_.rate(hour) + kPriorPoints) / (weeks + kPriorPoints / mean);
}

double Presence::rate_at_edges(int hour, double mean, double otherwise) const {
  const double own = rate(hour, mean, otherwise);
  double least = own;
  for (const int beside : {hour + 1, hour + HourRates::kHours - 1}) {
    const int at = beside % HourRates::kHours;
    if (rates_.weeks(at) == 0) continue;
    const double other = rate(at, mean, otherwise);
    if (other < kEdge * own) least = std::min(least, other);
  }
  return least;
}

void Presence::learn(TimeMs from, TimeMs to) {
  if (to <= from || to - from > kHorizon) return;
  if (gaps_ >= kGapsToLearn) follow(expected(from, to, 0));
  if (gaps_ < UINT32_MAX) ++gaps_;
  int last = 0;
  by_hour(from, to, [&](TimeMs begin, TimeMs end, int hour) {
    rates_.add(hour, 0, (end - begin).seconds() / kHour_s, 1);
    last = hour;
    return true;
  });
  rates_.add(last, 1, 0, 1);
}

// A step of 2 % (10 % while young) in the logarithm, up with weight 0.985, down with 0.015; a token
// per step up keeps one long outage from being learned as usual.
void Presence::follow(double gap) {
  if (gap <= 0) return;
  const bool young = gaps_ <= 300;
  tokens_ = std::min(10.0, tokens_ + 0.03);
  if (gap <= quantile_) {
    quantile_ = std::max(kQuantileMin, quantile_ * (young ? 0.9985 : 0.9997));
  } else if (tokens_ >= 1) {
    tokens_ -= 1;
    quantile_ = std::min(kQuantileMax, quantile_ * (young ? 1.1035 : 1.0199));
  }
}

double Presence::expected(TimeMs from, TimeMs to, double otherwise) const {
  const double mean = rates_.mean_rate();
  double sum = 0;
  by_hour(from, to, [&](TimeMs begin, TimeMs end, int hour) {
    sum += rate_at_edges(hour, mean, otherwise) * (end - begin).seconds() / kHour_s;
    return true;
  });
  return sum;
}

TimeMs Presence::due(TimeMs last, double score, double otherwise) const {
  if (!ready()) return kTimeMax;
  const double mean = rates_.mean_rate();
  const double youth = 1 + 30.0 / gaps_;
  // Not of each gap but of the gaps of an hour: who sends often has many chances to be late.
  calendar::Zone::Cursor cursor;
  const int now = HourRates::hour_of(zone_.wall_ms(last, cursor));
  const double chances = std::max({1.0, mean, rate(now, mean, otherwise)});
  double left = quantile_ * (score + std::log10(chances)) / kTailScore * youth;
  TimeMs out = kTimeMax;
  by_hour(last, last + kHorizon, [&](TimeMs begin, TimeMs end, int hour) {
    const double rate_now = rate_at_edges(hour, mean, otherwise);
    const double here = rate_now * (end - begin).seconds() / kHour_s;
    if (here >= left) {
      out = begin + DurationMs{static_cast<int64_t>(std::ceil(left / rate_now * kHour_s * 1000))};
      return false;
    }
    left -= here;
    return true;
  });
  return out;
}

}  // namespace tocsin::models
