#include "streamer/class_history.h"

#include <algorithm>

namespace tocsin::streamer {
namespace {

using calendar::Day;
using calendar::DayCalendar;

constexpr int64_t kDaysBack = 3 * 366;
constexpr uint8_t kWeekendIndex = 1;  // in DayCalendar::classes(); business is 0
// The widest clocks: UTC+14 and UTC-12.
constexpr DurationMs kAhead = hours(14), kBehind = hours(12);

// The newest `count` days of each class before `today`, whatever their order.
std::vector<Day> newest_days(const DayCalendar& calendar, Day today, size_t count) {
  std::vector<size_t> found(calendar.classes().size());
  std::vector<Day> out;
  for (int64_t back = 1; back <= kDaysBack; ++back) {
    const DayCalendar::Kind kind = calendar.kind(today - back);
    if (!kind.by_date() || kind.index <= kWeekendIndex || found[kind.index] >= count) continue;
    ++found[kind.index];
    out.push_back(today - back);
  }
  return out;
}

TimeMs midnight(const calendar::Zone& zone, Day day) {
  return calendar::instant_of_wall(zone, day.number * calendar::kDayMs);
}

// Calls each(model) for the profiles that follow a calendar.
template <class Each>
void for_followers(const Worker& worker, const Each& each) {
  for (const ModelSpec& model : worker.models)
    if (model.weight > 0 && model.kind == ModelKind::kProfile &&
        (model.calendar != nullptr || model.site_calendar))
      each(model);
}

}  // namespace

std::vector<TimeSpan> joined(std::vector<TimeSpan> spans, TimeMs before) {
  std::sort(spans.begin(), spans.end(),
            [](const TimeSpan& a, const TimeSpan& b) { return a.from < b.from; });
  std::vector<TimeSpan> out;
  for (TimeSpan span : spans) {
    span.to = std::min(span.to, before);
    if (!(span.from < span.to)) continue;
    if (!out.empty() && span.from <= out.back().to)
      out.back().to = std::max(out.back().to, span.to);
    else
      out.push_back(span);
  }
  return out;
}

std::vector<TimeSpan> class_days(const Worker& worker, const Local& local, TimeMs before) {
  std::vector<TimeSpan> out;
  for_followers(worker, [&](const ModelSpec& model) {
    const DayCalendar* calendar = model.site_calendar ? local.calendar.get() : model.calendar.get();
    if (calendar == nullptr) return;
    const calendar::Zone& zone = calendar->zone() ? *calendar->zone() : local.zone;
    calendar::Zone::Cursor cursor;
    const Day today = calendar::day_of_wall(zone.wall_ms(before, cursor));
    for (const Day day : newest_days(*calendar, today, model.period_weights.size()))
      out.push_back({midnight(zone, day), midnight(zone, day + 1)});
  });
  return joined(std::move(out), before);
}

std::vector<TimeSpan> class_days(const WorkerSet& set, std::span<const WorkerRef> only,
                                 TimeMs before) {
  std::vector<TimeSpan> out;
  const Day today = calendar::day_of_wall((before + kAhead).ms);
  const auto add = [&](const DayCalendar& calendar, size_t count) {
    for (const Day day : newest_days(calendar, today, count))
      out.push_back({TimeMs{day.number * calendar::kDayMs} - kAhead,
                     TimeMs{(day.number + 1) * calendar::kDayMs} + kBehind});
  };
  for (uint32_t i = 0; i < set.workers().size(); ++i) {
    if (!only.empty() && std::find(only.begin(), only.end(), WorkerRef{i}) == only.end()) continue;
    for_followers(set.workers()[i], [&](const ModelSpec& model) {
      const size_t count = model.period_weights.size();
      if (model.calendar != nullptr) return add(*model.calendar, count);
      for (const auto& [site, calendar] : set.calendars().by_site) add(*calendar, count);
    });
  }
  return joined(std::move(out), before);
}

}  // namespace tocsin::streamer
