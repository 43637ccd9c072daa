#include "models/count.h"

#include <algorithm>
#include <cmath>

#include "models/archive.h"

namespace tocsin::models {
namespace {

constexpr double kMemory_s = 1200;
constexpr double kMemoryMax_s = 7 * 86'400;
constexpr double kPointsOfMemory = 20;
constexpr double kEventsOfMemory = 50;
constexpr double kDispersionMemory_s = 86'400;
constexpr double kDispersionPoints = 200;
constexpr double kCountMax = 1e12;
constexpr double kMeanMin = 1e-9;
constexpr int kWeeksNeeded = 2;
// The mean's largest over its smallest of a day from which hours are worth their memory.
constexpr double kSwing = 1.5;

double cadence_of(double cadence_s) { return cadence_s > 0 ? cadence_s : 1; }

// How many points the mean remembers.
double memory_of(double mean, double cadence_s) {
  const double cadence = cadence_of(cadence_s);
  const double most = std::max(kPointsOfMemory, kMemoryMax_s / cadence);
  const double events = kEventsOfMemory / std::max(mean, kMeanMin);
  return std::min(most, std::max({kPointsOfMemory, kMemory_s / cadence, events}));
}

// Laws are made for means a thirtieth of their deviation apart, so that most points find theirs
// made: logarithmic below 1, by the square root above.
constexpr double kMeanSteps = 32;
int code_of_mean(double mean) {
  const double m = std::max(mean, kMeanMin);
  const double code = m < 1 ? kMeanSteps * std::log2(m) : 2 * kMeanSteps * (std::sqrt(m) - 1);
  return static_cast<int>(std::lround(std::min(code, 1e9)));
}
double mean_of_code(int code) {
  if (code < 0) return std::exp2(code / kMeanSteps);
  const double root = 1 + code / (2 * kMeanSteps);
  return root * root;
}
constexpr double kSizeSteps = 8, kScoreSteps = 16;
int code_of(double value, double steps) {
  return static_cast<int>(std::lround(steps * std::log2(std::clamp(value, 1e-9, 1e12))));
}

}  // namespace

Count::Count(const ModelSpec& spec, calendar::Zone zone, Budget& budget)
    : zone_(std::move(zone)),
      budget_(budget),
      by_hour_(static_cast<ByHour>(static_cast<int>(spec.number("by_hour", 0)))) {
  if (by_hour_ == ByHour::kOn && budget_.take(sizeof(HourRates)))
    hours_ = std::make_unique<HourRates>();
}

Count::~Count() {
  if (hours_ != nullptr) budget_.give(sizeof(HourRates));
}

void Count::Mean::add(double count, double unit, double cadence_s) {
  const double per_point = exposure > 0 ? value() * unit : count;
  const double keep = 1 - 1 / memory_of(per_point, cadence_s);
  events = keep * events + count;
  exposure = keep * exposure + unit;
}

// What is usual at this hour, between the middles of the hours; 0 where it is not known.
double Count::hourly_at(TimeMs time) {
  if (hours_ == nullptr) return 0;
  const int64_t wall = zone_.wall_ms(time, cursor_) - HourRates::kHourMs / 2;
  const int before = HourRates::hour_of(wall);
  const int after = (before + 1) % HourRates::kHours;
  if (std::min(hours_->weeks(before), hours_->weeks(after)) < kWeeksNeeded) return 0;
  const auto into = static_cast<double>(wall - HourRates::floor_hours(wall) * HourRates::kHourMs);
  const double share = into / static_cast<double>(HourRates::kHourMs);
  const double usual = hours_->rate(before) + share * (hours_->rate(after) - hours_->rate(before));
  return std::max(usual, 1e-4);
}

// The law of a run's sum; the uncertainty of the mean, and while young that of the dispersion, are
// in it.
CountLaw Count::law_of(double mean, uint32_t length) const {
  const Mean& followed = weighed_.by_hour ? scaled_ : plain_;
  const double young = 2.8 / std::sqrt(std::max(1.0, static_cast<double>(seen_))) / mean;
  const double dispersion = dispersion_.of(length) + 1 / followed.shape() + young;
  return {mean, std::min(CountLaw::kSizePoisson, 1 / dispersion)};
}

void Count::look_up(double mean) {
  const CountLaw exact = law_of(mean, 1);
  const int codes[] = {code_of_mean(mean), code_of(exact.size, kSizeSteps),
                       code_of(weighed_.wanted, kScoreSteps)};
  if (codes[0] == now_.mean && codes[1] == now_.size && codes[2] == now_.score) return;
  now_ = {codes[0], codes[1], codes[2], {}, 0, 0};
  now_.law = {mean_of_code(codes[0]), std::exp2(codes[1] / kSizeSteps)};
  const double score = std::exp2(codes[2] / kScoreSteps);
  now_.lower = now_.law.lower(score);
  now_.upper = now_.law.upper(score);
}

// The fewest events of this interval with which the run of low ones is not too rare; 0 if it could
// not be even without any.
double Count::lower_of_run() const {
  if (runs_.low.length == 0) return 0;
  const CountRun run = runs_.low.with(0, weighed_.expected, 1);
  const CountLaw law = law_of(run.expected, run.length);
  const double wanted = weighed_.wanted + run.penalty();
  if (law.size * std::log1p(run.expected / law.size) < wanted * kLn10) return 0;
  if (law.ln_at_most(run.events) >= -wanted * kLn10) return 0;
  return std::max(0.0, law.lower(wanted) - run.events);
}

double Count::upper_of_run() const {
  if (runs_.high.length == 0) return kCountMax;
  const CountRun run = runs_.high.with(0, weighed_.expected, 1);
  const CountLaw law = law_of(run.expected, run.length);
  const double wanted = weighed_.wanted + run.penalty();
  // Not before the run leads by as much as a single interval may.
  if (runs_.high.events - runs_.high.expected < now_.upper - weighed_.expected) return kCountMax;
  return std::max(0.0, law.upper(wanted) - run.events);
}

bool Count::weigh(const Asked& asked, std::span<Curve> out) {
  out[0] = Curve{};
  weighed_ = {asked.value, 0, 1, asked.score * limiter_, false, false, hourly_at(asked.time)};
  weighed_.usable = weighed_.hourly > 0 && scaled_.exposure >= kPointsToLearn / 2;
  weighed_.by_hour = weighed_.usable && (by_hour_ == ByHour::kOn || better_by_hour_ > 0);
  if (weighed_.by_hour) weighed_.unit = weighed_.hourly;
  if (seen_ < kPointsToLearn) return false;
  const double mean = weighed_.by_hour ? scaled_.value() * weighed_.hourly : plain_.value();
  weighed_.expected = std::clamp(mean, kMeanMin, kCountMax);
  look_up(weighed_.expected);
  const double lower = std::max(now_.lower, lower_of_run());
  const double upper = std::max(lower, std::min(now_.upper, upper_of_run()));
  out[0] = {1, std::clamp(weighed_.expected, lower, upper), lower, upper};
  return true;
}

// Of the value's own side, alone or as the last of its run, whichever is rarer.
double Count::score() const {
  if (seen_ < kPointsToLearn || std::isnan(weighed_.value)) return -1;
  if (weighed_.value < 0) return kScoreOfTheImpossible;
  const bool above = weighed_.value > weighed_.expected;
  const CountRun& run = above ? runs_.high : runs_.low;
  const double count = above ? std::ceil(weighed_.value) : std::floor(weighed_.value);
  const auto rarity = [&](const CountLaw& law, double events) {
    return score_of(above ? law.ln_at_least(events) : law.ln_at_most(events));
  };
  double found = rarity(now_.law, count);
  const CountRun with = run.with(count, weighed_.expected, 1);
  const bool leads = !above || run.events - run.expected >= now_.upper - weighed_.expected;
  if (run.length > 0 && leads)
    found =
        std::max(found, rarity(law_of(with.expected, with.length), with.events) - with.penalty());
  return std::max(0.0, found / limiter_);
}

void Count::learn(const Asked& asked, double in_band) {
  const double count = std::clamp(in_band, 0.0, kCountMax);
  const double cadence = cadence_of(asked.cadence_s);
  if (weighed_.usable) {
    const double by_hour = scaled_.value() * weighed_.hourly;
    const double plain = plain_.value();
    const double keep = 1 - std::min(0.01, cadence / kMemoryMax_s);
    better_by_hour_ =
        keep * better_by_hour_ + count * std::log(by_hour / plain) - (by_hour - plain);
  }
  if (seen_ > 0) {
    const double mean = seen_ < kPointsToLearn ? plain_.value() : weighed_.expected;
    const double memory = std::max({kDispersionPoints, kDispersionMemory_s / cadence,
                                    kDispersionPoints / std::max(mean, 1e-3)});
    dispersion_.add({count - mean, mean, mean * mean}, memory);
    if (seen_ >= kPointsToLearn)
      runs_.add(std::floor(std::clamp(asked.value, 0.0, kCountMax)), mean, 1);
  }
  plain_.add(count, 1, cadence);
  if (weighed_.hourly > 0) scaled_.add(count, weighed_.hourly, cadence);
  add_hour(asked, count);
  if (seen_ < UINT32_MAX) ++seen_;
  limiter_ = std::max(1.0, limiter_ * (1 - std::min(0.01, 1.6e-6 * cadence)));
}

void Count::watch(const Asked& asked) {
  if (seen_ < kPointsToLearn) return;
  const double count = std::floor(std::clamp(asked.value, 0.0, kCountMax));
  runs_.add_while_open(count, weighed_.expected, 1);
}

void Count::add_hour(const Asked& asked, double count) {
  if (by_hour_ == ByHour::kAuto && hours_ == nullptr) want_hours(asked.time);
  if (hours_ == nullptr) return;
  const int hour = HourRates::hour_of(zone_.wall_ms(asked.time, cursor_));
  hours_->add(hour, count, 1, 3600 / cadence_of(asked.cadence_s));
}

// Hours are kept from the day on that the mean moved by more than chance moves it.
void Count::want_hours(TimeMs time) {
  const int64_t day = time.ms / days(1).count;
  const double mean = plain_.value();
  if (day != swing_day_) {
    const double noise = 1 + 3 / std::sqrt(std::max(1.0, plain_.events));
    const bool swings = swing_low_ > 0 && swing_high_ > kSwing * noise * swing_low_;
    if (swings && seen_ >= 200 && budget_.take(sizeof(HourRates)))
      hours_ = std::make_unique<HourRates>();
    swing_day_ = day;
    swing_low_ = swing_high_ = mean;
  }
  swing_low_ = std::min(swing_low_, mean);
  swing_high_ = std::max(swing_high_, mean);
}

void Count::accept(std::span<const MotionPoint> points, double cadence_s) {
  plain_ = scaled_ = {};
  runs_ = {};
  for (const MotionPoint& point : points) {
    const double count = std::clamp(point.value, 0.0, kCountMax);
    plain_.add(count, 1, cadence_of(cadence_s));
    if (const double usual = hourly_at(point.time); usual > 0)
      scaled_.add(count, usual, cadence_of(cadence_s));
  }
}

void Count::violation_opened() { limiter_ = std::min(20.0, limiter_ * 1.25); }

Learned Count::learned(TimeMs last_time, double cadence_s) const {
  Learned out;
  out.points = std::min(seen_, kPointsToLearn);
  out.points_needed = kPointsToLearn;
  out.share = static_cast<double>(out.points) / kPointsToLearn;
  const double left_s = (kPointsToLearn - out.points) * cadence_s;
  if (cadence_s > 0 && last_time > kTimeMin)
    out.guarded_from = last_time + DurationMs{static_cast<int64_t>(left_s * 1000)};
  return out;
}

uint64_t Count::bytes() const {
  return sizeof(Count) + (hours_ == nullptr ? 0 : sizeof(HourRates));
}

template <class Archive>
void Count::visit(Archive& archive) {
  archive(plain_.events, plain_.exposure, scaled_.events, scaled_.exposure, limiter_, seen_,
          better_by_hour_, swing_day_, swing_low_, swing_high_);
  dispersion_.visit(archive);
  runs_.visit(archive);
}

template <class Archive>
void Count::visit_hours(Archive& archive) {
  bool kept = hours_ != nullptr;
  archive(kept);
  if (!kept) return;
  if (hours_ == nullptr && by_hour_ != ByHour::kOff && budget_.take(sizeof(HourRates)))
    hours_ = std::make_unique<HourRates>();
  HourRates passed;
  (hours_ == nullptr ? passed : *hours_).visit(archive);
}

void Count::save(ByteWriter& out) const {
  Saver archive(out);
  auto& self = const_cast<Count&>(*this);  // visit() of a Saver only reads
  self.visit(archive);
  self.visit_hours(archive);
}

void Count::load(ByteReader& in) {
  Loader archive(in);
  visit(archive);
  visit_hours(archive);
  if (archive.ok()) return;
  plain_ = scaled_ = {};
  dispersion_ = {};
  runs_ = {};
  seen_ = 0;
  limiter_ = 1;
  if (hours_ != nullptr) *hours_ = {};
}

}  // namespace tocsin::models
