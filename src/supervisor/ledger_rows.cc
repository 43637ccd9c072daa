// Reading the ledger: which index a question goes along, and how far.

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "supervisor/alert_scope.h"
#include "supervisor/closed_alerts.h"
#include "supervisor/ledger.h"
#include "supervisor/tables.h"

namespace tocsin::supervisor {

// Changes of most alerts are found along the time; of the others, and of people, an index leads to
// few. kRareStates and kRareEvents stand in the questions, too, word for word: only then does the
// index serve.
#define TOCSIN_RARE_STATES "what NOT IN ('opened', 'told', 'resolved', 'expired', 'silenced')"
#define TOCSIN_RARE_EVENTS "event NOT IN ('opened', 'resolved', 'updated')"
const std::string_view kLedgerIndexes =
    "CREATE INDEX alert_history_who ON alert_history (who, time, alert, number) WHERE who <> '';"
    "CREATE INDEX alert_history_rare ON alert_history (what, time, alert, number)"
    " WHERE " TOCSIN_RARE_STATES
    ";"
    "DROP INDEX deliveries_planned;"
    "CREATE INDEX deliveries_planned ON deliveries (planned, alert);"
    "CREATE INDEX deliveries_receiver ON deliveries (receiver, planned, alert);"
    "CREATE INDEX deliveries_rare ON deliveries (event, planned, alert)"
    " WHERE " TOCSIN_RARE_EVENTS ";";

namespace {

using state::Database;
using state::Row;
using state::Value;
using Kind = LedgerRow::Kind;
using Cursor = LedgerQuery::Cursor;

constexpr std::string_view kCommonStates[] = {"opened", "told", "resolved", "expired", "silenced"};
constexpr std::string_view kCommonEvents[] = {"opened", "resolved", "updated"};

struct Where {
  std::string text;
  std::vector<Value> values;
  void add(std::string_view sql, std::initializer_list<Value> more) {
    text += fmt::format("{}{}", text.empty() ? "" : " AND ", sql);
    values.insert(values.end(), more);
  }
};

// One of the two tables; its columns.
struct Table {
  Kind kind;
  std::string_view name, time, number, what, who, rare;
  std::span<const std::string_view> common;
};
const Table kStates{Kind::kState, "alert_history", "t.time",           "t.number",
                    "what",       "who",           TOCSIN_RARE_STATES, kCommonStates};
const Table kDeliveries{Kind::kDelivery, "deliveries", "t.planned",        "t.id",
                        "event",         "receiver",   TOCSIN_RARE_EVENTS, kCommonEvents};

// What a part of the question goes along.
struct Path {
  Where along;          // served by an index, in the order of time
  bool bounded = true;  // what else must hold is looked up; so many are looked at
};

// The alerts that the conditions on alerts lead to, if they are few; JSON of their ids.
Result<std::optional<std::string>> few_alerts(Database& database, const LedgerQuery& query) {
  using Few = std::optional<std::string>;
  if (query.rule.empty() && query.scope.empty()) return Few();
  int64_t open = 0;
  auto counted = database.query(
      "SELECT count(*) FROM (SELECT 1 FROM alerts WHERE state = 0 ORDER BY opened_at LIMIT ?)",
      {kLedgerAlerts + 1}, [&](const Row& row) { open = row.get<int64_t>(0); });
  if (!counted) return fail(counted.error());
  if (open > kLedgerAlerts) return Few();
  ClosedQuery closed;
  closed.rule = query.rule;
  closed.scope = query.scope;
  closed.limit = static_cast<size_t>(kLedgerAlerts);
  const auto page = list_closed(database, closed);
  if (!page) return fail(page.error());
  if (page->next) return Few();
  std::string out = "[";
  const auto add = [&out](const Id128& id) {
    out += fmt::format("{}\"{}\"", out.size() == 1 ? "" : ",", to_text(id));
  };
  for (const Id128& id : page->alerts) add(id);
  Where where;
  where.add("a.state = 0", {});
  if (!query.rule.empty()) where.add("a.rule = ?", {query.rule});
  for (const auto& [name, value] : query.scope) where.add(kHasLabel, {name, value});
  auto found = database.query(
      fmt::format("SELECT a.id FROM alerts a WHERE {} ORDER BY a.opened_at", where.text),
      where.values, [&](const Row& row) { add(row.get<Id128>(0)); });
  if (!found) return fail(found.error());
  return Few(out + "]");
}

void add_range(const Table& table, const LedgerQuery& query, Where& out) {
  if (query.since > kTimeMin) out.add(fmt::format("{} >= ?", table.time), {query.since});
  if (query.until < kTimeMax) out.add(fmt::format("{} < ?", table.time), {query.until});
  if (!query.before) return;
  const Cursor& before = *query.before;
  if (table.kind == before.kind)
    out.add(fmt::format("({}, t.alert, {}) < (?, ?, ?)", table.time, table.number),
            {before.time, before.alert, before.number});
  else  // at one time, states come before deliveries: the newest first, so deliveries first
    out.add(fmt::format("{} {} ?", table.time, table.kind == Kind::kState ? "<=" : "<"),
            {before.time});
}

// Receivers of deliveries that `who` names: itself, and a person's, which are called "person/...":
// '0' is the character after '/'. From one to the next by the index.
Result<std::vector<std::string>> receivers_of(Database& database, const std::string& who) {
  std::vector<std::string> out{who};
  const std::string from = who + "/", to = who + "0";
  auto done = database.query(
      "WITH RECURSIVE found (x) AS (SELECT MIN(receiver) FROM deliveries WHERE receiver >= ?"
      " UNION ALL SELECT (SELECT MIN(receiver) FROM deliveries WHERE receiver > found.x)"
      " FROM found WHERE found.x < ?) SELECT x FROM found WHERE x < ? LIMIT 1000",
      {from, to, to}, [&](const Row& row) { out.push_back(row.get<std::string>(0)); });
  if (!done) return fail(done.error());
  return out;
}

std::tuple<TimeMs, Kind, Id128, int64_t> rank(const Cursor& at) {
  return {at.time, at.kind, at.alert, at.number};
}

class Reading {
 public:
  Reading(Database& database, const LedgerQuery& query, const AlertScope& scope)
      : database_(database), query_(query), scope_(scope) {}

  // Paths of one table; each gives its newest rows.
  Result<void> read(const Table& table, const std::optional<std::string>& alerts) {
    if (query_.alert) {
      Path path{{}, false};
      path.along.add("t.alert = ?", {*query_.alert});
      return read(table, path, true);
    }
    if (alerts) {
      Path path{{}, false};
      path.along.add("t.alert IN (SELECT value FROM json_each(?))", {*alerts});
      return read(table, path, !scope_.everything());
    }
    const bool checked = !query_.rule.empty() || !query_.scope.empty() || !scope_.everything();
    if (!query_.who.empty()) {
      std::vector<std::string> names{query_.who};
      if (table.kind == Kind::kDelivery) {
        auto receivers = receivers_of(database_, query_.who);
        if (!receivers) return fail(receivers.error());
        names = std::move(*receivers);
      }
      for (const std::string& name : names) {
        Path path{{}, checked || !query_.what.empty()};
        path.along.add(fmt::format("t.{} = ?", table.who), {name});
        if (table.kind == Kind::kState) path.along.add("t.who <> ''", {});
        if (auto done = read(table, path, checked); !done) return done;
      }
      return {};
    }
    if (!query_.what.empty() &&
        std::find(table.common.begin(), table.common.end(), query_.what) == table.common.end()) {
      Path path{{}, checked};
      path.along.add(fmt::format("t.{} = ? AND t.{}", table.what, table.rare), {query_.what});
      return read(table, path, checked);
    }
    return read(table, Path{{}, checked || !query_.what.empty()}, checked);
  }

  // Newest first; `next` where there may be more.
  LedgerPage page() && {
    LedgerPage out;
    if (floor_)
      std::erase_if(rows_,
                    [&](const LedgerRow& row) { return rank(row.cursor()) < rank(*floor_); });
    std::sort(rows_.begin(), rows_.end(), [](const LedgerRow& a, const LedgerRow& b) {
      return rank(b.cursor()) < rank(a.cursor());
    });
    if (rows_.size() > query_.limit) {
      rows_.resize(query_.limit);
      out.next = rows_.back().cursor();
    } else {
      out.next = floor_;
    }
    out.rows = std::move(rows_);
    return out;
  }

 private:
  // `checked`: conditions on the alert itself are looked up.
  Result<void> read(const Table& table, const Path& path, bool checked) {
    Where where = path.along;
    if (table.kind == Kind::kDelivery) where.add("t.alert IS NOT NULL", {});
    add_range(table, query_, where);
    if (path.bounded)
      if (auto done = bound(table, where); !done) return done;
    if (!query_.what.empty()) where.add(fmt::format("t.{} = ?", table.what), {query_.what});
    if (!query_.who.empty() && table.kind == Kind::kState) where.add("t.who = ?", {query_.who});
    if (!query_.who.empty() && table.kind == Kind::kDelivery)
      where.add("(t.receiver = ? OR (t.receiver >= ? AND t.receiver < ?))",
                {query_.who, from_, to_});
    if (checked) check(where);
    if (where.text.empty()) where.add("1 = 1", {});
    where.values.emplace_back(query_.limit + 1);
    const std::string keys = fmt::format(
        "SELECT {0} AS time, t.alert AS alert, {1} AS number FROM {2} t WHERE {3}"
        " ORDER BY {0} DESC, t.alert DESC, {1} DESC LIMIT ?",
        table.time, table.number, table.name, where.text);
    return table.kind == Kind::kState ? states(keys, where.values) : deliveries(keys, where.values);
  }

  // Of what this goes along, so many are looked at; older rows wait for the next page.
  Result<void> bound(const Table& table, Where& where) {
    std::optional<Cursor> last;
    const size_t looked_at = std::max<size_t>(kLedgerLookedAt, query_.limit);
    std::vector<Value> values = where.values;
    values.emplace_back(looked_at - 1);
    auto done = database_.query(
        fmt::format("SELECT {0}, t.alert, {1} FROM {2} t WHERE {3}"
                    " ORDER BY {0} DESC, t.alert DESC, {1} DESC LIMIT 1 OFFSET ?",
                    table.time, table.number, table.name,
                    where.text.empty() ? "1 = 1" : where.text),
        values, [&](const Row& row) {
          last = Cursor{row.get<TimeMs>(0), table.kind, row.get<Id128>(1), row.get<int64_t>(2)};
        });
    if (!done) return fail(done.error());
    if (!last) return {};
    where.add(fmt::format("({}, t.alert, {}) >= (?, ?, ?)", table.time, table.number),
              {last->time, last->alert, last->number});
    if (!floor_ || rank(*floor_) < rank(*last)) floor_ = last;
    return {};
  }

  void check(Where& where) const {
    if (!query_.rule.empty() || !query_.scope.empty()) {
      std::string alert = "EXISTS (SELECT 1 FROM alerts a WHERE a.id = t.alert";
      if (!query_.rule.empty()) {
        alert += " AND a.rule = ?";
        where.values.emplace_back(query_.rule);
      }
      for (const auto& [name, value] : query_.scope) {
        alert += fmt::format(" AND {}", kHasLabel);
        where.values.insert(where.values.end(), {name, value});
      }
      where.add(alert + ")", {});
    }
    if (where.text.empty()) where.text = "1 = 1";
    where.text += scope_.sql("t.alert");
    scope_.add_to(where.values);
  }

  Result<void> states(const std::string& keys, const std::vector<Value>& values) {
    auto rows = database_.query(
        fmt::format("SELECT h.time, h.number, h.alert, a.rule, {}, h.what, h.who, h.text"
                    " FROM ({}) k JOIN alert_history h ON h.alert = k.alert AND h.number = k.number"
                    " JOIN alerts a ON a.id = k.alert",
                    kScopeText, keys),
        values, [&](const Row& row) {
          LedgerRow one;
          one.time = row.get<TimeMs>(0);
          one.number = row.get<int64_t>(1);
          one.alert = row.get<Id128>(2);
          one.rule = row.get<std::string>(3);
          one.scope = row.get<std::string>(4);
          one.what = row.get<std::string>(5);
          one.who = row.get<std::string>(6);
          one.text = row.get<std::string>(7);
          rows_.push_back(std::move(one));
        });
    if (!rows) return fail(rows.error());
    return {};
  }

  Result<void> deliveries(const std::string& keys, const std::vector<Value>& values) {
    auto rows = database_.query(
        fmt::format("SELECT d.planned, d.id, d.alert, a.rule, {}, d.event, d.receiver, d.answer,"
                    " d.kind, d.state, d.attempts, d.sent, d.next_try"
                    " FROM ({}) k JOIN deliveries d ON d.id = k.number"
                    " JOIN alerts a ON a.id = k.alert",
                    kScopeText, keys),
        values, [&](const Row& row) {
          LedgerRow one;
          one.kind = Kind::kDelivery;
          one.time = row.get<TimeMs>(0);
          one.number = row.get<int64_t>(1);
          one.alert = row.get<Id128>(2);
          one.rule = row.get<std::string>(3);
          one.scope = row.get<std::string>(4);
          one.what = row.get<std::string>(5);
          one.who = row.get<std::string>(6);
          one.text = row.get<std::string>(7);
          one.receiver_kind = row.get<std::string>(8);
          one.state = static_cast<Delivery::State>(std::clamp(row.get<int>(9), 0, 3));
          one.attempts = row.get<uint32_t>(10);
          one.sent = row.get<TimeMs>(11);
          one.next_try = row.get<TimeMs>(12);
          rows_.push_back(std::move(one));
        });
    if (!rows) return fail(rows.error());
    return {};
  }

  Database& database_;
  const LedgerQuery& query_;
  const AlertScope& scope_;
  const std::string from_ = query_.who + "/", to_ = query_.who + "0";
  std::vector<LedgerRow> rows_;
  std::optional<Cursor> floor_;  // all that is newer was looked at
};

}  // namespace

Result<LedgerPage> read_rows(Database& database, const LedgerQuery& query) {
  LedgerQuery bounded = query;
  bounded.limit = std::min(query.limit, kLedgerRowsMax);
  const auto scope = AlertScope::of(database, query.view);
  if (!scope) return fail(scope.error());
  std::optional<std::string> alerts;
  if (!query.alert) {
    auto few = few_alerts(database, bounded);
    if (!few) return fail(few.error());
    alerts = std::move(*few);
  }
  Reading reading(database, bounded, *scope);
  if (query.kind != Kind::kDelivery)
    if (auto done = reading.read(kStates, alerts); !done) return fail(done.error());
  if (query.kind != Kind::kState)
    if (auto done = reading.read(kDeliveries, alerts); !done) return fail(done.error());
  return std::move(reading).page();
}

}  // namespace tocsin::supervisor
