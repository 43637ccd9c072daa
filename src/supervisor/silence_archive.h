#pragma once
// What silences kept quiet, and what one would have: from the tables, for pages and the API. Works
// on a read connection of any thread.

#include <optional>
#include <string>
#include <vector>

#include "state/database.h"
#include "supervisor/changes.h"

namespace tocsin::supervisor {

// An alert in one line.
struct AlertLine {
  Id128 id;
  std::string rule, summary;
  Severity severity = Severity::kLow;
  AlertState state = AlertState::kOpen;
  Labels labels;  // alert_labels(): what silences match on
  TimeMs opened_at;
  TimeMs at;  // when it was muted; of a preview the opening
};

// In force or ended; nothing if there is none of this id, or it is older than alerts are kept.
Result<std::optional<Silence>> read_silence(state::Database& database, const std::string& id);
// What it kept quiet, newest first, at most `limit`. Alerts that are no longer kept are left out.
Result<std::vector<AlertLine>> read_silence_hits(state::Database& database, const std::string& id,
                                                 size_t limit);

// Of alerts that opened at or after `since`, or are open.
struct SilencePreview {
  int64_t matched = 0;
  int64_t open = 0;              // of those
  std::vector<AlertLine> first;  // open ones first, then the newest
  int64_t looked_at = 0;
  bool complete = true;  // false: more alerts there are than were looked at
};
inline constexpr int64_t kPreviewAlertsMax = 100'000;  // looked at, the newest
Result<SilencePreview> preview_silence(state::Database& database,
                                       const std::vector<LabelMatcher>& matchers, TimeMs since,
                                       size_t limit, int64_t look_at = kPreviewAlertsMax);

}  // namespace tocsin::supervisor
