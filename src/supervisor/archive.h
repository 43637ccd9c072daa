#pragma once
// Reading what was written, for pages and the API: every alert that is kept, its history, the
// ledger of deliveries, silences. Works on a read connection of any thread.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "state/database.h"
#include "state/migrations.h"
#include "supervisor/changes.h"
#include "supervisor/closed_alerts.h"
#include "supervisor/supervisor.h"

namespace tocsin::supervisor {

// Tables alerts, alert_history, silences, deliveries, supervisor_position.
std::span<const state::Migration> migrations();

// Open ones in the order of more_urgent(), then closed ones: for tests and for what begins.
Result<std::vector<AlertView>> list_alerts(state::Database& database, const AlertFilter& filter);
// Those that are over, the newest first; a page at a time.
struct ClosedAlerts {
  std::vector<AlertView> alerts;
  std::optional<ClosedCursor> next;  // as of ClosedPage
};
Result<ClosedAlerts> list_closed_alerts(state::Database& database, const ClosedQuery& query);
Result<std::optional<AlertView>> read_alert(state::Database& database, const Id128& id);
Result<std::vector<HistoryEntry>> read_history(state::Database& database, const Id128& alert);
// By id: the order in which they were planned.
Result<std::vector<Delivery>> read_ledger(state::Database& database, const Id128& alert);

struct LedgerFilter {
  std::string receiver;  // empty = any
  std::optional<Delivery::State> state;
  TimeMs since = kTimeMin;  // planned at or after
  size_t limit = 100;
};
Result<std::vector<Delivery>> list_ledger(state::Database& database, const LedgerFilter& filter);
// Deliveries that are not finished: how many, how many of them failed before, the oldest's plan.
struct Unfinished {
  int64_t pending = 0, retrying = 0;
  TimeMs oldest;  // 0 = none
};
Result<Unfinished> count_unfinished(state::Database& database);
// The unfinished delivery that is tried next.
Result<std::optional<Delivery>> next_delivery(state::Database& database, const Id128& alert);
// Silences, newest first; also ended ones if asked.
Result<std::vector<Silence>> list_silences(state::Database& database, bool ended);

// Open groups, newest first, at most `limit`, each with ten of its alerts.
Result<std::vector<std::shared_ptr<const GroupView>>> list_groups(state::Database& database,
                                                                  size_t limit = 100);
// Null if there is none of this id.
Result<std::shared_ptr<const GroupView>> read_group(state::Database& database, const Id128& id);

// Openings told per rule and day of opening since then, in that order. An alert that was told to
// several receivers counts once; one that was silenced or covered for all of its life does not.
struct PagesTold {
  std::string rule;
  int64_t day = 0;  // days since 1970, UTC
  int64_t pages = 0;
};
Result<std::vector<PagesTold>> list_pages(state::Database& database, TimeMs since);

// A test message in the ledger: it belongs to no alert. Gives its id (negative).
// What waits to be told, by receiver; those with nothing are left out.
struct WaitingDeliveries {
  int64_t waiting = 0;   // planned, and those that failed and are tried again
  int64_t retrying = 0;  // of those, that failed
  TimeMs oldest;         // planned
  TimeMs next_try;       // of those that failed, the soonest; 0 = none
};
Result<std::map<std::string, WaitingDeliveries>> count_waiting(state::Database& database);

Result<int64_t> insert_test(state::Transaction& transaction, const Delivery& delivery);

// Removes alerts closed before `now` - keep, with history and deliveries, and tests as old; at most
// `limit` alerts a call, so that no transaction is long. Gives how many went.
Result<int64_t> purge(state::Transaction& transaction, TimeMs now, DurationMs keep,
                      int64_t limit = 500);

}  // namespace tocsin::supervisor
