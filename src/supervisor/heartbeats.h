#pragma once
// Signs of life of others: section `heartbeats`, and which of them are late. A job tells that it
// has run; if it does not for `within`, an alert heartbeat-NAME is told, which ends with the next
// sign. No threads, no I/O: time and signs are handed in. Bounded by the configuration.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/folder.h"
#include "vocabulary/reported_alert.h"

namespace tocsin::supervisor {

struct Heartbeat {
  std::string name;
  DurationMs within;  // a sign in every such span, or it is late
  std::string severity;
  Labels labels;  // more labels of its alert
};

class Heartbeats {
 public:
  static std::vector<Heartbeat> read(const config::Folder& folder, config::Problems& problems);
  static void describe(config::Reference& reference);  // type "heartbeat"

  // The configured ones from `now` on: one that is new has all of `within` for its first sign.
  void configure(const std::vector<Heartbeat>& list, TimeMs now);
  // A sign of life: the alert that ends by it. Nothing: there is no such heartbeat.
  std::optional<ReportedAlert> sign(const std::string& name, TimeMs now);
  // Those that are late, each time: telling of one again changes nothing.
  std::vector<ReportedAlert> late(TimeMs now) const;
  struct State {
    Heartbeat heartbeat;
    TimeMs last;  // sign; 0 = none since the start
    TimeMs due;   // when the next one has to have come
    bool late = false;
  };
  std::vector<State> states(TimeMs now) const;         // by name
  std::string nearest(const std::string& name) const;  // a name that may have been meant, or empty

 private:
  struct Known {
    Heartbeat heartbeat;
    TimeMs last;        // sign, or begin of waiting
    bool seen = false;  // a sign came since the start
  };
  static ReportedAlert alert_of(const Heartbeat& heartbeat);
  std::map<std::string, Known> known_;
};

}  // namespace tocsin::supervisor
