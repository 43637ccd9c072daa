#pragma once
// What comes again and again: counts over the alerts of a period, read from the database (with
// indexes on opening time). Works on a read connection of any thread. Bounded: kTrendRowsMax rows
// of each list, kResponsesMax acknowledgements for the percentiles (the newest).

#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "state/database.h"
#include "vocabulary/alert.h"
#include "vocabulary/who.h"

namespace tocsin::supervisor {

inline constexpr size_t kTrendRowsMax = 20;
inline constexpr size_t kTrendLabelsMax = 50;
inline constexpr size_t kResponsesMax = 100'000;

struct TrendQuery {
  enum class By : uint8_t { kRule, kSite, kSeverity, kLabel };
  TimeMs from, to;
  By by = By::kRule;
  std::string site_label = "site";
  std::string label = {};  // of kLabel: "team", "service"
  LabelView view = {};     // of whoever asks: alerts that it shows; then nothing is said of people
};

struct Trends {
  struct Offender {
    std::string name;
    int64_t alerts = 0;              // opened in the period
    int64_t told = 0;                // of those, somebody was told of
    int64_t never_acknowledged = 0;  // told, over, and nobody acknowledged
    int64_t open_ms = 0;             // together; what is open still until `to`
  };
  struct Flapping {
    std::string rule, scope;
    int64_t alerts = 0;
    TimeMs last_at;
  };
  struct Standing {
    Id128 alert;
    std::string rule, scope;
    Severity severity = Severity::kLow;
    TimeMs opened_at;
    std::string acknowledged_by;
  };
  struct Week {
    TimeMs begin;  // Monday 00:00 UTC
    int64_t acknowledged = 0;
    int64_t with_target = 0, in_time = 0;
    int64_t median_ms = 0, p90_ms = 0;
  };
  struct Person {
    std::string name;
    int64_t acknowledged = 0;
    int64_t with_target = 0, in_time = 0;
    int64_t median_ms = 0;
  };
  int64_t alerts = 0, told = 0, acknowledged = 0, never_acknowledged = 0;
  std::vector<Offender> offenders;  // most alerts first
  std::vector<Flapping> flapping;   // at least 3 alerts of one rule and scope, most first
  std::vector<Standing> standing;   // open longest first
  std::vector<Week> weeks;          // oldest first
  std::vector<Person> people;       // most first
  std::vector<std::string> labels;  // names that alerts have, sorted; at most kTrendLabelsMax
};

Result<Trends> read_trends(state::Database& database, const TrendQuery& query);

}  // namespace tocsin::supervisor
