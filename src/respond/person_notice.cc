#include "respond/person_notice.h"

#include <array>

namespace tocsin::respond {
namespace {

constexpr std::string_view kTables = R"(
CREATE TABLE person_notices (
  key TEXT PRIMARY KEY, receiver TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,
  created INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL,
  next_try INTEGER NOT NULL, answer TEXT NOT NULL) STRICT;
CREATE INDEX person_notices_waiting ON person_notices (created) WHERE state = 0;
)";
constexpr std::array kMigrations = {state::Migration{1, "person_notices", kTables}};
constexpr DurationMs kKeep = days(31);

}  // namespace

AlertView view_of(const PersonNotice& notice) {
  AlertView out;
  Decision decision;
  decision.rule_id = "on-call";
  decision.severity = Severity::kLow;
  decision.time = notice.created;
  decision.summary = notice.subject;
  decision.description = notice.text;
  out.id = Id128{0, hash64(notice.key)};
  out.key = decision.alert_key = out.id;
  out.opened_at = out.updated_at = notice.created;
  out.opened = out.latest = decision;
  return out;
}

bool is_person_notice(const Id128& alert) { return alert.high == 0; }

std::span<const state::Migration> person_notice_migrations() { return kMigrations; }

Result<bool> add_person_notice(state::Transaction& transaction, const PersonNotice& notice) {
  auto done = transaction.execute(
      "INSERT INTO person_notices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
      {notice.key, notice.receiver, notice.subject, notice.text, notice.created,
       static_cast<int>(notice.state), notice.attempts, notice.next_try, notice.answer});
  if (!done) return fail(done.error());
  return *done > 0;
}

Result<void> update_person_notice(state::Transaction& transaction, const PersonNotice& notice,
                                  TimeMs now) {
  auto done = transaction.execute(
      "UPDATE person_notices SET state = ?, attempts = ?, next_try = ?, answer = ? WHERE key = ?",
      {static_cast<int>(notice.state), notice.attempts, notice.next_try, notice.answer,
       notice.key});
  if (!done) return fail(done.error());
  done = transaction.execute("DELETE FROM person_notices WHERE state <> 0 AND created < ?",
                             {now - kKeep});
  if (!done) return fail(done.error());
  return {};
}

Result<std::vector<PersonNotice>> waiting_person_notices(state::Database& database, size_t limit) {
  std::vector<PersonNotice> out;
  auto done = database.query(
      "SELECT key, receiver, subject, text, created, attempts, next_try, answer"
      " FROM person_notices WHERE state = 0 ORDER BY created, key LIMIT ?",
      {limit}, [&](const state::Row& row) {
        PersonNotice one;
        one.key = row.get<std::string>(0);
        one.receiver = row.get<std::string>(1);
        one.subject = row.get<std::string>(2);
        one.text = row.get<std::string>(3);
        one.created = row.get<TimeMs>(4);
        one.attempts = row.get<uint32_t>(5);
        one.next_try = row.get<TimeMs>(6);
        one.answer = row.get<std::string>(7);
        out.push_back(std::move(one));
      });
  if (!done) return fail(done.error());
  return out;
}

}  // namespace tocsin::respond
