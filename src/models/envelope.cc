#include "models/envelope.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace tocsin::models {
namespace {

constexpr uint32_t kManyPoints = 40, kSomePoints = 4;  // of a bucket
constexpr double kSure = 5;                            // deviations
// Maxima are no independent draws: the error of a slope is taken larger than least squares says,
// and larger still where there are few.
constexpr double kErrorFactor = 2, kErrorOfFew = 6;
// A slope that nothing before it could be compared with.
constexpr double kErrorUncompared = 0.15;
constexpr double kComparisons = 12, kComparisonsBefore = 4;  // remembered; none are known of
constexpr double kDoubtErrors = 5, kDoubtChanges = 2.5;
constexpr double kWildDeviations = 4;  // above the line one maximum is not believed
// A fall ends a tooth: so many steps, and this share of its rise.
constexpr double kFallSteps = 12, kFallShare = 0.3;
constexpr double kStepMemory = 100;
constexpr double kRoughStep = 0.03;
constexpr double kTeethBuckets = 1.5;  // shorter teeth vanish in a bucket
constexpr double kLatePeriods = 2.5;   // a peak that is so late does not come
// A tooth outgrows the others: deviations of peaks, share of their depth, steps.
constexpr double kOutgrown = 4, kOutgrownShare = 0.6, kOutgrownSteps = 6;
constexpr double kOutgrownPeriods = 0.8;  // it has risen for
constexpr double kRegular = 3;            // the longest tooth is at most so many times the shortest

size_t place_of(int64_t number) {
  constexpr auto kSize = static_cast<int64_t>(Envelope::kBuckets);
  return static_cast<size_t>((number % kSize + kSize) % kSize);
}

template <size_t N>
double middle_of(std::array<double, N> values, size_t count) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(values.begin(), middle, values.begin() + static_cast<std::ptrdiff_t>(count));
  return *middle;
}

}  // namespace

double Envelope::Bucket::edge() const {
  if (count >= kManyPoints) return top[2];
  return count >= kSomePoints ? top[1] : top[0];
}

// At least two points; maxima scatter by `noise_min` at least. level is the line's at the time of
// the last of them.
Envelope::Fit Envelope::fit(std::span<const MotionPoint> points, double noise_min) {
  Fit out;
  out.slope = theil_sen(points, &MotionPoint::value);
  const TimeMs last = points.back().time;
  const auto residual = [&](const MotionPoint& point) {
    return point.value - out.slope * (point.time - last).seconds();
  };
  std::array<double, kBuckets> values{};
  for (size_t i = 0; i < points.size(); ++i) values[i] = residual(points[i]);
  out.level = middle_of(values, points.size());
  double spread = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    const double offset = (points[i].time - points[points.size() / 2].time).seconds();
    spread += offset * offset;
    values[i] = std::abs(residual(points[i]) - out.level);
  }
  out.noise = std::max(noise_min, 1.4826 * middle_of(values, points.size()));
  out.seen_s = (last - points.front().time).seconds();
  const double few = 1 + kErrorOfFew / static_cast<double>(points.size());
  out.error = spread > 0 ? kErrorFactor * few * out.noise / std::sqrt(spread) : 0;
  return out;
}

Edge Envelope::Fit::edge(double ahead_s) const {
  return {level + slope * ahead_s,
          slope,
          noise,
          std::hypot(error, changes),
          std::max(kDoubtErrors * error, kDoubtChanges * changes),
          seen_s};
}

void Envelope::learn(TimeMs time, double value) {
  const int64_t number = (time.ms >= 0 ? time.ms : time.ms - bucket_ms_ + 1) / bucket_ms_;
  if (newest_ != INT64_MIN && number < newest_) return;  // held back and let go late
  if (number != newest_) close(number);
  Bucket& bucket = buckets_[place_of(number)];
  ++bucket.count;
  if (bucket.count <= kTop)
    bucket.top[bucket.count - 1] = value;
  else if (value > bucket.top[kTop - 1])
    bucket.top[kTop - 1] = value;
  const size_t kept = std::min<size_t>(bucket.count, kTop);
  std::sort(bucket.top.begin(), bucket.top.begin() + static_cast<std::ptrdiff_t>(kept),
            std::greater<>());
  last_[seen_ % kLast] = value;
  if (seen_ < UINT32_MAX) ++seen_;
  follow_teeth(time, value);
}

// The newest bucket is complete: the window's line is drawn anew.
void Envelope::close(int64_t next) {
  const auto at = [&](int64_t number) -> Bucket& { return buckets_[place_of(number)]; };
  const int64_t first = next - static_cast<int64_t>(kBuckets);
  // What the window leaves behind.
  for (Bucket& bucket : buckets_) {
    if (bucket.number == INT64_MIN || bucket.number > first) continue;
    record_ = has_record_ ? std::max(record_, bucket.edge()) : bucket.edge();
    has_record_ = true;
    bucket.number = INT64_MIN;
    bucket.count = 0;
  }
  std::vector<MotionPoint> points;
  points.reserve(kBuckets);
  for (int64_t number = first + 1; number < next; ++number)
    if (at(number).number == number && at(number).count > 0)
      points.push_back({middle(number), 0, at(number).edge()});
  filled_ = points.size();
  at(next) = Bucket{next, {}, 0};
  const int64_t closed = newest_;
  newest_ = next;
  const auto half = static_cast<int64_t>(kBuckets / 2);
  ready_ = filled_ >= kBucketsToLearn && points[0].time <= middle(next - half);
  if (!ready_) return;
  fit_ = fit(points, rough_);
  fit_.at = closed;
  compare(next);
  take_late(points);
}

void Envelope::compare(int64_t now) {
  if (compared_at_ == INT64_MIN || now - compared_at_ >= static_cast<int64_t>(kBuckets / 2)) {
    if (compared_at_ != INT64_MIN) {
      const double gain = std::max(1 / kComparisons, 1 / (compared_ + 1 + kComparisonsBefore));
      if (compared_ < UINT32_MAX) ++compared_;
      slope_change_ += gain * (std::abs(fit_.slope - slope_before_) - slope_change_);
    }
    slope_before_ = fit_.slope;
    compared_at_ = now;
  }
  fit_.changes = compared_ > 0 ? 1.25 * slope_change_ : kErrorUncompared * std::abs(fit_.slope);
}

// What began in the last third of the window.
void Envelope::take_late(std::span<const MotionPoint> points) {
  if (points.size() < 2 * kShort) return;
  Fit late = fit(points.last(kShort), rough_);
  if (late.slope <= 0 || late.slope - kSure * late.error <= fit_.slope) return;
  late.changes = fit_.changes;
  late.at = fit_.at;
  fit_ = late;
}

double Envelope::last_median() const { return middle_of(last_, std::min<size_t>(seen_, kLast)); }

std::optional<Edge> Envelope::by_window(TimeMs time) const {
  if (!ready_) return std::nullopt;
  Edge out = fit_.edge((time - middle(fit_.at)).seconds());
  double top = -INFINITY;
  for (size_t back = 0; back < 2; ++back) {
    const int64_t number = newest_ - static_cast<int64_t>(back);
    const Bucket& bucket = buckets_[place_of(number)];
    if (bucket.number == number && bucket.count > 0) top = std::max(top, bucket.edge());
  }
  const double believed = std::max(out.level + kWildDeviations * fit_.noise, last_median());
  out.level = std::min(top, believed);
  // After a fall the series may be one of teeth, of which too few are known.
  if (peaks_ > 0 && peaks_ < kPeaksToUse &&
      smooth_ < peak_values_[(peaks_ - 1) % kPeaks] + kOutgrownShare * depth_ &&
      time - peak_times_[(peaks_ - 1) % kPeaks] < DurationMs{bucket_ms_ * int64_t{kBuckets}})
    out.doubt = INFINITY;
  return out;
}

std::optional<Edge> Envelope::by_teeth(TimeMs time) const {
  if (peaks_ < kPeaksToUse) return std::nullopt;
  const size_t count = std::min<size_t>(peaks_, kPeaks);
  std::array<MotionPoint, kPeaks> points;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = (peaks_ - count + i) % kPeaks;
    points[i] = {peak_times_[at], 0, peak_values_[at]};
  }
  double longest = 0, shortest = INFINITY;
  for (size_t i = 1; i < count; ++i) {
    const double length = (points[i].time - points[i - 1].time).seconds();
    longest = std::max(longest, length);
    shortest = std::min(shortest, length);
  }
  if (longest > kRegular * shortest) return std::nullopt;  // falls, but no teeth
  const double span = (points[count - 1].time - points[0].time).seconds();
  const double period = span / static_cast<double>(count - 1);
  if (period * 1000 < kTeethBuckets * static_cast<double>(bucket_ms_)) return std::nullopt;
  if ((time - points[count - 1].time).seconds() > kLatePeriods * period) return std::nullopt;
  const Fit peaks = fit(std::span(points).first(count), rough_);
  Edge out = peaks.edge((time - points[count - 1].time).seconds());
  const double margin =
      std::max({kOutgrown * out.noise, kOutgrownShare * depth_, kOutgrownSteps * step_});
  const double rose_s = (time - low_time_).seconds();
  if (falling_ || smooth_ <= out.level + margin || rose_s < kOutgrownPeriods * period) return out;
  // This tooth outgrows those before it: what cut them off fails. It goes on as it rose.
  out.level = smooth_;
  out.slope_per_s = (smooth_ - low_) / rose_s;
  out.slope_error = 0.25 * out.slope_per_s;
  out.doubt = 0;
  out.seen_s = rose_s;
  return out;
}

std::optional<Edge> Envelope::at(TimeMs time) const {
  auto teeth = by_teeth(time);
  return teeth ? teeth : by_window(time);
}

std::optional<double> Envelope::record() const {
  return has_record_ ? std::optional(record_) : std::nullopt;
}

// On the median of the last three values: one wild point is no tooth.
void Envelope::follow_teeth(TimeMs time, double value) {
  if (seen_ < 3) {
    smooth_ = low_ = top_ = value;
    low_time_ = top_time_ = time;
    return;
  }
  std::array<double, 3> three{};
  for (size_t i = 0; i < 3; ++i) three[i] = last_[(seen_ - 1 - i) % kLast];
  const double now = middle_of(three, 3);
  const double size = std::abs(now - smooth_);
  const double gain = std::max(1 / kStepMemory, 1.0 / seen_);
  // A fall is no step to measure steps by.
  step_ += gain * (std::min(size, seen_ < 20 ? size : 4 * step_) - step_);
  const double turn = std::abs(now - smooth_ - last_step_);
  // The median of the turns, by small steps: falls are few, however deep.
  if (seen_ < 20)
    rough_ += seen_ < 6 ? 0 : (turn - rough_) / (seen_ - 5);
  else
    rough_ = std::max(1e-3 * step_, rough_ * (turn > rough_ ? 1 + kRoughStep : 1 - kRoughStep));
  last_step_ = now - smooth_;
  smooth_ = now;
  const double fall = std::max(kFallSteps * step_, kFallShare * (top_ - low_));
  if (falling_) {
    if (now < low_) {
      low_ = now;
      low_time_ = time;
    } else if (now - low_ > std::max(kFallSteps * step_, 0.1 * (top_ - low_))) {
      const size_t last = (peaks_ - 1) % kPeaks;
      const double depth = peak_values_[last] - low_;
      depth_ += std::max(0.25, 1.0 / peaks_) * (depth - depth_);
      falling_ = false;
      top_ = now;
      top_time_ = time;
    }
    return;
  }
  if (now >= top_) {
    top_ = now;
    top_time_ = time;
  }
  if (top_ - now <= fall || top_ - low_ <= fall) return;
  peak_values_[peaks_ % kPeaks] = top_;
  peak_times_[peaks_ % kPeaks] = top_time_;
  ++peaks_;
  falling_ = true;
  low_ = now;
  low_time_ = time;
}

}  // namespace tocsin::models
