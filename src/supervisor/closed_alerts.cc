#include "supervisor/closed_alerts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "supervisor/alert_scope.h"
#include "supervisor/tables.h"

namespace tocsin::supervisor {

// Names that begin with kLabelEnd are no labels: no label has it.
const std::string_view kClosedAlertsTable = R"(
CREATE TABLE closed_alerts (
  name TEXT NOT NULL, value TEXT NOT NULL, resolved_at INTEGER NOT NULL, alert TEXT NOT NULL,
  PRIMARY KEY (name, value, resolved_at, alert)) STRICT, WITHOUT ROWID;
INSERT INTO closed_alerts SELECT l.name, l.value, a.resolved_at, a.id
  FROM alert_labels l JOIN alerts a ON a.id = l.alert WHERE a.state <> 0;
INSERT INTO closed_alerts SELECT char(31) || 'rule', rule, resolved_at, id
  FROM alerts WHERE state <> 0;
INSERT INTO closed_alerts SELECT char(31) || 'severity', CAST(severity AS TEXT), resolved_at, id
  FROM alerts WHERE state <> 0;
DROP TABLE alert_labels;
DROP INDEX alerts_closed;
CREATE INDEX alerts_closed ON alerts (resolved_at, id) WHERE state <> 0;
)";

namespace {

using state::Database;
using state::Row;
using state::Transaction;
using state::Value;

constexpr std::string_view kRule = "\x1frule", kSeverity = "\x1fseverity";

// One of these values; what leads to alerts.
struct Facet {
  std::string name;
  std::vector<std::string> values;
  int64_t alerts = 0;  // that it leads to, counted up to kClosedLookedAt + 1
};

std::string severity_value(Severity severity) { return std::to_string(static_cast<int>(severity)); }

Result<std::vector<Facet>> facets_of(Database& database, const ClosedQuery& query) {
  std::vector<Facet> out;
  if (!query.rule.empty()) out.push_back({std::string(kRule), {query.rule}});
  if (query.severity) out.push_back({std::string(kSeverity), {severity_value(*query.severity)}});
  for (const auto& [name, value] : query.scope) out.push_back({name, {value}});
  const auto scope = AlertScope::of(database, query.view);
  if (!scope) return fail(scope.error());
  for (const AlertScope::Condition& one : scope->conditions())
    out.push_back({one.label, one.values});
  return out;
}

// What a page is read from: the alerts that one facet leads to, or all that are closed.
struct Driver {
  std::string from, time, id;
  std::vector<Value> values;
};

Driver driver_of(const Facet* facet) {
  if (facet == nullptr) return {"alerts d WHERE d.state <> 0", "d.resolved_at", "d.id", {}};
  return {"closed_alerts d WHERE d.name = ? AND d.value = ?",
          "d.resolved_at",
          "d.alert",
          {facet->name, facet->values.front()}};
}

// " AND ...": the part of the driver that a page may look at.
std::string range(const Driver& driver, const ClosedQuery& query, std::vector<Value>& values) {
  values.insert(values.end(), {query.before.resolved_at, query.before.id});
  std::string out = fmt::format(" AND ({}, {}) < (?, ?)", driver.time, driver.id);
  if (query.since > kTimeMin) {
    values.emplace_back(query.since);
    out += fmt::format(" AND {} >= ?", driver.time);
  }
  return out;
}

Result<void> count(Database& database, const ClosedQuery& query, Facet& facet) {
  const Driver driver = driver_of(&facet);
  std::vector<Value> values = driver.values;
  const std::string within = range(driver, query, values);
  auto done = database.query(fmt::format("SELECT count(*) FROM (SELECT 1 FROM {}{} LIMIT {})",
                                         driver.from, within, kClosedLookedAt + 1),
                             values, [&](const Row& row) { facet.alerts = row.get<int64_t>(0); });
  if (!done) return fail(done.error());
  return {};
}

std::string marks_of(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += i == 0 ? "?" : ",?";
  return out;
}

// The last alert that a page may look at; nothing if it may look at all that there are.
Result<std::optional<ClosedCursor>> bound_of(Database& database, const ClosedQuery& query,
                                             const Driver& driver) {
  std::optional<ClosedCursor> out;
  std::vector<Value> values = driver.values;
  const std::string within = range(driver, query, values);
  auto done = database.query(
      fmt::format("SELECT {0}, {1} FROM {2}{3} ORDER BY {0} DESC, {1} DESC LIMIT 1 OFFSET {4}",
                  driver.time, driver.id, driver.from, within, kClosedLookedAt - 1),
      values, [&](const Row& row) {
        out = ClosedCursor{row.get<TimeMs>(0), row.get<Id128>(1)};
      });
  if (!done) return fail(done.error());
  return out;
}

template <class Each>
void each_label(std::string_view labels, const Each& each) {
  while (!labels.empty()) {
    const std::string_view one = labels.substr(0, labels.find(kLabelEnd));
    labels.remove_prefix(std::min(one.size() + 1, labels.size()));
    const size_t equals = one.find('=');
    if (equals != std::string_view::npos && equals > 0)
      each(one.substr(0, equals), one.substr(equals + 1));
  }
}

std::vector<std::pair<std::string_view, std::string>> rows_of(const ClosedAlert& alert) {
  std::vector<std::pair<std::string_view, std::string>> out = {
      {kRule, alert.rule}, {kSeverity, severity_value(alert.severity)}};
  each_label(alert.labels,
             [&](std::string_view name, std::string_view value) { out.emplace_back(name, value); });
  return out;
}

// From one to the next by the table's key, from `first` on: what stands behind it a million times
// is not looked at one by one.
Result<std::vector<std::string>> steps(Database& database, std::string_view column,
                                       std::string_view where, const std::vector<Value>& more,
                                       std::string_view first, size_t limit) {
  std::vector<std::string> out;
  std::vector<Value> values = more;
  values.emplace_back(first);
  values.insert(values.end(), more.begin(), more.end());
  values.emplace_back(limit);
  auto done = database.query(
      fmt::format(
          "WITH RECURSIVE found (x) AS (SELECT MIN({0}) FROM closed_alerts WHERE {1}{0} >= ?"
          " UNION ALL SELECT (SELECT MIN({0}) FROM closed_alerts WHERE {1}{0} > found.x)"
          " FROM found WHERE found.x IS NOT NULL)"
          " SELECT x FROM found WHERE x IS NOT NULL LIMIT ?",
          column, where),
      values, [&](const Row& row) { out.push_back(row.get<std::string>(0)); });
  if (!done) return fail(done.error());
  return out;
}

}  // namespace

std::string to_text(const ClosedCursor& cursor) {
  return fmt::format("{}-{}", cursor.resolved_at.ms, tocsin::to_text(cursor.id));
}

std::optional<ClosedCursor> parse_closed_cursor(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  ClosedCursor out;
  const auto [end, error] = std::from_chars(text.data(), text.data() + dash, out.resolved_at.ms);
  const auto id = parse_id(text.substr(dash + 1));
  if (error != std::errc{} || end != text.data() + dash || !id) return std::nullopt;
  out.id = *id;
  return out;
}

Result<ClosedPage> list_closed(Database& database, const ClosedQuery& query) {
  auto facets = facets_of(database, query);
  if (!facets) return fail(facets.error());
  // The one that leads to the fewest is gone along; whether the others hold is looked up.
  const Facet* fewest = nullptr;
  for (Facet& facet : *facets) {
    if (facet.values.empty()) return ClosedPage{};
    if (facet.values.size() > 1) continue;
    if (auto done = count(database, query, facet); !done) return fail(done.error());
    if (fewest == nullptr || facet.alerts < fewest->alerts) fewest = &facet;
  }
  const Driver driver = driver_of(fewest);
  std::optional<ClosedCursor> bound;
  if (facets->size() > (fewest == nullptr ? 0u : 1u)) {  // else each that is looked at is shown
    auto found = bound_of(database, query, driver);
    if (!found) return fail(found.error());
    bound = *found;
  }
  std::vector<Value> values = driver.values;
  std::string sql = fmt::format("SELECT {}, {} FROM {}{}", driver.time, driver.id, driver.from,
                                range(driver, query, values));
  if (bound) {
    sql += fmt::format(" AND ({}, {}) >= (?, ?)", driver.time, driver.id);
    values.insert(values.end(), {bound->resolved_at, bound->id});
  }
  for (const Facet& facet : *facets) {
    if (&facet == fewest) continue;
    sql += fmt::format(
        " AND EXISTS (SELECT 1 FROM closed_alerts f WHERE f.name = ? AND f.value IN ({})"
        " AND f.resolved_at = {} AND f.alert = {})",
        marks_of(facet.values.size()), driver.time, driver.id);
    values.emplace_back(facet.name);
    for (const std::string& value : facet.values) values.emplace_back(value);
  }
  sql += fmt::format(" ORDER BY {} DESC, {} DESC LIMIT ?", driver.time, driver.id);
  values.emplace_back(query.limit + 1);
  ClosedPage out;
  ClosedCursor last;
  auto done = database.query(sql, values, [&](const Row& row) {
    if (out.alerts.size() == query.limit) {
      out.next = last;
      return;
    }
    last = {row.get<TimeMs>(0), row.get<Id128>(1)};
    out.alerts.push_back(last.id);
  });
  if (!done) return fail(done.error());
  if (!out.next) out.next = bound;
  return out;
}

Result<std::vector<std::string>> closed_label_names(Database& database, size_t limit) {
  return steps(database, "name", "", {}, " ", limit);
}

Result<std::vector<std::string>> closed_label_values(Database& database, const std::string& label,
                                                     size_t limit) {
  return steps(database, "value", "name = ? AND ", {label}, "", limit);
}

Result<void> insert_closed(Transaction& transaction, const ClosedAlert& alert) {
  constexpr size_t kRows = 8;  // a statement each for 1 to 8 rows: few enough to keep prepared
  const Value time(alert.resolved_at), id(alert.id);
  std::vector<Value> values;
  const auto flush = [&]() -> Result<void> {
    if (values.empty()) return {};
    std::string sql = "INSERT INTO closed_alerts VALUES (?, ?, ?, ?)";
    for (size_t i = 4; i < values.size(); i += 4) sql += ", (?, ?, ?, ?)";
    auto done = transaction.execute(sql + " ON CONFLICT DO NOTHING", values);
    values.clear();
    if (!done) return fail(done.error());
    return {};
  };
  const auto rows = rows_of(alert);
  for (const auto& [name, value] : rows) {
    values.insert(values.end(), {Value(name), Value(value), time, id});
    if (values.size() < kRows * 4) continue;
    if (auto done = flush(); !done) return done;
  }
  return flush();
}

Result<void> remove_closed(Transaction& transaction, const ClosedAlert& alert) {
  for (const auto& [name, value] : rows_of(alert)) {
    auto done = transaction.execute(
        "DELETE FROM closed_alerts WHERE name = ? AND value = ? AND resolved_at = ? AND alert = ?",
        {name, value, alert.resolved_at, alert.id});
    if (!done) return fail(done.error());
  }
  return {};
}

}  // namespace tocsin::supervisor
