#include "supervisor/marked_change.h"

#include <algorithm>
#include <array>

namespace tocsin::supervisor {
namespace {

using state::Database;
using state::Row;
using state::Transaction;

constexpr std::string_view kTables = R"(
CREATE TABLE marked_changes (
  id TEXT PRIMARY KEY, kind INTEGER NOT NULL, title TEXT NOT NULL, at INTEGER NOT NULL,
  end_at INTEGER NOT NULL, until INTEGER NOT NULL, link TEXT NOT NULL, by TEXT NOT NULL,
  made_at INTEGER NOT NULL) STRICT;
CREATE INDEX marked_changes_time ON marked_changes (at);
CREATE TABLE marked_change_labels (
  change TEXT NOT NULL REFERENCES marked_changes (id) ON DELETE CASCADE,
  name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (change, name)) STRICT;
)";
constexpr std::array kMigrations = {state::Migration{1, "marked_changes", kTables}};

constexpr std::array<std::string_view, 5> kKinds = {"deploy", "setting", "promotion", "fixture",
                                                    "holiday"};

MarkedChange change_in(const Row& row) {
  MarkedChange out;
  out.id = row.get<std::string>(0);
  out.kind = static_cast<ChangeKind>(std::clamp(row.get<int>(1), 0, 4));
  out.title = row.get<std::string>(2);
  out.at = row.get<TimeMs>(3);
  out.until = row.get<TimeMs>(4);
  out.link = row.get<std::string>(5);
  out.by = row.get<std::string>(6);
  out.made_at = row.get<TimeMs>(7);
  return out;
}

Result<Labels> labels_of(Database& database, const std::string& id) {
  std::vector<Labels::Pair> pairs;
  auto rows = database.query("SELECT name, value FROM marked_change_labels WHERE change = ?", {id},
                             [&](const Row& row) {
                               pairs.emplace_back(row.get<std::string>(0), row.get<std::string>(1));
                             });
  if (!rows) return fail(rows.error());
  return Labels(std::move(pairs));
}

Result<void> let_the_oldest_go(Transaction& transaction, TimeMs newest) {
  auto old = transaction.execute("DELETE FROM marked_changes WHERE end_at < ?",
                                 {newest - kMarkedChangesKeep});
  if (!old) return fail(old.error());
  auto many = transaction.execute(
      "DELETE FROM marked_changes WHERE id IN"
      " (SELECT id FROM marked_changes ORDER BY at DESC, id LIMIT -1 OFFSET ?)",
      {kMarkedChangesMax});
  if (!many) return fail(many.error());
  return {};
}

}  // namespace

std::string_view to_text(ChangeKind kind) { return kKinds[static_cast<size_t>(kind)]; }

std::optional<ChangeKind> parse_change_kind(std::string_view text) {
  for (size_t i = 0; i < kKinds.size(); ++i)
    if (kKinds[i] == text) return static_cast<ChangeKind>(i);
  return std::nullopt;
}

std::string change_id(const MarkedChange& change) {
  IdBuilder builder;
  builder.add(to_text(change.kind)).add(change.title).add(change.at.ms).add(change.until.ms);
  return to_text(builder.add(change.labels.text()).finish());
}

bool concerns(const MarkedChange& change, const Labels& series) {
  return std::all_of(change.labels.pairs().begin(), change.labels.pairs().end(),
                     [&](const Labels::View& pair) {
                       const std::string_view value = series.get(pair.first);
                       return value.empty() || value == pair.second;
                     });
}

bool concerns(const MarkedChange& change, std::span<const LabelMatcher> matchers) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const LabelMatcher& matcher) {
    const std::string_view value = change.labels.get(matcher.label());
    return value.empty() || matcher.matches(value);
  });
}

std::span<const state::Migration> marked_change_migrations() { return kMigrations; }

Result<MarkedChange> write_marked_change(Transaction& transaction, const MarkedChange& change) {
  MarkedChange out = change;
  auto written = transaction.query(
      "INSERT INTO marked_changes (id, kind, title, at, end_at, until, link, by, made_at)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind,"
      " title = excluded.title, at = excluded.at, end_at = excluded.end_at,"
      " until = excluded.until, link = excluded.link, by = excluded.by RETURNING made_at",
      {change.id, static_cast<int>(change.kind), change.title, change.at, change.end(),
       change.until, change.link, change.by, change.made_at},
      [&](const Row& row) { out.made_at = row.get<TimeMs>(0); });
  if (!written) return fail(written.error());
  auto gone = transaction.execute("DELETE FROM marked_change_labels WHERE change = ?", {change.id});
  if (!gone) return fail(gone.error());
  for (const auto& [name, value] : change.labels.pairs()) {
    auto done = transaction.execute("INSERT INTO marked_change_labels VALUES (?, ?, ?)",
                                    {change.id, name, value});
    if (!done) return fail(done.error());
  }
  if (auto done = let_the_oldest_go(transaction, change.made_at); !done) return fail(done.error());
  return out;
}

Result<bool> remove_marked_change(Transaction& transaction, const std::string& id) {
  auto gone = transaction.execute("DELETE FROM marked_changes WHERE id = ?", {id});
  if (!gone) return fail(gone.error());
  return *gone > 0;
}

Result<std::vector<MarkedChange>> list_marked_changes(Database& database,
                                                      const MarkedChangeFilter& filter) {
  std::vector<MarkedChange> all;
  auto rows = database.query(
      "SELECT id, kind, title, at, until, link, by, made_at FROM marked_changes"
      " WHERE at <= ? AND end_at >= ? ORDER BY at DESC, id LIMIT ?",
      {filter.to, filter.from, kMarkedChangesMax},
      [&](const Row& row) { all.push_back(change_in(row)); });
  if (!rows) return fail(rows.error());
  std::vector<MarkedChange> out;
  for (MarkedChange& change : all) {
    if (out.size() >= filter.limit) break;
    auto labels = labels_of(database, change.id);
    if (!labels) return fail(labels.error());
    change.labels = std::move(*labels);
    if (concerns(change, filter.matchers)) out.push_back(std::move(change));
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace tocsin::supervisor
