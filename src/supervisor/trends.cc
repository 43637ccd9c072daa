#include "supervisor/trends.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "supervisor/alert_scope.h"
#include "supervisor/closed_alerts.h"
#include "supervisor/tables.h"

namespace tocsin::supervisor {
namespace {

using state::Database;
using state::Row;

constexpr int64_t kFlappingFrom = 3;  // alerts of one rule and scope
constexpr int64_t kWeekMs = 7 * 86'400'000;
constexpr int64_t kFirstMonday = 4 * 86'400'000;  // 1970-01-05

constexpr std::string_view kTold =
    "EXISTS (SELECT 1 FROM deliveries d WHERE d.alert = a.id AND d.event = 'opened')";
constexpr std::string_view kUnanswered =
    "a.state <> 0 AND NOT EXISTS (SELECT 1 FROM responses r WHERE r.alert = a.id)";
std::string grouping(TrendQuery::By by) {
  switch (by) {
    case TrendQuery::By::kRule:
      return "a.rule";
    case TrendQuery::By::kSite:
    case TrendQuery::By::kLabel:
      return label_value("a");
    case TrendQuery::By::kSeverity:
      return "a.severity";
  }
  return {};
}

Result<void> add_offenders(Database& database, const TrendQuery& query, const AlertScope& scope,
                           Trends& out) {
  const bool by_site = query.by == TrendQuery::By::kSite;
  const std::string before = before_value(by_site ? query.site_label : query.label);
  std::vector<state::Value> values;
  if (by_site || query.by == TrendQuery::By::kLabel) values.assign(kLabelValues, before);
  values.insert(values.end(), {query.to, query.from, query.to});
  scope.add_to(values);
  auto done = database.query(
      fmt::format("SELECT {} AS part, COUNT(*), SUM({}), SUM({} AND {}),"
                  " SUM(MAX(0, CASE WHEN a.state = 0 THEN ? ELSE a.resolved_at END - a.opened_at))"
                  " FROM alerts a WHERE a.opened_at >= ? AND a.opened_at < ?{} GROUP BY 1"
                  " ORDER BY 2 DESC, 1",
                  grouping(query.by), kTold, kTold, kUnanswered, scope.sql("a.id")),
      values, [&](const Row& row) {
        Trends::Offender one;
        one.name =
            query.by == TrendQuery::By::kSeverity
                ? std::string(to_text(static_cast<Severity>(std::clamp(row.get<int>(0), 0, 2))))
                : row.get<std::string>(0);
        one.alerts = row.get<int64_t>(1);
        one.told = row.get<int64_t>(2);
        one.never_acknowledged = row.get<int64_t>(3);
        one.open_ms = row.get<int64_t>(4);
        out.alerts += one.alerts;
        out.told += one.told;
        out.never_acknowledged += one.never_acknowledged;
        if (out.offenders.size() < kTrendRowsMax) out.offenders.push_back(std::move(one));
      });
  if (!done) return fail(done.error());
  return {};
}

Result<void> add_flapping(Database& database, const TrendQuery& query, const AlertScope& scope,
                          Trends& out) {
  std::vector<state::Value> values{query.from, query.to};
  scope.add_to(values);
  auto done =
      database.query(fmt::format("SELECT a.rule, {}, COUNT(*) AS n, MAX(a.opened_at) FROM alerts a"
                                 " WHERE a.opened_at >= ? AND a.opened_at < ?{} GROUP BY a.key"
                                 " HAVING COUNT(*) >= {} ORDER BY n DESC, a.rule LIMIT {}",
                                 kScopeText, scope.sql("a.id"), kFlappingFrom, kTrendRowsMax),
                     values, [&](const Row& row) {
                       out.flapping.push_back({row.get<std::string>(0), row.get<std::string>(1),
                                               row.get<int64_t>(2), row.get<TimeMs>(3)});
                     });
  if (!done) return fail(done.error());
  return {};
}

Result<void> add_standing(Database& database, const TrendQuery& query, const AlertScope& scope,
                          Trends& out) {
  std::vector<state::Value> values{query.to};
  scope.add_to(values);
  auto done = database.query(
      fmt::format("SELECT a.id, a.rule, {}, a.severity, a.opened_at, a.acknowledged_by"
                  " FROM alerts a WHERE a.state = 0 AND a.opened_at < ?{}"
                  " ORDER BY a.opened_at, a.id LIMIT {}",
                  kScopeText, scope.sql("a.id"), kTrendRowsMax),
      values, [&](const Row& row) {
        out.standing.push_back({row.get<Id128>(0), row.get<std::string>(1), row.get<std::string>(2),
                                static_cast<Severity>(std::clamp(row.get<int>(3), 0, 2)),
                                row.get<TimeMs>(4), row.get<std::string>(5)});
      });
  if (!done) return fail(done.error());
  return {};
}

// The value below which `share` of them lie; nearest rank.
int64_t percentile(std::vector<int64_t>& values, double share) {
  if (values.empty()) return 0;
  const auto rank = static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank),
                   values.end());
  return values[rank];
}

struct Taken {
  std::vector<int64_t> ms;
  int64_t with_target = 0, in_time = 0;
  void add(int64_t taken, int64_t target) {
    ms.push_back(taken);
    if (target <= 0) return;
    ++with_target;
    in_time += taken <= target ? 1 : 0;
  }
};

Result<void> add_responses(Database& database, const TrendQuery& query, const AlertScope& scope,
                           Trends& out) {
  std::vector<state::Value> values{query.from, query.to};
  scope.add_to(values);
  std::map<int64_t, Taken> weeks;
  std::map<std::string, Taken> people;
  auto done =
      database.query(fmt::format("SELECT acknowledged_at, told_at, by, target FROM responses"
                                 " WHERE acknowledged_at >= ? AND acknowledged_at < ?{}"
                                 " ORDER BY acknowledged_at DESC LIMIT {}",
                                 scope.sql("responses.alert"), kResponsesMax),
                     values, [&](const Row& row) {
                       const int64_t at = row.get<int64_t>(0);
                       const int64_t taken = std::max<int64_t>(0, at - row.get<int64_t>(1));
                       const int64_t target = row.get<int64_t>(3);
                       weeks[(at - kFirstMonday) / kWeekMs].add(taken, target);
                       if (scope.everything()) people[row.get<std::string>(2)].add(taken, target);
                       ++out.acknowledged;
                     });
  if (!done) return fail(done.error());
  for (auto& [week, taken] : weeks)
    out.weeks.push_back({TimeMs{kFirstMonday + week * kWeekMs},
                         static_cast<int64_t>(taken.ms.size()), taken.with_target, taken.in_time,
                         percentile(taken.ms, 0.5), percentile(taken.ms, 0.9)});
  for (auto& [name, taken] : people)
    out.people.push_back({name, static_cast<int64_t>(taken.ms.size()), taken.with_target,
                          taken.in_time, percentile(taken.ms, 0.5)});
  std::stable_sort(out.people.begin(), out.people.end(),
                   [](const auto& a, const auto& b) { return a.acknowledged > b.acknowledged; });
  if (out.people.size() > kTrendRowsMax) out.people.resize(kTrendRowsMax);
  return {};
}

// Of column `labels`.
void add_names(std::string_view labels, std::vector<std::string>& names) {
  while (!labels.empty()) {
    const std::string_view one = labels.substr(0, labels.find(kLabelEnd));
    labels.remove_prefix(std::min(one.size() + 1, labels.size()));
    if (const size_t equals = one.find('='); equals != std::string_view::npos)
      names.emplace_back(one.substr(0, equals));
  }
}

Result<void> add_labels(Database& database, Trends& out) {
  auto closed = closed_label_names(database, kTrendLabelsMax);
  if (!closed) return fail(closed.error());
  out.labels = std::move(*closed);
  // Of the open ones the newest will do.
  auto open = database.query(
      "SELECT labels FROM alerts WHERE state = 0 ORDER BY opened_at DESC LIMIT 500", {},
      [&](const Row& row) { add_names(row.get<std::string_view>(0), out.labels); });
  if (!open) return fail(open.error());
  std::sort(out.labels.begin(), out.labels.end());
  out.labels.erase(std::unique(out.labels.begin(), out.labels.end()), out.labels.end());
  if (out.labels.size() > kTrendLabelsMax) out.labels.resize(kTrendLabelsMax);
  return {};
}

}  // namespace

Result<Trends> read_trends(Database& database, const TrendQuery& query) {
  Trends out;
  const auto scope = AlertScope::of(database, query.view);
  if (!scope) return fail(scope.error());
  if (auto done = add_labels(database, out); !done) return fail(done.error());
  for (const auto add : {add_offenders, add_flapping, add_standing, add_responses})
    if (auto done = add(database, query, *scope, out); !done) return fail(done.error());
  return out;
}

}  // namespace tocsin::supervisor
