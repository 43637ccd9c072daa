#include "supervisor/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <unordered_set>

#include "supervisor/archive.h"
#include "supervisor/closed_alerts.h"
#include "supervisor/codec.h"
#include "supervisor/escalation_tables.h"
#include "supervisor/ledger.h"
#include "supervisor/life_tables.h"

namespace tocsin::supervisor {
namespace {

using state::Blob;
using state::Database;
using state::Row;
using state::Transaction;
using state::Value;

constexpr std::string_view kTables = R"(
CREATE TABLE alerts (
  id TEXT PRIMARY KEY, key TEXT NOT NULL, rule TEXT NOT NULL, severity INTEGER NOT NULL,
  state INTEGER NOT NULL, opened_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  resolved_at INTEGER NOT NULL, resolve_reason TEXT NOT NULL,
  acknowledged_by TEXT NOT NULL, acknowledged_at INTEGER NOT NULL,
  silenced_by TEXT NOT NULL, silenced_until INTEGER NOT NULL,
  covered_by TEXT, covers TEXT NOT NULL,
  speak_at INTEGER NOT NULL, update_told_at INTEGER NOT NULL, update_owed INTEGER NOT NULL,
  rule_holds INTEGER NOT NULL, history_count INTEGER NOT NULL,
  opened BLOB NOT NULL, latest BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX alerts_one_open ON alerts (key) WHERE state = 0;
CREATE INDEX alerts_closed ON alerts (resolved_at) WHERE state <> 0;
CREATE INDEX alerts_held ON alerts (key) WHERE state = 1 AND rule_holds = 1;
CREATE TABLE alert_labels (
  name TEXT NOT NULL, value TEXT NOT NULL,
  alert TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
  PRIMARY KEY (name, value, alert)) STRICT;
CREATE INDEX alert_labels_alert ON alert_labels (alert);
CREATE TABLE alert_history (
  alert TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE, number INTEGER NOT NULL,
  time INTEGER NOT NULL, what TEXT NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (alert, number)) STRICT;
CREATE TABLE silences (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, until INTEGER NOT NULL, comment TEXT NOT NULL,
  by TEXT NOT NULL, ended INTEGER NOT NULL, removed_by TEXT NOT NULL,
  muted INTEGER NOT NULL) STRICT;
CREATE INDEX silences_active ON silences (until) WHERE ended = 0;
CREATE TABLE silence_matchers (
  silence TEXT NOT NULL REFERENCES silences (id) ON DELETE CASCADE, number INTEGER NOT NULL,
  label TEXT NOT NULL, op INTEGER NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (silence, number)) STRICT;
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY, alert TEXT REFERENCES alerts (id) ON DELETE CASCADE,
  receiver TEXT NOT NULL, kind TEXT NOT NULL, event TEXT NOT NULL, state INTEGER NOT NULL,
  attempts INTEGER NOT NULL, planned INTEGER NOT NULL, sent INTEGER NOT NULL,
  next_try INTEGER NOT NULL, answer TEXT NOT NULL, external TEXT NOT NULL,
  dedupe_key TEXT NOT NULL UNIQUE) STRICT;
CREATE INDEX deliveries_alert ON deliveries (alert);
CREATE INDEX deliveries_planned ON deliveries (planned);
CREATE INDEX deliveries_unfinished ON deliveries (id) WHERE state IN (0, 2);
CREATE TABLE supervisor_position (
  id INTEGER PRIMARY KEY, lsn INTEGER NOT NULL, due INTEGER NOT NULL, row INTEGER NOT NULL,
  step INTEGER NOT NULL, keys TEXT NOT NULL) STRICT;
)";

constexpr std::string_view kSilenceTables = R"(
ALTER TABLE silences ADD COLUMN window TEXT NOT NULL DEFAULT '';
CREATE INDEX silences_ended_windows ON silences (created_at) WHERE ended = 1 AND window <> '';
CREATE TABLE silence_hits (
  silence TEXT NOT NULL REFERENCES silences (id) ON DELETE CASCADE,
  alert TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
  time INTEGER NOT NULL, PRIMARY KEY (silence, alert)) STRICT;
CREATE INDEX silence_hits_alert ON silence_hits (alert);
)";

constexpr std::string_view kLedgerIndex =
    "CREATE INDEX alert_history_time ON alert_history (time, alert, number);";

// What is written with every alert is kept in the order in which alerts open, or near it: a burst
// then changes few pages. An alert's labels stand in its row; the table of labels leads to closed
// alerts alone, by the time of opening, and is written when they close: open ones are few.
// That a rule and scope have one open alert is the book's doing; an index by hashes that would
// check it costs a page of its own per alert.
constexpr std::string_view kOrderedTables = R"(
CREATE TABLE alert_labels_ordered (
  name TEXT NOT NULL, value TEXT NOT NULL, opened_at INTEGER NOT NULL,
  alert TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
  PRIMARY KEY (name, value, opened_at, alert)) STRICT, WITHOUT ROWID;
INSERT INTO alert_labels_ordered SELECT l.name, l.value, a.opened_at, l.alert
  FROM alert_labels l JOIN alerts a ON a.id = l.alert;
DROP TABLE alert_labels;
ALTER TABLE alert_labels_ordered RENAME TO alert_labels;
CREATE INDEX alert_labels_alert ON alert_labels (alert);
CREATE TABLE alert_history_ordered (
  alert TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE, number INTEGER NOT NULL,
  time INTEGER NOT NULL, what TEXT NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (alert, number)) STRICT, WITHOUT ROWID;
INSERT INTO alert_history_ordered SELECT alert, number, time, what, who, text FROM alert_history;
DROP TABLE alert_history;
ALTER TABLE alert_history_ordered RENAME TO alert_history;
CREATE INDEX alert_history_time ON alert_history (time, alert, number);
CREATE TABLE silence_hits_ordered (
  silence TEXT NOT NULL REFERENCES silences (id) ON DELETE CASCADE,
  alert TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
  time INTEGER NOT NULL, PRIMARY KEY (silence, alert)) STRICT, WITHOUT ROWID;
INSERT INTO silence_hits_ordered SELECT silence, alert, time FROM silence_hits;
DROP TABLE silence_hits;
ALTER TABLE silence_hits_ordered RENAME TO silence_hits;
CREATE INDEX silence_hits_alert ON silence_hits (alert);
ALTER TABLE alerts ADD COLUMN labels TEXT NOT NULL DEFAULT '';
UPDATE alerts SET labels = coalesce((SELECT char(31) || group_concat(name || '=' || value, char(31))
  || char(31) FROM alert_labels l WHERE l.alert = alerts.id), '');
DROP INDEX alerts_one_open;
CREATE INDEX alerts_open ON alerts (opened_at, id) WHERE state = 0;
DROP INDEX alerts_opened_at;
DROP INDEX alerts_trend;
CREATE INDEX alerts_opened ON alerts (opened_at, id);
CREATE INDEX alerts_rule ON alerts (rule, opened_at, id);
CREATE INDEX alerts_severity ON alerts (severity, opened_at, id);
)";

const std::array kMigrations = {state::Migration{1, "supervisor", kTables},
                                state::Migration{1, "escalations", kEscalationTables},
                                state::Migration{1, "supervisor life", kLifeTables},
                                state::Migration{1, "silences", kSilenceTables},
                                state::Migration{1, "ledger", kLedgerIndex},
                                state::Migration{1, "supervisor order", kOrderedTables},
                                state::Migration{2, "supervisor order", kClosedAlertsTable},
                                state::Migration{2, "ledger", kLedgerIndexes}};

// Ids as 32 digits each, one after the other.
std::string join(const std::vector<Id128>& ids) {
  std::string out;
  for (const Id128& id : ids) out += to_text(id);
  return out;
}

std::vector<Id128> split(std::string_view text) {
  std::vector<Id128> out;
  for (; text.size() >= 32; text.remove_prefix(32))
    if (const auto id = parse_id(text.substr(0, 32))) out.push_back(*id);
  return out;
}

// An alert that was not judged since it opened keeps one decision, not two.
std::string latest_of(const AlertView& view) {
  return view.latest.same(view.opened) ? std::string() : encode(view.latest);
}

Result<int64_t> update_row(Transaction& transaction, const AlertRecord& record) {
  const AlertView& view = record.view;
  const std::string latest = latest_of(view);
  return transaction.execute(
      "UPDATE alerts SET severity = ?, state = ?, updated_at = ?, resolved_at = ?,"
      " resolve_reason = ?, acknowledged_by = ?, acknowledged_at = ?, silenced_by = ?,"
      " silenced_until = ?, covered_by = ?, covers = ?, speak_at = ?, update_told_at = ?,"
      " update_owed = ?, rule_holds = ?, history_count = ?, latest = ? WHERE id = ?",
      {static_cast<int>(view.latest->severity), static_cast<int>(view.state), view.updated_at,
       view.resolved_at, view.resolve_reason, view.acknowledged_by, view.acknowledged_at,
       view.silenced_by, view.silenced_until, view.covered_by, join(view.covers), record.speak_at,
       record.update_told_at, record.update_owed, record.rule_holds, record.history_count,
       Blob{latest}, view.id});
}

std::string labels_text(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels.pairs()) {
    if (out.empty()) out += kLabelEnd;
    const size_t from = out.size();
    out.append(name).append("=").append(value);
    // What a sender wrote must not read as a label of its own.
    std::replace(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(), kLabelEnd, ' ');
    out += kLabelEnd;
  }
  return out;
}

// False: there is a row of it.
Result<bool> insert_row(Transaction& transaction, const AlertRecord& record) {
  const AlertView& view = record.view;
  const std::string opened = encode(view.opened);
  const std::string latest = latest_of(view);
  auto inserted = transaction.execute(
      "INSERT INTO alerts VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
      " ON CONFLICT (id) DO NOTHING",
      {view.id,
       view.key,
       view.opened->rule_id,
       static_cast<int>(view.latest->severity),
       static_cast<int>(view.state),
       view.opened_at,
       view.updated_at,
       view.resolved_at,
       view.resolve_reason,
       view.acknowledged_by,
       view.acknowledged_at,
       view.silenced_by,
       view.silenced_until,
       view.covered_by,
       join(view.covers),
       record.speak_at,
       record.update_told_at,
       record.update_owed,
       record.rule_holds,
       record.history_count,
       Blob{opened},
       Blob{latest},
       labels_text(view.opened->scope)});
  if (!inserted) return fail(inserted.error());
  return *inserted != 0;
}

// "INSERT INTO t VALUES (?, ?), (?, ?)": several rows are one statement.
std::string insert_of(std::string_view head, std::string_view row, size_t rows) {
  std::string out(head);
  for (size_t i = 0; i < rows; ++i) out += fmt::format("{} {}", i == 0 ? "" : ",", row);
  return out;
}

// Whether it is new is not known; one that was not judged since it opened most likely is. Either
// order gives the same rows.
Result<void> write_row(Transaction& transaction, const AlertRecord& record) {
  const bool likely_new = record.view.latest.same(record.view.opened) &&
                          record.view.state == AlertState::kOpen &&
                          record.view.acknowledged_by.empty();
  if (likely_new) {
    const auto inserted = insert_row(transaction, record);
    if (!inserted) return fail(inserted.error());
    if (*inserted) return {};
  }
  const auto updated = update_row(transaction, record);
  if (!updated) return fail(updated.error());
  if (*updated != 0) return {};
  const auto inserted = insert_row(transaction, record);
  if (!inserted) return fail(inserted.error());
  return {};
}

ClosedAlert closed_of(const AlertView& view) {
  return {view.id, view.resolved_at, view.opened->rule_id, view.latest->severity,
          labels_text(view.opened->scope)};
}

Result<void> write_alert(Transaction& transaction, const AlertRecord& record) {
  if (auto row = write_row(transaction, record); !row) return row;
  if (record.view.state != AlertState::kOpen)
    if (auto done = insert_closed(transaction, closed_of(record.view)); !done) return done;
  return write_life(transaction, record);
}

// Closed alerts first: one that closes makes room for the next of its rule and scope.
Result<void> write_alerts(Transaction& transaction, const Changes& changes) {
  std::unordered_set<Id128> seen;
  std::vector<const AlertRecord*> last;
  for (auto record = changes.alerts.rbegin(); record != changes.alerts.rend(); ++record)
    if (seen.insert((*record)->view.id).second) last.push_back(record->get());
  std::reverse(last.begin(), last.end());
  std::stable_partition(last.begin(), last.end(), [](const AlertRecord* record) {
    return record->view.state != AlertState::kOpen;
  });
  for (const AlertRecord* record : last)
    if (auto done = write_alert(transaction, *record); !done) return done;
  return {};
}

Result<void> write_history(Transaction& transaction, std::span<const HistoryEntry> entries) {
  constexpr size_t kRows = 16;
  std::vector<Value> values;
  while (!entries.empty()) {
    const size_t rows = entries.size() < kRows ? 1 : kRows;
    values.clear();
    for (const HistoryEntry& entry : entries.first(rows))
      values.insert(values.end(),
                    {entry.alert_id, entry.number, entry.time, entry.what, entry.who, entry.text});
    auto done = transaction.execute(
        insert_of("INSERT INTO alert_history VALUES", "(?, ?, ?, ?, ?, ?)", rows), values);
    if (!done) return fail(done.error());
    entries = entries.subspan(rows);
  }
  return {};
}

Result<void> write_silence(Transaction& transaction, const Silence& silence) {
  auto done = transaction.execute(
      "INSERT INTO silences VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
      " until = excluded.until, ended = excluded.ended, removed_by = excluded.removed_by, muted = "
      "excluded.muted",
      {silence.id, silence.created_at, silence.until, silence.comment, silence.by, silence.ended,
       silence.removed_by, silence.muted, silence.window});
  if (!done) return fail(done.error());
  int number = 0;
  for (const LabelMatcher& matcher : silence.matchers) {
    auto row = transaction.execute(
        "INSERT INTO silence_matchers VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        {silence.id, number++, matcher.label(), static_cast<int>(matcher.op()), matcher.value()});
    if (!row) return fail(row.error());
  }
  return {};
}

// The last of an id counts; a burst that a silence mutes names it with every alert.
Result<void> write_silences(Transaction& transaction, const std::vector<Silence>& silences) {
  std::unordered_set<std::string_view> seen;
  std::vector<const Silence*> last;
  for (auto silence = silences.rbegin(); silence != silences.rend(); ++silence)
    if (seen.insert(silence->id).second) last.push_back(&*silence);
  for (auto silence = last.rbegin(); silence != last.rend(); ++silence)
    if (auto done = write_silence(transaction, **silence); !done) return done;
  return {};
}

Result<void> write_hit(Transaction& transaction, const SilenceHit& hit) {
  auto done =
      transaction.execute("INSERT INTO silence_hits VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                          {hit.silence, hit.alert, hit.time});
  if (!done) return fail(done.error());
  return {};
}

Result<void> write_intent(Transaction& transaction, const NotificationIntent& intent) {
  auto done = transaction.execute(
      "INSERT INTO deliveries (id, alert, receiver, kind, event, state, attempts, planned, sent,"
      " next_try, answer, external, dedupe_key, group_id, text, loud)"
      " VALUES (?, ?, ?, '', ?, 0, 0, ?, 0, ?, '', '{}', ?, ?, ?, ?)"
      " ON CONFLICT (dedupe_key) DO NOTHING",
      {intent.id, intent.alert_id, intent.receiver, to_text(intent.event), intent.planned,
       intent.planned, intent.dedupe_key,
       intent.group == Id128{} ? std::optional<Id128>() : intent.group, intent.text, intent.loud});
  if (!done) return fail(done.error());
  return {};
}

Result<void> write_applied(Transaction& transaction, const Applied& applied) {
  auto done = transaction.execute(
      "INSERT INTO supervisor_position VALUES (1, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
      " lsn = excluded.lsn, due = excluded.due, row = excluded.row, step = excluded.step,"
      " keys = excluded.keys",
      {applied.at.lsn.value, applied.at.due, applied.at.row, applied.at.step, join(applied.keys)});
  if (!done) return fail(done.error());
  return {};
}

Result<void> write_rule_over(Transaction& transaction, const Id128& alert) {
  auto done = transaction.execute("UPDATE alerts SET rule_holds = 0 WHERE id = ?", {alert});
  if (!done) return fail(done.error());
  return {};
}

template <class T>
Result<void> write_each(Transaction& transaction, const std::vector<T>& rows,
                        Result<void> (*write)(Transaction&, const T&)) {
  for (const T& row : rows)
    if (auto done = write(transaction, row); !done) return done;
  return {};
}

constexpr std::string_view kRecordColumns =
    "id, key, state, opened_at, updated_at, resolved_at, resolve_reason, acknowledged_by,"
    " acknowledged_at, silenced_by, silenced_until, covered_by, covers, speak_at, update_told_at,"
    " update_owed, rule_holds, history_count, opened, latest";

Result<AlertRecord> record_of(const Row& row) {
  AlertRecord out;
  AlertView& view = out.view;
  view.id = row.get<Id128>(0);
  view.key = row.get<Id128>(1);
  const int state = row.get<int>(2);
  if (state < 0 || state > static_cast<int>(AlertState::kExpired))
    return fail(ErrorCode::kCorrupt,
                fmt::format("read alert {}: state {} is unknown", to_text(view.id), state));
  view.state = static_cast<AlertState>(state);
  view.opened_at = row.get<TimeMs>(3);
  view.updated_at = row.get<TimeMs>(4);
  view.resolved_at = row.get<TimeMs>(5);
  view.resolve_reason = row.get<std::string>(6);
  view.acknowledged_by = row.get<std::string>(7);
  view.acknowledged_at = row.get<TimeMs>(8);
  view.silenced_by = row.get<std::string>(9);
  view.silenced_until = row.get<TimeMs>(10);
  view.covered_by = row.get<std::optional<Id128>>(11);
  view.covers = split(row.get<std::string_view>(12));
  out.speak_at = row.get<TimeMs>(13);
  out.update_told_at = row.get<TimeMs>(14);
  out.update_owed = row.get<bool>(15);
  out.rule_holds = row.get<bool>(16);
  out.history_count = row.get<uint32_t>(17);
  for (const auto& [column, into] : {std::pair{18, &view.opened}, std::pair{19, &view.latest}}) {
    if (column == 19 && row.get<std::string_view>(column).empty()) {
      view.latest = view.opened;  // not judged since it opened
      break;
    }
    auto decision = decode_decision(row.get<std::string_view>(column));
    if (!decision)
      return fail(decision.error().code,
                  fmt::format("read alert {}: {}", to_text(view.id), decision.error().message));
    *into = std::move(*decision);
  }
  return out;
}

// What stands in tables of its own: notes, receivers told, the escalation.
Result<void> complete(Database& database, AlertRecord& record) {
  auto notes = database.query(
      "SELECT time, who, text FROM alert_history WHERE alert = ? AND what = 'note' ORDER BY number",
      {record.view.id}, [&](const Row& row) {
        record.view.notes.push_back(
            {row.get<TimeMs>(0), row.get<std::string>(1), row.get<std::string>(2)});
      });
  if (!notes) return fail(notes.error());
  auto told = database.query(
      "SELECT receiver, planned FROM deliveries WHERE alert = ? AND event = 'opened'"
      " AND group_id IS NULL",
      {record.view.id}, [&](const Row& row) {
        record.told.insert(row.get<std::string>(0));
        const auto planned = row.get<TimeMs>(1);
        if (record.spoke_at == TimeMs{} || planned < record.spoke_at) record.spoke_at = planned;
      });
  if (!told) return fail(told.error());
  if (auto done = read_escalation(database, record); !done) return done;
  return read_life(database, record);
}

Result<void> read_matchers(Database& database, Silence& silence) {
  std::optional<Error> wrong;
  auto rows = database.query(
      "SELECT label, op, value FROM silence_matchers WHERE silence = ? ORDER BY number",
      {silence.id}, [&](const Row& row) {
        auto matcher =
            LabelMatcher::make(row.get<std::string>(0),
                               static_cast<LabelMatcher::Op>(std::clamp(row.get<int>(1), 0, 3)),
                               row.get<std::string>(2));
        if (matcher)
          silence.matchers.push_back(std::move(*matcher));
        else
          wrong = matcher.error();
      });
  if (!rows) return fail(rows.error());
  if (wrong) return fail(std::move(*wrong));
  return {};
}

}  // namespace

std::string label_value(std::string_view alerts) {
  return fmt::format(
      "CASE instr({0}.labels, ?) WHEN 0 THEN '' ELSE substr(substr({0}.labels,"
      " instr({0}.labels, ?) + length(?)), 1, instr(substr({0}.labels, instr({0}.labels, ?) +"
      " length(?)), char(31)) - 1) END",
      alerts);
}

std::string before_value(std::string_view label) {
  std::string out(1, kLabelEnd);
  out.append(label) += '=';
  return out;
}

std::span<const state::Migration> migrations() { return kMigrations; }

Result<void> apply(Transaction& transaction, const Changes& changes) {
  if (auto done = write_alerts(transaction, changes); !done) return done;
  if (auto done = write_history(transaction, changes.history); !done) return done;
  if (auto done = write_silences(transaction, changes.silences); !done) return done;
  if (auto done = write_each(transaction, changes.silence_hits, write_hit); !done) return done;
  if (auto done = write_groups(transaction, changes); !done) return done;
  if (auto done = write_each(transaction, changes.intents, write_intent); !done) return done;
  if (auto done = write_each(transaction, changes.escalations, write_escalation); !done)
    return done;
  if (auto done = write_each(transaction, changes.responses, write_response); !done) return done;
  if (auto done = write_each(transaction, changes.rule_over, write_rule_over); !done) return done;
  return changes.applied ? write_applied(transaction, *changes.applied) : Result<void>{};
}

Result<std::vector<AlertRecord>> read_records(Database& database, std::string_view condition,
                                              state::Values values) {
  std::vector<AlertRecord> out;
  std::optional<Error> wrong;
  auto rows =
      database.query(fmt::format("SELECT {} FROM alerts a WHERE {}", kRecordColumns, condition),
                     values, [&](const Row& row) {
                       auto record = record_of(row);
                       if (record)
                         out.push_back(std::move(*record));
                       else
                         wrong = record.error();
                     });
  if (!rows) return fail(rows.error());
  if (wrong) return fail(std::move(*wrong));
  for (AlertRecord& record : out)
    if (auto done = complete(database, record); !done) return fail(done.error());
  return out;
}

Result<std::vector<Silence>> read_silences(Database& database, std::string_view condition,
                                           const state::Values& values) {
  std::vector<Silence> out;
  auto rows = database.query(
      fmt::format("SELECT id, created_at, until, comment, by, ended, removed_by, muted, window"
                  " FROM silences WHERE {}",
                  condition),
      values, [&](const Row& row) {
        Silence silence;
        silence.id = row.get<std::string>(0);
        silence.created_at = row.get<TimeMs>(1);
        silence.until = row.get<TimeMs>(2);
        silence.comment = row.get<std::string>(3);
        silence.by = row.get<std::string>(4);
        silence.ended = row.get<bool>(5);
        silence.removed_by = row.get<std::string>(6);
        silence.muted = row.get<int64_t>(7);
        silence.window = row.get<std::string>(8);
        out.push_back(std::move(silence));
      });
  if (!rows) return fail(rows.error());
  for (Silence& silence : out)
    if (auto done = read_matchers(database, silence); !done) return fail(done.error());
  return out;
}

Result<std::vector<std::pair<std::string, TimeMs>>> read_ended_windows(Database& database) {
  std::vector<std::pair<std::string, TimeMs>> out;
  auto rows = database.query(
      "SELECT id, created_at FROM silences WHERE ended = 1 AND window <> '' AND removed_by <> "
      "'configuration'"
      " ORDER BY created_at DESC LIMIT 10000",
      {}, [&](const Row& row) { out.emplace_back(row.get<std::string>(0), row.get<TimeMs>(1)); });
  if (!rows) return fail(rows.error());
  return out;
}

Result<Applied> read_applied(Database& database) {
  Applied out;
  auto rows = database.query(
      "SELECT lsn, due, row, step, keys FROM supervisor_position WHERE id = 1", {},
      [&](const Row& row) {
        out.at = {
            {row.get<uint64_t>(0)}, row.get<TimeMs>(1), row.get<uint64_t>(2), row.get<uint32_t>(3)};
        out.keys = split(row.get<std::string_view>(4));
      });
  if (!rows) return fail(rows.error());
  return out;
}

Delivery delivery_of(const Row& row) {
  Delivery out;
  out.id = row.get<int64_t>(0);
  out.alert_id = row.get<Id128>(1);
  out.receiver = row.get<std::string>(2);
  out.kind = row.get<std::string>(3);
  out.event = row.get<std::string>(4);
  out.state = static_cast<Delivery::State>(std::clamp(row.get<int>(5), 0, 3));
  out.attempts = row.get<uint32_t>(6);
  out.planned = row.get<TimeMs>(7);
  out.sent = row.get<TimeMs>(8);
  out.next_try = row.get<TimeMs>(9);
  out.answer = row.get<std::string>(10);
  out.group = row.get<std::optional<Id128>>(11);
  out.text = row.get<std::string>(12);
  out.loud = row.get<bool>(13);
  return out;
}

}  // namespace tocsin::supervisor
