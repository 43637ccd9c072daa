#include "models/class_days.h"

#include <algorithm>

namespace tocsin::models {
namespace {

constexpr double kBaseMemory_s = 14 * 86'400.0;
constexpr double kBaseStep_s = 3600;  // a gap teaches no more than an hour
constexpr double kRatioMax = 4;       // beyond it the business is another one

}  // namespace

void Base::learn(TimeMs time, double value) {
  if (time <= last) return;
  const double step_s = last == kTimeMin ? 1 : std::min(kBaseStep_s, (time - last).seconds());
  last = time;
  seen_s = std::min(kBaseMemory_s, seen_s + step_s);
  mean += step_s / seen_s * (value - mean);
}

ClassDays::ClassDays(size_t classes, size_t days) : days_max_(days + 1), by_class_(classes) {}

Buckets* ClassDays::writable(size_t day_class, calendar::Day day, const Base& base, Budget& budget,
                             uint64_t& bytes) {
  std::vector<ClassDay>& days = by_class_[day_class];
  const auto same = std::find_if(days.begin(), days.end(), [&](const ClassDay& one) {
    return one.buckets.number == day.number;
  });
  if (same != days.end()) return &same->buckets;
  ClassDay* into = nullptr;
  if (days.size() < days_max_) {
    if (!budget.take(Buckets::bytes_of(kBuckets))) return nullptr;
    bytes += Buckets::bytes_of(kBuckets);
    into = &days.emplace_back();
  } else {
    into = &*std::min_element(days.begin(), days.end(), [](const ClassDay& a, const ClassDay& b) {
      return a.buckets.number < b.buckets.number;
    });
    if (into->buckets.number > day.number) return nullptr;
  }
  into->buckets.begin(day.number, kBuckets);
  into->base = base.known() ? static_cast<float>(base.mean) : 0;
  return &into->buckets;
}

void ClassDays::newest(size_t day_class, calendar::Day day, size_t most,
                       std::vector<const ClassDay*>& out) const {
  out.clear();
  for (const ClassDay& one : by_class_[day_class])
    if (one.buckets.number < day.number) out.push_back(&one);
  std::sort(out.begin(), out.end(), [](const ClassDay* a, const ClassDay* b) {
    return a->buckets.number > b->buckets.number;
  });
  if (out.size() > most) out.resize(most);
}

bool ClassDays::whole() const {
  return std::all_of(by_class_.begin(), by_class_.end(), [&](const auto& days) {
    return days.size() <= days_max_ && std::all_of(days.begin(), days.end(), [](const auto& day) {
             return day.buckets.whole(kBuckets);
           });
  });
}

uint64_t ClassDays::allocated() const {
  uint64_t out = 0;
  for (const auto& days : by_class_) out += days.size() * Buckets::bytes_of(kBuckets);
  return out;
}

Lift lift_of(const ClassDay& day, const Base& base) {
  if (day.base == 0 || !base.known()) return {};
  const auto& mean = day.buckets.mean;
  const bool negative = day.base < 0 || base.mean <= 0 ||
                        std::any_of(mean.begin(), mean.end(), [](float one) { return one < 0; });
  if (negative) return {1, base.mean - static_cast<double>(day.base)};
  return {std::clamp(base.mean / static_cast<double>(day.base), 1 / kRatioMax, kRatioMax), 0};
}

}  // namespace tocsin::models
