#include "supervisor/escalation_tables.h"

#include <fmt/format.h>

#include "supervisor/escalation.h"
#include "supervisor/escalation_codec.h"

namespace tocsin::supervisor {

Result<void> write_escalation(state::Transaction& transaction, const EscalationChange& change) {
  const Escalation& escalation = *change.escalation;
  const std::string body = encode(escalation);
  const TimeMs due = next_due(escalation);
  auto done = transaction.execute(
      "INSERT INTO escalations VALUES (?, ?, ?, ?, ?) ON CONFLICT (alert) DO UPDATE SET"
      " policy = excluded.policy, state = excluded.state, due = excluded.due,"
      " body = excluded.body",
      {change.alert, escalation.policy ? escalation.policy->name : "",
       static_cast<int>(escalation.state), due == kTimeMax ? TimeMs{} : due, state::Blob{body}});
  if (!done) return fail(done.error());
  return {};
}

Result<void> write_response(state::Transaction& transaction, const Response& response) {
  auto done = transaction.execute(
      "INSERT INTO responses VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (alert) DO NOTHING",
      {response.alert, response.told_at, response.acknowledged_at, response.by,
       static_cast<int>(response.severity), response.target.count});
  if (!done) return fail(done.error());
  return {};
}

Result<void> read_escalation(state::Database& database, AlertRecord& record) {
  std::optional<Error> wrong;
  auto rows = database.query(
      "SELECT (SELECT body FROM escalations WHERE alert = ?),"
      " (SELECT 1 FROM responses WHERE alert = ?)",
      {record.view.id, record.view.id}, [&](const state::Row& row) {
        record.answered = !row.null(1);
        if (row.null(0)) return;
        auto read = decode_escalation(row.get<std::string_view>(0));
        if (read)
          record.view.escalation = std::make_shared<const Escalation>(std::move(*read));
        else
          wrong = read.error();
      });
  if (!rows) return fail(rows.error());
  if (!wrong) return {};
  return fail(wrong->code, fmt::format("alert {}: {}", to_text(record.view.id), wrong->message));
}

}  // namespace tocsin::supervisor
