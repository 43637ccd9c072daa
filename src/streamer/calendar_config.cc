#include "streamer/calendar_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "calendar/days_of.h"
#include "config/folder.h"
#include "config/reader.h"

namespace tocsin::streamer {
namespace {

using calendar::CalendarSpec;
using calendar::Day;
using calendar::DayEntry;
using config::MapReader;

constexpr size_t kCalendarsMax = 256;
constexpr size_t kClassBytesMax = 40;
constexpr int64_t kEntryDaysMax = 366;

std::string read_class(MapReader& m) {
  auto out = m.value<std::string>("class", "holiday",
                                  "What they are: any word. business and weekend: judged as an "
                                  "ordinary day of that class.");
  if (m.describing()) return out;
  const bool printable = valid_utf8(out) && std::none_of(out.begin(), out.end(), [](char c) {
                           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                         });
  if (out.empty() || out.size() > kClassBytesMax || !printable)
    m.problem("class", fmt::format("a class is called by 1 to {} bytes of text", kClassBytesMax));
  return out;
}

// "2026-12-25", or "12-25" for every year.
bool read_date(MapReader& m, std::string_view key, const std::string& text,
               std::optional<Day>& dated, std::optional<calendar::MonthDay>& yearly) {
  dated = calendar::parse_day(text);
  if (!dated) yearly = calendar::parse_month_day(text);
  if (dated || yearly) return true;
  if (!m.refused(key))
    m.problem(key, fmt::format("\"{}\" is no date from {} to {}, such as 2026-12-25, nor one of "
                               "every year, such as 12-25",
                               cut_text(text, 40), calendar::kYearMin, calendar::kYearMax));
  return false;
}

void read_span(MapReader& m, const std::string& from, const std::string& to,
               std::string_view from_key, std::string_view to_key, DayEntry entry,
               std::vector<DayEntry>& out) {
  std::optional<Day> first, last;
  std::optional<calendar::MonthDay> begin, end;
  const bool known = read_date(m, from_key, from, first, begin);
  if (!read_date(m, to_key, to, last, end) || !known) return;
  if (begin.has_value() != end.has_value())
    return m.problem(to_key, "both are dates of one year, or both of every year");
  if (begin) {
    entry.yearly = begin;
    entry.yearly_last = *end;
    return out.push_back(std::move(entry));
  }
  if (*last < *first) return m.problem(to_key, "must not be before from");
  if (last->number - first->number >= kEntryDaysMax)
    return m.problem(to_key, fmt::format("at most {} days in one entry", kEntryDaysMax));
  entry.first = *first;
  entry.last = *last;
  out.push_back(std::move(entry));
}

void read_rule(MapReader& m, const std::string& rule, const DayEntry& entry,
               std::vector<DayEntry>& out) {
  const auto days = calendar::days_of_rule(rule, Day{});
  if (!days) return m.problem("rule", days.error().message);
  for (const Day day : *days) {
    out.push_back(entry);
    out.back().first = out.back().last = day;
  }
}

void read_days(MapReader& m, std::vector<DayEntry>& out) {
  const auto date =
      m.optional<std::string>("date", "One day: 2026-12-25, or 12-25 for that day of every year.");
  const auto from = m.optional<std::string>("from", "The first of several days, as in date.");
  const auto to = m.optional<std::string>(
      "to", "The last of them, included. Of every year: may lie in the next one.");
  const auto rule = m.optional<std::string>(
      "rule",
      "Instead of dates: a rule of RFC 5545, such as FREQ=YEARLY;BYMONTH=11;BYDAY=4TH for the "
      "fourth Thursday of November.");
  DayEntry entry;
  entry.day_class = read_class(m);
  entry.name = m.value<std::string>("name", "", "As shown: Christmas.");
  if (m.describing()) return;
  entry.source = m.place().file_line();
  if (date.has_value() + (from || to) + rule.has_value() != 1)
    return m.problem("class", "these days need one of date, from with to, and rule");
  if (date) return read_span(m, *date, *date, "date", "date", std::move(entry), out);
  if (rule) return read_rule(m, *rule, entry, out);
  if (!from || !to) return m.problem(from ? "from" : "to", "from and to stand together");
  read_span(m, *from, *to, "from", "to", std::move(entry), out);
}

void read_file(MapReader& m, const config::Folder* folder, std::vector<DayEntry>& out) {
  const auto name = m.required<std::string>(
      "file", "An iCalendar file (.ics) of the configuration folder, by its path in it.");
  const std::string day_class = read_class(m);
  if (m.describing() || m.refused("file")) return;
  const auto found = folder->files().find(name);
  if (!name.ends_with(".ics") || found == folder->files().end())
    return m.problem("file", fmt::format("the configuration folder has no file \"{}\" that ends "
                                         "in .ics",
                                         cut_text(name, 80)));
  auto days = calendar::days_of_file(found->second, day_class, name);
  if (!days) return m.problem("file", fmt::format("cannot use {}: {}", name, days.error().message));
  std::move(days->begin(), days->end(), std::back_inserter(out));
}

void read_business_days(MapReader& m, CalendarSpec& out) {
  const auto spans = m.value<std::vector<std::string>>(
      "business_days", {"mon-fri"},
      "Weekdays that are business days: mon-fri, sun-thu, or a list such as [mon, wed-fri]; the "
      "others are weekend.");
  if (m.describing()) return;
  out.business_days = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    const auto days = calendar::parse_weekdays(spans[i]);
    if (!days)
      m.problem("business_days", i,
                fmt::format("\"{}\" is no weekday, nor a span of them such as mon-fri",
                            cut_text(spans[i], 40)));
    out.business_days = static_cast<uint8_t>(out.business_days | days.value_or(0));
  }
}

void check_size(MapReader& m, const CalendarSpec& spec) {
  size_t days = 0;
  std::vector<std::string> classes;
  for (const DayEntry& entry : spec.entries) {
    if (!entry.yearly) days += static_cast<size_t>(entry.last.number - entry.first.number) + 1;
    if (std::find(classes.begin(), classes.end(), entry.day_class) == classes.end())
      classes.push_back(entry.day_class);
  }
  if (days > calendar::kDatedDaysMax)
    m.problem("days", fmt::format("{} days with files and rules written out; at most {}", days,
                                  calendar::kDatedDaysMax));
  if (classes.size() > calendar::kClassesMax - 2)
    m.problem("days",
              fmt::format("{} classes; at most {}", classes.size(), calendar::kClassesMax - 2));
}

// folder: nullptr while describing.
CalendarSpec read_calendar(MapReader& m, const config::Folder* folder) {
  CalendarSpec out;
  out.name = m.required<std::string>("name", "Unique; what models and sites call it.");
  if (!m.describing() && out.name == kCalendarOfSite)
    m.problem("name", "\"site\" means the calendar of the series' site; choose another name");
  const auto zone = m.optional<std::string>(
      "zone",
      "IANA zone of its midnights, and of the wall clock of the models that follow it; the "
      "series' site's if left out.");
  if (zone) {
    auto known = calendar::Zone::find(*zone);
    if (known)
      out.zone = std::move(*known);
    else
      m.problem("zone", known.error().message);
  }
  read_business_days(m, out);
  m.list("days", "day",
         "Days that are something else than their weekday says. A date of one year "
         "beats one of every year; of two alike the first one wins, what is written here before "
         "what files say.",
         [&](MapReader& day) { read_days(day, out.entries); });
  m.list("files", "calendar_file",
         "Days from iCalendar files, as countries and firms publish "
         "their holidays.",
         [&](MapReader& file) { read_file(file, folder, out.entries); });
  if (!m.describing()) check_size(m, out);
  return out;
}

}  // namespace

CalendarMap read_calendars(const config::Folder& folder, config::Problems& problems) {
  CalendarMap out;
  folder.for_each("calendars", "calendar", problems, [&](MapReader& m) {
    CalendarSpec spec = read_calendar(m, &folder);
    const std::string name = spec.name;
    if (out.size() >= kCalendarsMax) return m.problem("name", "more than 256 calendars");
    if (name.empty()) return;
    auto made = std::make_shared<const calendar::DayCalendar>(std::move(spec));
    if (!out.emplace(name, std::move(made)).second)
      m.problem("name", fmt::format("two calendars are called \"{}\"; names are unique", name));
  });
  return out;
}

void describe_calendars(config::Reference& reference) {
  if (!reference.begin_type("calendar")) return;
  config::Problems none;
  MapReader m(reference, "calendar", none);
  read_calendar(m, nullptr);
}

namespace {

std::string no_such(const CalendarMap& calendars, std::string_view name) {
  std::vector<std::string_view> names{kCalendarOfSite};
  for (const auto& [known, calendar] : calendars) names.push_back(known);
  const std::string_view near = nearest_word(name, names);
  return fmt::format("no calendar is called \"{}\"{}", name,
                     near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
}

}  // namespace

void read_site_calendars(MapReader& sites, Calendars& calendars) {
  const auto named = sites.value<std::map<std::string, std::string>>(
      "calendars", {},
      "Site -> calendar of the section calendars, for models with calendar: site.");
  for (const auto& [site, name] : named) {
    const auto found = calendars.by_name.find(name);
    if (found != calendars.by_name.end())
      calendars.by_site.emplace(site, found->second);
    else
      sites.problem("calendars", site, no_such(calendars.by_name, name));
  }
}

void resolve_calendar(MapReader& model, const Calendars& calendars, models::ModelSpec& spec) {
  const auto name = spec.texts.find("calendar");
  if (name == spec.texts.end()) return;
  IdBuilder days;
  if (name->second == kCalendarOfSite) {
    spec.site_calendar = true;
    if (calendars.by_site.empty())
      model.problem("calendar", "no site has a calendar: name them in sites: {calendars: {...}}");
    for (const auto& [site, calendar] : calendars.by_site)
      days.add(site).add(to_text(calendar->fingerprint()));
  } else {
    const auto found = calendars.by_name.find(name->second);
    if (found == calendars.by_name.end())
      return model.problem("calendar", no_such(calendars.by_name, name->second));
    spec.calendar = found->second;
    days.add(to_text(found->second->fingerprint()));
  }
  // What was learned of other days is of no use: part of the worker's definition.
  spec.texts["calendar_days"] = to_text(days.finish());
}

}  // namespace tocsin::streamer
