#include "tocsin/config_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/id.h"
#include "tocsin/config_diff.h"

namespace tocsin {
namespace {

using state::Database;
using state::Row;
using state::Transaction;

constexpr std::string_view kTables = R"(
CREATE TABLE config_versions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind INTEGER NOT NULL,
  author TEXT NOT NULL, reason TEXT NOT NULL, hash TEXT NOT NULL, of INTEGER NOT NULL) STRICT;
CREATE INDEX config_versions_hash ON config_versions (hash);
CREATE TABLE config_texts (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE config_files (
  version INTEGER NOT NULL REFERENCES config_versions (id) ON DELETE CASCADE,
  file TEXT NOT NULL, text TEXT NOT NULL REFERENCES config_texts (id),
  PRIMARY KEY (version, file)) STRICT;
CREATE INDEX config_files_text ON config_files (text);
CREATE TABLE config_changes (
  version INTEGER NOT NULL REFERENCES config_versions (id) ON DELETE CASCADE,
  file TEXT NOT NULL, what INTEGER NOT NULL, added INTEGER NOT NULL, removed INTEGER NOT NULL,
  diff TEXT NOT NULL, PRIMARY KEY (version, file)) STRICT;
)";
constexpr std::array kMigrations{state::Migration{1, "config", kTables}};

std::vector<FileDifference> differences(const FileTexts& before, const FileTexts& after) {
  std::vector<FileDifference> out;
  for (const auto& [name, text] : changes_between(before, after)) {
    const auto old = before.find(name);
    FileDifference one;
    one.file = name;
    one.what = !text                 ? FileDifference::What::kRemoved
               : old == before.end() ? FileDifference::What::kAdded
                                     : FileDifference::What::kChanged;
    TextDiff diff = diff_texts(old == before.end() ? "" : old->second, text ? *text : "");
    one.lines_added = diff.added;
    one.lines_removed = diff.removed;
    one.diff = std::move(diff.text);
    out.push_back(std::move(one));
  }
  return out;
}

Result<void> keep_texts(Transaction& transaction, int64_t version, const FileTexts& files) {
  for (const auto& [name, text] : files) {
    const Id128 id = hash128(text);
    if (auto done = transaction.execute(
            "INSERT INTO config_texts (id, text) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
            {id, text});
        !done)
      return fail(done.error());
    if (auto done = transaction.execute(
            "INSERT INTO config_files (version, file, text) VALUES (?, ?, ?)", {version, name, id});
        !done)
      return fail(done.error());
  }
  return {};
}

Result<void> keep_differences(Transaction& transaction, int64_t version,
                              const std::vector<FileDifference>& list) {
  for (const FileDifference& one : list)
    if (auto done = transaction.execute(
            "INSERT INTO config_changes (version, file, what, added, removed, diff)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            {version, one.file, static_cast<int>(one.what), one.lines_added, one.lines_removed,
             one.diff});
        !done)
      return fail(done.error());
  return {};
}

Result<int64_t> number_of(Transaction& transaction, std::string_view sql) {
  int64_t out = 0;
  auto done = transaction.query(sql, {}, [&](const Row& row) { out = row.get<int64_t>(0); });
  if (!done) return fail(done.error());
  return out;
}

Result<void> remove_unused_texts(Transaction& transaction) {
  auto done = transaction.execute(
      "DELETE FROM config_texts WHERE id NOT IN (SELECT text FROM config_files)");
  if (!done) return fail(done.error());
  return {};
}

// The newest two stay whatever they weigh: what runs, and what one goes back to.
Result<void> forget_oldest(Transaction& transaction, size_t versions_max, size_t bytes_max) {
  for (;;) {
    const auto count = number_of(transaction, "SELECT count(*) FROM config_versions");
    if (!count) return fail(count.error());
    const auto bytes =
        number_of(transaction, "SELECT coalesce(sum(length(text)), 0) FROM config_texts");
    if (!bytes) return fail(bytes.error());
    const bool many = *count > static_cast<int64_t>(versions_max);
    const bool large = *bytes > static_cast<int64_t>(bytes_max);
    if (*count <= 2 || (!many && !large)) return {};
    auto gone = transaction.execute(
        "DELETE FROM config_versions WHERE id = (SELECT min(id) FROM config_versions)");
    if (!gone) return fail(gone.error());
    if (auto done = remove_unused_texts(transaction); !done) return done;
  }
}

constexpr std::string_view kColumns = "id, at, kind, author, reason, hash, of";

ConfigVersion read_row(const Row& row) {
  ConfigVersion out;
  out.id = row.get<int64_t>(0);
  out.at = row.get<TimeMs>(1);
  out.kind = static_cast<VersionKind>(std::clamp(row.get<int>(2), 0, 2));
  out.author = row.get<std::string>(3);
  out.reason = row.get<std::string>(4);
  out.hash = row.get<std::string>(5);
  out.of = row.get<int64_t>(6);
  return out;
}

Result<void> read_changes(Database& database, ConfigVersion& version, bool with_diffs) {
  const std::string sql = fmt::format(
      "SELECT file, what, added, removed, {} FROM config_changes WHERE version = ? ORDER BY file",
      with_diffs ? "diff" : "''");
  auto done = database.query(sql, {version.id}, [&](const Row& row) {
    FileDifference one;
    one.file = row.get<std::string>(0);
    one.what = static_cast<FileDifference::What>(std::clamp(row.get<int>(1), 0, 2));
    one.lines_added = row.get<uint64_t>(2);
    one.lines_removed = row.get<uint64_t>(3);
    one.diff = row.get<std::string>(4);
    version.changes.push_back(std::move(one));
  });
  if (!done) return fail(done.error());
  return {};
}

Result<std::vector<ConfigVersion>> select_versions(Database& database, std::string_view rest,
                                                   state::Values values, bool with_diffs) {
  std::vector<ConfigVersion> out;
  auto done = database.query(fmt::format("SELECT {} FROM config_versions {}", kColumns, rest),
                             values, [&](const Row& row) { out.push_back(read_row(row)); });
  if (!done) return fail(done.error());
  for (ConfigVersion& version : out)
    if (auto read = read_changes(database, version, with_diffs); !read) return fail(read.error());
  return out;
}

}  // namespace

std::string_view to_text(VersionKind kind) {
  switch (kind) {
    case VersionKind::kFound:
      return "found";
    case VersionKind::kPublished:
      return "published";
    case VersionKind::kReverted:
      return "reverted";
  }
  return "";
}

std::span<const state::Migration> config_history_migrations() { return kMigrations; }

Result<int64_t> keep_version(Database& database, const ConfigVersion& version,
                             const FileTexts& before, const FileTexts& after, size_t versions_max,
                             size_t bytes_max) {
  auto transaction = database.begin();
  if (!transaction) return fail(transaction.error());
  int64_t id = 0;
  auto made = transaction->query(
      "INSERT INTO config_versions (at, kind, author, reason, hash, of) VALUES (?, ?, ?, ?, ?, ?)"
      " RETURNING id",
      {version.at, static_cast<int>(version.kind), version.author, version.reason, hash_of(after),
       version.of},
      [&](const Row& row) { id = row.get<int64_t>(0); });
  if (!made) return fail(made.error());
  if (auto done = keep_texts(*transaction, id, after); !done) return fail(done.error());
  if (auto done = keep_differences(*transaction, id, differences(before, after)); !done)
    return fail(done.error());
  if (auto done = forget_oldest(*transaction, versions_max, bytes_max); !done)
    return fail(done.error());
  if (auto done = transaction->commit(); !done) return fail(done.error());
  return id;
}

Result<void> drop_version(Database& database, int64_t id) {
  auto transaction = database.begin();
  if (!transaction) return fail(transaction.error());
  auto done = transaction->execute("DELETE FROM config_versions WHERE id = ?", {id});
  if (!done) return fail(done.error());
  if (auto swept = remove_unused_texts(*transaction); !swept) return swept;
  return transaction->commit();
}

Result<std::vector<ConfigVersion>> list_versions(Database& database, size_t limit,
                                                 bool with_diffs) {
  return select_versions(database, "ORDER BY id DESC LIMIT ?", {limit}, with_diffs);
}

Result<std::optional<ConfigVersion>> read_version(Database& database, int64_t id) {
  auto found = select_versions(database, "WHERE id = ?", {id}, true);
  if (!found) return fail(found.error());
  if (found->empty()) return std::optional<ConfigVersion>();
  return std::optional<ConfigVersion>(std::move(found->front()));
}

Result<std::optional<FileTexts>> version_texts(Database& database, int64_t id) {
  auto version = read_version(database, id);
  if (!version) return fail(version.error());
  if (!*version) return std::optional<FileTexts>();
  FileTexts out;
  auto done = database.query(
      "SELECT f.file, t.text FROM config_files f JOIN config_texts t ON t.id = f.text"
      " WHERE f.version = ?",
      {id}, [&](const Row& row) { out[row.get<std::string>(0)] = row.get<std::string>(1); });
  if (!done) return fail(done.error());
  return std::optional<FileTexts>(std::move(out));
}

Result<std::optional<int64_t>> version_of(Database& database, std::string_view hash) {
  std::optional<int64_t> out;
  auto done =
      database.query("SELECT id FROM config_versions WHERE hash = ? ORDER BY id DESC LIMIT 1",
                     {hash}, [&](const Row& row) { out = row.get<int64_t>(0); });
  if (!done) return fail(done.error());
  return out;
}

}  // namespace tocsin
