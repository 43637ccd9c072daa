#pragma once
// The noise budget as the API shows it: what is wanted, what was measured, what a replay of the
// last weeks would have told, and who spends it. The program implements BudgetDesk; calls begin in
// a connection's loop and do not block.

#include <optional>
#include <string>
#include <vector>

#include "net/router.h"
#include "server/views.h"

namespace tocsin::server {

struct BudgetView {
  enum class Verdict : uint8_t { kNone, kWithin, kOver };  // kNone: nothing is wanted, or known

  struct Spender {
    Labels series;
    int64_t episodes = 0;
  };
  // Violations of one worker. Rates are episodes per series-week.
  struct Worker {
    std::string id, place;
    Tier tier = Tier::kEvidence;
    std::string noise;         // as configured; empty = no budget
    double wanted = kUnknown;  // its rate
    double measured = kUnknown;
    int64_t series = 0, episodes = 0;  // guarded now; in the last 7 days
    TimeMs since;                      // counted from here on, at most 7 days ago
    Verdict verdict = Verdict::kNone;
    // Of a sample of its series: how many have a tail, still learn it, support the wanted rate.
    int64_t tails = 0, tails_learning = 0, tails_supported = 0;
    double rarest = kUnknown;   // median of the rarest rates supported
    double edge = kUnknown;     // median of the factors on the band
    std::vector<int64_t> days;  // of the last 30, today last
    std::vector<Spender> most;  // of the last 7 days
    int64_t spenders = 0;       // series with at least one
  };
  // Openings told.
  struct Pages {
    std::string wanted;         // "1 per 30d"; empty = no budget
    double allowed = kUnknown;  // in the last `days_counted`
    int64_t told = 0;           // in these
    int64_t days_counted = 30;
    Verdict verdict = Verdict::kNone;
    std::vector<int64_t> days;         // of the last 30, today last
    double replay_allowed = kUnknown;  // in the span that was replayed
    std::optional<int64_t> replayed;
    Verdict replay_verdict = Verdict::kNone;
  };
  struct Rule {
    std::string id, place;
    Severity severity = Severity::kLow;
    Pages pages;
  };
  struct Replay {
    enum class State : uint8_t { kOff, kWaiting, kRunning, kDone, kFailed };
    State state = State::kWaiting;
    double done = 0;      // kRunning
    TimeMs from, to, at;  // of the last one that was done; 0 = none was
    std::string version;  // of its configuration
    int64_t points = 0, series = 0;
    std::string note;  // what is to be known about it: shortened, or why it failed
  };
  TimeMs now;
  std::vector<Worker> workers;
  std::vector<Rule> rules;
  Pages installation;
  Replay replay;
};

class BudgetDesk {
 public:
  virtual ~BudgetDesk() = default;
  virtual void budget(Done<BudgetView> done) = 0;
  // Replays the last weeks now. kRefused while one is under way or if replays are switched off.
  virtual void replay(Done<bool> done) = 0;
};

// GET /api/v1/budget, POST /api/v1/budget/replay. `desk` outlives the router.
void register_budget_routes(net::Router& router, BudgetDesk& desk);

}  // namespace tocsin::server
