#include "models/change.h"

#include <algorithm>
#include <cmath>

#include "models/archive.h"

namespace tocsin::models {
namespace {

constexpr double kMemory_s = 2 * 86'400;  // of the baseline
constexpr double kSpreadMemory_s = 86'400;
constexpr double kClip = 3;  // deviations
// Into the season's curve points go by less of a clip: a weekend is no wild point.
constexpr double kSeasonClip = 7;
constexpr double kOverShare = 0.35;  // of the largest mean: less is back
constexpr double kHoldShare = 0.5;   // more is still shifted
constexpr double kRough = 2;         // spreads, within a half hour
constexpr double kWeek_s = 7 * 86'400;
// Sums are not taken further than this many times h: what follows a long shift must find back.
constexpr double kSumMax = 4;
// Points that the running mean of a shift remembers: twice those it took to find it.
constexpr double kMeanMin = 16, kMeanMax = 120;
constexpr double kScoreMax = 300;

// h for this many points between false alarms of two sums of independent z (Siegmund 1985).
double bar_of(double run_length, double k) {
  const double wanted = 1 + 4 * k * k * std::max(1.0, run_length);
  double reach = std::log(wanted);
  for (int i = 0; i < 3; ++i) reach = std::log(wanted + reach);
  return reach / (2 * k);
}

// How much further than Gaussian sums those of this skewness go: the decay of their excesses is the
// root of skew/6 t^2 + t/2 = k, which is 2k without skew.
double tail_factor(double skew, double k) {
  if (skew <= 0) return 1;
  const double decay = (std::sqrt(0.25 + 2 * skew * k / 3) - 0.5) * 3 / skew;
  return 2 * k / decay;
}

}  // namespace

DurationMs Change::needs(const ModelSpec& spec) {
  return spec.season == calendar::Season::kDay ? hours(84) : hours(372);
}

Change::Change(const ModelSpec& spec, const calendar::Zone& zone, Budget& budget)
    : k_(spec.number("sensitivity", kSensitivity) / 2),
      points_after_(spec.number("points_after", kPointsAfter)),
      needs_(needs(spec)),
      budget_(budget),
      curve_(spec.season, zone) {
  state_.line.coast_memory_s = kMemory_s;
  if (budget_.take(sizeof(Change))) bytes_ = sizeof(Change);
}

Change::~Change() { budget_.give(bytes_); }

bool Change::ready() const {
  return bytes_ > 0 && state_.seen > 30 && state_.bar_score >= 0 && scales_.ready() &&
         state_.line.time - state_.first >= needs_;
}

Change::Residual Change::residual_of(const Asked& asked) const {
  Residual out;
  out.expected = state_.line.expected(asked.time, asked.cadence_s) + curve_.at(asked.time);
  out.value = asked.value - out.expected;
  out.unit = std::max(state_.spread, 1e-9 * std::max(1.0, std::abs(out.expected)));
  const double rough = curve_.roughness(asked.time);
  out.standardised = std::clamp(out.value / std::max(out.unit, rough), -kClip, kClip);
  // Of a half hour with an edge in it nothing is known as well as the sums need.
  if (rough > kRough * out.unit) out.standardised *= std::pow(kRough * out.unit / rough, 2);
  return out;
}

Change::Sum Change::added(const Sum& sum, double z, TimeMs time, double k) {
  Sum out = sum;
  out.value = std::max(0.0, sum.value + z - k);
  if (out.value == 0) return {};
  if (sum.value == 0) out.since = time;
  ++out.points;
  return out;
}

// Of the residuals since the sum began, 16 at most: where the series is now, whatever one of them
// says.
double Change::recent_median(const Sum& sum, double newest) const {
  std::array<float, kRecent> values{};
  const size_t count = std::min<size_t>(sum.points, kRecent);
  values[0] = static_cast<float>(newest);
  for (size_t i = 1; i < count; ++i)
    values[i] = state_.recent[(state_.next + kRecent - i) % kRecent];
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(values.begin(), middle, values.begin() + static_cast<std::ptrdiff_t>(count));
  return *middle;
}

double Change::running_mean(const Residual& residual) const {
  const double limit = std::abs(state_.mean) + kClip * residual.unit;
  return state_.mean + state_.gain * (std::clamp(residual.value, -limit, limit) - state_.mean);
}

bool Change::weigh(const Asked& asked, std::span<Curve> out) {
  voted_ = ready();
  if (!voted_) return false;
  const Residual residual = residual_of(asked);
  const double reach = kClip * residual.unit;
  out[0] = {1, residual.expected, residual.expected - reach, residual.expected + reach};
  vote_ = Vote{};
  if (std::isnan(asked.value)) return true;
  if (state_.shifted)
    vote_shifted(asked, residual);
  else
    vote_sums(asked, residual);
  return true;
}

void Change::vote_shifted(const Asked& asked, const Residual& residual) {
  const double side = state_.above ? 1 : -1;
  const double mean = running_mean(residual);
  const double left = side * mean / std::max(state_.largest, residual.unit * 1e-6);
  vote_.above = state_.above;
  vote_.outside = left >= kHoldShare;
  vote_.well_inside = left < kOverShare;
  vote_.score = std::min(kScoreMax, asked.score * left / kHoldShare);
  vote_.distance = vote_.outside ? mean / (kClip * residual.unit) : 0;
  vote_.shift = Shift{state_.since, residual.expected, residual.expected + mean};
}

void Change::vote_sums(const Asked& asked, const Residual& residual) {
  const Sum up = added(state_.up, residual.standardised, asked.time, k_);
  const Sum down = added(state_.down, -residual.standardised, asked.time, k_);
  vote_.above = up.value >= down.value;
  const Sum& sum = vote_.above ? up : down;
  vote_.score = std::min(kScoreMax, asked.score * sum.value / bar(vote_.above));
  vote_.outside = found(sum, vote_.above);
  if (!vote_.outside) {
    vote_.score = std::min(vote_.score, 0.99 * asked.score);
    return;
  }
  vote_.well_inside = false;
  const double mean = recent_median(sum, residual.value);
  vote_.distance = mean / (kClip * residual.unit);
  vote_.shift = Shift{sum.since, residual.expected, residual.expected + mean};
}

// What holds whether or not a violation is open: the sums, and a shift that is found.
void Change::track(const Asked& asked, const Residual& residual) {
  State& s = state_;
  if (ready()) {
    if (s.shifted) {
      s.mean = running_mean(residual);
      s.largest = std::max(s.largest, std::abs(s.mean));
    }
    s.up = added(s.up, residual.standardised, asked.time, k_);
    s.down = added(s.down, -residual.standardised, asked.time, k_);
    const bool above = s.up.value >= s.down.value;
    const Sum& sum = above ? s.up : s.down;
    if (!s.shifted && found(sum, above)) {
      s.shifted = true;
      s.above = above;
      s.since = sum.since;
      s.mean = recent_median(sum, residual.value);
      s.largest = std::abs(s.mean);
      const double longest = std::max(kMeanMax, 8 * scales_.long_run_variance());
      s.gain = 1 / std::clamp(2.0 * sum.points, kMeanMin, longest);
    }
    s.up.value = std::min(s.up.value, kSumMax * s.bar_up);
    s.down.value = std::min(s.down.value, kSumMax * s.bar_down);
  }
  s.recent[s.next] = static_cast<float>(residual.value);
  s.next = static_cast<uint8_t>((s.next + 1) % kRecent);
}

void Change::set_bar(const Asked& asked) {
  if (asked.cadence_s <= 0) return;
  const double weeks = kWeeksBetween * std::pow(10, asked.score - 4);
  const double variance = scales_.long_run_variance();
  const double bar = variance * bar_of(weeks * kWeek_s / asked.cadence_s / variance, k_);
  state_.bar_up = bar * tail_factor(state_.skew, k_);
  state_.bar_down = bar * tail_factor(-state_.skew, k_);
  state_.bar_score = asked.score;
}

// The baseline moves, and what is known of the scatter around it.
void Change::follow(const Asked& asked, const Residual& residual) {
  State& s = state_;
  s.first = std::min(s.first, asked.time);
  if (s.seen == 0) {
    s.line.start(asked.time, asked.value);
    s.seen = 1;
    return;
  }
  if (asked.time <= s.line.time) return;  // held back and let go late
  if (s.seen < UINT32_MAX) ++s.seen;
  const double cadence = asked.cadence_s > 0 ? asked.cadence_s : s.line.ahead_s(asked.time);
  const double size = std::abs(residual.value);
  const double clip = s.measured <= 3 ? size : kClip * (1 + 30.0 / s.measured) * s.spread;
  const double clipped = std::clamp(residual.value, -clip, clip);
  const SeasonCurve::News news = curve_.learn(
      asked.time,
      residual.expected + std::clamp(residual.value, -kSeasonClip * clip, kSeasonClip * clip),
      residual.expected - curve_.at(asked.time), cadence);
  // Points of a constant series have no spread to be clipped by.
  const double counted = s.spread == 0 || s.measured == 0 ? size : std::abs(clipped);
  const FadingLine::Gains gains = s.line.gains(asked.time, s.seen, cadence, kMemory_s);
  s.line.learn(asked.time, gains, clipped, clipped, cadence);
  if (s.measured < UINT32_MAX) ++s.measured;
  const double per_measured = 1.0 / s.measured;
  const double gain = std::min(0.025, cadence / kSpreadMemory_s);
  s.spread += std::max(gain, per_measured) * (1.25 * counted - s.spread);
  if (news != SeasonCurve::News::kNone) {  // what was scatter may be season
    const SeasonCurve::Line line = curve_.line();
    s.line.start(asked.time, line.level, line.slope_per_s);
    scales_ = {};
    s.measured = 0;
    s.skew = 0;
  }
  if (s.measured <= 30) return;
  const double z = residual.standardised;
  s.skew += std::max(gain / 7, per_measured) * (z * z * z - s.skew);
  const bool closed = scales_.learn(asked.time, z, asked.cadence_s);
  if (closed || state_.bar_score != asked.score) set_bar(asked);
}

void Change::learn(const Asked& asked, double) {
  if (bytes_ == 0) return;
  const Residual residual = residual_of(asked);
  if (state_.shifted && voted_ && !vote_.outside) {  // nothing is open: it is over
    state_.shifted = false;
    state_.up = state_.down = {};
  }
  track(asked, residual);
  follow(asked, residual);
}

void Change::watch(const Asked& asked) {
  if (bytes_ == 0 || state_.seen == 0) return;
  track(asked, residual_of(asked));
  state_.line.coast(asked.time, asked.cadence_s);
}

// The baseline starts from where the series is now; seasons and scatter stay what they were.
void Change::accept(std::span<const MotionPoint> points, double cadence_s) {
  if (bytes_ == 0 || points.empty()) return;
  double sum = 0;
  for (const MotionPoint& point : points) sum += point.value - curve_.at(point.time);
  const double level = state_.shifted
                           ? state_.line.expected(points.back().time, cadence_s) + state_.mean
                           : sum / static_cast<double>(points.size());
  const TimeMs time = std::max(state_.line.time, points.back().time);
  curve_.shift(level - state_.line.expected(time, cadence_s));
  state_.line.start(time, level);
  state_.up = state_.down = {};
  state_.shifted = false;
}

Learned Change::learned(TimeMs last_time, double) const {
  Learned out{0, {}, 0, 0};
  if (state_.first == kTimeMax) return out;
  out.guarded_from = state_.first + needs_;
  if (last_time < state_.first) return out;
  out.share = std::clamp(
      (last_time - state_.first).seconds() / (out.guarded_from - state_.first).seconds(), 0.0, 1.0);
  return out;
}

template <class Archive>
void Change::visit(Archive& archive) {
  State& s = state_;
  archive(s.line.level, s.line.slope, s.line.coasted_s, s.line.time, s.spread, s.skew, s.seen,
          s.measured, s.first, s.bar_up, s.bar_down, s.bar_score);
  for (Sum* sum : {&s.up, &s.down}) archive(sum->value, sum->points, sum->since);
  for (float& one : s.recent) archive(one);
  archive(s.next, s.shifted, s.above, s.since, s.mean, s.largest, s.gain);
  scales_.visit(archive);
  curve_.visit(archive);
}

void Change::save(ByteWriter& out) const {
  Saver archive(out);
  const_cast<Change*>(this)->visit(archive);  // NOLINT: a Saver only reads
}

void Change::load(ByteReader& in) {
  Loader archive(in);
  visit(archive);
  if (archive.ok() && state_.next < kRecent) return;
  state_ = {};
  state_.line.coast_memory_s = kMemory_s;
  scales_ = {};
  curve_.clear();
}

}  // namespace tocsin::models
