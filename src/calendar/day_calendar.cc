#include "calendar/day_calendar.h"

#include <algorithm>
#include <set>

namespace tocsin::calendar {

DayCalendar::DayCalendar(CalendarSpec spec) : spec_(std::move(spec)) {
  if (spec_.entries.size() >= kNobody) spec_.entries.resize(kNobody - 1);
  std::set<std::string> others;
  for (const DayEntry& entry : spec_.entries)
    if (entry.day_class != kBusiness && entry.day_class != kWeekend) others.insert(entry.day_class);
  classes_ = {std::string(kBusiness), std::string(kWeekend)};
  for (const std::string& name : others)
    if (classes_.size() < kClassesMax) classes_.push_back(name);
  yearly_.fill(kNobody);
  for (size_t i = 0; i < spec_.entries.size(); ++i) {
    const DayEntry& entry = spec_.entries[i];
    class_of_entry_.push_back(class_index(entry.day_class));
    if (entry.yearly) {
      add_yearly(static_cast<uint16_t>(i));
      continue;
    }
    for (Day day = entry.first; day <= entry.last && dated_.size() < kDatedDaysMax; day = day + 1)
      dated_.push_back({day, static_cast<uint16_t>(i)});
  }
  std::stable_sort(dated_.begin(), dated_.end(),
                   [](const Dated& a, const Dated& b) { return a.day < b.day; });
  const auto same = [](const Dated& a, const Dated& b) { return a.day == b.day; };
  dated_.erase(std::unique(dated_.begin(), dated_.end(), same), dated_.end());
}

uint8_t DayCalendar::class_index(const std::string& name) const {
  const auto found = std::find(classes_.begin(), classes_.end(), name);
  return static_cast<uint8_t>(found == classes_.end() ? 0 : found - classes_.begin());
}

void DayCalendar::add_yearly(uint16_t entry) {
  constexpr MonthDay kNewYear{1, 1}, kLast{12, 31};
  const MonthDay first = *spec_.entries[entry].yearly, last = spec_.entries[entry].yearly_last;
  const auto fill = [&](MonthDay from, MonthDay to) {
    for (uint8_t month = from.month; month <= to.month; ++month)
      for (uint8_t day = 1; day <= 31; ++day) {
        const MonthDay at{month, day};
        if (at >= from && at <= to && yearly(at) == kNobody) yearly(at) = entry;
      }
  };
  if (first <= last) return fill(first, last);
  fill(first, kLast);
  fill(kNewYear, last);
}

DayCalendar::Kind DayCalendar::kind(Day day) const {
  const auto found = std::lower_bound(dated_.begin(), dated_.end(), day,
                                      [](const Dated& one, Day at) { return one.day < at; });
  uint16_t entry = kNobody;
  if (found != dated_.end() && found->day == day) {
    entry = found->entry;
  } else {
    const MonthDay at = month_day(day);
    entry = yearly_[(at.month - 1U) * 31U + at.day - 1U];
  }
  if (entry != kNobody) return {class_of_entry_[entry], &spec_.entries[entry]};
  const bool business = (spec_.business_days >> weekday(day) & 1) != 0;
  return {static_cast<uint8_t>(business ? 0 : 1), nullptr};
}

Id128 DayCalendar::fingerprint() const {
  IdBuilder out;
  out.add(spec_.business_days).add(spec_.zone ? spec_.zone->name() : "");
  for (const Dated& one : dated_) out.add(one.day.number).add(classes_[class_of_entry_[one.entry]]);
  for (const uint16_t entry : yearly_)
    out.add(entry == kNobody ? "" : classes_[class_of_entry_[entry]]);
  return out.finish();
}

}  // namespace tocsin::calendar
