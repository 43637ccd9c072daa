#include "models/ratio.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/archive.h"

namespace tocsin::models {
namespace {

constexpr double kMemory_s = 1200;
constexpr double kMemoryMax_s = 7 * 86'400;
constexpr double kPointsOfMemory = 30;
constexpr double kFailuresOfMemory = 100;
constexpr double kDispersionMemory_s = 86'400;
constexpr double kDispersionPoints = 200;
constexpr double kAttemptsMax = 1e12;

double cadence_of(double cadence_s) { return cadence_s > 0 ? cadence_s : 1; }
double attempts_of(const Asked& asked) {
  return std::clamp(std::round(asked.weight), 1.0, kAttemptsMax);
}
double failures_of(double ratio, double attempts) {
  return std::clamp(std::round(ratio * attempts), 0.0, attempts);
}

}  // namespace

Ratio::Ratio(const ModelSpec& spec, calendar::Zone, Budget&)
    : min_attempts_(std::max(1.0, spec.number("min_attempts", 20))) {}

// The law of a run's sum; the uncertainty of what is usual, and while young that of the dispersion,
// are in it.
RatioLaw Ratio::law_of(double p, double attempts, uint32_t length) const {
  const double young = 2.8 / std::sqrt(std::max(1.0, static_cast<double>(seen_)));
  const double varies =
      dispersion_.of(length) + 1 / (attempts_ + 2) + young / std::max(1.0, attempts - 1);
  return {p, std::min(RatioLaw::kSteady, 1 / std::min(varies, 0.999) - 1)};
}

// Bounds of the failures of this slot that its run sets; `run` has this slot's attempts in it, and
// none of its failures.
double Ratio::lower_of_run(const CountRun& run) const {
  const RatioLaw law = law_of(run.expected / run.trials, run.trials, run.length);
  const double wanted = weighed_.wanted + run.penalty();
  if (law.ln_at_most(run.events, run.trials) >= -wanted * kLn10) return 0;
  return std::max(0.0, law.lower(run.trials, wanted) - run.events);
}

double Ratio::upper_of_run(const CountRun& run) const {
  const RatioLaw law = law_of(run.expected / run.trials, run.trials, run.length);
  const double wanted = weighed_.wanted + run.penalty();
  const double highest = std::min(run.trials, run.events + weighed_.upper);
  if (law.ln_at_least(highest, run.trials) >= -wanted * kLn10) return weighed_.attempts;
  return std::max(0.0, law.upper(run.trials, wanted) - run.events);
}

bool Ratio::weigh(const Asked& asked, std::span<Curve> out) {
  out[0] = Curve{};
  weighed_ = {};
  const double n = weighed_.attempts = attempts_of(asked);
  weighed_.failures = std::isnan(asked.value) ? asked.value : failures_of(asked.value, n);
  weighed_.asked = asked.score;
  weighed_.wanted = asked.score * limiter_;
  weighed_.upper = n;
  if (seen_ < kPointsToLearn) return false;
  const double p = usual();
  if (n >= min_attempts_) {
    const RatioLaw law = law_of(p, n, 1);
    weighed_.lower = law.lower(n, weighed_.wanted);
    weighed_.upper = law.upper(n, weighed_.wanted);
  }
  const CountRun low = runs_.low.with(0, n * p, n), high = runs_.high.with(0, n * p, n);
  const double lower =
      low.length > 1 && low.trials >= min_attempts_ ? lower_of_run(low) : weighed_.lower;
  const double upper =
      high.length > 1 && high.trials >= min_attempts_ ? upper_of_run(high) : weighed_.upper;
  weighed_.led_low = lower > weighed_.lower;
  weighed_.led_high = upper < weighed_.upper;
  // A run may be so rare already that even a usual slot would leave it rare. That is no reason to
  // expect less than what is usual: the band ends there.
  weighed_.lower = std::clamp(std::max(lower, weighed_.lower), 0.0, n * p);
  weighed_.upper = std::clamp(std::min(upper, weighed_.upper), n * p, n);
  out[0] = {1, p, weighed_.lower / n, weighed_.upper / n};
  return true;
}

// Of the failures' own side, alone or as the last of their run, whichever is rarer.
double Ratio::score() const {
  if (seen_ < kPointsToLearn || std::isnan(weighed_.failures)) return -1;
  const double n = weighed_.attempts, k = weighed_.failures;
  const double middle = n * usual();
  const bool above = k > middle;
  const double side = above ? weighed_.upper - middle : middle - weighed_.lower;
  const double apart = std::abs(k - middle);
  if (apart < 0.5 * side && !opened_) return weighed_.asked * apart / side;
  const auto rarity = [&](const RatioLaw& law, double failures, double attempts) {
    return score_of(above ? law.ln_at_least(failures, attempts)
                          : law.ln_at_most(failures, attempts));
  };
  double found = n >= min_attempts_ ? rarity(law_of(usual(), n, 1), k, n) : 0;
  const CountRun run = (above ? runs_.high : runs_.low).with(k, n * usual(), n);
  const bool led = above ? weighed_.led_high : weighed_.led_low;
  if ((led || opened_) && run.length > 1 && run.trials >= min_attempts_) {
    const RatioLaw law = law_of(run.expected / run.trials, run.trials, run.length);
    found =
        std::max(found, rarity(law, std::min(run.events, run.trials), run.trials) - run.penalty());
  }
  return std::max(0.0, found * weighed_.asked / weighed_.wanted);
}

void Ratio::add(double failures, double attempts, double cadence_s) {
  const double cadence = cadence_of(cadence_s);
  const double p = attempts_ > 0 ? usual() : failures / attempts;
  const double rare = attempts * std::max(1e-9, std::min(p, 1 - p));
  const double most = std::max(kPointsOfMemory, kMemoryMax_s / cadence);
  const double memory =
      std::min(most, std::max({kPointsOfMemory, kMemory_s / cadence, kFailuresOfMemory / rare}));
  failures_ += failures - failures_ / memory;
  attempts_ += attempts - attempts_ / memory;
}

CountSeen Ratio::seen_now(const Asked& asked) const {
  const double n = attempts_of(asked), p = usual();
  const double variance = n * p * (1 - p) * (1 + (n - 1) * dispersion_.of(1));
  return {failures_of(asked.value, n), n * p, std::sqrt(variance), n};
}

void Ratio::learn(const Asked& asked, double in_band) {
  const double n = attempts_of(asked), p = usual();
  const double cadence = cadence_of(asked.cadence_s);
  // Where the band ends at what is usual, because of a run, the edge is no news.
  const bool above = asked.value > p;
  const bool at_usual = above ? weighed_.upper <= n * p : weighed_.lower >= n * p;
  const double k = in_band != asked.value && at_usual ? n * p : failures_of(in_band, n);
  if (seen_ > 0) {
    const double usual_variance = n * p * (1 - p);
    const double memory = std::max(kDispersionPoints, kDispersionMemory_s / cadence);
    const double chance = n > 1 ? k * (n - k) / (n - 1) : usual_variance;
    dispersion_.add({k - n * p, chance, usual_variance, (n - 1) * usual_variance}, memory);
  }
  if (seen_ >= kPointsToLearn) runs_.add(seen_now(asked));
  add(k, n, cadence);
  if (seen_ < UINT32_MAX) ++seen_;
  if (std::exchange(opened_, false)) limiter_ = std::min(20.0, limiter_ * 1.25);
  limiter_ = std::max(1.0, limiter_ * (1 - std::min(0.01, 1.6e-6 * cadence)));
}

void Ratio::watch(const Asked& asked) {
  if (seen_ >= kPointsToLearn) runs_.add_while_open(seen_now(asked));
}

// The attempts behind these points are not known any more: each counts as one of the usual size.
void Ratio::accept(std::span<const MotionPoint> points, double cadence_s) {
  const double each = std::max(1.0, attempts_ / std::max(1.0, std::min(seen_ + 0.0, 100.0)));
  failures_ = attempts_ = 0;
  runs_ = {};
  for (const MotionPoint& point : points)
    add(std::clamp(point.value, 0.0, 1.0) * each, each, cadence_s);
}

Learned Ratio::learned(TimeMs last_time, double cadence_s) const {
  Learned out;
  out.points = std::min(seen_, kPointsToLearn);
  out.points_needed = kPointsToLearn;
  out.share = static_cast<double>(out.points) / kPointsToLearn;
  const double left_s = (kPointsToLearn - out.points) * cadence_s;
  if (cadence_s > 0 && last_time > kTimeMin)
    out.guarded_from = last_time + DurationMs{static_cast<int64_t>(left_s * 1000)};
  return out;
}

template <class Archive>
void Ratio::visit(Archive& archive) {
  archive(failures_, attempts_, limiter_, seen_, opened_);
  dispersion_.visit(archive);
  runs_.visit(archive);
}

void Ratio::save(ByteWriter& out) const {
  Saver archive(out);
  const_cast<Ratio*>(this)->visit(archive);  // NOLINT: a Saver only reads
}

void Ratio::load(ByteReader& in) {
  Loader archive(in);
  visit(archive);
  if (archive.ok()) return;
  failures_ = attempts_ = 0;
  dispersion_ = {};
  runs_ = {};
  limiter_ = 1;
  seen_ = 0;
  opened_ = false;
}

}  // namespace tocsin::models
