#pragma once
// Calendar files (RFC 5545, as Google, Outlook and others write them) as plain values.
// Bounded: 5 MB and 10,000 events per file; texts are cut at 1,000 bytes.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "calendar/recurrence.h"
#include "calendar/zone.h"

namespace tocsin::calendar {

inline constexpr size_t kCalendarBytesMax = 5u << 20;
inline constexpr size_t kCalendarEventsMax = 10'000;

// One VEVENT.
struct CalendarEvent {
  std::string uid;
  std::string summary;
  std::string description;
  std::vector<std::string> attendees;  // mail addresses, lower case; the organizer is not one
  RecurrenceSpec when;
  bool cancelled = false;                 // STATUS:CANCELLED
  std::optional<TimeMs> instead_of;       // RECURRENCE-ID: the occurrence that this one replaces
  std::optional<int64_t> instead_of_day;  // the same as a date: day number
};

struct CalendarFile {
  std::string name;  // X-WR-CALNAME
  std::vector<CalendarEvent> events;
  std::vector<std::string> notes;  // what was left out, and why
};

// Times without TZID and Z are of `zone`, or of X-WR-TIMEZONE where the file has one. Zones are
// IANA names, Windows names, or end in an IANA name. kInvalid: not a calendar, too large. An event
// that cannot be used is left out, with a note.
Result<CalendarFile> parse_calendar(std::string_view text, const Zone& zone);

// Lines of one event: DTSTART, DTEND or DURATION, RRULE, RDATE, EXDATE.
Result<RecurrenceSpec> parse_recurrence(std::string_view text, const Zone& zone);

// The events of a file, ready to be asked. Immutable.
class Calendar {
 public:
  struct Entry {
    Occurrence when;
    std::string summary;
    std::string uid;
    std::vector<std::string> attendees;
  };
  // Events whose rule cannot be used are left out, with a note.
  static Calendar make(CalendarFile file);
  // What overlaps [from, to), changed and cancelled occurrences considered, by begin; at most
  // `limit`.
  std::vector<Entry> entries(TimeMs from, TimeMs to, size_t limit) const;
  const std::string& name() const { return name_; }
  const std::vector<std::string>& notes() const { return notes_; }
  size_t size() const { return series_.size(); }

 private:
  struct Series {
    CalendarEvent event;
    Recurrence when;
    std::vector<TimeMs> replaced;        // occurrences that another event stands for; sorted
    std::vector<int64_t> replaced_days;  // the same by day number; sorted
  };
  std::string name_;
  std::vector<std::string> notes_;
  std::vector<Series> series_;
};

}  // namespace tocsin::calendar
