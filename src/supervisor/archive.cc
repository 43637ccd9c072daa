#include "supervisor/archive.h"

#include <fmt/format.h>

#include <algorithm>

#include "supervisor/life_tables.h"
#include "supervisor/tables.h"

namespace tocsin::supervisor {
namespace {

using state::Database;
using state::Row;
using state::Transaction;
using state::Value;

constexpr size_t kLimitMax = 10'000;

// A condition that grows with its values.
struct Condition {
  std::string text;
  std::vector<Value> values;
  void add(std::string_view sql, std::initializer_list<Value> more) {
    text += fmt::format("{}{}", text.empty() ? "" : " AND ", sql);
    values.insert(values.end(), more);
  }
};

Condition condition_of(const AlertFilter& filter, std::string_view state) {
  Condition out;
  out.add(state, {});
  if (filter.severity) out.add("severity = ?", {static_cast<int>(*filter.severity)});
  if (!filter.rule.empty()) out.add("rule = ?", {filter.rule});
  if (filter.since > kTimeMin) out.add("updated_at >= ?", {filter.since});
  for (const auto& [name, value] : filter.scope) out.add(kHasLabel, {name, value});
  return out;
}

Result<void> append(Database& database, Condition condition, std::string_view order, size_t limit,
                    std::vector<AlertView>& out) {
  if (out.size() >= limit) return {};
  condition.text += fmt::format(" ORDER BY {} LIMIT ?", order);
  condition.values.emplace_back(limit - out.size());
  auto records = read_records(database, condition.text, condition.values);
  if (!records) return fail(records.error());
  for (AlertRecord& record : *records) out.push_back(std::move(record.view));
  return {};
}

Result<std::vector<Delivery>> deliveries(Database& database, const Condition& condition,
                                         std::string_view end) {
  std::vector<Delivery> out;
  const auto rows = database.query(
      fmt::format("SELECT {} FROM deliveries WHERE {} {}", kDeliveryColumns, condition.text, end),
      condition.values, [&](const Row& row) { out.push_back(delivery_of(row)); });
  if (!rows) return fail(rows.error());
  return out;
}

}  // namespace

Result<ClosedAlerts> list_closed_alerts(Database& database, const ClosedQuery& query) {
  ClosedQuery bounded = query;
  bounded.limit = std::min(query.limit, kLimitMax);
  auto page = list_closed(database, bounded);
  if (!page) return fail(page.error());
  ClosedAlerts out;
  out.next = page->next;
  for (const Id128& id : page->alerts) {
    auto alert = read_alert(database, id);
    if (!alert) return fail(alert.error());
    if (*alert) out.alerts.push_back(std::move(**alert));
  }
  return out;
}

Result<std::vector<AlertView>> list_alerts(Database& database, const AlertFilter& filter) {
  std::vector<AlertView> out;
  const size_t limit = std::min(filter.limit, kLimitMax);
  if (filter.state != AlertFilter::State::kResolved) {
    // The same order as more_urgent().
    auto done = append(database, condition_of(filter, "state = 0"),
                       "acknowledged_at <> 0 OR covered_by IS NOT NULL OR silenced_by <> ''"
                       " OR id IN (SELECT alert FROM alert_life WHERE shelved_until <> 0),"
                       " severity, opened_at, id",
                       limit, out);
    if (!done) return fail(done.error());
  }
  if (filter.state == AlertFilter::State::kOpen || out.size() >= limit) return out;
  ClosedQuery query{filter.severity, filter.rule, filter.scope, filter.since, {}, {}, {}};
  do {
    query.limit = limit - out.size();
    auto closed = list_closed_alerts(database, query);
    if (!closed) return fail(closed.error());
    std::move(closed->alerts.begin(), closed->alerts.end(), std::back_inserter(out));
    if (!closed->next) break;
    query.before = *closed->next;
  } while (out.size() < limit);
  return out;
}

Result<std::optional<AlertView>> read_alert(Database& database, const Id128& id) {
  auto records = read_records(database, "id = ?", {id});
  if (!records) return fail(records.error());
  if (records->empty()) return std::optional<AlertView>();
  return std::optional<AlertView>(std::move(records->front().view));
}

Result<std::vector<HistoryEntry>> read_history(Database& database, const Id128& alert) {
  std::vector<HistoryEntry> out;
  const auto rows = database.query(
      "SELECT number, time, what, who, text FROM alert_history WHERE alert = ? ORDER BY number",
      {alert}, [&](const Row& row) {
        out.push_back({alert, row.get<uint32_t>(0), row.get<TimeMs>(1), row.get<std::string>(2),
                       row.get<std::string>(3), row.get<std::string>(4)});
      });
  if (!rows) return fail(rows.error());
  return out;
}

Result<std::vector<Delivery>> read_ledger(Database& database, const Id128& alert) {
  Condition condition;
  condition.add(
      "(alert = ? OR group_id IN (SELECT group_id FROM alert_group_members WHERE alert = ?))",
      {alert, alert});
  return deliveries(database, condition, "ORDER BY id");
}

Result<std::vector<Delivery>> list_ledger(Database& database, const LedgerFilter& filter) {
  Condition condition;
  condition.add("planned >= ?", {filter.since});
  if (!filter.receiver.empty()) condition.add("receiver = ?", {filter.receiver});
  if (filter.state) condition.add("state = ?", {static_cast<int>(*filter.state)});
  return deliveries(
      database, condition,
      fmt::format("ORDER BY planned DESC, id DESC LIMIT {}", std::min(filter.limit, kLimitMax)));
}

Result<Unfinished> count_unfinished(Database& database) {
  Unfinished out;
  auto rows = database.query(
      "SELECT count(*), coalesce(sum(state = 2), 0), coalesce(min(planned), 0) FROM deliveries"
      " WHERE state IN (0, 2)",
      {}, [&](const Row& row) {
        out = {row.get<int64_t>(0), row.get<int64_t>(1), row.get<TimeMs>(2)};
      });
  if (!rows) return fail(rows.error());
  return out;
}

Result<std::optional<Delivery>> next_delivery(Database& database, const Id128& alert) {
  Condition condition;
  condition.add("alert = ? AND state IN (0, 2)", {alert});
  auto found = deliveries(database, condition, "ORDER BY next_try, id LIMIT 1");
  if (!found) return fail(found.error());
  if (found->empty()) return std::optional<Delivery>();
  return std::optional<Delivery>(std::move(found->front()));
}

Result<std::vector<Silence>> list_silences(Database& database, bool ended) {
  return read_silences(database, ended ? "1 = 1 ORDER BY created_at DESC, id LIMIT 10000"
                                       : "ended = 0 ORDER BY created_at DESC, id LIMIT 10000");
}

Result<std::shared_ptr<const GroupView>> read_group(Database& database, const Id128& id) {
  return read_group_view(database, id);
}

Result<std::vector<std::shared_ptr<const GroupView>>> list_groups(Database& database,
                                                                  size_t limit) {
  auto groups = read_groups(database, "closed_at = 0 ORDER BY opened_at DESC, id LIMIT ?", {limit});
  if (!groups) return fail(groups.error());
  std::vector<std::shared_ptr<const GroupView>> out;
  for (const GroupRecord& group : *groups) {
    auto view = read_group_view(database, group.id, 10);
    if (!view) return fail(view.error());
    if (*view) out.push_back(std::move(*view));
  }
  return out;
}

Result<std::vector<PagesTold>> list_pages(state::Database& database, TimeMs since) {
  std::vector<PagesTold> out;
  auto done = database.query(
      "SELECT a.rule, a.opened_at / 86400000 AS day, COUNT(*) FROM alerts a WHERE a.opened_at >= ?"
      " AND EXISTS (SELECT 1 FROM deliveries d WHERE d.alert = a.id AND d.event = 'opened')"
      " GROUP BY a.rule, day ORDER BY a.rule, day",
      {since}, [&](const state::Row& row) {
        out.push_back({row.get<std::string>(0), row.get<int64_t>(1), row.get<int64_t>(2)});
      });
  if (!done) return fail(done.error());
  return out;
}

Result<std::map<std::string, WaitingDeliveries>> count_waiting(Database& database) {
  static_assert(static_cast<int>(Delivery::State::kPlanned) == 0 &&
                static_cast<int>(Delivery::State::kFailed) == 2);
  std::map<std::string, WaitingDeliveries> out;
  auto done = database.query(
      "SELECT receiver, COUNT(*), SUM(CASE WHEN state = 2 THEN 1 ELSE 0 END), MIN(planned),"
      " MIN(CASE WHEN state = 2 THEN next_try END) FROM deliveries WHERE state IN (0, 2)"
      " GROUP BY receiver",
      {}, [&](const Row& row) {
        out[row.get<std::string>(0)] = {row.get<int64_t>(1), row.get<int64_t>(2),
                                        row.get<TimeMs>(3), row.get<TimeMs>(4)};
      });
  if (!done) return fail(done.error());
  return out;
}

Result<int64_t> insert_test(Transaction& transaction, const Delivery& delivery) {
  int64_t id = -1;
  auto rows = transaction.query("SELECT min(id) FROM deliveries", {}, [&](const Row& row) {
    id = std::min<int64_t>(row.get<int64_t>(0), 0) - 1;
  });
  if (!rows) return fail(rows.error());
  auto done = transaction.execute(
      "INSERT INTO deliveries (id, alert, receiver, kind, event, state, attempts, planned, sent,"
      " next_try, answer, external, dedupe_key) VALUES (?, NULL, ?, ?, 'test', ?, ?, ?, ?, ?, ?, "
      "'{}', ?)",
      {id, delivery.receiver, delivery.kind, static_cast<int>(delivery.state), delivery.attempts,
       delivery.planned, delivery.sent, delivery.next_try, delivery.answer,
       fmt::format("test {}", id)});
  if (!done) return fail(done.error());
  return id;
}

Result<int64_t> purge(Transaction& transaction, TimeMs now, DurationMs keep, int64_t limit) {
  const TimeMs before = now - keep;
  auto tests =
      transaction.execute("DELETE FROM deliveries WHERE alert IS NULL AND planned < ?", {before});
  if (!tests) return tests;
  auto silences =
      transaction.execute("DELETE FROM silences WHERE ended = 1 AND until < ?", {before});
  if (!silences) return silences;
  auto groups = transaction.execute(
      "DELETE FROM alert_groups WHERE closed_at <> 0 AND closed_at < ?", {before});
  if (!groups) return groups;
  std::vector<ClosedAlert> old;
  auto found = transaction.query(
      "SELECT id, resolved_at, rule, severity, labels FROM alerts WHERE state <> 0 AND resolved_at "
      "< ?"
      " ORDER BY resolved_at, id LIMIT ?",
      {before, limit}, [&](const Row& row) {
        old.push_back({row.get<Id128>(0), row.get<TimeMs>(1), row.get<std::string>(2),
                       static_cast<Severity>(std::clamp(row.get<int>(3), 0, 2)),
                       row.get<std::string>(4)});
      });
  if (!found) return found;
  for (const ClosedAlert& alert : old) {
    if (auto done = remove_closed(transaction, alert); !done) return fail(done.error());
    auto removed = transaction.execute("DELETE FROM alerts WHERE id = ?", {alert.id});
    if (!removed) return removed;
  }
  return static_cast<int64_t>(old.size());
}

}  // namespace tocsin::supervisor
