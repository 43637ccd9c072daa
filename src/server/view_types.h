#pragma once
// What the API shows, as plain values in the order docs/http-api.md lists them. Made by whoever
// implements Views, written as JSON by server/. Unknown numbers are NaN, unknown instants 0: both
// become null.

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "supervisor/closed_alerts.h"
#include "supervisor/group.h"
#include "supervisor/silence_archive.h"
#include "vocabulary/alert.h"
#include "vocabulary/labels.h"
#include "vocabulary/violation.h"

namespace tocsin::server {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

using TimeValue = std::pair<TimeMs, double>;  // [time, value]
struct BandPoint {                            // [time, value, lower, upper]
  TimeMs time;
  double value = kUnknown, lower = kUnknown, upper = kUnknown;
};
enum class GuardState : uint8_t { kGuarded, kLearning, kAbsent, kOpen };

// ---- GET /api/status

struct StatusView {
  struct Progress {
    std::string stage;
    int64_t done = 0, total = 0;
  };
  struct Site {
    std::string name, zone;
  };
  struct Shard {
    uint32_t id = 0;
    int64_t lag = 0;  // frames or messages waiting
  };
  struct QuickStep {
    TimeMs at;
    std::string text, link, site;
    bool done = false;
  };
  std::string version;
  TimeMs now, started_at;
  bool ready = false;
  std::optional<Progress> progress;
  std::string site_label;
  std::vector<Site> sites;
  double points_per_s = 0;
  int64_t points_total = 0;
  double decision_p99_ms = kUnknown, fsync_ms = kUnknown;
  std::vector<Shard> shards;
  int64_t senders_total = 0, senders_silent = 0;
  int64_t series_total = 0, series_guarded = 0, series_learning = 0, series_absent = 0,
          series_open = 0;
  int64_t memory_bytes = 0, memory_limit_bytes = 0;
  int64_t outbox_pending = 0, outbox_retrying = 0;
  std::string config_version;
  TimeMs config_loaded_at;
  std::string config_error;  // of the last attempt that failed; empty = none
  // What came to light about the rules while they ran: "rules.yaml:3: rule "x": within 20s is ..."
  std::vector<std::string> config_warnings;
  // A configuration that waits until the workers it changes have learned from history.
  struct Rebuilding {
    std::string version;  // empty = none
    std::vector<std::string> workers;
    double done = 0;
  };
  Rebuilding rebuilding;
  std::optional<std::vector<QuickStep>> quick_start;
};

// ---- GET /api/now

struct NowView {
  struct Kpi {
    std::string name;
    Labels series;
    std::string worker;
    GuardState state = GuardState::kLearning;
    std::optional<Direction> direction;
    std::string change;  // "57 %"; empty = none
    std::optional<Severity> severity;
    TimeMs guarded_from;
    std::vector<BandPoint> points;
  };
  enum class Lane : uint8_t { kNone, kViolation, kLow, kHigh, kCritical };
  struct Site {
    std::string site, zone;
    int64_t critical = 0, high = 0, low = 0;
    std::vector<Kpi> kpis;
    std::vector<Lane> lane;  // half hours, oldest first
  };
  TimeMs now;
  std::optional<Id128> lead;
  std::vector<std::string> kpi_names;
  int64_t open = 0, covered = 0, silenced = 0, kpi_series = 0, kpi_guarded = 0, kpi_outside = 0;
  std::vector<Site> sites;
};

// One row of the live `now` event.
struct KpiTick {
  std::string site, name;
  GuardState state = GuardState::kLearning;
  BandPoint point;
  std::optional<Direction> direction;
  std::string change;
  std::optional<Severity> severity;
};

// ---- Alerts

struct AlertEntry {
  std::shared_ptr<const AlertView> alert;  // never null
  int64_t told_sent = 0, told_failed = 0;
  TimeMs told_last_at;
  TimeMs next_at;         // with next_what empty: nothing is planned
  std::string next_what;  // "mail ops: retry"
  int64_t momentum_hits = 0, momentum_predictions = 0;
  std::vector<BandPoint> spark;
};
struct AlertHistory {
  TimeMs time;
  std::string what, who, text;
};
struct AlertDetails {
  AlertEntry entry;
  std::string grafana_url;  // empty = none
  std::vector<Delivery> ledger;
  std::vector<AlertHistory> history;
};
struct AlertQuery {
  enum class State : uint8_t { kOpen, kResolved, kAll };  // kResolved: everything that is closed
  State state = State::kOpen;
  std::optional<Severity> severity;
  std::string site, rule;            // empty = any
  std::vector<Labels::Pair> labels;  // all of these
  TimeMs since = kTimeMin;           // updated, or closed, at or after
  // Closed ones behind this one, and no open ones: the next page.
  std::optional<supervisor::ClosedCursor> before;
  size_t limit = 100;
  LabelView view;  // of whoever asks; of open ones more may be given
};
struct AlertPage {
  std::vector<AlertEntry> alerts;
  std::optional<supervisor::ClosedCursor> next;  // there may be more closed ones behind it
  bool complete = true;                          // false: more are open than were asked for
};

using AlertGroup = std::shared_ptr<const supervisor::GroupView>;  // never null

struct SilenceView {
  std::string id;
  std::vector<std::string> matchers;
  TimeMs created_at, until;
  std::string comment, by;
  int64_t muted = 0;
  std::string window = {};  // the maintenance window that made it; empty = a person did
};
struct SilenceDetails {
  SilenceView silence;
  bool ended = false;
  std::string removed_by;                     // empty = it ran out, or has not ended
  std::vector<supervisor::AlertLine> alerts;  // that it muted, newest first
};
// A maintenance window of the configuration.
struct MaintenanceView {
  std::string name;
  std::vector<std::string> matchers;
  std::string comment, zone, rrule;  // rrule empty: once
  DurationMs duration;
  TimeMs until;
  std::string silence;  // of the occurrence under way; empty = none is
  struct Occurrence {
    TimeMs begin, end;
  };
  std::vector<Occurrence> coming;  // the next few, soonest first
};

// ---- Violations, series, workers

struct ViolationRow {
  ViolationChange::What what = ViolationChange::What::kOpened;
  TimeMs time;  // event time of what happened
  Violation violation;
  Labels labels;
  std::string worker;
  std::vector<std::string> rules;  // whose leaves it matches
  std::optional<Id128> alert;      // that it lit
  bool asks = false;               // "accept the new normal?"
};

struct SeriesRow {
  struct Test {
    std::string worker;
    Tier tier = Tier::kEvidence;
    GuardState state = GuardState::kLearning;
    TimeMs guarded_from;
  };
  Labels labels;
  std::vector<Test> tests;
  std::optional<TimeValue> last;
};
struct SeriesPoints {
  Labels labels;
  std::vector<TimeValue> points;
};
struct RangeView {
  std::vector<SeriesPoints> series;
  bool reduced = false;
  bool more = false;  // other series match as well
};
// The last points of series, or what they come to.
struct RecentView {
  struct Row {
    const Labels* labels = nullptr;  // lives as long as the program
    std::vector<TimeValue> points;   // without a reduction
    double value = kUnknown;         // with one
    size_t count = 0;                // points it is made of
  };
  std::vector<Row> series;      // or groups; sorted by labels; none if only all were asked for
  std::deque<Labels> groups;    // what rows of groups point at
  size_t series_count = 0;      // that were looked at
  bool reduced = false;         // fewer points than there are: only so many fit the width
  bool more = false;            // other series match as well
  std::optional<Row> together;  // with a reduction: over all points of all series
};
struct LatestRow {
  Labels labels;
  TimeMs time;
  double value = kUnknown;
};

struct BandView {
  struct Row {
    TimeMs time;
    double expected = kUnknown, lower = kUnknown, upper = kUnknown;
  };
  struct Model {
    std::string name, kind;
    double weight = 0;
    std::vector<Row> band;
  };
  struct Span {
    TimeMs from, to;
    Direction direction = Direction::kAbove;
    double worst = kUnknown;  // score
  };
  struct Excluded {
    TimeMs from, to;
    std::string why;
  };
  Labels series;
  std::string worker;
  std::vector<TimeValue> points;
  std::vector<Row> band;
  std::vector<Model> models;
  std::vector<TimeValue> residual;  // distance
  std::vector<Span> violations;
  std::vector<Excluded> excluded;
};

struct WorkerView {
  std::string id, place;
  Tier tier = Tier::kEvidence;
  std::string selects;
  int64_t series = 0, guarded = 0, learning = 0, absent = 0, open = 0, violations_7d = 0;
};
struct WorkerDetails {
  struct Model {
    std::string name, kind;
    double weight = 0;
    std::string detail;
  };
  struct Series {
    Labels labels;
    GuardState state = GuardState::kLearning;
    std::optional<Direction> direction;
    std::string change;
    std::optional<Severity> severity;
    TimeMs guarded_from;
    double learned = kUnknown;  // share of what is needed, 0 to 1
    std::vector<BandPoint> points;
  };
  struct Mark {
    TimeMs from, to;
    std::string why, selects;
  };
  // One that its models follow, and what its dates say of the days around now.
  struct Calendar {
    struct Day {
      std::string date, day_class, name, source;
    };
    std::string name, zone, business_days;  // zone empty: the sites' own
    std::string today, today_class;
    std::vector<std::string> sites;  // empty: named by the worker, for all
    std::vector<std::string> classes;
    std::vector<Day> days;
  };
  WorkerView worker;
  std::vector<Model> models;
  std::string strategy;
  std::vector<Series> series;
  std::vector<Mark> marks;
  std::vector<Calendar> calendars;
};

// ---- Senders, inbox, receivers, configuration

struct SenderView {
  enum class Verdict : uint8_t { kInside, kOutside, kLearning, kNotTested };
  struct Recent {
    Labels labels;
    TimeMs time;
    double value = kUnknown;
    std::string worker;  // empty = none
    Verdict verdict = Verdict::kNotTested;
    std::string reason;
  };
  int64_t id = 0;
  std::string name, protocol, address;
  TimeMs first_seen_at, last_seen_at;
  int64_t points = 0;
  double points_per_s = 0;
  int64_t rejected = 0;
  std::string last_error;
  TimeMs last_error_at;
  int64_t series = 0;
  std::vector<Recent> recent;
};

struct InboxMessage {
  int64_t id = 0;
  TimeMs time;
  std::string receiver, kind, event;
  std::optional<Id128> alert;
  std::string title, url, content_type;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body, text, html;
};

struct ReceiverView {
  std::string name, kind, place;
  std::optional<Delivery> last;
  std::string customer = {};  // whose it is; empty = nobody's
  // What waits to be told; of those, what failed and is tried again, the soonest at next_try.
  int64_t waiting = 0, retrying = 0, in_flight = 0;
  TimeMs oldest = {}, next_try = {};
  // By Retry-After of the service, or because it takes no more just now; 0 = it is not.
  TimeMs paused_until = {};
  int64_t parallel = 0;  // messages at once
  int64_t burst = 0;     // and then one each `every`; 0 = no limit
  DurationMs every = {};
};
struct HeartbeatView {
  std::string name, severity;
  DurationMs within;
  TimeMs last_at, due_at;  // last 0: no sign since the start
  bool late = false;
};

struct ReloadView {
  struct Problem {
    std::string place, message;
  };
  std::string version;  // that runs now
  std::string error;    // empty = reloaded
  std::vector<Problem> problems;
  std::vector<std::string> rebuilding = {};  // workers that learn first, while the old one goes on
};

}  // namespace tocsin::server
