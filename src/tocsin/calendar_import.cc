#include "tocsin/calendar_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/json_writer.h"
#include "calendar/wall_clock.h"
#include "oncall/shifts.h"

namespace tocsin {
namespace {

using calendar::Calendar;
using oncall::Person;

constexpr size_t kOccurrencesMax = 5000;  // overrides that may be in force

// YAML reads a JSON text as it is.
std::string quoted(std::string_view text) {
  JsonWriter json;
  json.string(text);
  return json.take();
}

// Line of the BEGIN of the first event that has such a property; 1 where none has.
size_t line_of(std::string_view text, std::string_view property, std::string_view value) {
  size_t line = 0, begin = 1;
  while (!text.empty() && !value.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (one.ends_with('\r')) one.remove_suffix(1);
    ++line;
    if (one == "BEGIN:VEVENT") begin = line;
    if (!one.starts_with(property)) continue;
    // A long one is folded: what stands in its first line is enough to find it.
    one.remove_prefix(property.size());
    if (!one.empty() && value.starts_with(one)) return begin;
  }
  return 1;
}

// What the reader says of an event that it left out, with the line of that event.
std::string with_line(const std::string& file, std::string_view text, const std::string& note) {
  constexpr std::string_view kBegin = "event \"";
  const size_t end = note.rfind("\" is left out");
  if (!note.starts_with(kBegin) || end == std::string::npos) return file + ": " + note;
  const std::string name = note.substr(kBegin.size(), end - kBegin.size());
  return fmt::format("{}:{}: {}", file, line_of(text, "SUMMARY:", name), note);
}

struct Work {
  const CalendarImport& wanted;
  std::string_view text;
  const oncall::Roster& roster;
  ImportedCalendar out;
  std::map<std::string, calendar::Zone> all_day;  // zones of events that are whole days, by UID
  std::set<std::string> named;                    // events that a note names already

  void note(const Calendar::Entry& entry, std::string_view why) {
    if (!named.insert(entry.uid + entry.summary).second) return;
    out.notes.push_back(fmt::format("{}:{}: event {} is left out: {}", wanted.file,
                                    line_of(text, "UID:", entry.uid), quoted(entry.summary), why));
  }

  std::vector<std::string> people_of(const Calendar::Entry& entry) {
    auto people = oncall::people_of_entry(roster, entry);
    if (people.empty())
      note(entry,
           "none of its attendees or names is one of `people` (by name, real name, address)");
    return people;
  }
};

void take_schedule(Work& work, const Calendar& all) {
  const CalendarImport& wanted = work.wanted;
  for (const Calendar::Entry& entry : all.entries(wanted.from, wanted.to, kOccurrencesMax))
    work.out.taken += !work.people_of(entry).empty();
  const std::string zone(wanted.zone.name());
  work.out.yaml = fmt::format(
      "schedules:\n  - name: {0}\n    zone: {1}\n    layers:\n      - {{name: {2}, zone: {1}, ics: "
      "{3}}}\n",
      quoted(wanted.schedule), zone, quoted(all.name().empty() ? "calendar" : all.name()),
      quoted(wanted.file));
}

struct Days {
  int64_t first = 0, last = 0;
};

// Runs of days, those that touch joined.
std::vector<Days> joined(std::vector<Days> all) {
  std::sort(all.begin(), all.end(), [](const Days& a, const Days& b) { return a.first < b.first; });
  std::vector<Days> out;
  for (const Days& one : all)
    if (!out.empty() && one.first <= out.back().last + 1)
      out.back().last = std::max(out.back().last, one.last);
    else
      out.push_back(one);
  return out;
}

// Days on the person's own wall clock, as `leave` is read. An all-day event is those days wherever
// the person is: its begin and end are midnights of the calendar's zone.
Days days_of(const Work& work, const Calendar::Entry& entry, const Person& person) {
  const auto whole = work.all_day.find(entry.uid);
  const calendar::Zone& zone = whole == work.all_day.end() ? person.zone : whole->second;
  const auto day = [&](TimeMs at) {
    return calendar::day_number(calendar::date_of_wall(calendar::wall_of_instant(zone, at)));
  };
  return {day(entry.when.begin), day(entry.when.end - milliseconds(1))};
}

void take_leave(Work& work, const Calendar& all) {
  const CalendarImport& wanted = work.wanted;
  std::map<std::string, std::vector<Days>> leave;
  for (const Calendar::Entry& entry : all.entries(wanted.from, wanted.to, kOccurrencesMax)) {
    if (entry.when.begin >= entry.when.end) {
      work.note(entry, "it has no length");
      continue;
    }
    for (const std::string& name : work.people_of(entry)) {
      leave[name].push_back(days_of(work, entry, *work.roster.person(name)));
      ++work.out.taken;
    }
  }
  work.out.yaml = "# Into the entries of section people:\n";
  for (auto& [name, days] : leave) {
    std::string list;
    for (const Days& one : joined(std::move(days)))
      list += fmt::format("{}{{from: {}, to: {}}}", list.empty() ? "" : ", ",
                          calendar::date_text(calendar::date_of_day(one.first)),
                          calendar::date_text(calendar::date_of_day(one.last)));
    work.out.yaml += fmt::format("  - name: {}\n    leave: [{}]\n", quoted(name), list);
  }
}

void take_overrides(Work& work, const Calendar& all) {
  const CalendarImport& wanted = work.wanted;
  for (const Calendar::Entry& entry : all.entries(wanted.from, wanted.to, kOccurrencesMax)) {
    if (entry.when.begin >= entry.when.end) {
      work.note(entry, "it has no length");
      continue;
    }
    const auto people = work.people_of(entry);
    if (people.size() > 1) {
      work.note(entry, "it names several people; an override puts one in charge");
      continue;
    }
    if (people.empty()) continue;
    // What began already is taken from now on; the past is what it was.
    const TimeMs from = std::max(entry.when.begin, wanted.from);
    work.out.turns.push_back({from, entry.when.end, people.front(), entry.summary});
    ++work.out.taken;
  }
}

}  // namespace

Result<ImportedCalendar> take_over_calendar(const CalendarImport& wanted, std::string_view text,
                                            const oncall::Roster& roster) {
  auto file = calendar::parse_calendar(text, wanted.zone);
  if (!file) return fail(file.error());
  Work work{wanted, text, roster, {}, {}, {}};
  for (const calendar::CalendarEvent& event : file->events)
    if (event.when.all_day) work.all_day.emplace(event.uid, event.when.zone);
  const Calendar all = Calendar::make(std::move(*file));
  for (const std::string& one : all.notes())
    work.out.notes.push_back(with_line(wanted.file, text, one));
  switch (wanted.as) {
    case CalendarImport::As::kSchedule:
      take_schedule(work, all);
      break;
    case CalendarImport::As::kLeave:
      take_leave(work, all);
      break;
    case CalendarImport::As::kOverrides:
      take_overrides(work, all);
      break;
  }
  if (all.entries(wanted.from, wanted.to, kOccurrencesMax).size() == kOccurrencesMax)
    work.out.notes.push_back(fmt::format("{}: only the first {} occurrences are looked at",
                                         wanted.file, kOccurrencesMax));
  return std::move(work.out);
}

}  // namespace tocsin
