#include "models/trend.h"

#include <algorithm>
#include <cmath>

#include "models/archive.h"

namespace tocsin::models {
namespace {

constexpr double kMemory_s = 1800;
constexpr double kMemoryCadences = 10;  // at least
constexpr double kWideningMax = 10;

}  // namespace

// Of the band, by a gap before this point or lately.
double Trend::widening(TimeMs time, double cadence_s) const {
  const double missed = cadence_s > 0 ? line_.ahead_s(time) / cadence_s - 1 : 0;
  const double by_gap = missed > 1 ? std::sqrt(missed) : 1;  // a little late is no gap
  return std::min(kWideningMax, std::max(wide_, by_gap));
}

bool Trend::weigh(const Asked& asked, std::span<Curve> out) {
  if (tail_.seen < kPointsToLearn) return false;
  const double expected = line_.expected(asked.time, asked.cadence_s);
  const double wide = widening(asked.time, asked.cadence_s);
  const Tail::HalfWidths reach = tail_.half_widths(asked.score / kTailScore);
  out[0] = {1, expected, expected - wide * reach.down, expected + wide * reach.up};
  return true;
}

void Trend::learn(const Asked& asked, double) { follow(asked.time, asked.value, asked.cadence_s); }

void Trend::follow(TimeMs time, double value, double cadence_s) {
  if (tail_.seen == 0) {
    line_.start(time, value);
    tail_.learn(0, cadence_s);
    return;
  }
  if (time <= line_.time) return;  // held back and let go late: the line is past it
  const double wide = widening(time, cadence_s);
  const double residual = value - line_.expected(time, cadence_s);
  const double n = tail_.seen + 1.0;
  double clip = 2 * std::abs(residual);
  if (tail_.seen >= 3) {
    const double learned = tail_.learn(residual / wide, cadence_s, tail_.per_seen());
    clip = wide * std::max(learned, 0.15 * tail_.range);
  } else {
    tail_.learn(0, cadence_s);  // a line through two points has no residual yet
  }
  const double cadence = cadence_s > 0 ? cadence_s : line_.ahead_s(time);
  FadingLine::Gains gains =
      line_.gains(time, n, cadence, std::max(kMemory_s, kMemoryCadences * cadence));
  // After a gap the point says more than the line, as far as that is in doubt.
  gains.alpha = std::max(gains.alpha, 0.5 * (1 - 1 / (wide * wide)));
  line_.learn(time, gains, std::clamp(residual, -clip, clip),
              std::clamp(residual, -0.5 * clip, 0.5 * clip), cadence);
  wide_ = std::max(1.0, wide * (1 - gains.alpha));
}

void Trend::watch(const Asked& asked) { line_.coast(asked.time, asked.cadence_s); }

void Trend::accept(std::span<const MotionPoint> points, double cadence_s) {
  const float limiter = tail_.limiter;
  *this = Trend{};
  tail_.limiter = limiter;
  for (const MotionPoint& point : points) follow(point.time, point.value, cadence_s);
}

Learned Trend::learned(TimeMs last_time, double cadence_s) const {
  Learned out;
  out.points = tail_.seen;
  out.points_needed = kPointsToLearn;
  const double left = kPointsToLearn - std::min(tail_.seen, kPointsToLearn);
  out.share = 1 - left / kPointsToLearn;
  if (cadence_s > 0 && last_time > kTimeMin)
    out.guarded_from = last_time + DurationMs{static_cast<int64_t>(left * cadence_s * 1000)};
  return out;
}

template <class Archive>
void Trend::visit(Archive& archive) {
  archive(line_.level, line_.slope, line_.coasted_s, line_.time, wide_, tail_);
}

void Trend::save(ByteWriter& out) const {
  Saver archive(out);
  const_cast<Trend*>(this)->visit(archive);  // NOLINT: a Saver only reads
}

void Trend::load(ByteReader& in) {
  Loader archive(in);
  visit(archive);
  if (!archive.ok()) *this = Trend{};
}

}  // namespace tocsin::models
