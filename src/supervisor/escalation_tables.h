#pragma once
// Inside of the room: tables `escalations` and `responses`.

#include <string_view>

#include "supervisor/changes.h"

namespace tocsin::supervisor {

inline constexpr std::string_view kEscalationTables = R"(
CREATE TABLE escalations (
  alert TEXT PRIMARY KEY REFERENCES alerts (id) ON DELETE CASCADE,
  policy TEXT NOT NULL, state INTEGER NOT NULL, due INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE responses (
  alert TEXT PRIMARY KEY REFERENCES alerts (id) ON DELETE CASCADE,
  told_at INTEGER NOT NULL, acknowledged_at INTEGER NOT NULL, by TEXT NOT NULL,
  severity INTEGER NOT NULL, target INTEGER NOT NULL) STRICT;
CREATE INDEX responses_acknowledged ON responses (acknowledged_at);
CREATE INDEX alerts_trend ON alerts (opened_at, rule);
)";

Result<void> write_escalation(state::Transaction& transaction, const EscalationChange& change);
// The first one of an alert counts.
Result<void> write_response(state::Transaction& transaction, const Response& response);
// The escalation of a record, and whether it was acknowledged before.
Result<void> read_escalation(state::Database& database, AlertRecord& record);

}  // namespace tocsin::supervisor
