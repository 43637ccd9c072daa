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

Profile::Profile(const ModelSpec& spec, calendar::Zone zone, Budget& budget)
    : spec_(spec),
      zone_(std::move(zone)),
      budget_(budget),
      buckets_(calendar::season_ms(spec.season) / kBucketMs),
      ring_(spec.period_weights.size() + 1),
      lines_(spec.period_weights.size()) {}

Profile::~Profile() { budget_.give(bytes_); }

calendar::SeasonPosition Profile::position(TimeMs time) {
  return calendar::season_position(spec_.season, zone_.wall_ms(time, cursor_));
}

Profile::Period* Profile::period(int64_t number) {
  Period& slot = ring_[static_cast<size_t>(modulo(number, static_cast<int64_t>(ring_.size())))];
  return slot.number == number ? &slot : nullptr;
}

// Null for a period that is older than the ring reaches, or if the budget is spent.
Profile::Period* Profile::writable(int64_t number) {
  Period& slot = ring_[static_cast<size_t>(modulo(number, static_cast<int64_t>(ring_.size())))];
  if (slot.number == number) return &slot;
  if (slot.number > number) return nullptr;
  if (slot.mean.empty()) {
    const auto wanted = static_cast<uint64_t>(buckets_) * (sizeof(float) + 2);
    if (!budget_.take(wanted)) return nullptr;
    bytes_ += wanted;
  }
  const auto size = static_cast<size_t>(buckets_);
  slot.number = number;
  slot.mean.assign(size, 0);
  slot.spread.assign(size, 0);
  slot.count.assign(size, 0);
  return &slot;
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
  Period* into = writable(filling_.period);
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
  first_ = std::min(first_, time);
  add(position(time), value);
}

void Profile::add(const calendar::SeasonPosition& at, double value) {
  const int64_t bucket = at.offset_ms / kBucketMs;
  if (at.period != filling_.period || bucket != filling_.bucket) {
    flush();
    filling_ = Filling{at.period, bucket, value, 0, 0, 0};
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
Profile::Line Profile::line(int64_t number, int64_t bucket, double cadence_s) {
  const int64_t reach = std::max<int64_t>(1, spec_.window.count / kBucketMs / 2);
  double n = 0, sum_j = 0, sum_jj = 0, sum_m = 0, sum_mm = 0, sum_jm = 0, sum_v = 0;
  for (int64_t j = -reach; j <= reach; ++j) {
    const int64_t index = bucket + j;
    const int64_t shift = index < 0 ? -1 : index >= buckets_ ? 1 : 0;
    const Period* from = period(number + shift);
    const auto at = static_cast<size_t>(index - shift * buckets_);
    if (from == nullptr || from->count[at] == 0) continue;
    const double mean = from->mean[at];
    const double deviation = spread_value(from->spread[at]);
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
  // Of a window that is half empty the plain mean is taken: a line would be guessed at its end.
  out.slope = var_j > 0 && n >= 0.6 * full ? cov / var_j : 0;
  out.mean = sum_m / n - out.slope * (sum_j / n);
  const double var_m = std::max(0.0, sum_mm / n - (sum_m / n) * (sum_m / n) - out.slope * cov);
  out.deviation = std::sqrt(sum_v / n + var_m);
  out.ok = true;
  return out;
}

void Profile::look_up(int64_t number, int64_t bucket, double cadence_s) {
  looked_period_ = number;
  looked_bucket_ = bucket;
  weight_sum_ = mean_deviation_ = 0;
  available_ = 0;
  for (size_t i = 0; i < lines_.size(); ++i) {
    const double weight = spec_.period_weights[i];
    lines_[i] = weight > 0 ? line(number - 1 - static_cast<int64_t>(i), bucket, cadence_s) : Line{};
    if (!lines_[i].ok) continue;
    ++available_;
    weight_sum_ += weight;
    mean_deviation_ +=
        weight * std::max(lines_[i].deviation, kDeviationShareMin * std::abs(lines_[i].mean));
  }
  if (weight_sum_ > 0) mean_deviation_ /= weight_sum_;
}

bool Profile::weigh(const Asked& asked, std::span<Curve> out) {
  const calendar::SeasonPosition at = predicted_at_ = position(asked.time);
  const int64_t bucket = at.offset_ms / kBucketMs;
  if (at.period != looked_period_ || bucket != looked_bucket_)
    look_up(at.period, bucket, asked.cadence_s);
  std::fill(out.begin(), out.end(), Curve{});
  if (available_ == 0) return false;
  // Where in its bucket the point lies, from -0.5 to 0.5.
  const double within = static_cast<double>(at.offset_ms - bucket * kBucketMs) / kBucketMs - 0.5;
  mean_expected_ = 0;
  const Tail::HalfWidths reach = tail_.half_widths(asked.score / kTailScore);
  for (size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    if (!line.ok) continue;
    const double raw = line.mean + line.slope * within;
    const double share = spec_.period_weights[i] / weight_sum_;
    const double unit = std::max(line.deviation, kDeviationShareMin * std::abs(line.mean));
    mean_expected_ += share * raw;
    out[i] = {share, raw + offset_, raw + offset_ - unit * reach.down,
              raw + offset_ + unit * reach.up};
  }
  if (available_ >= 2 && tail_.seen >= 30) return true;
  std::fill(out.begin(), out.end(), Curve{});
  return false;
}

void Profile::learn(const Asked& asked, double value) {
  const double cadence_s = asked.cadence_s;
  if (available_ > 0) {
    const double residual = value - mean_expected_ - offset_;
    const double unit = std::max(mean_deviation_, 1e-12);
    const double limit = (tail_.seen < 30 ? 1e9 : tail_.clip()) * unit;
    tail_.learn(std::clamp(residual / unit, -1e9, 1e9), cadence_s);
    const double gain =
        std::max(cadence_s / (cadence_s + kOffsetMemory_s), 1.0 / (tail_.seen + 9.0));
    offset_ += std::min(0.5, gain) * std::clamp(residual, -limit, limit);
  }
  first_ = std::min(first_, asked.time);
  add(predicted_at_, value);
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
  if (count > 0) offset_ = sum / static_cast<double>(count);
}

Learned Profile::learned(TimeMs last_time, double) const {
  Learned out{0, guarded_from(), 0, 0};
  if (first_ == kTimeMax || last_time < first_) return out;
  const double whole = (out.guarded_from - first_).seconds();
  out.share = std::clamp((last_time - first_).seconds() / whole, 0.0, 1.0);
  return out;
}

void Profile::save(ByteWriter& out) const {
  Saver archive(out);
  const_cast<Profile*>(this)->visit(archive);  // NOLINT: a Saver only reads
}

void Profile::load(ByteReader& in) {
  Loader archive(in);
  visit(archive);
}

}  // namespace tocsin::models
