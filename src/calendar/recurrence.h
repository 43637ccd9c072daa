#pragma once
// When something happens again and again: RFC 5545's DTSTART, RRULE, RDATE and EXDATE on the wall
// clock of a zone. Immutable and cheap to copy; any thread may ask.
//
// A rule is expanded on the wall clock and each begin and end is turned into an instant there: what
// is at 02:30 every night is at 02:30 also after the clocks changed. In the night that has no 02:30
// it is at the instant of the jump; in the night that has two, at the first.
// Bounded: rules, dates, COUNT and answers (the constants below); nothing is found past 2100, where
// the zones' tables end. SECONDLY and MINUTELY rules are refused.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "calendar/wall_clock.h"
#include "calendar/zone.h"

namespace tocsin::calendar {

inline constexpr size_t kRecurrenceRulesMax = 8;
inline constexpr size_t kRecurrenceDatesMax = 2000;  // RDATE and EXDATE each
inline constexpr int64_t kRecurrenceCountMax = 10'000;

struct Occurrence {
  TimeMs begin;
  TimeMs end;  // exclusive; equal to begin for an event without length
  friend constexpr auto operator<=>(const Occurrence&, const Occurrence&) = default;
};

// The parts, all on the wall clock of `zone`.
struct RecurrenceSpec {
  Zone zone;
  int64_t start_wall_ms = 0;  // DTSTART
  bool all_day = false;       // DTSTART is a date
  // How long each takes: so far on the wall clock (days, or until a time of day), then so long in
  // time that passes. 22:00 to 06:00 is eight hours of wall clock, whatever the night.
  int64_t wall_span_ms = 0;
  DurationMs exact_span;
  std::vector<std::string> rules;       // RRULE values: "FREQ=WEEKLY;BYDAY=SU"
  std::vector<int64_t> more_wall_ms;    // RDATE
  std::vector<int64_t> except_wall_ms;  // EXDATE
  std::vector<int64_t> except_days;     // EXDATE that are dates: day numbers
};

class Recurrence {
 public:
  // kInvalid with the words at fault: not a rule, one that never happens, too much of something.
  static Result<Recurrence> make(RecurrenceSpec spec);
  // Lines of an iCalendar event: DTSTART, DTEND or DURATION, RRULE, RDATE, EXDATE. `zone` is that
  // of times without TZID and Z.
  static Result<Recurrence> parse(std::string_view text, const Zone& zone);

  // Those that overlap [from, to), at most `limit`, by begin.
  std::vector<Occurrence> occurrences(TimeMs from, TimeMs to, size_t limit) const;
  // The first that begins after `after`.
  std::optional<Occurrence> next(TimeMs after) const;
  // The last begun one that covers `at`.
  std::optional<Occurrence> at(TimeMs at) const;

  const RecurrenceSpec& spec() const;
  bool repeats() const { return !spec().rules.empty() || !spec().more_wall_ms.empty(); }

 private:
  struct Parsed;
  explicit Recurrence(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace tocsin::calendar
