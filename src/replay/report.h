#pragma once
// What a replay found: the report, and the collector that fills it from what the stages put out.

#include <map>
#include <string>
#include <vector>

#include "rules/engine.h"
#include "supervisor/changes.h"
#include "vocabulary/alert.h"
#include "vocabulary/series_table.h"
#include "vocabulary/violation.h"

namespace tocsin::replay {

struct ReplayedViolation {
  Labels series;
  std::string worker;
  Violation violation;  // as it was last
};

struct ReplayedAlert {
  AlertView alert;                     // as it was last, without the points that led to it
  std::vector<std::string> receivers;  // that would have been told of its opening
};

struct Report {
  uint64_t points = 0;                    // judged or trained on
  uint64_t violations = 0;                // opened
  std::vector<ReplayedViolation> opened;  // in the order of opening
  uint64_t alerts_opened = 0;
  std::vector<ReplayedAlert> alerts;  // in the order of opening
  uint64_t told = 0;                  // openings told, covered and silenced left out
};

// Takes what begins at `from` or later (time of arrival) and follows it to its end.
class Collector {
 public:
  struct Limits {
    size_t violations, alerts;
  };
  Collector(const SeriesTable& table, const rules::WorkerNames& workers, TimeMs from, Limits limits)
      : table_(table), workers_(workers), from_(from), limits_(limits) {}

  void item(const StreamItem& item);
  // Empties `changes`.
  void take(supervisor::Changes& changes);
  Report& report() { return report_; }

 private:
  static constexpr size_t kNotKept = SIZE_MAX;
  void take(const AlertView& alert);

  const SeriesTable& table_;
  const rules::WorkerNames& workers_;
  const TimeMs from_;
  const Limits limits_;
  Report report_;
  std::map<Id128, size_t> opened_;  // violation id -> index in report_.opened
  std::map<Id128, size_t> alerts_;  // alert id -> index in report_.alerts; kNotKept past the limit
};

}  // namespace tocsin::replay
