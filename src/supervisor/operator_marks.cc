#include "supervisor/operator_marks.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

namespace tocsin::supervisor {
namespace {

using state::Database;
using state::Row;
using state::Transaction;

constexpr std::string_view kTables = R"(
CREATE TABLE operator_marks (
  number INTEGER PRIMARY KEY, of INTEGER NOT NULL, id TEXT NOT NULL, verdict INTEGER NOT NULL,
  rule TEXT NOT NULL, worker TEXT NOT NULL, direction INTEGER NOT NULL,
  opened INTEGER NOT NULL, ended INTEGER NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX operator_marks_of ON operator_marks (of, id);
CREATE TABLE operator_mark_labels (
  mark INTEGER NOT NULL REFERENCES operator_marks (number) ON DELETE CASCADE,
  name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (mark, name)) STRICT;
CREATE TABLE operator_mark_models (
  mark INTEGER NOT NULL REFERENCES operator_marks (number) ON DELETE CASCADE,
  worker TEXT NOT NULL, model TEXT NOT NULL, PRIMARY KEY (mark, worker, model)) STRICT;
)";
constexpr std::array kMigrations = {state::Migration{1, "operator_marks", kTables}};

// What votes on its own has no weight, only its vote.
bool stands_outside(const JudgedPoint& point, const ModelBand& band) {
  return band.outside ||
         (band.weight > 0 && (point.value < band.lower || point.value > band.upper));
}

// The models that stood outside; where none did by itself (a mean of bands), all that had weight.
void add_models(const Violation& violation, const std::string& worker,
                const std::vector<std::string>& names, std::vector<OperatorMark::Model>& out) {
  const JudgedPoint& point = violation.worst;
  const bool any = std::any_of(point.models.begin(), point.models.end(),
                               [&](const ModelBand& band) { return stands_outside(point, band); });
  const size_t before = out.size();
  for (const ModelBand& band : point.models)
    if (band.model < names.size() && (any ? stands_outside(point, band) : band.weight > 0))
      out.push_back({worker, names[band.model]});
  if (out.size() == before) out.push_back({worker, ""});
}

void tidy(std::vector<OperatorMark::Model>& models) {
  std::sort(models.begin(), models.end());
  models.erase(std::unique(models.begin(), models.end()), models.end());
}

Result<void> insert_rows(Transaction& transaction, int64_t number, const OperatorMark& mark) {
  for (const auto& [name, value] : mark.labels.pairs()) {
    auto done = transaction.execute("INSERT INTO operator_mark_labels VALUES (?, ?, ?)",
                                    {number, name, value});
    if (!done) return fail(done.error());
  }
  for (const OperatorMark::Model& model : mark.models) {
    auto done = transaction.execute("INSERT INTO operator_mark_models VALUES (?, ?, ?)",
                                    {number, model.worker, model.name});
    if (!done) return fail(done.error());
  }
  return {};
}

OperatorMark mark_in(const Row& row) {
  OperatorMark out;
  out.of = row.get<int>(1) == 0 ? OperatorMark::Of::kAlert : OperatorMark::Of::kViolation;
  out.id = row.get<Id128>(2);
  out.verdict =
      row.get<int>(3) == 0 ? OperatorMark::Verdict::kUseful : OperatorMark::Verdict::kNoise;
  out.rule = row.get<std::string>(4);
  out.worker = row.get<std::string>(5);
  out.direction = static_cast<Direction>(std::clamp(row.get<int>(6), 0, 2));
  out.opened = row.get<TimeMs>(7);
  out.ended = row.get<TimeMs>(8);
  out.by = row.get<std::string>(9);
  out.at = row.get<TimeMs>(10);
  return out;
}

}  // namespace

std::string_view to_text(OperatorMark::Of of) {
  return of == OperatorMark::Of::kAlert ? "alert" : "violation";
}

std::string_view to_text(OperatorMark::Verdict verdict) {
  return verdict == OperatorMark::Verdict::kUseful ? "useful" : "noise";
}

std::optional<OperatorMark::Verdict> parse_verdict(std::string_view text) {
  using Verdict = OperatorMark::Verdict;
  for (const Verdict verdict : {Verdict::kUseful, Verdict::kNoise})
    if (to_text(verdict) == text) return verdict;
  return std::nullopt;
}

OperatorMark mark_of(const AlertView& alert) {
  OperatorMark out;
  out.of = OperatorMark::Of::kAlert;
  out.id = alert.id;
  out.rule = alert.opened->rule_id;
  out.labels = alert.opened->scope;
  out.opened = alert.opened_at;
  out.ended = alert.resolved_at;
  for (const JudgedViolation& judged : alert.opened->violations)
    add_models(judged.violation, judged.worker_id, judged.model_names, out.models);
  tidy(out.models);
  return out;
}

OperatorMark mark_of(const Violation& violation, const Labels& series, const std::string& worker,
                     const std::vector<std::string>& model_names) {
  OperatorMark out;
  out.of = OperatorMark::Of::kViolation;
  out.id = violation.id;
  out.worker = worker;
  out.direction = violation.direction;
  out.labels = series;
  out.opened = violation.opened;
  out.ended = violation.ended;
  add_models(violation, worker, model_names, out.models);
  tidy(out.models);
  return out;
}

std::span<const state::Migration> operator_mark_migrations() { return kMigrations; }

Result<void> write_operator_mark(Transaction& transaction, const OperatorMark& mark) {
  auto removed = remove_operator_mark(transaction, mark.of, mark.id);
  if (!removed) return fail(removed.error());
  int64_t number = 0;
  auto made = transaction.query(
      "INSERT INTO operator_marks (of, id, verdict, rule, worker, direction, opened, ended, by, at)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number",
      {static_cast<int>(mark.of), mark.id, static_cast<int>(mark.verdict), mark.rule, mark.worker,
       static_cast<int>(mark.direction), mark.opened, mark.ended, mark.by, mark.at},
      [&](const Row& row) { number = row.get<int64_t>(0); });
  if (!made) return fail(made.error());
  if (auto done = insert_rows(transaction, number, mark); !done) return done;
  auto oldest = transaction.execute(
      "DELETE FROM operator_marks WHERE number IN"
      " (SELECT number FROM operator_marks ORDER BY at DESC, number DESC LIMIT -1 OFFSET ?)",
      {kOperatorMarksMax});
  if (!oldest) return fail(oldest.error());
  return {};
}

Result<bool> remove_operator_mark(Transaction& transaction, OperatorMark::Of of, const Id128& id) {
  auto gone = transaction.execute("DELETE FROM operator_marks WHERE of = ? AND id = ?",
                                  {static_cast<int>(of), id});
  if (!gone) return fail(gone.error());
  return *gone > 0;
}

Result<std::vector<OperatorMark>> list_operator_marks(Database& database, size_t limit) {
  std::vector<OperatorMark> out;
  std::unordered_map<int64_t, size_t> places;
  auto rows = database.query(
      "SELECT m.number, m.of, m.id, m.verdict, m.rule, m.worker, m.direction, m.opened,"
      " COALESCE(a.resolved_at, m.ended), m.by, m.at FROM operator_marks m"
      " LEFT JOIN alerts a ON m.of = 0 AND a.id = m.id ORDER BY m.at DESC, m.number DESC LIMIT ?",
      {std::min(limit, kOperatorMarksMax)}, [&](const Row& row) {
        places.emplace(row.get<int64_t>(0), out.size());
        out.push_back(mark_in(row));
      });
  if (!rows) return fail(rows.error());
  std::vector<std::vector<Labels::Pair>> labels(out.size());
  auto named =
      database.query("SELECT mark, name, value FROM operator_mark_labels", {}, [&](const Row& row) {
        const auto place = places.find(row.get<int64_t>(0));
        if (place == places.end()) return;
        labels[place->second].emplace_back(row.get<std::string>(1), row.get<std::string>(2));
      });
  if (!named) return fail(named.error());
  auto models = database.query(
      "SELECT mark, worker, model FROM operator_mark_models", {}, [&](const Row& row) {
        const auto place = places.find(row.get<int64_t>(0));
        if (place == places.end()) return;
        out[place->second].models.push_back({row.get<std::string>(1), row.get<std::string>(2)});
      });
  if (!models) return fail(models.error());
  for (size_t i = 0; i < out.size(); ++i) {
    out[i].labels = Labels(std::move(labels[i]));
    tidy(out[i].models);
  }
  return out;
}

PrecisionTable precision_of(std::span<const OperatorMark> marks) {
  PrecisionTable out;
  for (const OperatorMark& mark : marks) {
    if (mark.of == OperatorMark::Of::kAlert) out.rules[mark.rule].add(mark.verdict);
    std::set<std::string> workers;
    if (mark.of == OperatorMark::Of::kViolation) workers.insert(mark.worker);
    for (const OperatorMark::Model& model : mark.models) {
      workers.insert(model.worker);
      if (!model.name.empty()) out.workers[model.worker].models[model.name].add(mark.verdict);
    }
    for (const std::string& worker : workers) out.workers[worker].all.add(mark.verdict);
  }
  return out;
}

}  // namespace tocsin::supervisor
