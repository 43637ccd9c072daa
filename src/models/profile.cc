#include "models/profile.h"

#include <algorithm>
#include <cmath>

#include "models/archive.h"

namespace tocsin::models {
namespace {

constexpr double kOffsetMemory_s = 3600;
// Deviation is never taken to be below this share of the expected value: 8-bit codes and buckets of
// one point cannot carry less.
constexpr double kDeviationShareMin = 0.005;
constexpr double kBucket_s = Profile::kBucketMs / 1000.0;

int64_t modulo(int64_t value, int64_t by) { return ((value % by) + by) % by; }

}  // namespace

Profile::Profile(const ModelSpec& spec, const Local& local, Budget& budget)
    : spec_(spec),
      days_(spec.calendar != nullptr ? spec.calendar
            : spec.site_calendar     ? local.calendar
                                     : nullptr),
      zone_(days_ != nullptr && days_->zone() ? *days_->zone() : local.zone),
      budget_(budget),
      buckets_(calendar::season_ms(spec.season) / kBucketMs),
      ring_(spec.period_weights.size() + 1),
      class_days_(days_ == nullptr ? 0 : days_->classes().size(), spec.period_weights.size()),
      of_class_(days_ == nullptr ? 0 : days_->classes().size()),
      lines_(spec.period_weights.size()) {}

Profile::~Profile() { budget_.give(bytes_); }

Buckets* Profile::period(int64_t number) {
  Buckets& slot = ring_[static_cast<size_t>(modulo(number, static_cast<int64_t>(ring_.size())))];
  return slot.number == number ? &slot : nullptr;
}

// Null for a period that is older than the ring reaches, or if the budget is spent.
Buckets* Profile::writable(int64_t number) {
  Buckets& slot = ring_[static_cast<size_t>(modulo(number, static_cast<int64_t>(ring_.size())))];
  if (slot.number == number) return &slot;
  if (slot.number > number) return nullptr;
  if (slot.mean.empty()) {
    const uint64_t wanted = Buckets::bytes_of(buckets_);
    if (!budget_.take(wanted)) return nullptr;
    bytes_ += wanted;
  }
  slot.begin(number, buckets_);
  return &slot;
}

// Where the bucket that is being filled belongs.
Buckets* Profile::filled() {
  if (filling_.ring == kSeason) return writable(filling_.period);
  if (filling_.ring == kNowhere) return nullptr;
  return class_days_.writable(static_cast<size_t>(filling_.ring), {filling_.period}, base_, budget_,
                              bytes_);
}

// code 0 = no deviation; else 2^((code - 128) / 4) units: steps of 19 %, from 2^-32 to 2^32.
uint8_t Profile::spread_code(double deviation) {
  if (!(deviation > 0)) return 0;
  const double code = std::round(4 * std::log2(deviation / unit_)) + 128;
  return static_cast<uint8_t>(std::clamp(code, 1.0, 255.0));
}

double Profile::spread_value(uint8_t code) const {
  return code == 0 ? 0 : unit_ * std::exp2((code - 128) / 4.0);
}

// Writes the bucket that is being filled back; a bucket met again (the repeated hour of autumn,
// history that comes late) is merged by number of points.
void Profile::flush() {
  if (filling_.count == 0) return;
  Buckets* into = filled();
  const auto at = static_cast<size_t>(filling_.bucket);
  const auto fresh = static_cast<double>(filling_.count);
  double mean = filling_.first + filling_.sum / fresh;
  double variance =
      std::max(0.0, filling_.squares / fresh - (filling_.sum / fresh) * (filling_.sum / fresh));
  filling_.count = 0;
  if (into == nullptr) return;
  if (unit_ == 0)
    unit_ = std::exp2(std::round(std::log2(std::abs(mean) + std::sqrt(variance) + 1e-30)));
  double count = fresh;
  if (into->count[at] > 0) {
    const double before = into->count[at];
    const double before_mean = into->mean[at];
    const double before_deviation = spread_value(into->spread[at]);
    count = before + fresh;
    const double gap = mean - before_mean;
    variance = (before * before_deviation * before_deviation + fresh * variance) / count +
               before * fresh * gap * gap / (count * count);
    mean = before_mean + gap * fresh / count;
  }
  into->mean[at] = static_cast<float>(mean);
  into->spread[at] = spread_code(std::sqrt(variance));
  into->count[at] = static_cast<uint8_t>(std::min(255.0, count));
}

void Profile::train(TimeMs time, double value) {
  const Slot slot = slot_of(time);
  note_ordinary(slot, time, value);
  add(slot, value);
}

void Profile::add(const Slot& slot, double value) {
  const int64_t bucket = slot.offset_ms / kBucketMs;
  if (slot.ring != filling_.ring || slot.period != filling_.period || bucket != filling_.bucket) {
    flush();
    filling_ = Filling{slot.ring, slot.period, bucket, value, 0, 0, 0};
  }
  const double relative = value - filling_.first;
  filling_.sum += relative;
  filling_.squares += relative * relative;
  ++filling_.count;
}

TimeMs Profile::guarded_from() const {
  if (first_ == kTimeMax) return TimeMs{};
  return first_ + DurationMs{2 * calendar::season_ms(spec_.season)};
}

// A least-squares line through the bucket means within the window, which runs on into the
// neighbouring periods at the ends of its own.
Profile::Line Profile::line(const Past& past, double cadence_s) {
  const int64_t reach = std::max<int64_t>(1, spec_.window.count / kBucketMs / 2);
  const auto size = static_cast<int64_t>(past.of->mean.size());
  double n = 0, sum_j = 0, sum_jj = 0, sum_m = 0, sum_mm = 0, sum_jm = 0, sum_v = 0;
  for (int64_t j = -reach; j <= reach; ++j) {
    const int64_t index = past.bucket + j;
    const int64_t shift = index < 0 ? -1 : index >= size ? 1 : 0;
    if (shift != 0 && !past.runs_on) continue;
    const Buckets* from = shift == 0 ? past.of : period(past.of->number + shift);
    const auto at = static_cast<size_t>(index - shift * size);
    if (from == nullptr || from->count[at] == 0) continue;
    const double mean = from->mean[at] * past.lift.ratio + past.lift.shift;
    const double deviation = spread_value(from->spread[at]) * past.lift.ratio;
    const auto x = static_cast<double>(j);
    n += 1;
    sum_j += x;
    sum_jj += x * x;
    sum_m += mean;
    sum_mm += mean * mean;
    sum_jm += x * mean;
    sum_v += deviation * deviation;
  }
  Line out;
  const double full =
      static_cast<double>(2 * reach + 1) * kBucket_s / std::max(kBucket_s, cadence_s);
  if (n < std::max(1.0, std::floor(0.3 * full))) return out;
  const double var_j = sum_jj / n - (sum_j / n) * (sum_j / n);
  const double cov = sum_jm / n - (sum_j / n) * (sum_m / n);
  // Of a window that is half empty the plain mean is taken: a line would be guessed at its end. Of
  // a day that stands alone the half at its begin and end is all there is.
  const double enough = (past.runs_on ? 0.6 : 0.5) * full;
  out.slope = var_j > 0 && n >= enough ? cov / var_j : 0;
  out.mean = sum_m / n - out.slope * (sum_j / n);
  const double var_m = std::max(0.0, sum_mm / n - (sum_m / n) * (sum_m / n) - out.slope * cov);
  out.deviation = std::sqrt(sum_v / n + var_m);
  out.ok = true;
  return out;
}

void Profile::look_up(const Slot& slot, int64_t bucket, double cadence_s) {
  looked_ = slot;
  looked_bucket_ = bucket;
  weight_sum_ = mean_deviation_ = 0;
  available_ = 0;
  const std::vector<Past> past = past_of(slot, bucket);
  for (size_t i = 0; i < lines_.size(); ++i) {
    const double weight = spec_.period_weights[i];
    lines_[i] = weight > 0 && past[i].of != nullptr ? line(past[i], cadence_s) : Line{};
    if (!lines_[i].ok) continue;
    ++available_;
    weight_sum_ += weight;
    mean_deviation_ +=
        weight * std::max(lines_[i].deviation, kDeviationShareMin * std::abs(lines_[i].mean));
  }
  if (weight_sum_ > 0) mean_deviation_ /= weight_sum_;
}

bool Profile::weigh(const Asked& asked, std::span<Curve> out) {
  const Slot at = weighed_ = slot_of(asked.time);
  const int64_t bucket = at.offset_ms / kBucketMs;
  if (at.period != looked_.period || at.ring != looked_.ring || bucket != looked_bucket_)
    look_up(at, bucket, asked.cadence_s);
  std::fill(out.begin(), out.end(), Curve{});
  if (available_ == 0) return false;
  // Where in its bucket the point lies, from -0.5 to 0.5.
  const double within = static_cast<double>(at.offset_ms - bucket * kBucketMs) / kBucketMs - 0.5;
  mean_expected_ = 0;
  const Calibration& by = calibration(at);
  const Tail::HalfWidths reach = by.tail.half_widths(asked.score / kTailScore);
  for (size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    if (!line.ok) continue;
    const double raw = line.mean + line.slope * within;
    const double share = spec_.period_weights[i] / weight_sum_;
    const double unit = std::max(line.deviation, kDeviationShareMin * std::abs(line.mean));
    mean_expected_ += share * raw;
    out[i] = {share, raw + by.offset, raw + by.offset - unit * reach.down,
              raw + by.offset + unit * reach.up};
  }
  if (available_ >= 2 && by.tail.seen >= 30) return true;
  std::fill(out.begin(), out.end(), Curve{});
  return false;
}

void Profile::learn(const Asked& asked, double value) {
  const double cadence_s = asked.cadence_s;
  if (available_ > 0) {
    Calibration& by = enter();
    const double residual = value - mean_expected_ - by.offset;
    const double unit = std::max(mean_deviation_, 1e-12);
    const double limit = (by.tail.seen < 30 ? 1e9 : by.tail.clip()) * unit;
    by.tail.learn(std::clamp(residual / unit, -1e9, 1e9), cadence_s);
    const double gain =
        std::max(cadence_s / (cadence_s + kOffsetMemory_s), 1.0 / (by.tail.seen + 9.0));
    by.offset += std::min(0.5, gain) * std::clamp(residual, -limit, limit);
  }
  note_ordinary(weighed_, asked.time, value);
  add(weighed_, value);
}

void Profile::accept(std::span<const MotionPoint> points, double cadence_s) {
  std::vector<Curve> curves(lines_.size());
  double sum = 0;
  size_t count = 0;
  for (const MotionPoint& point : points) {
    weigh({point.time, point.value, cadence_s}, curves);
    if (available_ == 0) continue;
    sum += point.value - mean_expected_;
    ++count;
  }
  if (count > 0) enter().offset = sum / static_cast<double>(count);
}

Learned Profile::learned(TimeMs last_time, double) const {
  Learned out{0, guarded_from(), 0, 0};
  if (first_ == kTimeMax || last_time < first_) return out;
  const double whole = (out.guarded_from - first_).seconds();
  out.share = std::clamp((last_time - first_).seconds() / whole, 0.0, 1.0);
  if (days_ != nullptr && out.share >= 1) say_class(last_time, out);
  return out;
}

void Profile::save(ByteWriter& out) const {
  Saver archive(out);
  const_cast<Profile*>(this)->visit(archive);  // NOLINT: a Saver only reads
}

void Profile::load(ByteReader& in) {
  Loader archive(in);
  visit(archive);
  check_loaded(archive.ok());
}

// What does not fit is forgotten; what does is charged to the budget.
void Profile::check_loaded(bool ok) {
  const size_t periods = spec_.period_weights.size();
  const auto fits = [&](const Buckets& one) { return one.mean.empty() || one.whole(buckets_); };
  ok = ok && lines_.size() == periods && ring_.size() == periods + 1 &&
       std::all_of(ring_.begin(), ring_.end(), fits) && class_days_.whole() &&
       filling_.ring >= kNowhere && filling_.ring < static_cast<int>(of_class_.size());
  uint64_t wanted = class_days_.allocated();
  for (const Buckets& one : ring_)
    if (!one.mean.empty()) wanted += Buckets::bytes_of(buckets_);
  if (ok && budget_.take(wanted)) {
    bytes_ += wanted;
    return;
  }
  ring_.assign(periods + 1, {});
  lines_.assign(periods, {});
  class_days_ = ClassDays(of_class_.size(), periods);
  of_class_.assign(of_class_.size(), {});
  ordinary_ = {};
  base_ = {};
  filling_ = {};
  looked_ = {kSeason, INT64_MIN, 0, 0};
  looked_bucket_ = -1;
  calibrated_ = kSeason;
  available_ = 0;
  unit_ = weight_sum_ = mean_expected_ = mean_deviation_ = 0;
  first_ = kTimeMax;
}

}  // namespace tocsin::models
