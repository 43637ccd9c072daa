#include "streamer/senders.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace tocsin::streamer {
namespace {

constexpr double kGain = 0.1;
constexpr double kJitterFrom_s = 2;   // shorter intervals need not be even
constexpr double kPauseCycles = 1.5;  // from here on an interval is a pause
constexpr DurationMs kPauseMin = milliseconds(500);
// A pause that makes what was regular begin anew.
constexpr double kLongPauseCycles = 6;
constexpr double kForgetShare = 0.01;

}  // namespace

DurationMs Sender::span(double cycles_count) const {
  return DurationMs{static_cast<int64_t>(std::min(cycles_count * gap_s, 1e9) * 1000)};
}

void Sender::start_over(TimeMs arrival) {
  since = arrival;
  cycles = 0;
  jitter = 1;
}

void Sender::heard(TimeMs arrival, TimeMs resumed) {
  const TimeMs before = last;
  last = std::max(last, arrival);
  if (before == kTimeMin) {
    start_over(arrival);
    return;
  }
  const DurationMs interval = arrival - before;
  const bool pause = interval >= std::max(span(kPauseCycles), kPauseMin);
  if (silent || (gap_s > 0 && pause)) back = arrival;
  const bool unseen = before < resumed;
  if (interval <= DurationMs{} || unseen) return;
  const bool long_pause = interval >= span(kLongPauseCycles) && interval >= seconds(30);
  if (gap_s > 0 && long_pause && !silent && !regular()) start_over(arrival);
  learn(interval.seconds());
}

// A sender's frames come in bursts: what counts is the interval between them, the long one. Short
// ones let it shrink by and by, as the time goes that they take. One silence moves it by a tenth;
// several in a row are no silences but another interval, which is learned before it counts again.
void Sender::learn(double interval_s) {
  const double gap = gap_s;
  const bool young = cycles < kCyclesMin || last - since < kSpanMin;
  if (young && interval_s > gap) {
    const bool much = interval_s > 1.5 * gap;
    gap_s = static_cast<float>(interval_s);
    if (much) {
      jitter = 1;
      cycles = 0;
    }
  } else if (interval_s < gap / 2) {
    gap_s = static_cast<float>(gap - std::min(0.05 * gap, interval_s / 20));
    return;
  } else {
    gap_s = static_cast<float>(gap + kGain * (std::min(interval_s, 2 * gap) - gap));
  }
  const double off = std::abs(interval_s - gap) / std::max(gap, kJitterFrom_s);
  jitter = static_cast<float>(jitter + 2 * kGain * (std::min(off, 1.0) - jitter));
  cycles = std::min(cycles + 1, 1'000'000U);
}

std::optional<uint32_t> Senders::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

uint32_t Senders::find_or_add(std::string_view name) {
  if (const auto known = find(name)) return *known;
  if (by_name_.size() >= senders_max_ && !make_room()) {
    ++refused;
    return kNobody;
  }
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(senders_.size()));
    senders_.emplace_back();
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  Sender& sender = senders_[index];
  sender = Sender{};
  sender.name = name;
  sender.hash = hash64(name);
  by_name_.emplace(sender.name, index);
  return index;
}

// The places of those not heard of longest, several at a time.
bool Senders::make_room() {
  std::vector<uint32_t> old;
  for (uint32_t i = 0; i < senders_.size(); ++i)
    if (!senders_[i].name.empty() && !senders_[i].silent) old.push_back(i);
  if (old.empty()) return false;
  const auto count = std::min(
      old.size(), static_cast<size_t>(static_cast<double>(senders_max_) * kForgetShare) + 1);
  std::partial_sort(old.begin(), old.begin() + static_cast<std::ptrdiff_t>(count), old.end(),
                    [this](uint32_t a, uint32_t b) {
                      return std::tie(senders_[a].last, senders_[a].name) <
                             std::tie(senders_[b].last, senders_[b].name);
                    });
  old.resize(count);
  std::vector<bool> gone(senders_.size());
  for (const uint32_t index : old) {
    gone[index] = true;
    by_name_.erase(senders_[index].name);
    senders_[index].name.clear();
    senders_[index].timer = kTimeMax;
    free_.push_back(index);
    ++forgotten;
  }
  for (uint32_t& sender : of_)
    if (sender != kNobody && gone[sender]) sender = kNobody;
  return true;
}

void Senders::forget(uint32_t index) {
  by_name_.erase(senders_[index].name);
  senders_[index].name.clear();
  senders_[index].silent = false;
  senders_[index].timer = kTimeMax;
  free_.push_back(index);
  std::replace(of_.begin(), of_.end(), index, kNobody);
}

uint32_t Senders::assign(SeriesRef series, uint32_t sender) {
  if (series.index >= of_.size())
    of_.resize(std::max<size_t>(series.index + 1, of_.size() * 3 / 2), kNobody);
  const uint32_t before = of_[series.index];
  if (before == sender) return before;
  of_[series.index] = sender;
  if (before != kNobody) --senders_[before].series;
  if (sender != kNobody) ++senders_[sender].series;
  return before;
}

}  // namespace tocsin::streamer
