#include "access/tables.h"

#include <array>

namespace tocsin::access {
namespace {

using state::Database;
using state::Row;
using state::Transaction;

// A view is kept as its text, permissions as their names: both are read by eye and by later
// versions. The audit log is only ever added to; what is over a year old may go (triggers).
constexpr std::string_view kTables = R"(
CREATE TABLE access_users (
  name TEXT PRIMARY KEY, real_name TEXT NOT NULL, mail TEXT NOT NULL, role TEXT NOT NULL,
  view TEXT NOT NULL, password_hash TEXT NOT NULL, created INTEGER NOT NULL) STRICT;
CREATE TABLE access_tokens (
  name TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, may TEXT NOT NULL, view TEXT NOT NULL,
  owner TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
  last_used INTEGER NOT NULL) STRICT;
CREATE TABLE access_sessions (
  id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, user TEXT NOT NULL, address TEXT NOT NULL,
  agent TEXT NOT NULL, created INTEGER NOT NULL, last_used INTEGER NOT NULL) STRICT;
CREATE TABLE access_audit (
  number INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, kind TEXT NOT NULL,
  address TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL, status INTEGER NOT NULL,
  before TEXT NOT NULL, after TEXT NOT NULL) STRICT;
CREATE INDEX access_audit_at ON access_audit (at, number);
CREATE INDEX access_audit_who ON access_audit (who, at);
CREATE INDEX access_audit_action ON access_audit (action, at);
CREATE TRIGGER access_audit_is_not_changed BEFORE UPDATE ON access_audit
  BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TABLE access_replies (
  key TEXT PRIMARY KEY, request TEXT NOT NULL, at INTEGER NOT NULL, status INTEGER NOT NULL,
  type TEXT NOT NULL, body TEXT NOT NULL) STRICT;
)";
constexpr std::array kMigrations = {state::Migration{1, "access", kTables}};

// What this program wrote reads back; what it cannot read shows nothing rather than everything.
Result<LabelView> view_of(std::string_view text) {
  auto view = LabelView::parse(text);
  if (!view)
    return fail(ErrorCode::kCorrupt, "reading a kept view failed: " + view.error().message);
  return view;
}

Result<User> user_of(const Row& row) {
  User out;
  out.name = row.get<std::string>(0);
  out.real_name = row.get<std::string>(1);
  out.mail = row.get<std::string>(2);
  const auto role = parse_role(row.get<std::string_view>(3));
  if (!role) return fail(ErrorCode::kCorrupt, "the user " + out.name + " has an unknown role");
  out.role = *role;
  auto view = view_of(row.get<std::string_view>(4));
  if (!view) return fail(view.error());
  out.view = std::move(*view);
  out.password_hash = row.get<std::string>(5);
  out.created = row.get<TimeMs>(6);
  return out;
}

Result<Token> token_of(const Row& row) {
  Token out;
  out.name = row.get<std::string>(0);
  out.hash = row.get<std::string>(1);
  const auto may = parse_scopes(row.get<std::string_view>(2));
  if (!may) return fail(ErrorCode::kCorrupt, "the token " + out.name + " has unknown scopes");
  out.may = *may;
  auto view = view_of(row.get<std::string_view>(3));
  if (!view) return fail(view.error());
  out.view = std::move(*view);
  out.owner = row.get<std::string>(4);
  out.created = row.get<TimeMs>(5);
  out.expires = row.get<TimeMs>(6);
  out.last_use.set(row.get<TimeMs>(7));
  return out;
}

Result<Session> session_of(const Row& row) {
  Session out;
  out.id = row.get<std::string>(0);
  out.hash = row.get<std::string>(1);
  out.user = row.get<std::string>(2);
  out.address = row.get<std::string>(3);
  out.agent = row.get<std::string>(4);
  out.created = row.get<TimeMs>(5);
  out.last_use.set(row.get<TimeMs>(6));
  return out;
}

template <class T>
Result<std::vector<T>> read_all(Database& database, std::string_view sql,
                                Result<T> (*read)(const Row&)) {
  std::vector<T> out;
  std::optional<Error> error;
  auto done = database.query(sql, {}, [&](const Row& row) {
    auto one = read(row);
    if (one)
      out.push_back(std::move(*one));
    else
      error = one.error();
  });
  if (!done) return fail(done.error());
  if (error) return fail(*error);
  return out;
}

Result<void> run(Transaction& transaction, std::string_view sql, state::Values values) {
  auto done = transaction.execute(sql, values);
  if (!done) return fail(done.error());
  return {};
}

}  // namespace

std::span<const state::Migration> migrations() { return kMigrations; }

Result<std::vector<User>> read_users(Database& database) {
  return read_all<User>(database,
                        "SELECT name, real_name, mail, role, view, password_hash, created "
                        "FROM access_users ORDER BY name",
                        user_of);
}

Result<std::vector<Token>> read_tokens(Database& database) {
  return read_all<Token>(database,
                         "SELECT name, hash, may, view, owner, created, expires, last_used "
                         "FROM access_tokens ORDER BY name",
                         token_of);
}

Result<std::vector<Session>> read_sessions(Database& database) {
  return read_all<Session>(database,
                           "SELECT id, hash, user, address, agent, created, last_used "
                           "FROM access_sessions ORDER BY id",
                           session_of);
}

Result<void> write_user(Transaction& transaction, const User& user) {
  return run(transaction,
             "INSERT INTO access_users VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE "
             "SET real_name = excluded.real_name, mail = excluded.mail, role = excluded.role, "
             "view = excluded.view, password_hash = excluded.password_hash",
             {user.name, user.real_name, user.mail, to_text(user.role), user.view.text(),
              user.password_hash, user.created});
}

Result<void> write_token(Transaction& transaction, const Token& token) {
  return run(transaction,
             "INSERT INTO access_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO "
             "UPDATE SET last_used = excluded.last_used",
             {token.name, token.hash, to_text(token.may), token.view.text(), token.owner,
              token.created, token.expires, token.last_use.get()});
}

Result<void> write_session(Transaction& transaction, const Session& session) {
  return run(transaction,
             "INSERT INTO access_sessions VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
             "SET last_used = excluded.last_used",
             {session.id, session.hash, session.user, session.address, session.agent,
              session.created, session.last_use.get()});
}

Result<void> remove_user(Transaction& transaction, std::string_view name) {
  return run(transaction, "DELETE FROM access_users WHERE name = ?", {name});
}
Result<void> remove_token(Transaction& transaction, std::string_view name) {
  return run(transaction, "DELETE FROM access_tokens WHERE name = ?", {name});
}
Result<void> remove_session(Transaction& transaction, std::string_view id) {
  return run(transaction, "DELETE FROM access_sessions WHERE id = ?", {id});
}

}  // namespace tocsin::access
