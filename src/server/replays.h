#pragma once
// Replays as jobs, for the API: the running configuration against one with changed files, over what
// is kept. The program implements it; start() begins in a connection's loop and does not block, the
// rest answers at once from any thread.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/router.h"
#include "server/config_desk.h"
#include "server/views.h"

namespace tocsin::server {

struct ReplayRequest {
  TimeMs from, to;                 // from < to
  std::string site, worker;        // empty = all
  std::vector<std::string> rules;  // empty = all
  ConfigFileChanges files;         // may be empty: what a replay of the same finds
  std::string by;
};

struct ReplayJob {
  enum class State : uint8_t { kRunning, kDone, kCancelled, kFailed };
  uint64_t id = 0;
  State state = State::kRunning;
  double done = 0;  // 0 to 1
  ReplayRequest request;
  std::string running;  // version of the configuration it was compared with
  TimeMs started, ended;
  std::string error;                          // kFailed: why
  std::shared_ptr<const std::string> result;  // kDone: JSON
};

struct ReplayStarted {
  std::vector<ConfigProblem> problems;  // any: nothing was started
  uint64_t id = 0;
};

// A rule of Tocsin's own, as configured now.
struct OwnRule {
  std::string id, place;
  Severity severity = Severity::kLow;
};

class Replays {
 public:
  virtual ~Replays() = default;
  // kRefused while one is under way.
  virtual void start(ReplayRequest request, Done<ReplayStarted> done) = 0;
  virtual std::vector<ReplayJob> list() const = 0;  // newest first
  virtual std::optional<ReplayJob> find(uint64_t id) const = 0;
  // False: there is no such job. One that is over stays what it is.
  virtual bool cancel(uint64_t id) = 0;
  virtual std::vector<OwnRule> rules() const = 0;  // in the order of the files
};

// GET /api/rules, POST and GET /api/v1/replays, GET /api/v1/replays/ID, POST
// /api/v1/replays/ID/cancel. `replays` and `clock` outlive the router.
void register_replay_routes(net::Router& router, Replays& replays, const Clock& clock);

}  // namespace tocsin::server
