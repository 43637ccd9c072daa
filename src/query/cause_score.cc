#include "query/cause_score.h"

#include <algorithm>
#include <cmath>

namespace tocsin::query {
namespace {

// A normal distribution's inter-quartile range, and its 5 % to 95 %, in standard deviations.
constexpr double kQuartiles = 1.349;
constexpr double kTwentieths = 3.29;
// Of the level before and of the largest value now. Chosen with bench/causes: from 2 % to 10 %
// nothing changes by more than a case in a hundred.
constexpr double kLevelFloor = 0.05;
constexpr double kNowFloor = 0.002;
constexpr double kHalfStrength = 10;  // deviations that come to a strength of one half
constexpr double kOutside = 4;        // deviations from which a point is well outside
constexpr size_t kFewPoints = 5;
// A stop as long as three of the longest pauses before is as unusual as ten deviations.
constexpr double kPerPause = 5;
constexpr double kPausesLeast = 2;  // shorter ones are nothing
constexpr DurationMs kStoppedBefore = minutes(15);

constexpr DurationMs kBeforeShortest = hours(2);
constexpr DurationMs kBeforeLongest = hours(24);

bool counts(double value) { return std::isfinite(value); }

// Between neighbours, as PromQL has it. `sorted` is not empty.
double quantile(std::span<const double> sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<size_t>(place);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (place - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

// Which of n deviations, largest first, stands for all: the middle one of few, the third, and of
// many the one that a twentieth exceeds.
size_t place_of(size_t n) {
  if (n <= kFewPoints) return (n - 1) / 2;
  return std::max<size_t>(2, (n + 19) / 20 - 1);
}

// Evenly at most `most` of the points that count; the last is among them if it counts.
template <class Iterator, class Use>
void for_some(Iterator begin, Iterator end, size_t most, const Use& use) {
  const auto count = static_cast<size_t>(end - begin);
  if (count == 0) return;
  const size_t stride = (count + most - 1) / most;
  for (size_t i = (count - 1) % stride; i < count; i += stride)
    if (const Sample& sample = begin[static_cast<ptrdiff_t>(i)]; counts(sample.value)) use(sample);
}

}  // namespace

CauseWindow cause_window(TimeMs from, TimeMs to) {
  const DurationMs before = std::clamp((to - from) * 8, kBeforeShortest, kBeforeLongest);
  return {from - before, from, to};
}

bool is_counter(std::string_view name) {
  for (const std::string_view end : {"_total", "_count", "_sum", "_bucket"})
    if (name.ends_with(end)) return true;
  return false;
}

void to_rates(std::span<const Sample> samples, std::vector<Sample>& out) {
  out.clear();
  for (size_t i = 1; i < samples.size(); ++i) {
    const double seconds = (samples[i].time - samples[i - 1].time).seconds();
    if (seconds <= 0) continue;
    const double rise = samples[i].value - samples[i - 1].value;
    out.push_back({samples[i].time, (rise >= 0 ? rise : samples[i].value) / seconds});
  }
}

bool CauseScorer::split(std::span<const Sample> samples) {
  before_.clear();
  during_.clear();
  const auto by_time = [](const Sample& sample, TimeMs time) { return sample.time < time; };
  const auto start = std::lower_bound(samples.begin(), samples.end(), window_.before_from, by_time);
  const auto middle = std::lower_bound(start, samples.end(), window_.from, by_time);
  const auto stop = std::lower_bound(middle, samples.end(), window_.to + milliseconds(1), by_time);
  for_some(start, middle, kBeforeMax, [&](const Sample& one) { before_.push_back(one.value); });
  for_some(middle, stop, kDuringMax, [&](const Sample& one) { during_.push_back(one); });
  return before_.size() >= kBeforeMin && !during_.empty();
}

// before_ is sorted.
double CauseScorer::scale(double median) {
  const double quartiles = (quantile(before_, 0.75) - quantile(before_, 0.25)) / kQuartiles;
  const double twentieths = (quantile(before_, 0.95) - quantile(before_, 0.05)) / kTwentieths;
  double largest = 0;
  for (const Sample& sample : during_) largest = std::max(largest, std::fabs(sample.value));
  const double floor = std::max(kLevelFloor * std::fabs(median), kNowFloor * largest);
  return std::max({quartiles, twentieths, floor});
}

// One point outside may be chance: the next one has to be, too, where there is one.
TimeMs CauseScorer::beginning(double median, double scale) const {
  const auto outside = [&](size_t i) {
    return std::fabs(during_[i].value - median) > kOutside * scale;
  };
  for (size_t i = 0; i < during_.size(); ++i)
    if (outside(i) && (i + 1 == during_.size() || outside(i + 1))) return during_[i].time;
  return {};
}

std::optional<Unusual> CauseScorer::score(std::span<const Sample> samples, bool counter) {
  const auto silence = by_silence(samples);
  if (counter) {
    to_rates(samples, rates_);
    samples = rates_;
  }
  auto out = by_values(samples);
  if (silence && (!out || silence->strength > out->strength)) out = silence;
  if (out) out->rate = counter && !out->stopped;
  return out;
}

// Of the points as they came: a counter's as well.
std::optional<Unusual> CauseScorer::by_silence(std::span<const Sample> samples) const {
  const auto by_time = [](TimeMs time, const Sample& sample) { return time < sample.time; };
  const auto end = std::upper_bound(samples.begin(), samples.end(), window_.to, by_time);
  const std::span<const Sample> seen(samples.begin(), end);
  if (seen.size() <= kPausesMin || !counts(seen.back().value)) return std::nullopt;
  const double quiet_s = (window_.to - seen.back().time).seconds();
  const auto pauses = static_cast<double>(seen.size() - 1);
  // Most series go on: that is seen without looking at each pause.
  if (quiet_s * pauses <= kPausesLeast * (seen.back().time - seen.front().time).seconds())
    return std::nullopt;
  DurationMs longest{};
  for (size_t i = 1; i < seen.size(); ++i)
    longest = std::max(longest, seen[i].time - seen[i - 1].time);
  const TimeMs began = seen.back().time + longest;
  if (quiet_s <= kPausesLeast * longest.seconds() || began < window_.from - kStoppedBefore)
    return std::nullopt;
  Unusual out;
  const double deviations = kPerPause * (quiet_s / longest.seconds() - 1);
  out.deviations = static_cast<float>(deviations);
  out.strength = static_cast<float>(deviations / (deviations + kHalfStrength));
  out.usual = out.now = seen.back().value;
  out.began = began;
  out.stopped = true;
  out.pause = longest;
  return out;
}

std::optional<Unusual> CauseScorer::by_values(std::span<const Sample> samples) {
  if (!split(samples)) return std::nullopt;
  std::sort(before_.begin(), before_.end());
  const double median = quantile(before_, 0.5);
  const double scale = this->scale(median);
  Unusual out;
  out.usual = median;
  out.now = during_.back().value;
  if (scale <= 0 || !std::isfinite(scale)) return out;  // nothing but zeros, or beyond a double
  deviations_.clear();
  for (const Sample& sample : during_)
    deviations_.emplace_back(std::fabs(sample.value - median) / scale, sample.value);
  const auto place = deviations_.begin() + static_cast<ptrdiff_t>(place_of(deviations_.size()));
  std::nth_element(deviations_.begin(), place, deviations_.end(), std::greater<>());
  out.deviations = static_cast<float>(place->first);
  out.strength = static_cast<float>(place->first / (place->first + kHalfStrength));
  out.now = place->second;
  out.began = beginning(median, scale);
  return out;
}

}  // namespace tocsin::query
