#include "calendar/recurrence.h"

#include <fmt/format.h>
#include <libical/ical.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "calendar/icalendar.h"

namespace tocsin::calendar {
namespace {

constexpr size_t kRuleBytesMax = 1000;
constexpr int64_t kHourMs = 3'600'000;
// More than any zone's offset: wall clock and UTC differ by less.
constexpr int64_t kOffsetMaxMs = 26 * kHourMs;
constexpr int kFirstYear = 1900;
constexpr int kEndYear = 2100;

icaltimetype ical_time(int64_t wall_ms, bool date_only) {
  const CivilDate date = date_of_wall(wall_ms);
  const int64_t in_day = wall_ms - day_number(date) * kDayMs;
  icaltimetype time = icaltime_null_time();
  time.year = date.year;
  time.month = date.month;
  time.day = date.day;
  time.is_date = date_only ? 1 : 0;
  if (date_only) return time;
  time.hour = static_cast<int>(in_day / kHourMs);
  time.minute = static_cast<int>(in_day % kHourMs / 60'000);
  time.second = static_cast<int>(in_day % 60'000 / 1000);
  return time;
}

int64_t wall_of(const icaltimetype& time) {
  const int64_t day = day_number({time.year, time.month, time.day}) * kDayMs;
  if (time.is_date != 0) return day;
  return day + time.hour * kHourMs + time.minute * 60'000 + time.second * int64_t{1000};
}

// UNTIL as a time of the rule's wall clock: it may be written in UTC, or as a date.
icaltimetype until_on_wall(const icaltimetype& until, const RecurrenceSpec& spec) {
  if (until.is_date != 0 && !spec.all_day) return ical_time(wall_of(until) + kDayMs - 1000, false);
  if (icaltime_is_utc(until) == 0 || until.is_date != 0)
    return ical_time(wall_of(until), spec.all_day);
  return ical_time(wall_of_instant(spec.zone, TimeMs{wall_of(until)}), spec.all_day);
}

tl::unexpected<Error> bad_rule(std::string_view rule, std::string_view why) {
  return fail(ErrorCode::kInvalid,
              fmt::format("cannot use the recurrence rule \"{}\": {}", cut_text(rule, 80), why));
}

Result<icalrecurrencetype> parse_rule(const std::string& text, const RecurrenceSpec& spec) {
  if (text.size() > kRuleBytesMax) return bad_rule(text, "it has more than 1000 bytes");
  std::string upper = text;
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 0x20);
  if (upper.find('\0') != std::string::npos || upper.find("RSCALE") != std::string::npos)
    return bad_rule(text, "other calendars than the Gregorian (RSCALE) are not supported");
  icalrecurrencetype rule = icalrecurrencetype_from_string(upper.c_str());
  if (rule.freq == ICAL_NO_RECURRENCE)
    return bad_rule(text,
                    "it is not an RRULE of RFC 5545; write it like FREQ=WEEKLY;BYDAY=MO,TU or "
                    "FREQ=MONTHLY;BYDAY=1SU");
  if (rule.freq == ICAL_SECONDLY_RECURRENCE || rule.freq == ICAL_MINUTELY_RECURRENCE)
    return bad_rule(text, "FREQ must be HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY");
  if (rule.count > kRecurrenceCountMax) return bad_rule(text, "COUNT must be at most 10000");
  if (rule.interval < 1) return bad_rule(text, "INTERVAL must be at least 1");
  if (icaltime_is_null_time(rule.until) == 0) rule.until = until_on_wall(rule.until, spec);
  return rule;
}

// DTSTART as the library needs it. libical 3.0 loses a week of a weekly rule whose DTSTART is not
// on one of its days: so it begins with the first day that is, in a week that INTERVAL counts.
int64_t aligned_start(const icalrecurrencetype& rule, int64_t start_wall_ms) {
  if (rule.freq != ICAL_WEEKLY_RECURRENCE || rule.by_day[0] == ICAL_RECURRENCE_ARRAY_MAX)
    return start_wall_ms;
  std::array<bool, 7> wanted{};  // from Monday
  for (const short* day = rule.by_day; *day != ICAL_RECURRENCE_ARRAY_MAX; ++day)
    // Sunday is 1 there.
    wanted[static_cast<size_t>((icalrecurrencetype_day_day_of_week(*day) + 5) % 7)] = true;
  const int week_start = (static_cast<int>(rule.week_start) + 5) % 7;
  const int64_t first = day_number(date_of_wall(start_wall_ms));
  const int64_t first_week = first - (weekday_of_day(first) - week_start + 7) % 7;
  // Some day of the next counted week matches at the latest.
  for (int64_t day = first; day < first_week + (rule.interval + 1) * int64_t{7}; ++day) {
    const bool counted = (day - first_week) / 7 % rule.interval == 0;
    if (counted && wanted[static_cast<size_t>(weekday_of_day(day))])
      return start_wall_ms + (day - first) * kDayMs;
  }
  return start_wall_ms;
}

struct FreeIterator {
  void operator()(icalrecur_iterator* iterator) const { icalrecur_iterator_free(iterator); }
};
using Iterator = std::unique_ptr<icalrecur_iterator, FreeIterator>;

}  // namespace

struct Recurrence::Parsed {
  RecurrenceSpec spec;
  std::vector<icalrecurrencetype> rules;

  bool excepted(int64_t wall_ms) const {
    return std::binary_search(spec.except_wall_ms.begin(), spec.except_wall_ms.end(), wall_ms) ||
           std::binary_search(spec.except_days.begin(), spec.except_days.end(),
                              day_number(date_of_wall(wall_ms)));
  }
  Occurrence occurrence(int64_t wall_ms) const {
    const TimeMs begin = instant_of_wall(spec.zone, wall_ms);
    TimeMs end = begin;
    if (spec.wall_span_ms > 0) end = instant_of_wall(spec.zone, wall_ms + spec.wall_span_ms);
    return {begin, end + spec.exact_span};
  }
  // Wall times of one rule from about `from_wall` on, ascending, until `each` gives false.
  template <class Each>
  void walk(const icalrecurrencetype& rule, int64_t from_wall, const Each& each) const {
    const int64_t start = aligned_start(rule, spec.start_wall_ms);
    Iterator iterator(icalrecur_iterator_new(rule, ical_time(start, spec.all_day)));
    if (!iterator) return;
    // libical 3.0 loses the INTERVAL of an hourly rule when it is told where to start.
    const bool skips = rule.count == 0 && rule.freq != ICAL_HOURLY_RECURRENCE;
    if (skips && from_wall > start) {
      const icaltimetype from = ical_time(from_wall, spec.all_day);
      if (icaltime_is_null_time(rule.until) == 0 && icaltime_compare(from, rule.until) > 0) return;
      icalrecur_iterator_set_start(iterator.get(), from);
    }
    while (true) {
      const icaltimetype time = icalrecur_iterator_next(iterator.get());
      if (icaltime_is_null_time(time) != 0 || time.year >= kEndYear) return;
      if (!each(wall_of(time))) return;
    }
  }
  std::vector<Occurrence> find(TimeMs from, TimeMs to, size_t limit, bool begun_before) const;
};

// `begun_before`: also those that began before `from` and go on.
std::vector<Occurrence> Recurrence::Parsed::find(TimeMs from, TimeMs to, size_t limit,
                                                 bool begun_before) const {
  std::vector<Occurrence> out;
  // False once nothing later can be in the span.
  const auto take = [&](int64_t wall_ms, size_t& taken) {
    if (excepted(wall_ms)) return true;
    const Occurrence found = occurrence(wall_ms);
    if (found.begin >= to) return false;
    const bool wanted = found.begin >= from || (begun_before && found.end > from);
    if (wanted) out.push_back(found), ++taken;
    return taken < limit;
  };
  const int64_t span = begun_before ? spec.wall_span_ms + spec.exact_span.count : 0;
  const int64_t lower = std::max(spec.start_wall_ms, from.ms - span - 2 * kOffsetMaxMs);
  for (const icalrecurrencetype& rule : rules) {
    size_t taken = 0;
    walk(rule, lower, [&](int64_t wall_ms) { return take(wall_ms, taken); });
  }
  size_t taken = 0;
  if (rules.empty()) take(spec.start_wall_ms, taken);
  for (const int64_t wall_ms : spec.more_wall_ms) {
    size_t one = 0;
    if (limit > 0) take(wall_ms, one);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.size() > limit) out.resize(limit);
  return out;
}

Result<Recurrence> Recurrence::make(RecurrenceSpec spec) {
  const auto refuse = [](std::string why) {
    return fail(ErrorCode::kInvalid, "cannot use the recurrence: " + std::move(why));
  };
  if (spec.rules.size() > kRecurrenceRulesMax) return refuse("it has more than 8 rules");
  if (spec.more_wall_ms.size() > kRecurrenceDatesMax ||
      spec.except_wall_ms.size() + spec.except_days.size() > kRecurrenceDatesMax)
    return refuse("it has more than 2000 dates");
  const int year = date_of_wall(spec.start_wall_ms).year;
  if (year < kFirstYear || year >= kEndYear)
    return refuse(fmt::format("it begins in the year {}; expected 1900 to 2099", year));
  if (spec.wall_span_ms < 0 || spec.exact_span.count < 0 || spec.exact_span > days(3660) ||
      spec.wall_span_ms > days(3660).count)
    return refuse("its end must come after its begin, by at most ten years");
  std::sort(spec.more_wall_ms.begin(), spec.more_wall_ms.end());
  std::sort(spec.except_wall_ms.begin(), spec.except_wall_ms.end());
  std::sort(spec.except_days.begin(), spec.except_days.end());
  auto parsed = std::make_shared<Parsed>();
  for (const std::string& text : spec.rules) {
    auto rule = parse_rule(text, spec);
    if (!rule) return fail(rule.error());
    parsed->rules.push_back(*rule);
  }
  parsed->spec = std::move(spec);
  for (size_t i = 0; i < parsed->rules.size(); ++i) {
    bool happens = false;
    parsed->walk(parsed->rules[i], parsed->spec.start_wall_ms, [&](int64_t) {
      happens = true;
      return false;
    });
    if (!happens) return bad_rule(parsed->spec.rules[i], "it never happens");
  }
  return Recurrence(std::move(parsed));
}

Result<Recurrence> Recurrence::parse(std::string_view text, const Zone& zone) {
  auto spec = parse_recurrence(text, zone);
  if (!spec) return fail(spec.error());
  return make(std::move(*spec));
}

std::vector<Occurrence> Recurrence::occurrences(TimeMs from, TimeMs to, size_t limit) const {
  return parsed_->find(from, to, limit, true);
}

std::optional<Occurrence> Recurrence::next(TimeMs after) const {
  const auto found = parsed_->find(TimeMs{after.ms + 1}, kTimeMax, 1, false);
  return found.empty() ? std::nullopt : std::optional(found.front());
}

std::optional<Occurrence> Recurrence::at(TimeMs at) const {
  // Overlapping ones are few; of a rule whose occurrences overlap more than this, one is as good.
  const auto found = parsed_->find(at, TimeMs{at.ms + 1}, 64, true);
  for (auto one = found.rbegin(); one != found.rend(); ++one)
    if (one->begin <= at && at < one->end) return *one;
  return std::nullopt;
}

const RecurrenceSpec& Recurrence::spec() const { return parsed_->spec; }

}  // namespace tocsin::calendar
