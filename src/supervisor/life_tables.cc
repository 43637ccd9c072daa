#include "supervisor/life_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "supervisor/supervisor.h"
#include "supervisor/tables.h"

namespace tocsin::supervisor {
namespace {

using state::Blob;
using state::Database;
using state::Row;
using state::Transaction;

// A list of texts as one blob: each with its length before it.
std::string pack(const std::vector<std::string>& texts) {
  ByteWriter out;
  for (const std::string& text : texts) out.text(text);
  return out.take();
}

std::vector<std::string> unpack(std::string_view bytes) {
  std::vector<std::string> out;
  ByteReader in(bytes);
  while (in.ok() && in.left() > 0) {
    const std::string_view text = in.text();
    if (in.ok()) out.emplace_back(text);
  }
  return out;
}

std::string pack(const Labels& labels) {
  ByteWriter out;
  for (const auto& [name, value] : labels.pairs()) {
    out.text(name);
    out.text(value);
  }
  return out.take();
}

Labels unpack_labels(std::string_view bytes) {
  const std::vector<std::string> texts = unpack(bytes);
  std::vector<Labels::Pair> pairs;
  for (size_t i = 0; i + 1 < texts.size(); i += 2) pairs.emplace_back(texts[i], texts[i + 1]);
  return Labels(std::move(pairs));
}

std::string pack(const std::vector<TimeMs>& times) {
  ByteWriter out;
  for (const TimeMs time : times) out.zigzag(time.ms);
  return out.take();
}

std::vector<TimeMs> unpack_times(std::string_view bytes) {
  std::vector<TimeMs> out;
  ByteReader in(bytes);
  while (in.ok() && in.left() > 0) {
    const TimeMs time{in.zigzag()};
    if (in.ok()) out.push_back(time);
  }
  return out;
}

Result<void> done_or(Result<int64_t> done) {
  if (!done) return fail(done.error());
  return {};
}

Result<void> write_group(Transaction& transaction, const GroupRecord& group) {
  const std::string labels = pack(group.labels), receivers = pack(group.receivers),
                    news = pack(group.news);
  return done_or(transaction.execute(
      "INSERT INTO alert_groups (id, key, storm, taking, route, labels, receivers, interval,"
      " opened_at, closed_at, told_at, due, repeat_at, repeats, anchor, news)"
      " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET"
      " taking = excluded.taking, closed_at = excluded.closed_at, told_at = excluded.told_at,"
      " due = excluded.due, repeat_at = excluded.repeat_at, repeats = excluded.repeats,"
      " anchor = excluded.anchor, news = excluded.news",
      {group.id, group.key, group.storm, group.taking, group.route, Blob{labels}, Blob{receivers},
       group.interval, group.opened_at, group.closed_at, group.told_at, group.due, group.repeat_at,
       group.repeats, group.anchor, Blob{news}}));
}

Result<void> write_member(Transaction& transaction, const GroupMember& member) {
  if (member.state == GroupMember::State::kLeft)
    return done_or(
        transaction.execute("DELETE FROM alert_group_members WHERE group_id = ? AND alert = ?",
                            {member.group, member.alert}));
  return done_or(transaction.execute(
      "INSERT INTO alert_group_members (group_id, alert, state, joined_at) VALUES (?, ?, ?, ?)"
      " ON CONFLICT (group_id, alert) DO UPDATE SET state = excluded.state",
      {member.group, member.alert, static_cast<int>(member.state), member.joined_at}));
}

GroupRecord group_of(const Row& row) {
  GroupRecord out;
  out.id = row.get<Id128>(0);
  out.key = row.get<Id128>(1);
  out.storm = row.get<bool>(2);
  out.taking = row.get<bool>(3);
  out.route = row.get<std::string>(4);
  out.labels = unpack_labels(row.get<std::string_view>(5));
  out.receivers = unpack(row.get<std::string_view>(6));
  out.interval = row.get<DurationMs>(7);
  out.opened_at = row.get<TimeMs>(8);
  out.closed_at = row.get<TimeMs>(9);
  out.told_at = row.get<TimeMs>(10);
  out.due = row.get<TimeMs>(11);
  out.repeat_at = row.get<TimeMs>(12);
  out.repeats = row.get<uint32_t>(13);
  out.anchor = row.get<Id128>(14);
  out.news = unpack(row.get<std::string_view>(15));
  return out;
}

}  // namespace

Result<void> write_life(Transaction& transaction, const AlertRecord& record) {
  if (!record.life) return {};
  const AlertView& view = record.view;
  static const AlertShelf kNone;
  const AlertShelf& shelf = view.shelf ? *view.shelf : kNone;
  const std::string flaps = pack(record.flaps);
  return done_or(transaction.execute(
      "INSERT INTO alert_life (alert, shelved_by, shelved_until, shelf_reason, flapping_since,"
      " flap_changes, flaps, repeat_at, repeats) VALUES (?,?,?,?,?,?,?,?,?)"
      " ON CONFLICT (alert) DO UPDATE SET shelved_by = excluded.shelved_by,"
      " shelved_until = excluded.shelved_until, shelf_reason = excluded.shelf_reason,"
      " flapping_since = excluded.flapping_since, flap_changes = excluded.flap_changes,"
      " flaps = excluded.flaps, repeat_at = excluded.repeat_at, repeats = excluded.repeats",
      {view.id, shelf.by, shelf.until, shelf.reason, view.flapping_since, view.flap_changes,
       Blob{flaps}, record.repeat_at, record.repeats}));
}

Result<void> write_groups(Transaction& transaction, const Changes& changes) {
  for (const GroupRecord& group : changes.groups)
    if (auto done = write_group(transaction, group); !done) return done;
  for (const GroupMember& member : changes.members)
    if (auto done = write_member(transaction, member); !done) return done;
  return {};
}

Result<void> read_life(Database& database, AlertRecord& record) {
  auto life = database.query(
      "SELECT shelved_by, shelved_until, shelf_reason, flapping_since, flap_changes, flaps,"
      " repeat_at, repeats FROM alert_life WHERE alert = ?",
      {record.view.id}, [&](const Row& row) {
        record.life = true;
        if (const TimeMs until = row.get<TimeMs>(1); until != TimeMs{})
          record.view.shelf = std::make_shared<AlertShelf>(
              AlertShelf{row.get<std::string>(0), until, row.get<std::string>(2)});
        record.view.flapping_since = row.get<TimeMs>(3);
        record.view.flap_changes = row.get<uint32_t>(4);
        record.flaps = unpack_times(row.get<std::string_view>(5));
        record.repeat_at = row.get<TimeMs>(6);
        record.repeats = row.get<uint32_t>(7);
      });
  if (!life) return fail(life.error());
  auto groups = database.query(
      "SELECT group_id FROM alert_group_members WHERE alert = ? ORDER BY joined_at, group_id",
      {record.view.id}, [&](const Row& row) { record.view.groups.push_back(row.get<Id128>(0)); });
  return done_or(std::move(groups));
}

Result<std::vector<GroupRecord>> read_groups(Database& database, std::string_view condition,
                                             state::Values values) {
  std::vector<GroupRecord> out;
  auto rows = database.query(
      fmt::format("SELECT id, key, storm, taking, route, labels, receivers, interval, opened_at,"
                  " closed_at, told_at, due, repeat_at, repeats, anchor, news FROM alert_groups"
                  " WHERE {}",
                  condition),
      values, [&](const Row& row) { out.push_back(group_of(row)); });
  if (!rows) return fail(rows.error());
  return out;
}

Result<std::vector<GroupMember>> read_members(Database& database, const Id128& group) {
  std::vector<GroupMember> out;
  auto rows = database.query(
      "SELECT alert, state, joined_at FROM alert_group_members WHERE group_id = ? AND state < 3"
      " ORDER BY joined_at, alert",
      {group}, [&](const Row& row) {
        out.push_back({group, row.get<Id128>(0),
                       static_cast<GroupMember::State>(std::clamp(row.get<int>(1), 0, 3)),
                       row.get<TimeMs>(2)});
      });
  if (!rows) return fail(rows.error());
  return out;
}

Result<std::vector<std::pair<TimeMs, Id128>>> read_flaps(Database& database, DurationMs window) {
  TimeMs last;
  auto newest = database.query(
      "SELECT max(coalesce((SELECT max(opened_at) FROM alerts), 0),"
      " coalesce((SELECT max(resolved_at) FROM alerts WHERE state <> 0), 0))",
      {}, [&](const Row& row) { last = row.get<TimeMs>(0); });
  if (!newest) return fail(newest.error());
  const TimeMs from = last - window;
  std::set<std::pair<TimeMs, Id128>> found;
  const auto add = [&](const Row& row) { found.emplace(row.get<TimeMs>(0), row.get<Id128>(1)); };
  auto opened =
      database.query("SELECT opened_at, key FROM alerts WHERE opened_at > ?", {from}, add);
  if (!opened) return fail(opened.error());
  auto resolved = database.query(
      "SELECT resolved_at, key FROM alerts WHERE state <> 0 AND resolved_at > ? AND state = 1",
      {from}, add);
  if (!resolved) return fail(resolved.error());
  auto flapped = database.query(
      "SELECT a.key, l.flaps FROM alert_life l JOIN alerts a ON a.id = l.alert"
      " WHERE length(l.flaps) > 0 AND (a.state = 0 OR a.resolved_at > ?)",
      {from}, [&](const Row& row) {
        for (const TimeMs time : unpack_times(row.get<std::string_view>(1)))
          if (time > from) found.emplace(time, row.get<Id128>(0));
      });
  if (!flapped) return fail(flapped.error());
  return std::vector<std::pair<TimeMs, Id128>>(found.begin(), found.end());
}

Result<std::vector<std::pair<std::string, TimeMs>>> read_openings(Database& database,
                                                                  DurationMs window) {
  TimeMs last;
  auto newest = database.query(
      "SELECT max(coalesce((SELECT max(planned) FROM deliveries), 0),"
      " coalesce((SELECT max(opened_at) FROM alerts), 0))",
      {}, [&](const Row& row) { last = row.get<TimeMs>(0); });
  if (!newest) return fail(newest.error());
  std::vector<std::pair<std::string, TimeMs>> out;
  auto alone = database.query(
      "SELECT receiver, planned FROM deliveries WHERE planned > ? AND event = 'opened'"
      " AND group_id IS NULL",
      {last - window},
      [&](const Row& row) { out.emplace_back(row.get<std::string>(0), row.get<TimeMs>(1)); });
  if (!alone) return fail(alone.error());
  auto storms = database.query(
      "SELECT g.receivers, m.joined_at FROM alert_groups g JOIN alert_group_members m"
      " ON m.group_id = g.id WHERE g.closed_at = 0 AND g.storm = 1 AND m.joined_at > ?",
      {last - window}, [&](const Row& row) {
        for (std::string& receiver : unpack(row.get<std::string_view>(0)))
          out.emplace_back(std::move(receiver), row.get<TimeMs>(1));
      });
  if (!storms) return fail(storms.error());
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.second < b.second; });
  return out;
}

Result<std::shared_ptr<const GroupView>> read_group_view(Database& database, const Id128& group,
                                                         size_t shown) {
  using View = std::shared_ptr<const GroupView>;
  auto rows = read_groups(database, "id = ?", {group});
  if (!rows) return fail(rows.error());
  if (rows->empty()) return View();
  const GroupRecord& record = rows->front();
  auto out = std::make_shared<GroupView>();
  out->id = group;
  out->storm = record.storm;
  out->over = record.closed_at != TimeMs{};
  out->route = record.route;
  out->labels = record.labels;
  out->receivers = record.receivers;
  out->opened_at = record.opened_at;
  out->told_at = record.told_at;
  out->due = record.due;
  auto members =
      read_records(database,
                   "id IN (SELECT alert FROM alert_group_members WHERE group_id = ? AND state > 0)"
                   " ORDER BY state, severity, opened_at, id LIMIT ?",
                   {group, shown});
  if (!members) return fail(members.error());
  for (AlertRecord& member : *members)
    out->alerts.push_back(std::make_shared<const AlertView>(std::move(member.view)));
  size_t all = 0;
  std::map<std::string, size_t> by_rule;
  auto counts = database.query(
      "SELECT a.rule, a.state, a.severity, count(*) FROM alert_group_members m"
      " JOIN alerts a ON a.id = m.alert WHERE m.group_id = ? AND m.state > 0"
      " GROUP BY a.rule, a.state, a.severity",
      {group}, [&](const Row& row) {
        const auto count = row.get<uint64_t>(3);
        all += count;
        if (row.get<int>(1) != 0) return;
        out->open += count;
        by_rule[row.get<std::string>(0)] += count;
        const auto severity = static_cast<Severity>(std::clamp(row.get<int>(2), 0, 2));
        out->severity = std::min(out->severity, severity);
      });
  if (!counts) return fail(counts.error());
  out->by_rule.assign(by_rule.begin(), by_rule.end());
  std::stable_sort(out->by_rule.begin(), out->by_rule.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (out->by_rule.size() > kGroupCountsShown) out->by_rule.resize(kGroupCountsShown);
  out->truncated = all - std::min(all, out->alerts.size());
  return View(out);
}

}  // namespace tocsin::supervisor
