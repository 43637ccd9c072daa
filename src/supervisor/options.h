#pragma once
// Sections `supervisor`, `inhibit` and `maintenance` of the configuration.

#include <memory>

#include <map>
#include <string>
#include <string_view>

#include "base/time.h"
#include "config/folder.h"
#include "supervisor/inhibit.h"
#include "supervisor/maintenance.h"
#include "vocabulary/alert.h"

namespace tocsin::supervisor {

// An alert that opens and resolves again and again stays open instead, and says so, until it has
// been quiet. Two thresholds, so that flapping does not itself flap.
struct Flapping {
  int64_t changes = 6;  // openings and resolutions within `window`: it flaps; 0 = never
  DurationMs window = minutes(30);
  int64_t quiet() const { return changes / 3; }  // at most so many: it flaps no longer
};

// More openings than a person can read: they become one digest.
struct Storm {
  int64_t openings = 100;  // told to one receiver within `window`; 0 = never
  int64_t calls = 10;      // begun by one policy within `window`; further alerts follow; 0 = never
  DurationMs window = minutes(1);
};

struct Options {
  DurationMs expire_after = hours(24);   // an open alert that its rule has not judged for so long
  DurationMs keep_resolved = days(365);  // closed alerts, their history and ledger
  // How far apart the openings (child first) or ends (parent first) of a covered pair may lie.
  DurationMs cover_slack = seconds(60);
  DurationMs update_every = seconds(10);  // at most one unforced update per alert
  // A reported alert whose sender says no end is over if it is not told again for so long.
  DurationMs resolve_timeout = minutes(5);
  // Severities of other systems that the built-in table does not know, or knows otherwise.
  std::map<std::string, std::string> severities;
  int64_t open_alerts_max = 100'000;
  Flapping flapping;
  Storm storm;
  std::shared_ptr<const InhibitRules> inhibit = std::make_shared<InhibitRules>();
  std::shared_ptr<const MaintenanceWindows> maintenance = std::make_shared<MaintenanceWindows>();
  int64_t silences_max = 10'000;  // not configured
  int64_t recent_max = 1'000;     // closed alerts kept in memory; not configured

  // Of a reported alert's label; upper and lower case are the same. high if it is in no table.
  Severity severity_of(std::string_view told) const;

  static Options read(const config::Folder& folder, config::Problems& problems);
  static void describe(config::Reference& reference);  // their types
};

}  // namespace tocsin::supervisor
