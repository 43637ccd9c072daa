#include "supervisor/kept_causes.h"

#include <fmt/format.h>

#include <array>

namespace tocsin::supervisor {
namespace {

using state::Row;

constexpr std::string_view kTables = R"(
CREATE TABLE alert_causes (
  alert TEXT PRIMARY KEY REFERENCES alerts (id) ON DELETE CASCADE,
  at INTEGER NOT NULL, answer TEXT NOT NULL) STRICT;
)";
constexpr std::array kMigrations = {state::Migration{1, "alert_causes", kTables}};

}  // namespace

std::span<const state::Migration> kept_causes_migrations() { return kMigrations; }

Result<bool> keep_causes(state::Transaction& transaction, const Id128& alert, TimeMs at,
                         const std::string& answer) {
  if (answer.size() > kKeptCausesBytesMax)
    return fail(ErrorCode::kInvalid,
                fmt::format("keeping the causes of alert {} failed: {} bytes are more than {}",
                            to_text(alert), answer.size(), kKeptCausesBytesMax));
  auto kept = transaction.execute(
      "INSERT INTO alert_causes (alert, at, answer) SELECT id, ?, ? FROM alerts WHERE id = ?"
      " ON CONFLICT (alert) DO UPDATE SET at = excluded.at, answer = excluded.answer",
      {at, answer, alert});
  if (!kept) return fail(kept.error());
  return *kept > 0;
}

Result<std::optional<std::string>> read_causes(state::Database& database, const Id128& alert) {
  std::optional<std::string> out;
  auto rows = database.query("SELECT answer FROM alert_causes WHERE alert = ?", {alert},
                             [&](const Row& row) { out = row.get<std::string>(0); });
  if (!rows) return fail(rows.error());
  return out;
}

}  // namespace tocsin::supervisor
