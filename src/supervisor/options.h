#pragma once
// Section `supervisor` of the configuration.

#include "base/time.h"
#include "config/folder.h"

namespace tocsin::supervisor {

struct Options {
  DurationMs expire_after = hours(24);   // an open alert that its rule has not judged for so long
  DurationMs keep_resolved = days(365);  // closed alerts, their history and ledger
  // How far apart the openings (child first) or ends (parent first) of a covered pair may lie.
  DurationMs cover_slack = seconds(60);
  DurationMs update_every = seconds(10);  // at most one unforced update per alert
  int64_t open_alerts_max = 100'000;
  int64_t silences_max = 10'000;  // not configured
  int64_t recent_max = 1'000;     // closed alerts kept in memory; not configured

  static Options read(const config::Folder& folder, config::Problems& problems);
  static void describe(config::Reference& reference);  // type "supervisor"
};

}  // namespace tocsin::supervisor
