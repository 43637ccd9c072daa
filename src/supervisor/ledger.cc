#include "supervisor/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>

namespace tocsin::supervisor {
namespace {

auto rank(const LedgerRow& row) { return std::tuple(row.time, row.kind, row.alert, row.number); }

bool is_of(std::string_view receiver, std::string_view name) {
  return receiver == name || (receiver.size() > name.size() && receiver.starts_with(name) &&
                              receiver[name.size()] == '/');
}

std::string delivery_sentence(const LedgerRow& row) {
  const std::string what =
      fmt::format("{} by {}{}", row.what, row.who,
                  row.receiver_kind.empty() ? "" : fmt::format(" ({})", row.receiver_kind));
  switch (row.state) {
    case Delivery::State::kSent:
      return fmt::format("{}: sent {}, {}", what, to_iso(row.sent), row.text);
    case Delivery::State::kPlanned:
      return fmt::format("{}: waits to be sent", what);
    case Delivery::State::kFailed:
      return fmt::format("{}: failed {} times, tried again {}: {}", what, row.attempts,
                         to_iso(row.next_try), row.text);
    case Delivery::State::kGivenUp:
      return fmt::format("{}: given up after {} attempts: {}", what, row.attempts, row.text);
  }
  return what;
}

// Changes that decide who hears of an alert; others are its story, not a reason.
bool decides(const LedgerRow& row) {
  static constexpr std::string_view kStory[] = {"note", "severity", "flapping"};
  return std::find(std::begin(kStory), std::end(kStory), row.what) == std::end(kStory);
}

std::string state_sentence(const LedgerRow& row) {
  std::string out = row.what;
  if (!row.who.empty()) out += " by " + row.who;
  if (!row.text.empty()) out += ": " + row.text;
  return out;
}

std::string why_not(const AlertView& alert, const std::vector<LedgerRow>& rows,
                    std::string_view name) {
  const auto last = [&](std::string_view what) -> const LedgerRow* {
    for (auto row = rows.rbegin(); row != rows.rend(); ++row)
      if (row->kind == LedgerRow::Kind::kState && row->what == what) return &*row;
    return nullptr;
  };
  const LedgerRow* told = last("told");
  if (told == nullptr) {
    if (const LedgerRow* silenced = last("silenced"))
      return fmt::format("nobody was told: it was silenced {}", silenced->text);
    if (const LedgerRow* covered = last("covered"))
      return fmt::format("nobody was told: alert {} of rule {} covers it", covered->text,
                         covered->who);
    if (const LedgerRow* inhibited = last("inhibited"))
      return fmt::format("nobody was told: it was inhibited: {}", inhibited->text);
    return alert.state == AlertState::kOpen ? "nobody has been told yet" : "nobody was told";
  }
  if (!alert.acknowledged_by.empty())
    return fmt::format("{} was not told: {} were, and {} acknowledged it {}, before it came to {}",
                       name, told->text, alert.acknowledged_by, to_iso(alert.acknowledged_at),
                       name);
  if (alert.state != AlertState::kOpen)
    return fmt::format("{} was not told: the routes told {}, and it ended {}", name, told->text,
                       to_iso(alert.resolved_at));
  return fmt::format("{} has not been told: the routes told {}", name, told->text);
}

}  // namespace

std::string to_text(const LedgerQuery::Cursor& cursor) {
  return fmt::format("{}-{}-{}-{}", cursor.time.ms, static_cast<int>(cursor.kind),
                     to_text(cursor.alert), cursor.number);
}

std::optional<LedgerQuery::Cursor> parse_cursor(std::string_view text) {
  const auto next = [&text]() -> std::string_view {
    const size_t end = std::min(text.find('-'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
  };
  const auto number = [](std::string_view part, int64_t& out) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), out);
    return error == std::errc{} && end == part.data() + part.size();
  };
  LedgerQuery::Cursor out;
  int64_t kind = 0;
  if (!number(next(), out.time.ms) || !number(next(), kind) || kind < 0 || kind > 1)
    return std::nullopt;
  const auto alert = parse_id(next());
  if (!alert || !number(next(), out.number) || !text.empty()) return std::nullopt;
  out.alert = *alert;
  out.kind = static_cast<LedgerRow::Kind>(kind);
  return out;
}

Why why_told(const AlertView& alert, std::vector<LedgerRow> rows, std::string_view name) {
  std::sort(rows.begin(), rows.end(),
            [](const LedgerRow& a, const LedgerRow& b) { return rank(a) < rank(b); });
  Why out;
  const LedgerRow* best = nullptr;  // sent if any was, else the last one
  for (const LedgerRow& row : rows) {
    if (row.kind == LedgerRow::Kind::kState) {
      if (decides(row)) out.reasons.push_back({row.time, state_sentence(row)});
      continue;
    }
    if (!is_of(row.who, name)) continue;
    out.reasons.push_back({row.time, delivery_sentence(row)});
    if (best == nullptr || best->state != Delivery::State::kSent) best = &row;
  }
  out.told = best != nullptr && best->state == Delivery::State::kSent;
  if (best == nullptr)
    out.answer = why_not(alert, rows, name);
  else if (out.told)
    out.answer = fmt::format("{} was told: {}", name, delivery_sentence(*best));
  else
    out.answer = fmt::format("{} was to be told and was not: {}", name, delivery_sentence(*best));
  return out;
}

}  // namespace tocsin::supervisor
