#include "models/novelty.h"

#include <algorithm>
#include <cmath>

#include "models/archive.h"

namespace tocsin::models {
namespace {

// Found on labelled series, see docs/decisions/0021-auto-asks-two-questions.md.
constexpr std::array<double, 5> kRadii{0.12, 0.16, 0.20, 0.25, 0.30};  // in mean deviations
constexpr double kWithin = 1.6;   // a value between those met is news from a score of -1.6 on,
constexpr double kBeyond = 1.8;   // one beyond all of them from -1.8,
constexpr double kAround = 0.25;  // a level or a half hour from -0.25
constexpr double kChance = 0.5;   // in roots of the count: two counts so near are the same
// A series moves in steps, as counts do, if the least of them is so much of its mean deviation.
constexpr double kCountsFrom = 0.01;
constexpr double kMemory = 0.0005;
constexpr float kSmoothing = 0.1F;
constexpr double kFatigue = 0.1;
// Who has not been through a day has not been anywhere yet: for a day and a half, or so many points
// of a fast series, news has to be rarer, by so much at first.
constexpr double kYoung_ms = 1.5 * 86'400'000, kYoungPoints = 10'000, kOfTheYoung = 6;
constexpr uint32_t kSilentLeast = 10, kSilentMost = 1000;
constexpr double kSilentShare = 0.04;
constexpr size_t kMiddle = 2;  // the member that bands are drawn by
constexpr int64_t kHalfHour_ms = 1'800'000;

size_t half_hour_of(int64_t wall_ms) {
  const int64_t number = wall_ms / kHalfHour_ms - (wall_ms % kHalfHour_ms < 0 ? 1 : 0);
  return static_cast<size_t>(((number % 48) + 48) % 48);
}

}  // namespace

void Novelty::weigh(int64_t wall_ms, int64_t age_ms, double value, Weighed& out) {
  const double origin = points_ == 0 ? value : origin_;
  const double rate = std::max(kMemory, 1.0 / (points_ + 1.0));
  seen_.mean = mean_ + rate * (value - origin - mean_);
  seen_.deviation = deviation_ + rate * (std::abs(value - origin - seen_.mean) - deviation_);
  const auto here = static_cast<float>(value - origin);
  const float from = from_days(wall_ms, here, seen_.half_hour);
  seen_.from_days = from_days_ + kSmoothing * (from - from_days_);

  const bool counts = quantum_ > 0 && quantum_ >= kCountsFrom * seen_.deviation;
  const double chance = counts ? kChance * std::sqrt(quantum_ * std::abs(value)) : 0;
  const double by_value = ask(Channel::kValue, here, static_cast<float>(counts ? chance : -1));
  const double by_level = ask(Channel::kLevel, median_with(here), -1);
  const double by_time = ask(Channel::kTimeOfDay, seen_.from_days, -1);
  const bool beyond = points_ == 0 || here < least_ || here > most_;
  const double value_margin = by_value + (beyond ? kBeyond : kWithin);
  const double around_margin = std::max(by_level, by_time) + kAround;
  out.channel = value_margin >= around_margin ? Channel::kValue
                : by_level >= by_time         ? Channel::kLevel
                                              : Channel::kTimeOfDay;
  const double fatigue = fatigue_ * (1.0 + told_at_) / (1.0 + points_);
  const double grown = std::max(static_cast<double>(age_ms) / kYoung_ms, points_ / kYoungPoints);
  const double young = std::max(0.0, 1 - grown);
  out.margin = std::max(value_margin, around_margin) - kFatigue * fatigue - kOfTheYoung * young;
  out.told = points_ >= silent_until_ && out.margin >= 0;
  out.deviation = seen_.deviation;
  out.least = origin + std::min(least_, here);
  out.most = origin + std::max(most_, here);
  if (out.told) explain(out.channel, here, out);
}

// The mean of the members; `least`: a distance of no more is none.
double Novelty::ask(Channel channel, float value, float least) {
  const auto at = static_cast<size_t>(channel);
  seen_.value[at] = value;
  double sum = 0;
  for (size_t i = 0; i < kMembers; ++i) {
    const float distance = memory_[at][i].distance(value);
    seen_.distance[at][i] = distance;
    sum += distance <= least ? NoveltyMemory::kScoreMin : memory_[at][i].score(distance);
  }
  return sum / kMembers;
}

// Of the last nine with this one; those before the first are the first.
float Novelty::median_with(float value) const {
  std::array<float, kRecent> last;
  const uint32_t had = std::min<uint32_t>(points_, kRecent - 1);
  for (uint32_t i = 0; i < had; ++i) last[i] = recent_[(newest_ + kRecent - i) % kRecent];
  last[had] = value;
  const float oldest = had == 0 ? value : last[had - 1];
  std::fill(last.begin() + had + 1, last.end(), oldest);
  std::nth_element(last.begin(), last.begin() + kRecent / 2, last.end());
  return last[kRecent / 2];
}

// The signed distance of the mean of the last three from the nearest half hour of this time of day
// (or the one before or after) that is kept.
float Novelty::from_days(int64_t wall_ms, float value, float& nearest) const {
  const uint32_t had = std::min<uint32_t>(points_, 2);
  float sum = value;
  for (uint32_t i = 0; i < had; ++i) sum += recent_[(newest_ + kRecent - i) % kRecent];
  const float mean = sum / static_cast<float>(had + 1);
  const size_t now = half_hour_of(wall_ms);
  float best = 0;
  bool any = false;
  const auto compare = [&](float with) {
    const float distance = mean - with;
    if (!any || std::abs(distance) < std::abs(best)) best = distance;
    any = true;
  };
  for (const size_t shift : {kHalfHours - 1, size_t{0}, size_t{1}}) {
    const size_t at = (now + shift) % kHalfHours;
    for (size_t i = 0; i < days_.count[at]; ++i) compare(days_.mean[at * kDays + i]);
    if (at == half_hour_ && at != now)  // over, but not yet written down
      compare(static_cast<float>(half_hour_sum_ / half_hour_count_));
  }
  nearest = any ? mean - best : mean;
  return best;
}

void Novelty::note_half_hour(int64_t wall_ms, float value) {
  const size_t now = half_hour_of(wall_ms);
  if (now != half_hour_) {
    if (half_hour_ < kHalfHours) {
      uint8_t& next = days_.next[half_hour_];
      days_.mean[half_hour_ * kDays + next] = static_cast<float>(half_hour_sum_ / half_hour_count_);
      next = static_cast<uint8_t>((next + 1) % kDays);
      uint8_t& count = days_.count[half_hour_];
      count = static_cast<uint8_t>(std::min<size_t>(count + 1, kDays));
    }
    half_hour_ = static_cast<uint8_t>(now);
    half_hour_sum_ = 0;
    half_hour_count_ = 0;
  }
  half_hour_sum_ += value;
  ++half_hour_count_;
}

void Novelty::explain(Channel channel, float value, Weighed& out) const {
  const auto at = static_cast<size_t>(channel);
  const NoveltyMemory& member = memory_[at][kMiddle];
  const double origin = points_ == 0 ? 0 : origin_;
  if (channel == Channel::kTimeOfDay) {
    out.nearest = origin + seen_.half_hour;
    out.allowed = member.distance_at(-kAround);
    return;
  }
  float nearest = value;
  member.distance(seen_.value[at], &nearest);
  out.nearest = origin + nearest;
  out.allowed = member.distance_at(channel == Channel::kLevel ? -kAround : -kWithin);
}

void Novelty::learn(int64_t wall_ms, double value, const Weighed& weighed) {
  if (points_ == 0) origin_ = value;
  const auto here = static_cast<float>(value - origin_);
  if (points_ > 0) {
    const float step = std::abs(here - recent_[newest_]);
    if (step != 0 && (quantum_ == 0 || step < quantum_)) quantum_ = step;
  }
  mean_ = seen_.mean;
  deviation_ = seen_.deviation;
  from_days_ = seen_.from_days;
  for (size_t at = 0; at < kChannels; ++at)
    for (size_t i = 0; i < kMembers; ++i)
      memory_[at][i].add(seen_.value[at], seen_.distance[at][i],
                         static_cast<float>(kRadii[i] * deviation_));
  note_half_hour(wall_ms, here);
  newest_ = static_cast<uint8_t>((newest_ + 1) % kRecent);
  recent_[newest_] = here;
  least_ = points_ == 0 ? here : std::min(least_, here);
  most_ = points_ == 0 ? here : std::max(most_, here);
  if (weighed.told) {
    fatigue_ = static_cast<float>(fatigue_ * (1.0 + told_at_) / (1.0 + points_) + 1);
    told_at_ = points_;
    const auto silent = static_cast<uint32_t>(kSilentShare * points_);
    silent_until_ = points_ + kSilentLeast + std::min(kSilentMost, silent);
  }
  if (points_ < UINT32_MAX) ++points_;
}

template <class Archive>
void Novelty::visit(Archive& archive) {
  archive(origin_, mean_, deviation_, least_, most_, quantum_, from_days_, half_hour_sum_,
          half_hour_count_, half_hour_, newest_, points_, fatigue_, told_at_, silent_until_);
  for (float& value : recent_) archive(value);
  for (size_t at = 0; at < kHalfHours; ++at) {
    archive(days_.count[at], days_.next[at]);
    if (days_.count[at] > kDays) days_.count[at] = 0;
    for (size_t i = 0; i < days_.count[at]; ++i) archive(days_.mean[at * kDays + i]);
  }
  for (auto& channel : memory_)
    for (NoveltyMemory& member : channel) member.visit(archive);
}

void Novelty::save(ByteWriter& out) const {
  Saver archive(out);
  const_cast<Novelty*>(this)->visit(archive);  // NOLINT: a Saver only reads
}

bool Novelty::load(ByteReader& in) {
  Loader archive(in);
  visit(archive);
  if (newest_ >= kRecent || (half_hour_ >= kHalfHours && half_hour_ != UINT8_MAX)) return false;
  if (half_hour_ != UINT8_MAX && half_hour_count_ == 0) return false;
  for (uint8_t& next : days_.next)
    if (next >= kDays) return false;
  return archive.ok();
}

}  // namespace tocsin::models
