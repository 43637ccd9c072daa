#include "models/count.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/archive.h"

namespace tocsin::models {
namespace {

constexpr double kMemory_s = 1200;
constexpr double kMemoryMax_s = 7 * 86'400;
constexpr double kPointsOfMemory = 30;
constexpr double kEventsOfMemory = 100;
constexpr double kDispersionMemory_s = 86'400;
constexpr double kDispersionPoints = 200;
constexpr double kCountMax = 1e12;
constexpr double kMeanMin = 1e-9;
constexpr int kWeeksNeeded = 2;
// The mean's largest over its smallest of a day from which hours are worth their memory, and from
// which the level alone would be wrong every morning. The latter is decided within the first days.
constexpr double kSwing = 1.5, kSwingsWildly = 4;
constexpr DurationMs kFirstDays = days(4);
constexpr double kTurning = 0.25;

double cadence_of(double cadence_s) { return cadence_s > 0 ? cadence_s : 1; }

// How many points the mean remembers.
double memory_of(double mean, double cadence_s) {
  const double cadence = cadence_of(cadence_s);
  const double most = std::max(kPointsOfMemory, kMemoryMax_s / cadence);
  const double events = kEventsOfMemory / std::max(mean, kMeanMin);
  return std::min(most, std::max({kPointsOfMemory, kMemory_s / cadence, events}));
}

// Laws are made for means a sixteenth of their deviation apart, so that most points find theirs
// made: logarithmic below 1, by the square root above.
constexpr double kMeanSteps = 16;
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
constexpr double kSizeSteps = 4, kScoreSteps = 16;
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

// What is usual at this hour, between the middles of the hours; 0 where it is not known. Where it
// turns from one hour to the next nobody knows when: half of that step is a deviation more.
double Count::hourly_at(TimeMs time, double& turning) {
  turning = 0;
  if (hours_ == nullptr) return 0;
  const int64_t wall = zone_.wall_ms(time, cursor_) - HourRates::kHourMs / 2;
  const int before = HourRates::hour_of(wall);
  const int after = (before + 1) % HourRates::kHours;
  if (std::min(hours_->weeks(before), hours_->weeks(after)) < kWeeksNeeded) return 0;
  const auto into = static_cast<double>(wall - HourRates::floor_hours(wall) * HourRates::kHourMs);
  const double share = into / static_cast<double>(HourRates::kHourMs);
  const double step = hours_->rate(after) - hours_->rate(before);
  const double usual = std::max(hours_->rate(before) + share * step, 1e-4);
  turning = std::min(10.0, std::abs(step) / 2 / usual);
  return usual;
}

// The law of a run's sum; the uncertainty of the mean, and while young that of the dispersion, are
// in it.
CountLaw Count::law_of(double mean, uint32_t length) const {
  const Mean& followed = weighed_.by_hour ? scaled_ : plain_;
  const double young = 2.8 / std::sqrt(std::max(1.0, static_cast<double>(seen_))) / mean;
  const double dispersion = dispersion_.of(length) + 1 / followed.shape() + young +
                            (weighed_.by_hour ? weighed_.turning * weighed_.turning : 0);
  return {mean, std::min(CountLaw::kSizePoisson, 1 / dispersion)};
}

void Count::look_up(double mean) {
  const CountLaw exact = law_of(mean, 1);
  const int codes[] = {code_of_mean(mean), code_of(exact.size, kSizeSteps),
                       code_of(weighed_.wanted, kScoreSteps)};
  if (codes[0] == now_.mean && codes[1] == now_.size && codes[2] == now_.score) return;
  now_ = {codes[0], codes[1], codes[2], {}, 0, 0};
  now_.law = {mean_of_code(codes[0]), std::exp2(codes[1] / kSizeSteps)};
  now_.lower = now_.law.lower(weighed_.wanted);
  now_.upper = now_.law.upper(weighed_.wanted);
}

// The fewest events of this interval with which the run of low ones is not too rare; 0 if it could
// not be even without any.
double Count::lower_of_run() const {
  if (runs_.low.length == 0) return 0;
  const CountRun run = runs_.low.with(0, weighed_.expected, 1);
  const CountLaw law = law_of(run.expected, run.length);
  const double wanted = weighed_.wanted + run.penalty();
  if (law.size * std::log1p(run.expected / law.size) < wanted * kLn10) return 0;
  if (law.ln_at_most(std::floor(run.events)) >= -wanted * kLn10) return 0;
  return std::max(0.0, std::ceil(law.lower(wanted) - run.events));
}

double Count::upper_of_run() const {
  if (runs_.high.length == 0) return kCountMax;
  const CountRun run = runs_.high.with(0, weighed_.expected, 1);
  const CountLaw law = law_of(run.expected, run.length);
  const double wanted = weighed_.wanted + run.penalty();
  // What a single interval may lead by the run may too.
  const double allowed = now_.upper - weighed_.expected;
  if (law.ln_at_least(std::ceil(run.events + weighed_.expected + allowed)) >= -wanted * kLn10)
    return kCountMax;
  return std::max(0.0, std::floor(law.upper(wanted) - run.events));
}

bool Count::weigh(const Asked& asked, std::span<Curve> out) {
  out[0] = Curve{};
  weighed_ = {};
  weighed_.value = asked.value;
  weighed_.asked = asked.score;
  weighed_.hourly = hourly_at(asked.time, weighed_.turning);
  weighed_.wanted = std::exp2(code_of(asked.score * limiter_, kScoreSteps) / kScoreSteps);
  weighed_.usable = weighed_.hourly > 0 && scaled_.exposure >= kPointsToLearn / 2;
  weighed_.by_hour = weighed_.usable && (must_know_hour() || better_by_hour_ > 0);
  abstains_ = seen_ < kPointsToLearn || (must_know_hour() && !weighed_.usable);
  if (abstains_) return false;
  const double mean = weighed_.by_hour ? scaled_.value() * weighed_.hourly : plain_.value();
  weighed_.expected = std::clamp(mean, kMeanMin, kCountMax);
  look_up(weighed_.expected);
  // A run may be so rare already that even a usual interval would leave it rare. That is no reason
  // to expect less than what is usual: the band ends there.
  const double usual = weighed_.expected;
  weighed_.lower = std::min(usual, std::max(now_.lower, lower_of_run()));
  weighed_.upper = std::max(usual, std::min(now_.upper, upper_of_run()));
  out[0] = {1, usual, weighed_.lower, weighed_.upper};
  return true;
}

// Of the value's own side, alone or as the last of its run, whichever is rarer. In the inner half
// of the band nobody needs to know: there it is read off the distance.
double Count::score() const {
  if (abstains_ || std::isnan(weighed_.value)) return -1;
  if (weighed_.value < 0) return kScoreOfTheImpossible;
  const double middle = weighed_.expected;
  const bool above = weighed_.value > middle;
  const double side = above ? weighed_.upper - middle : middle - weighed_.lower;
  const double apart = std::abs(weighed_.value - middle);
  if (apart < 0.5 * side && !opened_) return weighed_.asked * apart / side;
  const double count = above ? std::ceil(weighed_.value) : std::floor(weighed_.value);
  const auto rarity = [&](const CountLaw& law, double events) {
    return score_of(above ? law.ln_at_least(events) : law.ln_at_most(events));
  };
  double found = rarity(now_.law, count);
  const bool led = above ? weighed_.upper < now_.upper : weighed_.lower > now_.lower;
  if (led || opened_) {
    const CountRun run = (above ? runs_.high : runs_.low).with(count, weighed_.expected, 1);
    const CountLaw law = law_of(run.expected, run.length);
    const double events = above ? std::ceil(run.events) : std::floor(run.events);
    found = std::max(found, rarity(law, events) - run.penalty());
  }
  return std::max(0.0, found * weighed_.asked / weighed_.wanted);
}

CountSeen Count::seen_now(double value) const {
  const CountLaw& law = now_.law;
  const double deviation = std::sqrt(law.mean * (1 + law.mean / law.size));
  return {std::clamp(value, 0.0, kCountMax), weighed_.expected, deviation, 1};
}

void Count::learn(const Asked& asked, double in_band) {
  // Where the band ends at what is usual, because of a run, the edge is no news.
  const double usual = weighed_.expected;
  const bool at_usual = !abstains_ && in_band != asked.value &&
                        (asked.value > usual ? weighed_.upper <= usual : weighed_.lower >= usual);
  const double count = std::clamp(at_usual ? usual : in_band, 0.0, kCountMax);
  const double cadence = cadence_of(asked.cadence_s);
  if (weighed_.usable) {
    const double by_hour = scaled_.value() * weighed_.hourly;
    const double plain = plain_.value();
    const double keep = 1 - std::min(0.01, cadence / kMemoryMax_s);
    better_by_hour_ =
        keep * better_by_hour_ + count * std::log(by_hour / plain) - (by_hour - plain);
  }
  if (seen_ > 0) {
    const double mean = abstains_ ? plain_.value() : weighed_.expected;
    const double memory = std::max({kDispersionPoints, kDispersionMemory_s / cadence,
                                    kDispersionPoints / std::max(mean, 1e-3)});
    dispersion_.add({count - mean, count, mean, mean * mean}, memory);
    // Where one hour turns into the next nobody knows when: no run goes through it.
    if (weighed_.by_hour && weighed_.turning > kTurning)
      runs_ = {};
    else if (!abstains_)
      runs_.add(seen_now(asked.value));
  }
  plain_.add(count, 1, cadence);
  if (weighed_.hourly > 0) scaled_.add(count, weighed_.hourly, cadence);
  if (std::exchange(opened_, false)) limiter_ = std::min(20.0, limiter_ * 1.25);
  track_swing(asked.time, count, cadence);
  add_hour(asked, count);
  if (seen_ < UINT32_MAX) ++seen_;
  limiter_ = std::max(1.0, limiter_ * (1 - std::min(0.01, 1.6e-6 * cadence)));
}

void Count::watch(const Asked& asked) {
  if (first_ != kTimeMax && asked.time - first_ < kFirstDays)
    track_swing(asked.time, std::clamp(asked.value, 0.0, kCountMax), cadence_of(asked.cadence_s));
  if (abstains_) return;
  runs_.add_while_open(seen_now(asked.value));
}

void Count::add_hour(const Asked& asked, double count) {
  if (hours_ == nullptr) return;
  const int hour = HourRates::hour_of(zone_.wall_ms(asked.time, cursor_));
  hours_->add(hour, count, 1, 3600 / cadence_of(asked.cadence_s));
}

// Hours are kept from the day on that the mean moved by more than chance moves it.
void Count::track_swing(TimeMs time, double count, double cadence_s) {
  first_ = std::min(first_, time);
  if (by_hour_ != ByHour::kAuto) return;
  const double share = std::max(1.0 / (seen_ + 1.0), std::min(0.1, cadence_s / 3600));
  recent_ += share * (count - recent_);
  if (seen_ < kPointsToLearn) return;
  const int64_t day = time.ms / days(1).count;
  if (day != swing_day_) {
    const double hour = std::max(1.0, 3600 / cadence_s);
    const double varies = dispersion_.of(static_cast<uint32_t>(hour));
    const double noise = 1 + 3 * std::sqrt(1 / std::max(1.0, swing_high_ * hour) + varies);
    const double swing = swing_low_ > 0 ? swing_high_ / (swing_low_ * noise) : 0;
    if (swing > kSwing && hours_ == nullptr && budget_.take(sizeof(HourRates)))
      hours_ = std::make_unique<HourRates>();
    // Two days in a row: one may be an incident.
    wild_days_ = swing > kSwingsWildly ? wild_days_ + 1 : 0;
    if (wild_days_ == 2 && hours_ != nullptr && time - first_ < kFirstDays) swings_wildly_ = true;
    swing_day_ = day;
    swing_low_ = swing_high_ = recent_;
  }
  // Of few events the mean is nearly nothing now and then: three an hour are no swing.
  const double least = 3 * cadence_s / 3600;
  swing_low_ = std::min(swing_low_, std::max(least, recent_));
  swing_high_ = std::max(swing_high_, std::max(least, recent_));
}

void Count::accept(std::span<const MotionPoint> points, double cadence_s) {
  plain_ = scaled_ = {};
  runs_ = {};
  for (const MotionPoint& point : points) {
    const double count = std::clamp(point.value, 0.0, kCountMax);
    plain_.add(count, 1, cadence_of(cadence_s));
    double turning = 0;
    if (const double usual = hourly_at(point.time, turning); usual > 0)
      scaled_.add(count, usual, cadence_of(cadence_s));
  }
}

// The band stays as it is until the violation has ended.
void Count::violation_opened() { opened_ = true; }

Learned Count::learned(TimeMs last_time, double cadence_s) const {
  Learned out;
  out.points = std::min(seen_, kPointsToLearn);
  out.points_needed = kPointsToLearn;
  out.share = static_cast<double>(out.points) / kPointsToLearn;
  const double left_s = (kPointsToLearn - out.points) * cadence_s;
  if (must_know_hour() && out.points == kPointsToLearn && scaled_.exposure < kPointsToLearn / 2) {
    out.guarded_from = first_ + days(7 * kWeeksNeeded);
    out.share =
        std::clamp((last_time - first_).seconds() / (7 * kWeeksNeeded * 86'400.0), 0.0, 1.0);
    return out;
  }
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
          better_by_hour_, first_, recent_, swing_day_, swing_low_, swing_high_, wild_days_,
          swings_wildly_);
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
