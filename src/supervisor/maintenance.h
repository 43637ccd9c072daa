#pragma once
// Maintenance windows: silences that begin by themselves, once or again and again, on the wall
// clock of a site. Each occurrence is a silence like any other, with an end. Section `maintenance`
// of the configuration; immutable, any thread may ask.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "calendar/recurrence.h"
#include "config/folder.h"
#include "supervisor/changes.h"

namespace tocsin::supervisor {

inline constexpr DurationMs kWindowDurationMax = days(31);

struct MaintenanceWindow {
  std::string name;
  std::vector<LabelMatcher> matchers;  // at least one
  std::string comment;
  std::string zone;   // IANA name
  std::string rrule;  // "FREQ=WEEKLY;BYDAY=SU"; empty = once
  DurationMs duration;
  TimeMs until;  // nothing begins at or after it, nothing lasts beyond it
  std::optional<calendar::Recurrence> when;  // always there once read without problems

  // The occurrence under way at `at`, else the first that begins after it.
  std::optional<calendar::Occurrence> under_way_or_next(TimeMs at) const;
  std::optional<calendar::Occurrence> next(TimeMs after) const;
  // The silence of one occurrence. Its id follows from name, matchers, begin and end: the same
  // occurrence is the same silence, also after a restart.
  Silence silence(const calendar::Occurrence& occurrence) const;
  // Whether a silence that an occurrence made is still what this window says.
  bool says(const Silence& silence) const;

 private:
  std::optional<calendar::Occurrence> cut(std::optional<calendar::Occurrence> one) const;
};

struct MaintenanceWindows {
  std::vector<MaintenanceWindow> windows;
  const MaintenanceWindow* find(const std::string& name) const;

  static std::shared_ptr<const MaintenanceWindows> read(const config::Folder& folder,
                                                        config::Problems& problems);
  static void describe(config::Reference& reference);  // type "maintenance"
};

}  // namespace tocsin::supervisor
