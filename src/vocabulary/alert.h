#pragma once
// Level two: what a rule decided (Decision, from rules to supervisor) and the alert people see
// (AlertView, from supervisor to respond, server and pages). Plain values.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "vocabulary/escalation.h"
#include "vocabulary/labels.h"
#include "vocabulary/point.h"
#include "vocabulary/violation.h"

namespace tocsin {

enum class Severity : uint8_t { kCritical, kHigh, kLow };
std::string_view to_text(Severity severity);  // "critical", "high", "low"

enum class Truth : uint8_t { kFalse, kTrue, kUnknown };
std::string_view to_text(Truth truth);  // "not held", "held", "unknown"

// A rule's tree with what each branch was worth when the rule was judged. Depth first; children
// are named by index.
struct BranchValue {
  std::string kind;   // "all", "any", "not", "at_least", "then", "leaf"
  std::string label;  // the leaf's condition in words, or "at least 2 distinct customer"
  Truth truth = Truth::kFalse;
  std::string reason;  // "70 under 118; score 7.2; 2 of 3 points outside, 16 s"
  std::vector<uint32_t> children;
};

// A violation as the rule saw it, with its series' identity (refs do not leave the process).
struct JudgedViolation {
  Violation violation;
  Labels labels;
  std::string worker_id;
  std::vector<std::string> model_names;  // by ModelBand::model
  std::vector<JudgedPoint> tail;         // what led to it, oldest first; kpi tier only
  double weight = 1;                     // in the alert's momentum
};

struct Momentum {
  enum class Trend : uint8_t { kUnknown, kWorsening, kSteady, kRecovering };
  Trend trend = Trend::kUnknown;
  double distance = 0;       // weighted, half band-widths
  double speed = 0;          // per minute
  double acceleration = 0;   // per minute squared
  double predicted = 0;      // distance 5 minutes ahead, clamped
  uint32_t predictions = 0;  // of this alert that have come due
  uint32_t hits = 0;         // of those, how many were near enough
};
std::string_view to_text(Momentum::Trend trend);  // "unknown", "worsening", "steady", "recovering"

// Of an alert that no rule of Tocsin judged: another system, or a person, told of it.
struct Report {
  std::string source;         // "alertmanager", "pagerduty", "person", "heartbeat"
  std::string link;           // to what made it there, or empty
  TimeMs starts;              // as told
  TimeMs ends;                // as last written; 0 = until somebody closes it
  bool summary_made = false;  // the decision's summary is not an annotation: there was none
  friend bool operator==(const Report&, const Report&) = default;
};

// What a rule says about one scope at one position. Identity = rule id + scope. Of a reported alert
// the scope is every label that it came with, and its `alertname` the rule id.
struct Decision {
  enum class What : uint8_t { kOpened, kUpdated, kResolved };
  What what = What::kOpened;
  Position at;
  TimeMs time;      // decision time: arrival of the frame, or the timer's due time
  Id128 alert_key;  // hash(rule id, scope)
  std::string rule_id;
  std::string rule_place;  // file:line of the rule
  Severity severity = Severity::kLow;
  Labels scope;         // the values of the rule's `by` labels; empty for global
  std::string summary;  // from the rule's text, or made from its violations
  std::string description;
  std::map<std::string, std::string> annotations;
  std::string resolve_reason;     // kResolved: "recovered", "rule removed", ...
  std::vector<BranchValue> tree;  // [0] is the root
  std::vector<JudgedViolation> violations;
  Momentum momentum;
  DurationMs since_first_point{};        // kOpened: decision time - first point outside
  std::string wait_reason;               // "2 of 3 points", "not: settled 10 s", or empty
  std::vector<std::string> covers;       // rule ids whose alerts this one covers, same scope
  std::shared_ptr<const Report> report;  // null: a rule's
};

// A decision that all copies of an alert share. Immutable; any thread.
class SharedDecision {
 public:
  SharedDecision();
  SharedDecision(Decision decision)  // NOLINT(google-explicit-constructor): a value like any other
      : value_(std::make_shared<const Decision>(std::move(decision))) {}
  const Decision& operator*() const { return *value_; }
  const Decision* operator->() const { return value_.get(); }
  operator const Decision&() const { return *value_; }  // NOLINT(google-explicit-constructor)
  // Changes a copy, which nobody else sees.
  template <typename Change>
  void edit(Change&& change) {
    Decision copy = *value_;
    change(copy);
    *this = SharedDecision(std::move(copy));
  }
  bool same(const SharedDecision& other) const { return value_ == other.value_; }

 private:
  std::shared_ptr<const Decision> value_;
};

enum class AlertState : uint8_t { kOpen, kResolved, kExpired };
std::string_view to_text(AlertState state);  // "open", "resolved", "expired"

struct AlertNote {
  TimeMs time;
  std::string who;
  std::string text;
};

// One attempt or plan to tell somebody. id is unique in the ledger.
struct Delivery {
  enum class State : uint8_t { kPlanned, kSent, kFailed, kGivenUp };
  int64_t id = 0;
  Id128 alert_id;
  std::string receiver;  // name in the configuration
  std::string kind;      // "webhook", "slack", "mail", "inbox"
  std::string event;     // "opened", "updated", "resolved", "test"
  State state = State::kPlanned;
  uint32_t attempts = 0;
  TimeMs planned;
  TimeMs sent;                 // of the last attempt; 0 = none yet
  TimeMs next_try;             // 0 = none planned
  std::string answer;          // "200 in 6 ms", "200 but ok:false ratelimited"
  std::optional<Id128> group;  // if it tells of a group: then `alert_id` stands for it
  std::string text;            // what was new
  bool loud = false;           // told to receivers without updates, too
};
std::string_view to_text(Delivery::State state);  // "planned", "sent", "failed", "given up"

// Put aside by a person, until a time.
struct AlertShelf {
  std::string by;
  TimeMs until;
  std::string reason;
};

struct AlertView {
  Id128 id;   // hash(alert_key, opened position): one episode
  Id128 key;  // hash(rule id, scope)
  AlertState state = AlertState::kOpen;
  SharedDecision opened;  // as judged when it opened: never changed later
  SharedDecision latest;  // as last judged; shares `opened` until it is judged again
  TimeMs opened_at;
  TimeMs updated_at;
  TimeMs resolved_at;  // 0 while open
  std::string resolve_reason;
  std::string acknowledged_by;  // empty = nobody
  TimeMs acknowledged_at;
  std::string silenced_by;  // id of the silence that mutes it now; empty = none
  TimeMs silenced_until;
  std::optional<Id128> covered_by;  // the parent alert
  std::vector<Id128> covers;
  std::vector<AlertNote> notes;
  std::shared_ptr<const Escalation> escalation;  // null: nobody is called one after the other
  std::vector<Id128> groups;                     // in which it is told, or was
  std::shared_ptr<const AlertShelf> shelf;       // null = not shelved
  TimeMs flapping_since;                         // 0 = it does not flap
  uint32_t flap_changes = 0;  // openings and resolutions in the window, when it began to flap
};

// Whether any of what lit it sends no data any more: neither firing nor fine.
bool absent(const Decision& decision);
// What makes two openings one alert, for people: `rule="errors",site="madrid"`.
std::string dedup_key(const Decision& decision);
// What routes and silences match on: the scope's labels, rule, alertname and severity. Those that a
// reported alert came with stay as they were told.
Labels alert_labels(const Decision& decision);
// A reported alert's annotations as they were told; those of a rule with summary and description.
Labels told_annotations(const Decision& decision);

}  // namespace tocsin
