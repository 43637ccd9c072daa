#pragma once
// An alert as another system or a person tells of it, before anything is decided about it. The
// parsers of wire/ make it, the supervisor takes it.

#include <string>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "vocabulary/labels.h"

namespace tocsin {

struct ReportedAlert {
  Labels labels;       // who it is: never empty
  Labels annotations;  // what it says; may change from telling to telling
  std::string link;    // to what made it there, or empty
  TimeMs starts;       // 0 = not told
  TimeMs ends;         // 0 = not told; past = it is over
  // The sender's own key: whatever is told under it is one alert. Empty: the same labels are.
  std::string dedup;
};

struct ReportedBatch {
  std::string source;  // Report::source
  std::string by;      // who is named in the history: a user, a token, or the source
  std::vector<ReportedAlert> alerts;
  // How long an alert holds that is told without an end, unless it is told again.
  enum class Holds : uint8_t {
    kResolveTimeout,  // its sender repeats what goes on
    kExpireAfter,     // its sender tells of every end: only one that is forgotten runs out
    kUntilClosed,     // a person closes it
  };
  Holds holds = Holds::kResolveTimeout;
};

// What became of a batch.
struct ReportCounts {
  size_t opened = 0, updated = 0, refreshed = 0, resolved = 0;
  size_t ignored = 0;  // over, and not known
  size_t refused = 0;  // too many are open
};

// What alerts that are the same share.
Id128 reported_key(const ReportedAlert& alert, const std::string& source);

// Alertmanager's fingerprint of a label set: FNV-1a, 64 bits, over every name and value in order of
// names, each followed by the byte 255; 16 hexadecimal digits.
std::string alert_fingerprint(const Labels& labels);

}  // namespace tocsin
