#include "calendar/icalendar.h"

#include <fmt/format.h>
#include <libical/ical.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "calendar/ical_zone.h"

namespace tocsin::calendar {
namespace {

constexpr size_t kTextBytesMax = 1000;
constexpr size_t kNotesMax = 100;

struct FreeComponent {
  void operator()(icalcomponent* component) const { icalcomponent_free(component); }
};
using Component = std::unique_ptr<icalcomponent, FreeComponent>;

// A time of the file with the zone it is of.
struct FileTime {
  int64_t wall_ms = 0;
  bool is_date = false;
  Zone zone;
  TimeMs instant() const { return instant_of_wall(zone, wall_ms); }
  int64_t wall_in(const Zone& other) const {
    if (is_date || other.name() == zone.name()) return wall_ms;
    return wall_of_instant(other, instant());
  }
};

std::string text_of(icalproperty* property) {
  if (property == nullptr) return {};
  const icalvalue* value = icalproperty_get_value(property);
  if (value == nullptr) return {};
  if (icalvalue_isa(value) == ICAL_TEXT_VALUE || icalvalue_isa(value) == ICAL_X_VALUE) {
    const char* text = icalvalue_isa(value) == ICAL_TEXT_VALUE ? icalvalue_get_text(value)
                                                               : icalvalue_get_x(value);
    return text == nullptr ? std::string{} : cut_text(text, kTextBytesMax);
  }
  const std::unique_ptr<char, decltype(&free)> text(icalproperty_get_value_as_string_r(property),
                                                    &free);
  return text ? cut_text(text.get(), kTextBytesMax) : std::string{};
}

class EventReader {
 public:
  EventReader(icalcomponent* event, const Zone& zone) : event_(event), zone_(zone) {}

  Result<RecurrenceSpec> when() {
    auto start = time(first(ICAL_DTSTART_PROPERTY), "DTSTART");
    if (!start) return fail(start.error());
    RecurrenceSpec spec;
    spec.zone = start->is_date ? zone_ : start->zone;
    spec.start_wall_ms = start->wall_ms;
    spec.all_day = start->is_date;
    if (auto read = span(*start, spec); !read) return fail(read.error());
    for (icalproperty* rule = first(ICAL_RRULE_PROPERTY); rule != nullptr;
         rule = next(ICAL_RRULE_PROPERTY))
      spec.rules.push_back(text_of(rule));
    for (icalproperty* date = first(ICAL_RDATE_PROPERTY); date != nullptr;
         date = next(ICAL_RDATE_PROPERTY)) {
      const auto more = time(date, "RDATE");
      if (!more) return fail(more.error());
      spec.more_wall_ms.push_back(more->wall_in(spec.zone));
    }
    for (icalproperty* date = first(ICAL_EXDATE_PROPERTY); date != nullptr;
         date = next(ICAL_EXDATE_PROPERTY)) {
      const auto except = time(date, "EXDATE");
      if (!except) return fail(except.error());
      if (except->is_date)
        spec.except_days.push_back(day_number(date_of_wall(except->wall_ms)));
      else
        spec.except_wall_ms.push_back(except->wall_in(spec.zone));
    }
    return spec;
  }

  Result<CalendarEvent> event() {
    CalendarEvent out;
    out.uid = text_of(first(ICAL_UID_PROPERTY));
    out.summary = text_of(first(ICAL_SUMMARY_PROPERTY));
    out.description = text_of(first(ICAL_DESCRIPTION_PROPERTY));
    out.cancelled = icalcomponent_get_status(event_) == ICAL_STATUS_CANCELLED;
    for (icalproperty* one = first(ICAL_ATTENDEE_PROPERTY); one != nullptr;
         one = next(ICAL_ATTENDEE_PROPERTY))
      add_attendee(text_of(one), out.attendees);
    auto spec = when();
    if (!spec) return fail(spec.error());
    out.when = std::move(*spec);
    if (icalproperty* instead = first(ICAL_RECURRENCEID_PROPERTY)) {
      const auto replaced = time(instead, "RECURRENCE-ID");
      if (!replaced) return fail(replaced.error());
      if (replaced->is_date)
        out.instead_of_day = day_number(date_of_wall(replaced->wall_ms));
      else
        out.instead_of = replaced->instant();
    }
    return out;
  }

 private:
  icalproperty* first(icalproperty_kind kind) {
    return icalcomponent_get_first_property(event_, kind);
  }
  icalproperty* next(icalproperty_kind kind) {
    return icalcomponent_get_next_property(event_, kind);
  }

  static void add_attendee(std::string address, std::vector<std::string>& out) {
    for (char& c : address)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 0x20);
    constexpr std::string_view kMailTo = "mailto:";
    if (address.starts_with(kMailTo)) address.erase(0, kMailTo.size());
    if (!address.empty() && out.size() < 20) out.push_back(std::move(address));
  }

  Result<FileTime> time(icalproperty* property, std::string_view name) {
    const auto bad = [&](std::string why) {
      return fail(ErrorCode::kInvalid, fmt::format("{}: {}", name, why));
    };
    if (property == nullptr) return bad("missing; expected a date or a date and time");
    const icalvalue* value = icalproperty_get_value(property);
    icaltimetype read = icaltime_null_time();
    if (value != nullptr &&
        (icalvalue_isa(value) == ICAL_DATETIME_VALUE || icalvalue_isa(value) == ICAL_DATE_VALUE))
      read = icalvalue_get_datetimedate(value);
    else if (value != nullptr && icalvalue_isa(value) == ICAL_DATETIMEPERIOD_VALUE)
      read = icalvalue_get_datetimeperiod(value).time;
    const CivilDate date{read.year, read.month, read.day};
    if (icaltime_is_null_time(read) != 0 || !valid(date) || read.hour > 24 || read.minute > 59 ||
        read.second > 60)
      return bad(fmt::format("\"{}\" is not a date or a date and time; expected 20260329T020000",
                             cut_text(text_of(property), 40)));
    FileTime out;
    out.is_date = read.is_date != 0;
    out.wall_ms = day_number(date) * kDayMs;
    if (!out.is_date)
      out.wall_ms += (read.hour * 3600 + read.minute * 60 + read.second) * int64_t{1000};
    if (out.is_date || icaltime_is_utc(read) != 0) return out;
    out.zone = zone_;
    if (icalparameter* tzid = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER)) {
      const char* given = icalparameter_get_tzid(tzid);
      const auto zone = zone_of_tzid(given == nullptr ? "" : given);
      if (!zone)
        return bad(
            fmt::format("cannot use \"{}\" as a time zone; expected an IANA name such as "
                        "Europe/Madrid, or one of Windows",
                        cut_text(given == nullptr ? "" : given, 80)));
      out.zone = *zone;
    }
    return out;
  }

  Result<void> span(const FileTime& start, RecurrenceSpec& spec) {
    if (icalproperty* end = first(ICAL_DTEND_PROPERTY)) {
      const auto read = time(end, "DTEND");
      if (!read) return fail(read.error());
      spec.wall_span_ms = read->wall_in(spec.zone) - spec.start_wall_ms;
      if (spec.wall_span_ms < 0) return fail(ErrorCode::kInvalid, "DTEND: comes before DTSTART");
      return {};
    }
    if (icalproperty* length = first(ICAL_DURATION_PROPERTY)) {
      const icaldurationtype read = icalproperty_get_duration(length);
      if (icaldurationtype_is_bad_duration(read) != 0 || read.is_neg != 0)
        return fail(ErrorCode::kInvalid, "DURATION: expected a span such as PT2H or P1D");
      spec.wall_span_ms = (int64_t{read.weeks} * 7 + read.days) * kDayMs;
      spec.exact_span =
          seconds(int64_t{read.hours} * 3600 + int64_t{read.minutes} * 60 + int64_t{read.seconds});
      return {};
    }
    if (start.is_date) spec.wall_span_ms = kDayMs;
    return {};
  }

  icalcomponent* event_;
  const Zone& zone_;
};

// What the library could not read, in its words; empty if nothing.
std::string library_error(icalcomponent* component) {
  return text_of(icalcomponent_get_first_property(component, ICAL_XLICERROR_PROPERTY));
}

std::string x_property(icalcomponent* calendar, std::string_view name) {
  for (icalproperty* one = icalcomponent_get_first_property(calendar, ICAL_X_PROPERTY);
       one != nullptr; one = icalcomponent_get_next_property(calendar, ICAL_X_PROPERTY)) {
    const char* found = icalproperty_get_x_name(one);
    if (found != nullptr && name == found) return text_of(one);
  }
  return {};
}

Result<Component> parse_component(std::string_view text) {
  const auto bad = [](std::string_view why) {
    return fail(ErrorCode::kInvalid, fmt::format("cannot read it as a calendar (.ics): {}", why));
  };
  if (text.size() > kCalendarBytesMax) return bad("it has more than 5 MB");
  if (text.find('\0') != std::string_view::npos || !valid_utf8(text)) return bad("it is not UTF-8");
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Component parsed(icalparser_parse_string(std::string(text).c_str()));
  if (!parsed) return bad("expected BEGIN:VCALENDAR and what belongs to it");
  return parsed;
}

void read_calendar(icalcomponent* calendar, const Zone& standard, CalendarFile& out) {
  const auto own_zone = zone_of_tzid(x_property(calendar, "X-WR-TIMEZONE"));
  const Zone& zone = own_zone ? *own_zone : standard;
  if (out.name.empty()) out.name = x_property(calendar, "X-WR-CALNAME");
  const auto note = [&](std::string text) {
    if (out.notes.size() < kNotesMax) out.notes.push_back(std::move(text));
  };
  for (icalcomponent* one = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
       one != nullptr; one = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
    if (out.events.size() == kCalendarEventsMax) {
      note("events after the first 10000 are left out");
      return;
    }
    auto event = EventReader(one, zone).event();
    if (event) {
      out.events.push_back(std::move(*event));
      continue;
    }
    const auto summary = icalcomponent_get_summary(one);
    note(fmt::format("event \"{}\" is left out: {}", cut_text(summary ? summary : "", 80),
                     event.error().message));
  }
}

}  // namespace

Result<CalendarFile> parse_calendar(std::string_view text, const Zone& zone) {
  auto parsed = parse_component(text);
  if (!parsed) return fail(parsed.error());
  CalendarFile out;
  // Several calendars in one file come out as one component around them.
  icalcomponent* root = parsed->get();
  if (icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT) {
    read_calendar(root, zone, out);
    return out;
  }
  bool any = false;
  for (icalcomponent* one = icalcomponent_get_first_component(root, ICAL_VCALENDAR_COMPONENT);
       one != nullptr; one = icalcomponent_get_next_component(root, ICAL_VCALENDAR_COMPONENT)) {
    read_calendar(one, zone, out);
    any = true;
  }
  if (any) return out;
  return fail(ErrorCode::kInvalid,
              "cannot read it as a calendar (.ics): expected BEGIN:VCALENDAR and what belongs to "
              "it");
}

Result<RecurrenceSpec> parse_recurrence(std::string_view text, const Zone& zone) {
  const auto bad = [](std::string_view why) {
    return fail(ErrorCode::kInvalid, fmt::format("cannot use the recurrence: {}", why));
  };
  if (text.find("BEGIN:") != std::string_view::npos || text.find("END:") == 0 ||
      text.find("\nEND:") != std::string_view::npos)
    return bad("expected the lines DTSTART, DTEND or DURATION, RRULE, RDATE, EXDATE alone");
  auto parsed = parse_component(fmt::format("BEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\n", text));
  if (!parsed) return fail(parsed.error());
  if (icalcomponent_isa(parsed->get()) != ICAL_VEVENT_COMPONENT)
    return bad("expected the lines DTSTART, DTEND or DURATION, RRULE, RDATE, EXDATE");
  if (const std::string wrong = library_error(parsed->get()); !wrong.empty()) return bad(wrong);
  auto spec = EventReader(parsed->get(), zone).when();
  if (!spec) return bad(spec.error().message);
  return spec;
}

Calendar Calendar::make(CalendarFile file) {
  Calendar out;
  out.name_ = std::move(file.name);
  out.notes_ = std::move(file.notes);
  for (CalendarEvent& event : file.events) {
    auto when = Recurrence::make(event.when);
    if (!when) {
      if (out.notes_.size() < kNotesMax)
        out.notes_.push_back(fmt::format("event \"{}\" is left out: {}",
                                         cut_text(event.summary, 80), when.error().message));
      continue;
    }
    out.series_.push_back({std::move(event), std::move(*when), {}, {}});
  }
  std::stable_sort(out.series_.begin(), out.series_.end(),
                   [](const Series& a, const Series& b) { return a.event.uid < b.event.uid; });
  for (const Series& other : out.series_) {
    const CalendarEvent& event = other.event;
    if (!event.instead_of && !event.instead_of_day) continue;
    const auto same = std::equal_range(
        out.series_.begin(), out.series_.end(), other,
        [](const Series& a, const Series& b) { return a.event.uid < b.event.uid; });
    for (auto master = same.first; master != same.second; ++master) {
      if (master->event.instead_of || master->event.instead_of_day) continue;
      if (event.instead_of) master->replaced.push_back(*event.instead_of);
      if (event.instead_of_day) master->replaced_days.push_back(*event.instead_of_day);
    }
  }
  for (Series& series : out.series_) {
    std::sort(series.replaced.begin(), series.replaced.end());
    std::sort(series.replaced_days.begin(), series.replaced_days.end());
  }
  return out;
}

std::vector<Calendar::Entry> Calendar::entries(TimeMs from, TimeMs to, size_t limit) const {
  std::vector<Entry> out;
  for (const Series& series : series_) {
    if (series.event.cancelled) continue;
    const size_t wanted = limit + series.replaced.size() + series.replaced_days.size();
    for (const Occurrence& found : series.when.occurrences(from, to, wanted)) {
      const int64_t day =
          day_number(date_of_wall(wall_of_instant(series.event.when.zone, found.begin)));
      if (std::binary_search(series.replaced.begin(), series.replaced.end(), found.begin) ||
          std::binary_search(series.replaced_days.begin(), series.replaced_days.end(), day))
        continue;
      out.push_back({found, series.event.summary, series.event.uid, series.event.attendees});
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Entry& a, const Entry& b) { return a.when < b.when; });
  if (out.size() > limit) out.resize(limit);
  return out;
}

}  // namespace tocsin::calendar
