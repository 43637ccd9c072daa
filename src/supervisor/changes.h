#pragma once
// What the supervisor wants written and told: plain values, carried from the decision thread to the
// SQL writer (apply, one transaction) and, once that is committed, to the outbox.

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "state/database.h"
#include "supervisor/group.h"
#include "vocabulary/alert.h"
#include "vocabulary/matcher.h"

namespace tocsin::supervisor {

enum class Event : uint8_t { kOpened, kUpdated, kResolved, kTest };
std::string_view to_text(Event event);  // "opened", "updated", "resolved", "test"
std::optional<Event> parse_event(std::string_view text);

// "Tell this receiver of this": a row of the outbox from the transaction on that made it.
struct NotificationIntent {
  int64_t id = 0;  // of the delivery; ascending
  Id128 alert_id;
  std::string receiver;
  Event event = Event::kOpened;
  TimeMs planned;
  // The same for every attempt of this delivery, also after a crash: receivers may drop repeats.
  std::string dedupe_key;
  Id128 group = {};       // of which this tells; zero = of the alert alone
  std::string text = {};  // what is new, one line each: "2 more joined: ..."; may be empty
  // An update that everybody wants to see, also who takes no updates: a repeat, what joined.
  bool loud = false;
};

// One line of an alert's life. `number` counts from 0 per alert.
struct HistoryEntry {
  Id128 alert_id;
  uint32_t number = 0;
  TimeMs time;
  std::string what;  // opened, told, severity, acknowledged, unacknowledged, silenced, unsilenced,
                     // covered, uncovered, note, resolved, expired, grouped, repeated, flapping,
                     // steady, absent, present, shelved, unshelved, quiet
  std::string who;   // a person, a rule, a silence's id; empty = Tocsin
  std::string text;
};

// Mutes alerts whose labels match all matchers, until it ends. Recording goes on.
struct Silence {
  std::string id;
  std::vector<LabelMatcher> matchers;
  TimeMs created_at;
  TimeMs until;
  std::string comment;
  std::string by;
  bool ended = false;      // `until` has come, or somebody removed it
  std::string removed_by;  // empty = it ran out
  int64_t muted = 0;       // alerts that it kept quiet so far
  std::string window;      // the maintenance window that made it; empty = a person did
  bool matches(const Labels& labels) const;
};

// An alert that a silence kept quiet; the first time counts.
struct SilenceHit {
  std::string silence;
  Id128 alert;
  TimeMs time;
};

// An alert and what the supervisor must remember of it. A row of table `alerts`.
struct AlertRecord {
  AlertView view;
  std::set<std::string> told;  // receivers that an opening was planned for; empty = it never spoke
  // 0 = no plan; else it speaks then, if still open and not muted. If it has spoken before: routes
  // that told nobody tell then.
  TimeMs speak_at;
  TimeMs update_told_at;       // last planned update
  bool update_owed = false;    // something changed since
  TimeMs spoke_at;             // when it first told anybody; 0 = not yet
  bool answered = false;       // somebody has acknowledged it, now or before
  bool rule_holds = true;      // false once the rule itself said that it is over
  uint32_t history_count = 0;
  bool life = false;          // whether it has a row in `alert_life`: what follows, shelf, flapping
  TimeMs repeat_at;           // when it is told again unless somebody has it by then; 0 = no plan
  uint32_t repeats = 0;       // told so far
  std::vector<TimeMs> flaps;  // if it flapped: when its rule opened and resolved it, oldest first

  // Whether it ever spoke: told somebody, alone or in a group, or began to call people.
  bool spoke() const {
    return !told.empty() || !view.groups.empty() || (view.escalation && view.escalation->policy);
  }
};

// An alert's escalation, after a change of it.
struct EscalationChange {
  Id128 alert;
  std::shared_ptr<const Escalation> escalation;
};

// The first acknowledgement of an alert.
struct Response {
  Id128 alert;
  TimeMs told_at;  // when somebody was told of it; if nobody was, when it opened
  TimeMs acknowledged_at;
  std::string by;
  Severity severity = Severity::kLow;
  DurationMs target{};  // that counted then; 0 = none
};

// How far decisions are worked in: everything before `at`, and at `at` those of these alert keys.
struct Applied {
  Position at;
  std::vector<Id128> keys;
};

struct Changes {
  std::vector<std::shared_ptr<const AlertRecord>> alerts;  // the last of an id counts
  std::vector<HistoryEntry> history;
  std::vector<Silence> silences;  // the last of an id counts
  std::vector<SilenceHit> silence_hits;
  std::vector<NotificationIntent> intents;
  std::vector<EscalationChange> escalations;  // the last of an alert counts
  std::vector<Response> responses;
  std::vector<GroupRecord> groups;   // the last of an id counts
  std::vector<GroupMember> members;  // the last of a group and alert counts
  std::vector<std::shared_ptr<const GroupView>> group_views;  // for the intents; not written
  std::vector<Id128> rule_over;  // closed alerts whose rule no longer holds either
  std::optional<Applied> applied;

  bool empty() const;
  // `later` happened after this; both become one transaction.
  void merge(Changes later);
  // The newest view of every alert changed, one each, in the order of their last change: for the
  // live stream and the outbox. The views are shared, not copied.
  std::vector<std::shared_ptr<const AlertView>> changed() const;
};

// Writes all of it. On an error throw the transaction away and apply the same Changes again, before
// any later ones; intents may go to the outbox only after the commit.
Result<void> apply(state::Transaction& transaction, const Changes& changes);

}  // namespace tocsin::supervisor
