#include "supervisor/silence_archive.h"

#include <fmt/format.h>

#include <algorithm>

#include "supervisor/codec.h"
#include "supervisor/tables.h"

namespace tocsin::supervisor {
namespace {

// Columns id, state, opened_at, latest, at.
Result<AlertLine> line_of(const state::Row& row) {
  auto decision = decode_decision(row.get<std::string_view>(3));
  AlertLine out;
  out.id = row.get<Id128>(0);
  if (!decision)
    return fail(decision.error().code,
                fmt::format("read alert {}: {}", to_text(out.id), decision.error().message));
  out.state = static_cast<AlertState>(std::clamp(row.get<int>(1), 0, 2));
  out.opened_at = row.get<TimeMs>(2);
  out.at = row.get<TimeMs>(4);
  out.rule = decision->rule_id;
  out.summary = decision->summary;
  out.severity = decision->severity;
  out.labels = alert_labels(*decision);
  return out;
}

bool all_match(const std::vector<LabelMatcher>& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const LabelMatcher& one) { return one.matches(labels); });
}

// Gives every line to `take`, until one cannot be read.
template <class Take>
Result<void> each_line(state::Database& database, std::string_view sql, const state::Values& values,
                       const Take& take) {
  std::optional<Error> wrong;
  auto rows = database.query(sql, values, [&](const state::Row& row) {
    auto line = line_of(row);
    if (line)
      take(std::move(*line));
    else
      wrong = line.error();
  });
  if (!rows) return fail(rows.error());
  if (wrong) return fail(std::move(*wrong));
  return {};
}

}  // namespace

Result<std::optional<Silence>> read_silence(state::Database& database, const std::string& id) {
  auto found = read_silences(database, "id = ?", {id});
  if (!found) return fail(found.error());
  if (found->empty()) return std::optional<Silence>();
  return std::optional<Silence>(std::move(found->front()));
}

Result<std::vector<AlertLine>> read_silence_hits(state::Database& database, const std::string& id,
                                                 size_t limit) {
  std::vector<AlertLine> out;
  auto done =
      each_line(database,
                "SELECT a.id, a.state, a.opened_at, CASE WHEN length(a.latest) = 0 THEN a.opened"
                " ELSE a.latest END, h.time FROM silence_hits h"
                " JOIN alerts a ON a.id = h.alert WHERE h.silence = ?"
                " ORDER BY h.time DESC, a.id LIMIT ?",
                {id, limit}, [&](AlertLine line) { out.push_back(std::move(line)); });
  if (!done) return fail(done.error());
  return out;
}

Result<SilencePreview> preview_silence(state::Database& database,
                                       const std::vector<LabelMatcher>& matchers, TimeMs since,
                                       size_t limit, int64_t look_at) {
  SilencePreview out;
  const auto take = [&](AlertLine line) {
    if (++out.looked_at > look_at) {
      --out.looked_at;
      out.complete = false;
      return;
    }
    if (!all_match(matchers, line.labels)) return;
    ++out.matched;
    out.open += line.state == AlertState::kOpen;
    if (out.first.size() < limit) out.first.push_back(std::move(line));
  };
  constexpr std::string_view kColumns =
      "SELECT id, state, opened_at, CASE WHEN length(latest) = 0 THEN opened ELSE latest END,"
      " opened_at FROM alerts";
  auto open = each_line(
      database, fmt::format("{} WHERE state = 0 ORDER BY opened_at DESC, id LIMIT ?", kColumns),
      {look_at + 1}, take);
  if (!open) return fail(open.error());
  auto closed = each_line(
      database,
      fmt::format("{} WHERE opened_at >= ? AND state <> 0 ORDER BY opened_at DESC, id LIMIT ?",
                  kColumns),
      {since, look_at + 1 - out.looked_at}, take);
  if (!closed) return fail(closed.error());
  return out;
}

}  // namespace tocsin::supervisor
