#include "models/auto.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "models/archive.h"

namespace tocsin::models {
namespace {

constexpr double kThreshold = 4;  // of a worker that says nothing else
constexpr double kTrustShare = 0.15;
constexpr int64_t kTrust_ms = 7 * 86'400'000LL;
constexpr double kScoreMax = 10;
// Of the residual where it may not open a violation: as it is up to 3, then less and less
// below 3.98.
constexpr double kPlain = 3, kRoom = 0.98;
constexpr double kHeldShare = 0.9975;  // of the threshold: not outside, and not back either
constexpr uint32_t kAskAgain = 256;    // points between two requests for memory

double ranked(double score) {
  return score <= kPlain ? score : kPlain + kRoom * (score - kPlain) / (score - kPlain + 1);
}

}  // namespace

Auto::Auto(const ModelSpec& spec, calendar::Zone zone, Budget& budget)
    : zone_(std::move(zone)), budget_(budget), wants_novelty_(spec.number("novelty", 0) > 0) {}

Auto::~Auto() { forget(); }

void Auto::forget() {
  residual_.release(budget_);
  residual_ = Residual{};
  if (novelty_ != nullptr) budget_.give(sizeof(NoveltyPart));
  novelty_ = nullptr;
  told_ = false;
  weighed_ = {};
}

void Auto::make_novelty() {
  if (budget_.take(sizeof(NoveltyPart))) novelty_ = std::make_unique<NoveltyPart>();
}

Residual::Point Auto::point_of(const Asked& asked) {
  return {asked.time, zone_.wall_ms(asked.time, cursor_), asked.value, asked.cadence_s};
}

void Auto::weigh_point(const Asked& asked) {
  const Residual::Point point = point_of(asked);
  weighed_.time = asked.time;
  weighed_.value = asked.value;
  residual_.weigh(point, weighed_.residual);
  const int64_t age_ms = residual_.points() == 0 ? 0 : (asked.time - residual_.first()).count;
  if (novelty_ != nullptr)
    novelty_->novelty.weigh(point.wall_ms, age_ms, point.value, novelty_->weighed);
  weighed_.told_after = false;
  weighed_.score =
      novelty_ == nullptr ? weighed_.residual.held : score_of_both(asked, weighed_.told_after);
}

bool Auto::trusted(const Asked& asked) const {
  return residual_.points() >= kPointsToTrust &&
         asked.time - residual_.first() >= DurationMs{kTrust_ms} &&
         weighed_.residual.scale <= kTrustShare * novelty_->weighed.deviation;
}

double Auto::score_of_both(const Asked& asked, bool& told) const {
  const Residual::Weighed& residual = weighed_.residual;
  const Novelty::Weighed& novelty = novelty_->weighed;
  double score = ranked(residual.held);
  if (novelty.told) score = kThreshold + novelty.margin / std::numbers::ln10;
  told = told_ && residual.open_after;
  if (told) return std::max(score, kHeldShare * asked.score);
  if (residual.score < asked.score || !trusted(asked)) return score;
  told = residual.open_after;
  return std::max(score, std::min<double>(kScoreMax, residual.score));
}

bool Auto::weigh(const Asked& asked, std::span<Curve> out) {
  const bool band_only = std::isnan(asked.value);
  Asked point = asked;
  if (band_only) point.value = residual_.level();
  weigh_point(point);
  if (band_only) weighed_.time = kTimeMin, weighed_.score = -1;
  const bool learning =
      novelty_ == nullptr ? residual_.learning(asked.time) : residual_.points() < kPointsToLearn;
  if (learning) return false;
  out[0] = band(point);
  return true;
}

// Where the residual alone decides, its reach at the worker's score. Where it does not, everything
// met so far belongs to the band; of a value that is new, the band is the nearest region met.
Curve Auto::band(const Asked& asked) const {
  const Residual::Weighed& residual = weighed_.residual;
  Curve out{1, (residual.lower_prediction + residual.upper_prediction) / 2,
            residual.lower_prediction - residual_.reach(residual, false, asked.score),
            residual.upper_prediction + residual_.reach(residual, true, asked.score)};
  if (novelty_ == nullptr) return out;
  const Novelty::Weighed& novelty = novelty_->weighed;
  const bool beyond = asked.value < out.lower || asked.value > out.upper;
  if (novelty.told && !(beyond && trusted(asked))) {
    const double away = std::abs(asked.value - novelty.nearest);
    const double allowed = std::min(novelty.allowed, 0.9 * away);
    return {1, novelty.nearest, novelty.nearest - allowed, novelty.nearest + allowed};
  }
  if (!trusted(asked)) {
    out.lower = std::min(out.lower, novelty.least);
    out.upper = std::max(out.upper, novelty.most);
  }
  return out;
}

void Auto::learn(const Asked& asked, double) { take_in(asked, false); }

void Auto::watch(const Asked& asked) { take_in(asked, true); }

void Auto::take_in(const Asked& asked, bool frozen) {
  if (wants_novelty_ && novelty_ == nullptr && residual_.points() % kAskAgain == 0) make_novelty();
  if (weighed_.time != asked.time || weighed_.value != asked.value ||
      (novelty_ != nullptr && residual_.points() == 0))
    weigh_point(asked);
  const Residual::Point point = point_of(asked);
  residual_.learn(point, weighed_.residual, frozen, budget_);
  if (novelty_ != nullptr) novelty_->novelty.learn(point.wall_ms, point.value, novelty_->weighed);
  told_ = weighed_.told_after;
  weighed_.time = kTimeMin;
}

void Auto::accept(std::span<const MotionPoint> points, double cadence_s) {
  if (points.empty()) return;
  residual_.accept(point_of({points.back().time, points.back().value, cadence_s, kThreshold, 1}));
  told_ = false;
}

Learned Auto::learned(TimeMs last_time, double cadence_s) const {
  Learned out;
  out.points = residual_.points();
  if (wants_novelty_) {
    out.points_needed = kPointsToLearn;
    const uint32_t left = kPointsToLearn - std::min(out.points, kPointsToLearn);
    out.share = 1 - static_cast<double>(left) / kPointsToLearn;
    if (cadence_s > 0 && last_time > kTimeMin)
      out.guarded_from = last_time + DurationMs{static_cast<int64_t>(left * cadence_s * 1000)};
    return out;
  }
  out.share = 0;
  if (out.points == 0 || last_time == kTimeMin) return out;
  const double elapsed = static_cast<double>((last_time - residual_.first()).count);
  out.share = std::min(1.0, elapsed / static_cast<double>(Residual::kLearns_ms));
  out.guarded_from = residual_.first() + DurationMs{Residual::kLearns_ms};
  return out;
}

uint64_t Auto::bytes() const {
  return sizeof(*this) + residual_.bytes() + (novelty_ == nullptr ? 0 : sizeof(NoveltyPart));
}

void Auto::save(ByteWriter& out) const {
  out.u8(told_ ? 1 : 0);
  residual_.save(out);
  out.u8(novelty_ == nullptr ? 0 : 1);
  if (novelty_ != nullptr) novelty_->novelty.save(out);
}

void Auto::load(ByteReader& in) {
  forget();
  told_ = in.u8() == 1;
  bool good = residual_.load(in, budget_);
  if (in.u8() == 1) {
    auto part = std::make_unique<NoveltyPart>();
    good = good && part->novelty.load(in);
    if (wants_novelty_ && good && budget_.take(sizeof(NoveltyPart))) novelty_ = std::move(part);
  }
  if (!good || !in.ok()) forget();
}

}  // namespace tocsin::models
