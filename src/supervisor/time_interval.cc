#include "supervisor/time_interval.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "calendar/wall_clock.h"

namespace tocsin::supervisor {
namespace {

constexpr size_t kIntervalsMax = 1'000;
constexpr size_t kPartsMax = 100;   // of an interval
constexpr size_t kRangesMax = 100;  // of one field
constexpr int64_t kMinuteMs = 60'000;
constexpr int kYearMax = 2100;    // where the zones' tables end
constexpr int kTurnsMax = 1'000;  // of intervals that follow one another without a gap

using Range = TimePart::Range;

constexpr std::array<std::string_view, 7> kWeekdays = {
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};

bool within(const std::vector<Range>& ranges, int value) {
  return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) {
           return value >= range.begin && value <= range.end;
         });
}

int days_in_month(const calendar::CivilDate& date) {
  const bool last = date.month == 12;
  const calendar::CivilDate next{last ? date.year + 1 : date.year, last ? 1 : date.month + 1, 1};
  return static_cast<int>(calendar::day_number(next) -
                          calendar::day_number({date.year, date.month, 1}));
}

// Days that the month does not have are cut off: 29:31 is nothing in a short February.
bool on_day(const std::vector<Range>& ranges, const calendar::CivilDate& date) {
  if (ranges.empty()) return true;
  const int all = days_in_month(date);
  const auto real = [&](int day) { return day < 0 ? all + 1 + day : day; };
  return std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) {
    return date.day >= real(range.begin) && date.day <= real(range.end);
  });
}

// "monday", "mon" or, for months, "1"; its number from 0.
template <size_t kCount>
std::optional<int> word_of(std::string_view text,
                           const std::array<std::string_view, kCount>& words) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (size_t i = 0; i < kCount; ++i)
    if (lower == words[i] || lower == words[i].substr(0, 3)) return static_cast<int>(i);
  return std::nullopt;
}

std::optional<int> number_of(std::string_view text) {
  int out = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (wrong != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// "a" or "a:b"; nothing if one of the two cannot be read.
template <typename One>
std::optional<Range> range_of(std::string_view text, const One& one) {
  const size_t colon = text.find(':');
  const auto begin = one(text.substr(0, colon));
  const auto end = colon == text.npos ? begin : one(text.substr(colon + 1));
  if (!begin || !end) return std::nullopt;
  return Range{*begin, *end};
}

// Reads a list of ranges, and says what is wrong with each that is none.
template <typename One>
std::vector<Range> read_ranges(config::MapReader& m, std::string_view key, std::string_view doc,
                               const One& one, std::string_view expected) {
  std::vector<Range> out;
  const auto texts = m.value<std::vector<std::string>>(key, {}, doc);
  for (size_t i = 0; i < texts.size() && i < kRangesMax; ++i)
    if (const auto range = range_of(texts[i], one))
      out.push_back(*range);
    else
      m.problem(key, i, fmt::format("expected {}, not \"{}\"", expected, texts[i]));
  if (texts.size() > kRangesMax) m.problem(key, fmt::format("more than {} ranges", kRangesMax));
  return out;
}

// Those that are named, one by one: a range may go on from the last to the first.
template <size_t kCount>
bool mark(const std::vector<Range>& ranges, std::array<bool, kCount>& out) {
  for (const Range& range : ranges)
    for (auto i = static_cast<size_t>(range.begin);; i = (i + 1) % kCount) {
      out[i] = true;
      if (i == static_cast<size_t>(range.end)) break;
    }
  return ranges.empty();
}

void read_times(config::MapReader& m, TimePart& out) {
  m.list("times", "time of day", "Times of the day, any of them.", [&](config::MapReader& time) {
    const auto read = [&](std::string_view key, std::string_view doc) -> std::optional<int> {
      const auto text = time.required<std::string>(key, doc);
      if (time.describing() || time.refused(key)) return std::nullopt;
      const auto ms = calendar::parse_time_of_day(text);
      if (!ms) time.problem(key, fmt::format("expected a time such as 17:30, not \"{}\"", text));
      return ms ? std::optional(static_cast<int>(*ms / kMinuteMs)) : std::nullopt;
    };
    const auto start = read("start_time", "It begins: 09:00.");
    const auto end =
        read("end_time", "It is over, that minute not included: 17:30, at most 24:00.");
    if (!start || !end) return;
    if (*end <= *start)
      time.problem("end_time",
                   "must lie after start_time; a night is two times, up to 24:00 and from 00:00");
    out.minutes.push_back({*start, *end});
    if (out.minutes.size() == kRangesMax + 1)
      time.problem("end_time", fmt::format("more than {} times", kRangesMax));
  });
}

void read_days(config::MapReader& m, TimePart& out) {
  out.days_of_month = read_ranges(
      m, "days_of_month",
      "Days of the month, from 1; negative ones count from its end, -1 is the last: 1:5, -3:-1.",
      [](std::string_view text) {
        const auto day = number_of(text);
        return day && *day != 0 && *day >= -31 && *day <= 31 ? day : std::nullopt;
      },
      "a day from 1 to 31 or from -31 to -1, or two such as -3:-1");
  const auto early = [](int day) { return day < 0 ? day + 29 : day; };  // in February
  const auto late = [](int day) { return day < 0 ? day + 32 : day; };
  for (const Range& range : out.days_of_month)
    if (std::min(early(range.begin), late(range.begin)) >
        std::max(early(range.end), late(range.end)))
      m.problem("days_of_month",
                fmt::format("{}:{} ends before it begins", range.begin, range.end));
}

void read_part(config::MapReader& m, TimePart& out) {
  read_times(m, out);
  out.any_weekday = mark(read_ranges(
                             m, "weekdays", "Days of the week: saturday, monday:friday.",
                             [](std::string_view text) { return word_of(text, kWeekdays); },
                             "a day of the week, or two such as monday:friday"),
                         out.weekdays);
  read_days(m, out);
  out.any_month =
      mark(read_ranges(
               m, "months", "Months by name or number: december, 5:8.",
               [](std::string_view text) -> std::optional<int> {
                 if (const auto number = number_of(text))
                   return *number >= 1 && *number <= 12 ? std::optional(*number - 1) : std::nullopt;
                 return word_of(text, kMonths);
               },
               "a month, or two such as november:february"),
           out.months);
  out.years = read_ranges(
      m, "years", "Years: 2027, 2027:2029.",
      [](std::string_view text) {
        const auto year = number_of(text);
        return year && *year >= 1970 && *year <= kYearMax ? year : std::nullopt;
      },
      fmt::format("a year from 1970 to {}, or two such as 2027:2029", kYearMax));
  for (const Range& range : out.years)
    if (range.end < range.begin)
      m.problem("years", fmt::format("{}:{} ends before it begins", range.begin, range.end));
  const auto location =
      m.value<std::string>("location", "UTC", "IANA zone whose wall clock counts: Europe/Madrid.");
  if (m.describing()) return;
  if (auto zone = calendar::Zone::find(location))
    out.zone = std::move(*zone);
  else
    m.problem("location", zone.error().message);
}

std::shared_ptr<const TimeInterval> read_interval(config::MapReader& m) {
  const auto name =
      m.required<std::string>("name", "Unique name; routes and the ledger call it so.");
  std::vector<TimePart> parts;
  m.list(
      "time_intervals", "time interval part",
      "When it is: whenever all that one of these says holds.",
      [&](config::MapReader& part) { read_part(part, parts.emplace_back()); }, true);
  if (!m.describing() && name.empty() && !m.refused("name")) m.problem("name", "is empty");
  if (!m.describing() && parts.empty() && !m.refused("time_intervals"))
    m.problem("time_intervals", "is never: say when it is");
  if (parts.size() > kPartsMax)
    m.problem("time_intervals", fmt::format("more than {} parts", kPartsMax));
  return std::make_shared<const TimeInterval>(name, std::move(parts));
}

}  // namespace

bool TimePart::contains(TimeMs at) const {
  const int64_t wall = calendar::wall_of_instant(zone, at);
  const calendar::CivilDate date = calendar::date_of_wall(wall);
  const int64_t day = calendar::day_number(date);
  if (!within(years, date.year)) return false;
  if (!any_month && !months[static_cast<size_t>(date.month - 1)]) return false;
  if (!any_weekday && !weekdays[static_cast<size_t>(calendar::weekday_of_day(day))]) return false;
  if (!on_day(days_of_month, date)) return false;
  const auto minute = static_cast<int>((wall - day * calendar::kDayMs) / kMinuteMs);
  return minutes.empty() || std::any_of(minutes.begin(), minutes.end(), [&](const Range& range) {
           return minute >= range.begin && minute < range.end;
         });
}

// Midnight, the ends of times of the day, and whenever the clock changes.
TimeMs TimePart::next_boundary(TimeMs at) const {
  calendar::Zone::Cursor cursor;
  const int64_t wall = zone.wall_ms(at, cursor);
  const int64_t of_day =
      wall - calendar::day_number(calendar::date_of_wall(wall)) * calendar::kDayMs;
  int64_t next = calendar::kDayMs;
  for (const Range& range : minutes)
    for (const int64_t edge : {range.begin * kMinuteMs, range.end * kMinuteMs})
      if (edge > of_day) next = std::min(next, edge);
  return TimeMs{std::min(at.ms + next - of_day, cursor.until_ms)};
}

bool TimeInterval::contains(TimeMs at) const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [&](const TimePart& part) { return part.contains(at); });
}

TimeMs TimeInterval::next_change(TimeMs at) const {
  const bool now = contains(at);
  const TimeMs horizon = at + kHorizon;
  for (TimeMs time = at;;) {
    TimeMs next = horizon;
    for (const TimePart& part : parts_) next = std::min(next, part.next_boundary(time));
    if (next >= horizon || contains(next) != now) return next;
    time = next;
  }
}

TimeIntervals read_time_intervals(const config::Folder& folder, config::Problems& problems) {
  TimeIntervals out;
  folder.for_each("time_intervals", "time interval", problems, [&](config::MapReader& m) {
    auto interval = read_interval(m);
    if (out.size() == kIntervalsMax)
      return m.problem("name", fmt::format("more than {} time intervals", kIntervalsMax));
    const std::string& name = interval->name();
    if (!m.refused("name") && !out.emplace(name, interval).second)
      m.problem("name", "another time interval has this name");
  });
  return out;
}

void describe_time_intervals(config::Reference& reference) {
  config::Problems none;
  if (!reference.begin_type("time interval")) return;
  config::MapReader m(reference, "time interval", none);
  (void)read_interval(m);
}

// Until one of them changes, and then again: they may follow one another without a gap.
std::optional<Quiet> RouteHours::quiet(TimeMs at) const {
  const auto why = [&](TimeMs time) -> std::string {
    for (const auto& one : muted)
      if (one->contains(time)) return fmt::format("time interval \"{}\"", one->name());
    if (active.empty()) return "";
    for (const auto& one : active)
      if (one->contains(time)) return "";
    return fmt::format("the end of time interval \"{}\"", active.front()->name());
  };
  std::string by = why(at);
  if (by.empty()) return std::nullopt;
  TimeMs until = at;
  for (int turn = 0; turn < kTurnsMax; ++turn) {
    TimeMs next = at + TimeInterval::kHorizon;
    for (const auto* list : {&active, &muted})
      for (const auto& one : *list) next = std::min(next, one->next_change(until));
    until = next;
    if (until - at >= TimeInterval::kHorizon || why(until).empty()) break;
  }
  return Quiet{std::move(by), until};
}

}  // namespace tocsin::supervisor
