#include "state/migrations.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>

#include "base/id.h"

namespace tocsin::state {
namespace {

using Step = std::pair<std::string, int>;  // room, number

Result<std::map<Step, Id128>> steps_done(Database& database) {
  auto made = database.script(
      "CREATE TABLE IF NOT EXISTS migrations (room TEXT NOT NULL, number INTEGER NOT NULL,"
      " hash TEXT NOT NULL, PRIMARY KEY (room, number)) STRICT");
  if (!made) return fail(made.error());
  std::map<Step, Id128> done;
  auto rows = database.query("SELECT room, number, hash FROM migrations", {}, [&](const Row& row) {
    done[{row.get<std::string>(0), row.get<int>(1)}] = row.get<Id128>(2);
  });
  if (!rows) return fail(rows.error());
  return done;
}

Result<void> refuse_newer(const Database& database, const std::map<Step, Id128>& done,
                          std::span<const Migration> migrations) {
  std::map<std::string, int> newest;
  for (const Migration& migration : migrations) {
    int& number = newest[std::string(migration.room)];
    number = std::max(number, migration.number);
  }
  for (const auto& [step, hash] : done) {
    const auto room = newest.find(step.first);
    if (room != newest.end() && step.second > room->second)
      return fail(
          ErrorCode::kRefused,
          fmt::format("open state database {}: a newer program made it (step {} of {}, this "
                      "one knows {}); use that program or a backup",
                      database.path(), step.second, step.first, room->second));
  }
  return {};
}

Result<void> run(Database& database, const Migration& migration) {
  auto transaction = database.begin();
  if (!transaction) return fail(transaction.error());
  if (auto done = transaction->script(migration.sql); !done) return done;
  auto noted = transaction->execute("INSERT INTO migrations (room, number, hash) VALUES (?, ?, ?)",
                                    {migration.room, migration.number, hash128(migration.sql)});
  if (!noted) return fail(noted.error());
  return transaction->commit();
}

}  // namespace

Result<void> migrate(Database& database, std::span<const Migration> migrations) {
  const auto done = steps_done(database);
  if (!done) return fail(done.error());
  if (auto known = refuse_newer(database, *done, migrations); !known) return known;
  for (const Migration& migration : migrations) {
    const auto seen = done->find({std::string(migration.room), migration.number});
    if (seen == done->end()) {
      if (auto ran = run(database, migration); !ran) return ran;
    } else if (seen->second != hash128(migration.sql)) {
      return fail(ErrorCode::kCorrupt,
                  fmt::format("open state database {}: step {} of {} was changed after it was run; "
                              "use the program that made the file",
                              database.path(), migration.number, migration.room));
    }
  }
  return {};
}

}  // namespace tocsin::state
