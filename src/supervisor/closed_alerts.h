#pragma once
// Alerts that are over, the newest first, by what they are called: the table `closed_alerts` has a
// row for each label of each of them, for its rule and for its severity, in the order in which they
// closed. A page of a list costs what it shows, however many alerts are kept.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/database.h"
#include "supervisor/changes.h"
#include "vocabulary/who.h"

namespace tocsin::supervisor {

// The last alert of a page; the next page begins behind it.
struct ClosedCursor {
  TimeMs resolved_at = kTimeMax;  // the default: from the newest on
  Id128 id;
};
std::string to_text(const ClosedCursor& cursor);  // "1795411000000-9f.."
std::optional<ClosedCursor> parse_closed_cursor(std::string_view text);

struct ClosedQuery {
  std::optional<Severity> severity = {};
  std::string rule = {};                 // empty = any
  std::vector<Labels::Pair> scope = {};  // all of these labels
  TimeMs since = kTimeMin;               // closed at or after
  ClosedCursor before = {};
  size_t limit = 100;
  LabelView view = {};  // of whoever asks
};

struct ClosedPage {
  std::vector<Id128> alerts;
  // There may be more behind it. A page may hold fewer than `limit`, or none, and say so: of what a
  // condition leads to, so many are looked at for one page.
  std::optional<ClosedCursor> next;
};
inline constexpr int64_t kClosedLookedAt = 10'000;

// On a read connection of any thread.
Result<ClosedPage> list_closed(state::Database& database, const ClosedQuery& query);

// Names of labels that closed alerts have, in order, at most so many.
Result<std::vector<std::string>> closed_label_names(state::Database& database, size_t limit);
// Values of that label among closed alerts; at most so many, in order.
Result<std::vector<std::string>> closed_label_values(state::Database& database,
                                                     const std::string& label, size_t limit);

// For the rows of an alert that closes or is removed. `labels` is the column of table `alerts`.
struct ClosedAlert {
  Id128 id;
  TimeMs resolved_at;
  std::string rule;
  Severity severity = Severity::kLow;
  std::string labels;
};
Result<void> insert_closed(state::Transaction& transaction, const ClosedAlert& alert);
Result<void> remove_closed(state::Transaction& transaction, const ClosedAlert& alert);

// Migration 2 of "supervisor order".
extern const std::string_view kClosedAlertsTable;

}  // namespace tocsin::supervisor
