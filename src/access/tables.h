#pragma once
// Users, tokens and sessions in SQL. Whoever holds the Database's one writer calls these.

#include <span>
#include <vector>

#include "access/records.h"
#include "state/database.h"
#include "state/migrations.h"

namespace tocsin::access {

// All of this room: also the audit log's (audit.h) and kept answers' (replies.h).
std::span<const state::Migration> migrations();

// By name, by name, by id.
Result<std::vector<User>> read_users(state::Database& database);
Result<std::vector<Token>> read_tokens(state::Database& database);
Result<std::vector<Session>> read_sessions(state::Database& database);

// Whole rows; one of that name (id) is replaced.
Result<void> write_user(state::Transaction& transaction, const User& user);
Result<void> write_token(state::Transaction& transaction, const Token& token);
Result<void> write_session(state::Transaction& transaction, const Session& session);
Result<void> remove_user(state::Transaction& transaction, std::string_view name);
Result<void> remove_token(state::Transaction& transaction, std::string_view name);
Result<void> remove_session(state::Transaction& transaction, std::string_view id);

}  // namespace tocsin::access
