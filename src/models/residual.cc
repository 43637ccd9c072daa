#include "models/residual.h"

#include <algorithm>
#include <cmath>

#include "models/archive.h"

namespace tocsin::models {
namespace {

// Found on labelled series, see docs/decisions/0021-auto-asks-two-questions.md.
constexpr double kLevel_s = 1200;               // memory of the level and of the day's offset
constexpr double kSpread_s = 14'400;            // memory of the usual error ...
constexpr double kSpreadPoints = 80;            // ... and at least so many points
constexpr double kMean_s = 60'000;              // of the mean that the range is held about
constexpr double kRange_s = 120'000;            // and of the range
constexpr double kFloor = 0.0005;               // least usual error, as a share of the range
constexpr double kLevelCadence_s = 450;         // slower series have no recent level
constexpr double kClipLevel = 3, kClipDay = 8;  // in usual errors
constexpr double kDayGain = 0.3;                // of a whole slot
constexpr double kExceeded = 0.015;             // share of points beyond the calibration
constexpr double kExponent = 0.8;               // how far series are made comparable
constexpr double kStep = 0.02, kStepYoung = 0.1;
constexpr uint32_t kYoung = 300;  // points
constexpr double kTokensMax = 10;
constexpr double kLimiterStep = 0.1;
constexpr double kLimiterPerWeek = 12;  // violations that balance it
constexpr int64_t kLimiterRest_ms = 1'800'000;
constexpr double kSaturation = 300;  // z, where an error is no more surprising than twice it
constexpr double kDisagree = 0.5;
constexpr double kHoldShare = 0.8;
constexpr int64_t kHoldMax_ms = 8 * 3'600'000LL;
constexpr uint8_t kHoldInside = 3;
constexpr float kHeldGain = 0.1F;  // of the spread while a violation is open
constexpr double kWeek_s = 604'800;
constexpr double kCadenceUnknown_s = 60;

double gain(double memory_s, double points, double cadence_s) {
  return -std::expm1(-1 / std::max(memory_s / cadence_s, points));
}

}  // namespace

Residual::Gains Residual::gains_for(double cadence_s) {
  Gains out;
  out.cadence_s = static_cast<float>(cadence_s);
  out.level = static_cast<float>(gain(kLevel_s, 2, cadence_s));
  out.offset = static_cast<float>(gain(kLevel_s, 1, cadence_s));
  out.spread = static_cast<float>(gain(kSpread_s, kSpreadPoints, cadence_s));
  out.mean = static_cast<float>(gain(kMean_s, 1, cadence_s));
  out.shrink = static_cast<float>(-std::expm1(-cadence_s / kRange_s));
  out.limiter = static_cast<float>(kLimiterStep * kLimiterPerWeek * cadence_s / kWeek_s);
  out.persistence = static_cast<float>(0.15 * std::min(1.0, 300 / cadence_s));
  return out;
}

// The cadence of real series trembles; that is no reason to compute anew.
Residual::Gains Residual::gains(double cadence_s) const {
  const double cadence = cadence_s > 0 ? cadence_s : kCadenceUnknown_s;
  const bool fits = std::abs(cadence - gains_.cadence_s) <= 0.02 * gains_.cadence_s;
  return fits ? gains_ : gains_for(cadence);
}

// While the series has not moved, its usual value is the one it has had so far.
std::optional<double> Residual::usual(const Point& point) const {
  if (points_ == 0) return std::nullopt;
  return moved_ ? profile_.at(profile_.slot_at(point.wall_ms)) : std::optional(level_);
}

Residual::Range Residual::range_after(double value, const Gains& gains) const {
  if (points_ == 0) return {value, value, value};
  Range out{range_.mean + gains.mean * (value - range_.mean), std::min(value, range_.low),
            std::max(value, range_.high)};
  out.high -= gains.shrink * (out.high - out.mean);
  out.low -= gains.shrink * (out.low - out.mean);
  return out;
}

void Residual::weigh(const Point& point, Weighed& out) const {
  out = {};
  const Gains g = gains(point.cadence_s);
  const std::optional<double> day = usual(point);
  const double recent = points_ == 0 ? point.value : level_;
  const double shaped = day ? *day + offset_ : recent;
  const bool quick = point.cadence_s <= kLevelCadence_s;
  const bool both = day && quick;
  const double other = both ? recent : shaped;
  out.known = day.has_value();
  out.lower_prediction = std::min(shaped, other);
  out.upper_prediction = std::max(shaped, other);
  const double from_day = point.value - shaped;
  const double from_level = point.value - other;
  double residual = std::abs(from_level) <= std::abs(from_day) ? from_level : from_day;
  if (hold_.open && day && quick) {  // back where it was is no surprise either
    const double from_before = point.value - *day - hold_.offset;
    if (std::abs(from_before) < std::abs(residual)) residual = from_before;
  }

  const Range range = range_after(point.value, g);
  out.scale = std::max<double>(spread_, kFloor * (range.high - range.low) + 1e-9);
  double z = std::abs(residual) / out.scale;
  if (from_day * from_level < 0) z *= kDisagree;
  z /= 1 + z / kSaturation;
  const bool above = residual >= 0;
  const bool again = last_side_ == (above ? 1 : -1);
  const double persistence = g.persistence;
  const double surprise =
      (1 - persistence) * z + (again ? persistence * std::min<double>(z, last_z_) : 0);
  out.residual = static_cast<float>(residual);
  out.z = static_cast<float>(z);
  out.surprise = static_cast<float>(surprise);

  const double up = std::exp(kExponent * log_q_[0] + log_limiter_);
  const double down = std::exp(kExponent * log_q_[1] + log_limiter_);
  out.rarity_up = static_cast<float>(up);
  out.rarity_down = static_cast<float>(down);
  if (!learning(point.time)) out.score = static_cast<float>(surprise / (above ? up : down));
  const Hold hold = hold_after(point, out, day);
  out.open_after = hold.open;
  out.held = hold_.open && hold.inside == 0 ? std::max(out.score, hold.peak) : out.score;
}

double Residual::reach(const Weighed& weighed, bool above, double score) const {
  const double rarity = above ? weighed.rarity_up : weighed.rarity_down;
  const double bounded = std::min(score * rarity / (1 - gains_.persistence), 0.97 * kSaturation);
  return weighed.scale * bounded / (1 - bounded / kSaturation);
}

// A violation ends after three points near the day as it was, or is the new normal after 8 hours.
Residual::Hold Residual::hold_after(const Point& point, const Weighed& weighed,
                                    std::optional<double> day) const {
  Hold out = hold_;
  if (!hold_.open) {
    if (weighed.score < kOpensAt || !day) return out;
    const size_t side = weighed.residual >= 0 ? 0 : 1;
    out = {offset_, point.time, 0, weighed.score, static_cast<int8_t>(side == 0 ? 1 : -1), 0, true};
    out.limit = static_cast<float>(kHoldShare * kOpensAt * std::exp(log_q_[side]) * weighed.scale);
    return out;
  }
  const double beyond = hold_.side * (point.value - day.value_or(0) - hold_.offset);
  if (beyond > hold_.limit) {
    out.inside = 0;
    out.peak = std::max(hold_.peak, weighed.score);
  } else {
    ++out.inside;
  }
  out.open = out.inside < kHoldInside && point.time - hold_.opened <= DurationMs{kHoldMax_ms};
  return out;
}

void Residual::learn(const Point& point, const Weighed& weighed, bool frozen, Budget& budget) {
  const Gains g = gains(point.cadence_s);
  if (g.cadence_s != gains_.cadence_s) gains_ = g;
  profile_.fit(g.cadence_s, budget);
  if (points_ == 0) {
    first_ = point.time;
    loud_ = kTimeMin;
    level_ = point.value;
  }
  const std::optional<double> day = usual(point);
  range_ = range_after(point.value, g);
  const bool above = weighed.residual >= 0;
  const bool was_open = hold_.open;
  hold_ = hold_after(point, weighed, day);
  const bool quick = point.cadence_s <= kLevelCadence_s;
  if (was_open && quick && hold_.inside >= kHoldInside) {  // what it went through is over
    offset_ = hold_.offset;
    level_ = point.value;
  }
  calibrate(above ? 0 : 1, weighed.surprise);
  limit(point.time, weighed.score);
  last_z_ = weighed.z;
  last_side_ = above ? 1 : -1;
  learn_spread(std::abs(weighed.residual), weighed.scale);
  const double wide = kClipLevel * weighed.scale;
  if (day) offset_ += g.offset * clipped(point, point.value - *day - offset_, wide);
  learn_day(point, weighed.scale, frozen || hold_.open, budget);
  level_ += g.level * clipped(point, point.value - level_, wide);
  if (points_ < UINT32_MAX) ++points_;
}

// Nothing is clipped while learning: the first points of a series may be its odd ones.
double Residual::clipped(const Point& point, double residual, double limit) const {
  return learning(point.time) ? residual : std::clamp(residual, -limit, limit);
}

// Steps of 2 % about the size that 1.5 % of the points of that side exceed. A step up costs a token
// that comes back at twice the fair rate: a long incident buys ten steps, no more.
void Residual::calibrate(size_t side, float surprise) {
  const auto step = static_cast<float>(points_ < kYoung ? kStepYoung : kStep);
  for (size_t i = 0; i < 2; ++i) {
    tokens_[i] =
        std::min(static_cast<float>(kTokensMax), tokens_[i] + static_cast<float>(2 * kExceeded));
    const bool beyond = i == side && surprise > std::exp(log_q_[i]);
    if (!beyond)
      log_q_[i] = std::max(0.0F, log_q_[i] - step * static_cast<float>(kExceeded));
    else if (tokens_[i] >= 1)
      tokens_[i] -= 1, log_q_[i] += step * static_cast<float>(1 - kExceeded);
  }
}

void Residual::limit(TimeMs time, float score) {
  if (score > kOpensAt) {
    const bool rested = loud_ == kTimeMin || time - loud_ > DurationMs{kLimiterRest_ms};
    if (rested) log_limiter_ += static_cast<float>(kLimiterStep);
    loud_ = time;
  }
  log_limiter_ = std::max(0.0F, log_limiter_ - gains_.limiter);
}

void Residual::learn_spread(double size, double scale) {
  if (points_ == 0) return;
  if (points_ < kYoung) {
    spread_ += static_cast<float>(0.05 * (1.25 * size - spread_));
    return;
  }
  const double rate = gains_.spread * (hold_.open ? kHeldGain : 1.0F);
  spread_ += static_cast<float>(rate * (1.25 * std::min(size, 3 * scale) - spread_));
}

void Residual::learn_day(const Point& point, double scale, bool frozen, Budget& budget) {
  if (!moved_) {
    if (points_ == 0 || point.value == level_) return;
    moved_ = true;
    const DurationMs age = point.time - first_;
    profile_.fill(level_, point.wall_ms - age.count, point.wall_ms, budget);
  }
  // Where memory was refused, the series is judged by its level; asked for again now and then.
  if (!profile_.has_memory() && points_ % 256 != 0) return;
  const uint16_t slot = profile_.slot_at(point.wall_ms);
  const std::optional<double> day = profile_.at(slot);
  if (!day) {
    profile_.set(slot, point.value, budget);
    return;
  }
  if (frozen) return;
  const double rate = kDayGain * std::min(1.0, gains_.cadence_s / profile_.width_s());
  profile_.set(slot, *day + rate * clipped(point, point.value - *day, kClipDay * scale), budget);
}

void Residual::accept(const Point& point) {
  if (points_ == 0) return;
  const std::optional<double> day = usual(point);
  if (day) offset_ = point.value - *day;
  level_ = point.value;
  hold_ = {};
}

template <class Archive>
void Residual::visit(Archive& archive) {
  archive(level_, offset_, range_.mean, range_.low, range_.high, first_, loud_);
  archive(hold_.offset, hold_.opened, hold_.limit, hold_.peak, hold_.side, hold_.inside,
          hold_.open);
  archive(gains_.cadence_s, spread_, last_z_, log_q_[0], log_q_[1], tokens_[0], tokens_[1],
          log_limiter_, points_, last_side_, moved_);
}

void Residual::save(ByteWriter& out) const {
  Saver archive(out);
  const_cast<Residual*>(this)->visit(archive);  // NOLINT: a Saver only reads
  profile_.save(out);
}

bool Residual::load(ByteReader& in, Budget& budget) {
  release(budget);
  Loader archive(in);
  visit(archive);
  if (!archive.ok() || !profile_.load(in, budget)) return false;
  if (gains_.cadence_s > 0) gains_ = gains_for(gains_.cadence_s);
  const bool sane = std::isfinite(level_) && std::isfinite(offset_) && std::isfinite(spread_) &&
                    std::isfinite(range_.low) && std::isfinite(range_.high);
  return sane && (points_ == 0 || profile_.width_s() > 0);
}

}  // namespace tocsin::models
