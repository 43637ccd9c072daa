#pragma once
// The ledger: every change of an alert's state, every hit of a silence, every decision of a route
// and every notification with its result, as one list in the order of time; and the answer to "why
// was I (not) told?" for one alert and one person or receiver. Reads only; any thread with a read
// connection. What is kept: supervisor.keep_resolved (a year).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/database.h"
#include "state/migrations.h"
#include "supervisor/changes.h"
#include "vocabulary/who.h"

namespace tocsin::supervisor {

struct LedgerRow {
  enum class Kind : uint8_t { kState, kDelivery };
  struct Cursor {  // the order of rows
    TimeMs time;
    Kind kind = Kind::kState;
    Id128 alert;
    int64_t number = 0;
  };
  Cursor cursor() const { return {time, kind, alert, number}; }
  Kind kind = Kind::kState;
  TimeMs time;  // of the change; of a delivery: when it was planned
  Id128 alert;
  int64_t number = 0;       // orders rows of one time, kind and alert
  std::string rule, scope;  // "site=madrid customer=7"
  std::string what;         // "opened", "silenced", "told"...; of a delivery its event
  std::string who;          // a person, a rule, a silence; of a delivery the receiver
  std::string text;         // of a delivery its last answer
  // Of a delivery.
  std::string receiver_kind;
  Delivery::State state = Delivery::State::kPlanned;
  uint32_t attempts = 0;
  TimeMs sent, next_try;  // 0 = not
};

struct LedgerQuery {
  TimeMs since = kTimeMin, until = kTimeMax;
  std::optional<Id128> alert;
  std::string rule, what, who;  // empty = any
  std::vector<Labels::Pair> scope;
  std::optional<LedgerRow::Kind> kind;
  size_t limit = 100;  // at most kLedgerRowsMax
  using Cursor = LedgerRow::Cursor;
  std::optional<Cursor> before;  // rows before this one: `next` of the page before
  LabelView view;                // of whoever asks: rows of alerts that it shows
};
inline constexpr size_t kLedgerRowsMax = 50'000;

struct LedgerPage {
  std::vector<LedgerRow> rows;  // newest first
  // There may be older ones. A page may hold fewer than `limit`, or none, and say so: where no
  // index leads to what is asked for, kLedgerLookedAt rows of a kind are looked at for one page.
  std::optional<LedgerQuery::Cursor> next;
};
inline constexpr int64_t kLedgerLookedAt = 6'000;
inline constexpr int64_t kLedgerAlerts = 3'000;  // that a rule or labels lead to: read one by one
Result<LedgerPage> read_rows(state::Database& database, const LedgerQuery& query);

std::string to_text(const LedgerQuery::Cursor& cursor);  // "1795411000000-0-9f..-17"
std::optional<LedgerQuery::Cursor> parse_cursor(std::string_view text);

// Why a person or a receiver was told of an alert, or was not.
struct Why {
  bool told = false;
  std::string answer;  // one sentence
  struct Reason {
    TimeMs time;
    std::string text;
  };
  std::vector<Reason> reasons;  // oldest first: what decided it
};
// `rows` are those of the alert, in any order; `name` is a receiver, or a person, whose receivers
// are called "name/...". Pure.
Why why_told(const AlertView& alert, std::vector<LedgerRow> rows, std::string_view name);

// Migration 2 of "ledger".
extern const std::string_view kLedgerIndexes;

}  // namespace tocsin::supervisor
