#include "oncall/overrides.h"

#include <algorithm>
#include <array>

namespace tocsin::oncall {
namespace {

constexpr std::array<std::string_view, 3> kKinds{"take_over", "add", "remove"};

constexpr std::string_view kTables = R"(
CREATE TABLE oncall_overrides (
  id TEXT PRIMARY KEY, schedule TEXT NOT NULL, kind TEXT NOT NULL, begins INTEGER NOT NULL,
  ends INTEGER NOT NULL, person TEXT NOT NULL, instead_of TEXT NOT NULL, reason TEXT NOT NULL,
  made_by TEXT NOT NULL, created INTEGER NOT NULL, ended_by TEXT NOT NULL,
  ended_at INTEGER NOT NULL) STRICT;
CREATE INDEX oncall_overrides_ends ON oncall_overrides (ends);
)";
constexpr std::array kMigrations = {state::Migration{1, "oncall_overrides", kTables}};

void insert_sorted(std::vector<std::string>& people, const std::string& person) {
  const auto at = std::lower_bound(people.begin(), people.end(), person);
  if (at == people.end() || *at != person) people.insert(at, person);
}

}  // namespace

std::string_view to_text(Override::Kind kind) { return kKinds[static_cast<size_t>(kind)]; }

std::optional<Override::Kind> parse_override_kind(std::string_view text) {
  const auto found = std::find(kKinds.begin(), kKinds.end(), text);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<Override::Kind>(found - kKinds.begin());
}

void apply_overrides(std::span<const Override* const> overrides, std::vector<std::string>& people) {
  for (const Override* one : overrides) {
    if (one->kind == Override::Kind::kAdd) {
      insert_sorted(people, one->person);
      continue;
    }
    if (one->instead_of.empty()) {
      people.clear();
    } else {
      // Somebody who is not on call cannot be replaced: nothing happens.
      if (std::erase(people, one->instead_of) == 0) continue;
    }
    if (one->kind == Override::Kind::kTakeOver) insert_sorted(people, one->person);
  }
}

std::span<const state::Migration> override_migrations() { return kMigrations; }

Result<void> write_override(state::Transaction& transaction, const Override& one) {
  auto done = transaction.execute(
      "INSERT INTO oncall_overrides VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET ended_by = excluded.ended_by, ended_at = excluded.ended_at",
      {one.id, one.schedule, to_text(one.kind), one.from, one.to, one.person, one.instead_of,
       one.reason, one.by, one.created, one.ended_by, one.ended_at});
  if (!done) return fail(done.error());
  return {};
}

Result<std::vector<Override>> read_overrides(state::Database& database, TimeMs since) {
  std::vector<Override> out;
  auto done = database.query(
      "SELECT id, schedule, kind, begins, ends, person, instead_of, reason, made_by, created,"
      " ended_by, ended_at FROM oncall_overrides WHERE ends > ? ORDER BY created, id",
      {since}, [&](const state::Row& row) {
        Override one;
        one.id = row.get<std::string>(0);
        one.schedule = row.get<std::string>(1);
        one.kind = parse_override_kind(row.get<std::string>(2)).value_or(Override::Kind::kAdd);
        one.from = row.get<TimeMs>(3);
        one.to = row.get<TimeMs>(4);
        one.person = row.get<std::string>(5);
        one.instead_of = row.get<std::string>(6);
        one.reason = row.get<std::string>(7);
        one.by = row.get<std::string>(8);
        one.created = row.get<TimeMs>(9);
        one.ended_by = row.get<std::string>(10);
        one.ended_at = row.get<TimeMs>(11);
        out.push_back(std::move(one));
      });
  if (!done) return fail(done.error());
  return out;
}

}  // namespace tocsin::oncall
