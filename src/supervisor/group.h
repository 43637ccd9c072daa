#pragma once
// Alerts that are told together. A group is made by a route's `group_by`, or by a storm; it has an
// identity of its own from its first alert to its last, and one conversation with each receiver:
// what joins and what is over is told as such, what was said is never changed in silence.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/id.h"
#include "vocabulary/alert.h"

namespace tocsin::supervisor {

// A row of table `alert_groups`.
struct GroupRecord {
  Id128 id;   // hash of the key and the alert that it began with
  Id128 key;  // hash of the route, its receivers and the labels' values
  bool storm = false;
  bool taking = true;  // whether what opens now may join; a storm that is over takes none
  std::string route;   // "routes.yaml:12"; empty for a storm
  Labels labels;       // what the alerts have in common
  std::vector<std::string> receivers;
  DurationMs interval;  // between two messages, as it was when the group began
  TimeMs opened_at;
  TimeMs closed_at;  // 0 = open
  TimeMs told_at;    // last message; 0 = none yet
  TimeMs due;        // when it speaks next; 0 = nothing to say
  TimeMs repeat_at;  // 0 = no repeat planned
  uint32_t repeats = 0;
  Id128 anchor;                   // the alert that stands for it in the ledger
  std::vector<std::string> news;  // to be said with the next message, besides members
};

// A row of table `alert_group_members`.
struct GroupMember {
  enum class State : uint8_t {
    kWaiting,  // joined; not told yet
    kTold,     // told, open
    kOver,     // told, closed since; that is not told yet
    kPast,     // all is said
    kLeft,     // went before it was told: the row goes
  };
  Id128 group;
  Id128 alert;
  State state = State::kWaiting;
  TimeMs joined_at;
};

inline constexpr size_t kGroupAlertsShown = 100;
inline constexpr size_t kGroupNewsMax = 20;  // lines kept until the next message
inline constexpr size_t kGroupCountsShown = 10;

// A group as one message shows it. Immutable; shared by threads.
struct GroupView {
  using Counts = std::vector<std::pair<std::string, size_t>>;  // most first
  Id128 id;
  bool storm = false;
  bool over = false;  // all of its alerts are
  std::string route;
  Labels labels;
  std::vector<std::string> receivers;
  TimeMs opened_at;
  TimeMs told_at = {};                 // last message; 0 = none yet
  TimeMs due = {};                     // when it speaks next; 0 = nothing to say
  Severity severity = Severity::kLow;  // the most severe that is open
  // Open ones first, most severe and oldest first; then those over since the last message.
  std::vector<std::shared_ptr<const AlertView>> alerts;
  size_t open = 0;          // members told of and open, also those not shown
  size_t truncated = 0;     // members of this message that are not among `alerts`
  Counts by_rule, by_site;  // of the open ones
};

}  // namespace tocsin::supervisor
