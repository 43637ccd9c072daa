#include "calendar/ics.h"

#include <fmt/format.h>
#include <libical/ical.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/text.h"

namespace tocsin::calendar {
namespace {

constexpr size_t kRepetitionsMax = 4000;  // of one event: every week of the years that are kept
constexpr size_t kNameBytesMax = 80;
constexpr int64_t kEventDaysMax = 366;

struct FreeComponent {
  void operator()(icalcomponent* one) const { icalcomponent_free(one); }
};
using Component = std::unique_ptr<icalcomponent, FreeComponent>;
struct FreeIterator {
  void operator()(icalrecur_iterator* one) const { icalrecur_iterator_free(one); }
};

Error wrong(std::string_view what, std::string why) {
  return {ErrorCode::kInvalid, fmt::format("{} {}", what, why), ""};
}

std::optional<Day> day_of(const icaltimetype& time) {
  return calendar::day_of(time.year, time.month, time.day);
}

// From `first` on, until the rule ends or kYearMax does.
Result<std::vector<Day>> repeated(const icalrecurrencetype& rule, Day first) {
  if (rule.freq > ICAL_YEARLY_RECURRENCE || rule.freq < ICAL_DAILY_RECURRENCE)
    return fail(ErrorCode::kInvalid,
                "repeats otherwise than by day, week, month or year; FREQ is one of DAILY, WEEKLY, "
                "MONTHLY and YEARLY");
  std::string begin = to_text(first);
  std::erase(begin, '-');
  const icaltimetype from = icaltime_from_string(begin.c_str());
  const std::unique_ptr<icalrecur_iterator, FreeIterator> next(icalrecur_iterator_new(rule, from));
  if (next == nullptr) return fail(ErrorCode::kInvalid, "repeats by a rule that cannot be read");
  std::vector<Day> out;
  for (icaltimetype at = icalrecur_iterator_next(next.get()); !icaltime_is_null_time(at);
       at = icalrecur_iterator_next(next.get())) {
    const auto day = day_of(at);
    if (!day) break;  // beyond kYearMax
    if (out.size() == kRepetitionsMax)
      return fail(ErrorCode::kInvalid,
                  fmt::format("repeats more than {} times until {}", kRepetitionsMax, kYearMax));
    out.push_back(*day);
  }
  return out;
}

icalproperty* first_of(icalcomponent* event, icalproperty_kind kind) {
  return icalcomponent_get_first_property(event, kind);
}

class IcsReader {
 public:
  IcsReader(std::string_view day_class, std::string_view source)
      : day_class_(day_class), source_(source) {}

  Result<void> read(icalcomponent* of) {
    for (icalcomponent* inner = icalcomponent_get_first_component(of, ICAL_ANY_COMPONENT);
         inner != nullptr; inner = icalcomponent_get_next_component(of, ICAL_ANY_COMPONENT)) {
      const icalcomponent_kind kind = icalcomponent_isa(inner);
      if (kind == ICAL_VCALENDAR_COMPONENT) {
        if (auto done = read(inner); !done) return done;
      } else if (kind == ICAL_VEVENT_COMPONENT) {
        if (auto done = event(inner); !done) return done;
      }
    }
    return {};
  }
  std::vector<DayEntry> take() { return std::move(out_); }

 private:
  Result<void> event(icalcomponent* event) {
    if (icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED) return {};
    const char* summary = icalcomponent_get_summary(event);
    std::string name = summary == nullptr ? "" : cut_text(summary, kNameBytesMax);
    if (!valid_utf8(name)) name.clear();
    const std::string what = fmt::format("its event \"{}\"", name);
    const icaltimetype start = icalcomponent_get_dtstart(event);
    const auto first = day_of(start);
    if (!first)
      return fail(
          wrong(what, fmt::format("has no begin (DTSTART) from {} to {}", kYearMin, kYearMax)));
    const int64_t more = length(event, *first);
    if (more >= kEventDaysMax)
      return fail(wrong(what, fmt::format("is longer than {} days", kEventDaysMax)));
    auto begins = begins_of(event, *first);
    if (!begins) return fail(wrong(what, begins.error().message));
    for (const Day day : *begins) {
      days_ += static_cast<size_t>(more) + 1;
      if (days_ > kDatedDaysMax)
        return fail(ErrorCode::kInvalid, fmt::format("it names more than {} days", kDatedDaysMax));
      out_.push_back(
          {std::nullopt, {}, day, day + more, std::string(day_class_), name, std::string(source_)});
    }
    return {};
  }

  // Days after the first one that the event touches.
  static int64_t length(icalcomponent* event, Day first) {
    const icaltimetype end = icalcomponent_get_dtend(event);
    if (icaltime_is_null_time(end)) return 0;
    const auto last = day_of(end);
    if (!last) return 0;
    // The end is not part of it: midnight is still the day before.
    const bool midnight = end.is_date || (end.hour == 0 && end.minute == 0 && end.second == 0);
    return std::max<int64_t>(0, last->number - first.number - (midnight ? 1 : 0));
  }

  static Result<std::vector<Day>> begins_of(icalcomponent* event, Day first) {
    std::set<Day> days{first};
    for (icalproperty* rule = first_of(event, ICAL_RRULE_PROPERTY); rule != nullptr;
         rule = icalcomponent_get_next_property(event, ICAL_RRULE_PROPERTY)) {
      const auto more = repeated(icalproperty_get_rrule(rule), first);
      if (!more) return fail(more.error());
      days.insert(more->begin(), more->end());
    }
    for (icalproperty* date = first_of(event, ICAL_RDATE_PROPERTY); date != nullptr;
         date = icalcomponent_get_next_property(event, ICAL_RDATE_PROPERTY))
      if (const auto day = day_of(icalproperty_get_rdate(date).time)) days.insert(*day);
    for (icalproperty* date = first_of(event, ICAL_EXDATE_PROPERTY); date != nullptr;
         date = icalcomponent_get_next_property(event, ICAL_EXDATE_PROPERTY))
      if (const auto day = day_of(icalproperty_get_exdate(date))) days.erase(*day);
    return std::vector<Day>(days.begin(), days.end());
  }

  std::string_view day_class_, source_;
  std::vector<DayEntry> out_;
  size_t days_ = 0;
};

}  // namespace

Result<std::vector<DayEntry>> read_ics(std::string_view text, std::string_view day_class,
                                       std::string_view source) {
  icalerror_set_errors_are_fatal(0);
  const Component root(icalparser_parse_string(std::string(text).c_str()));
  const bool known =
      root != nullptr && (icalcomponent_isa(root.get()) == ICAL_VCALENDAR_COMPONENT ||
                          icalcomponent_isa(root.get()) == ICAL_XROOT_COMPONENT);
  if (!known)
    return fail(ErrorCode::kInvalid, "it is no iCalendar file: those begin with BEGIN:VCALENDAR");
  IcsReader reader(day_class, source);
  if (auto done = reader.read(root.get()); !done) return fail(done.error());
  std::vector<DayEntry> out = reader.take();
  if (out.empty()) return fail(ErrorCode::kInvalid, "it holds no event (VEVENT)");
  return out;
}

Result<std::vector<Day>> days_of_rule(std::string_view rule, Day first) {
  icalerror_set_errors_are_fatal(0);
  const icalrecurrencetype read = icalrecurrencetype_from_string(std::string(rule).c_str());
  if (read.freq == ICAL_NO_RECURRENCE)
    return fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is no rule of RFC 5545, such as FREQ=YEARLY;BYMONTH=11;"
                            "BYDAY=4TH",
                            cut_text(rule, kNameBytesMax)));
  auto days = repeated(read, first);
  if (!days) return fail(ErrorCode::kInvalid, "it " + days.error().message);
  if (days->empty()) return fail(ErrorCode::kInvalid, "it names no day");
  return days;
}

}  // namespace tocsin::calendar
