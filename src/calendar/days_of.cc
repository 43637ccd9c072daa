#include "calendar/days_of.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "calendar/icalendar.h"

namespace tocsin::calendar {
namespace {

constexpr size_t kRepetitionsMax = 4000;  // of one event: every two weeks and more
constexpr size_t kNameBytesMax = 80;
constexpr int64_t kEventDaysMax = 366;

struct DaySpan {
  Day first, last;  // both included
};

// The days that each occurrence touches, on the wall clock of the event.
Result<std::vector<DaySpan>> spans_of(RecurrenceSpec spec) {
  const Zone zone = spec.zone;
  const auto when = Recurrence::make(std::move(spec));
  if (!when) return fail(when.error());
  const TimeMs from{-days(1).count}, to{day_number({kYearMax + 1, 1, 1}) * kDayMs};
  const auto found = when->occurrences(from, to, kRepetitionsMax + 1);
  if (found.size() > kRepetitionsMax)
    return fail(ErrorCode::kInvalid,
                fmt::format("repeats more than {} times until {}", kRepetitionsMax, kYearMax));
  std::vector<DaySpan> out;
  for (const Occurrence& one : found) {
    const Day first = day_of_wall(wall_of_instant(zone, one.begin));
    // The end is not part of it: midnight is still the day before.
    const Day last = day_of_wall(wall_of_instant(zone, one.end) - 1);
    out.push_back({first, std::max(first, last)});
    if (out.back().last.number - first.number >= kEventDaysMax)
      return fail(ErrorCode::kInvalid, fmt::format("is longer than {} days", kEventDaysMax));
  }
  return out;
}

// Occurrences that another event of the file stands for.
std::set<std::pair<std::string, Day>> replaced(const CalendarFile& file) {
  std::set<std::pair<std::string, Day>> out;
  for (const CalendarEvent& event : file.events) {
    if (event.instead_of_day) out.emplace(event.uid, Day{*event.instead_of_day});
    if (event.instead_of)
      out.emplace(event.uid, day_of_wall(wall_of_instant(event.when.zone, *event.instead_of)));
  }
  return out;
}

}  // namespace

Result<std::vector<DayEntry>> days_of_file(std::string_view text, std::string_view day_class,
                                           std::string_view source) {
  const auto file = parse_calendar(text, Zone());
  if (!file) return fail(file.error());
  // A holiday that is left out would be a false alarm on that day.
  if (!file->notes.empty())
    return fail(ErrorCode::kInvalid, "part of it cannot be used: " + file->notes.front());
  const auto instead = replaced(*file);
  std::vector<DayEntry> out;
  int64_t count = 0;
  for (const CalendarEvent& event : file->events) {
    if (event.cancelled) continue;
    const std::string name = cut_text(event.summary, kNameBytesMax);
    const auto spans = spans_of(event.when);
    if (!spans)
      return fail(ErrorCode::kInvalid,
                  fmt::format("its event \"{}\" {}", name, spans.error().message));
    const bool stands_in = event.instead_of || event.instead_of_day;
    for (const DaySpan& span : *spans) {
      if (!stands_in && instead.contains({event.uid, span.first})) continue;
      count += span.last.number - span.first.number + 1;
      if (count > static_cast<int64_t>(kDatedDaysMax))
        return fail(ErrorCode::kInvalid, fmt::format("it names more than {} days", kDatedDaysMax));
      out.push_back({std::nullopt,
                     {},
                     span.first,
                     span.last,
                     std::string(day_class),
                     name,
                     std::string(source)});
    }
  }
  if (out.empty())
    return fail(ErrorCode::kInvalid,
                fmt::format("it holds no event (VEVENT) from {} to {}", kYearMin, kYearMax));
  return out;
}

Result<std::vector<Day>> days_of_rule(std::string_view rule, Day first) {
  RecurrenceSpec spec;
  spec.start_wall_ms = first.number * kDayMs;
  spec.all_day = true;
  spec.wall_span_ms = kDayMs;
  spec.rules = {std::string(rule)};
  const auto spans = spans_of(std::move(spec));
  if (!spans) return fail(spans.error());
  std::vector<Day> out;
  for (const DaySpan& span : *spans) out.push_back(span.first);
  if (out.empty())
    return fail(ErrorCode::kInvalid,
                fmt::format("it names no day from {} to {}", kYearMin, kYearMax));
  return out;
}

}  // namespace tocsin::calendar
