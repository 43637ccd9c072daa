#pragma once
// Times that come again by the calendar, by name: section `time_intervals`, in the words of
// Alertmanager. Routes say when they tell anybody (RouteHours). Immutable once read; any thread.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "calendar/zone.h"
#include "config/folder.h"

namespace tocsin::supervisor {

// One part of an interval, on the wall clock of a zone: all that is said must hold.
struct TimePart {
  struct Range {
    int begin = 0, end = 0;
  };
  std::vector<Range> minutes;      // of the day, end excluded; empty = all day
  std::array<bool, 7> weekdays{};  // Monday first
  bool any_weekday = true;
  std::vector<Range> days_of_month;  // both included; -1 is the last one; empty = any
  std::array<bool, 12> months{};
  bool any_month = true;
  std::vector<Range> years;  // both included; empty = any
  calendar::Zone zone;

  bool contains(TimeMs at) const;
  // It is the same from `at` until then, exclusive; perhaps for longer.
  TimeMs next_boundary(TimeMs at) const;
};

class TimeInterval {
 public:
  // What comes later than this is not looked for.
  static constexpr DurationMs kHorizon = days(400);

  TimeInterval(std::string name, std::vector<TimePart> parts)
      : name_(std::move(name)), parts_(std::move(parts)) {}
  const std::string& name() const { return name_; }
  bool contains(TimeMs at) const;
  // The first instant after `at` at which contains() says something else, or kHorizon after it.
  TimeMs next_change(TimeMs at) const;

 private:
  std::string name_;
  std::vector<TimePart> parts_;  // any of them
};

using TimeIntervals = std::map<std::string, std::shared_ptr<const TimeInterval>, std::less<>>;
TimeIntervals read_time_intervals(const config::Folder& folder, config::Problems& problems);
void describe_time_intervals(config::Reference& reference);  // type "time interval"

// Why a route tells nobody, and until when at least.
struct Quiet {
  std::string by;  // "time interval \"nights\""
  TimeMs until;
};

// When a route tells: within one of `active`, unless there is none, and within none of `muted`.
struct RouteHours {
  std::vector<std::shared_ptr<const TimeInterval>> active, muted;
  std::optional<Quiet> quiet(TimeMs at) const;
};

}  // namespace tocsin::supervisor
