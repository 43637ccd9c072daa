#pragma once
// What Alertmanager's API and the hooks of other systems need from the program. It implements it;
// a test has a fake. Rules of Views hold: calls start in a connection's loop and do not block,
// `done` comes once, from any thread.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/views.h"
#include "supervisor/supervisor.h"

namespace tocsin::server {

using OpenAlertView = supervisor::OpenAlertEnd;

class AlertmanagerDesk {
 public:
  virtual ~AlertmanagerDesk() = default;
  // kExhausted: too many wait to be taken; kUnavailable: the disk refuses them.
  virtual void report(ReportedBatch batch, Done<ReportCounts> done) = 0;
  virtual void open_alerts(Done<std::vector<OpenAlertView>> done) = 0;
  // Those that hold, and those that ended and are kept.
  virtual void silences(Done<std::vector<supervisor::Silence>> done) = 0;
  virtual void command(supervisor::Command command, Done<supervisor::CommandDone> done) = 0;
  // Somebody has what is told under this key (reported_key). False: nothing is open under it.
  virtual void acknowledge(Id128 key, std::string by, Done<bool> done) = 0;
  virtual std::shared_ptr<const supervisor::Routes> routes() const = 0;  // those that hold now
  virtual TimeMs started_at() const = 0;
};

struct HeartbeatTaken {
  bool known = false;
  std::string nearest;  // of one that is not: a name that may have been meant, or empty
};

class HeartbeatDesk {
 public:
  virtual ~HeartbeatDesk() = default;
  virtual void sign(std::string name, std::string by, Done<HeartbeatTaken> done) = 0;
  // By name.
  virtual void heartbeats(Done<std::vector<HeartbeatView>> done) = 0;
};

}  // namespace tocsin::server
