// What a profile does with the classes of days: where a point belongs, what it is judged by.
#include <fmt/format.h>

#include <algorithm>

#include "models/profile.h"

namespace tocsin::models {
namespace {

// As many points as if the tail of a class that begins had seen: twice as wide as it will be.
constexpr uint32_t kClassYouth = 90;
constexpr int64_t kDayMs = 86'400'000;
constexpr uint8_t kWeekendIndex = 1;  // in DayCalendar::classes(); business is 0
constexpr size_t kDaysNeeded = 2;

}  // namespace

Profile::Slot Profile::slot_of(TimeMs time) {
  const int64_t wall = zone_.wall_ms(time, cursor_);
  const calendar::SeasonPosition at = calendar::season_position(spec_.season, wall);
  const Slot ordinary{kSeason, at.period, at.offset_ms, 0};
  if (days_ == nullptr) return ordinary;
  const calendar::Day day = calendar::day_of_wall(wall);
  if (day != today_.day) today_ = {day, days_->kind(day)};
  const calendar::DayCalendar::Kind kind = today_.kind;
  const bool of_week = spec_.season == calendar::Season::kWeek;
  if (of_week && !kind.by_date()) return ordinary;
  const bool like_ordinary = of_week && kind.index <= kWeekendIndex;
  return {like_ordinary ? kNowhere : kind.index, day.number,
          calendar::season_position(calendar::Season::kDay, wall).offset_ms, kind.index};
}

// Ordinary days say since when the series is known, and how high it runs.
void Profile::note_ordinary(const Slot& slot, TimeMs time, double value) {
  if (days_ == nullptr) {
    first_ = std::min(first_, time);
    return;
  }
  if (today_.kind.by_date()) return;
  first_ = std::min(first_, time);
  if (slot.day_class == 0) base_.learn(time, value);
}

// The last days of the week's ring that are of the class by their weekday.
void Profile::past_days(const Slot& slot, int64_t bucket, std::vector<Past>& out) {
  constexpr int64_t kDayBuckets = ClassDays::kBuckets;
  const auto reach = static_cast<int64_t>(7 * ring_.size());
  const calendar::Day today{slot.period};
  for (int64_t back = 1; back <= reach && out.size() < lines_.size(); ++back) {
    const calendar::Day day = today - back;
    const calendar::DayCalendar::Kind kind = days_->kind(day);
    if (kind.by_date() || kind.index != slot.day_class) continue;
    // Weeks begin on Monday; that of a day is the one its Monday is in.
    const int64_t at = calendar::weekday(day);
    constexpr int64_t kMondayOfWeek0 = -3;  // 1969-12-29
    const Buckets* of = period((day.number - at - kMondayOfWeek0) / 7);
    if (of == nullptr) continue;
    const auto first = of->count.begin() + static_cast<std::ptrdiff_t>(at * kDayBuckets);
    if (std::all_of(first, first + kDayBuckets, [](uint8_t count) { return count == 0; })) continue;
    out.push_back({of, at * kDayBuckets + bucket, true, {}});
  }
}

// By weight: the last one first. Those that are not there are null.
std::vector<Profile::Past> Profile::past_of(const Slot& slot, int64_t bucket) {
  std::vector<Past> out;
  if (slot.ring == kSeason) {
    for (int64_t i = 1; i <= static_cast<int64_t>(lines_.size()); ++i)
      out.push_back({period(slot.period - i), bucket, true, {}});
  } else if (slot.ring == kNowhere) {
    past_days(slot, bucket, out);
  } else {
    std::vector<const ClassDay*> days;
    class_days_.newest(static_cast<size_t>(slot.ring), {slot.period}, lines_.size(), days);
    // Business days are what the base is of: they follow each other closely.
    for (const ClassDay* day : days)
      out.push_back({&day->buckets, bucket, false, slot.ring == 0 ? Lift{} : lift_of(*day, base_)});
  }
  out.resize(lines_.size());
  return out;
}

// A class that begins does so where its own days lie, and as wide as a young band: how it scatters
// is known from other days.
const Profile::Calibration& Profile::calibration(const Slot& slot) {
  if (slot.ring <= 0) return ordinary_;
  const Calibration& known = of_class_[static_cast<size_t>(slot.ring)];
  if (calibrated_ == slot.ring) return known;
  fresh_ = known;
  fresh_.offset = 0;
  if (known.tail.seen == 0) {
    fresh_.tail = ordinary_.tail;
    fresh_.tail.seen = std::min(fresh_.tail.seen, kClassYouth);
  }
  return fresh_;
}

Profile::Calibration& Profile::enter() {
  if (weighed_.ring <= 0) {
    calibrated_ = weighed_.ring;
    return ordinary_;
  }
  Calibration& own = of_class_[static_cast<size_t>(weighed_.ring)];
  own = calibration(weighed_);
  calibrated_ = weighed_.ring;
  return own;
}

// Where the class of the day is what keeps it from judging.
void Profile::say_class(TimeMs time, Learned& out) const {
  calendar::Zone::Cursor cursor;
  const int64_t wall = zone_.wall_ms(time, cursor);
  const calendar::Day today = calendar::day_of_wall(wall);
  std::vector<const ClassDay*> known;
  const auto judged = [&](calendar::Day day) {
    const calendar::DayCalendar::Kind kind = days_->kind(day);
    if (spec_.season == calendar::Season::kWeek && (!kind.by_date() || kind.index <= kWeekendIndex))
      return true;
    class_days_.newest(kind.index, day, kDaysNeeded, known);
    return known.size() >= kDaysNeeded;
  };
  if (judged(today)) return;
  out.share = static_cast<double>(known.size()) / kDaysNeeded;
  out.why = fmt::format("{} of {} days of class {} known", known.size(), kDaysNeeded,
                        days_->class_name(today));
  out.guarded_from = {};
  for (int64_t next = 1; next <= 14; ++next) {
    if (!judged(today + next)) continue;
    const int64_t midnight = (today + next).number * kDayMs;
    out.guarded_from = time + DurationMs{midnight - wall};
    return;
  }
}

}  // namespace tocsin::models
