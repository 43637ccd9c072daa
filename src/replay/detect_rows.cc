#include "replay/detect_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/text.h"
#include "wire/csv.h"

namespace tocsin::replay {
namespace {

constexpr std::array<std::string_view, 6> kTimeNames = {"time",     "timestamp", "date",
                                                        "datetime", "ts",        "_time"};
constexpr size_t kShown = 60;  // bytes of a text in a message

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(trimmed(text));
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return out;
}

bool is_gap(std::string_view text) {
  if (text.empty()) return true;
  if (text.size() > 4) return false;
  const std::string word = lower(text);
  return word == "nan" || word == "null" || word == "na" || word == "n/a";
}

std::optional<size_t> position(const std::vector<std::string>& names, std::string_view wanted) {
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found == names.end()) return std::nullopt;
  return static_cast<size_t>(found - names.begin());
}

size_t time_column(const std::vector<std::string>& names) {
  for (const std::string_view wanted : kTimeNames)
    if (const auto at = position(names, wanted)) return *at;
  return 0;
}

std::optional<size_t> value_column(const std::vector<std::string>& names, size_t time) {
  if (const auto at = position(names, "value")) return at;
  for (size_t i = 0; i < names.size(); ++i)
    if (i != time && names[i] != "label") return i;
  return std::nullopt;
}

}  // namespace

DetectRows::DetectRows(DetectColumns columns, OnRow on_row, OnError on_error)
    : columns_(std::move(columns)),
      on_row_(std::move(on_row)),
      on_error_(on_error),
      records_({}, [this](const wire::CsvRecord& record) { take(record); }, std::move(on_error)) {}

void DetectRows::finish() {
  records_.finish();
  if (!failed() && !begun_) records_.give_up("cannot read the file: it has no rows");
}

void DetectRows::take(const wire::CsvRecord& record) {
  const bool first = !begun_;
  begun_ = true;
  if (first && is_header(record))
    read_header(record);
  else if (!failed())
    read(record);
}

bool DetectRows::is_header(const wire::CsvRecord& record) const {
  if (!columns_.time.empty() || !columns_.value.empty()) return true;
  if (record.size() < 2 || !wire::parse_csv_time(record[0])) return true;
  const std::string_view value = trimmed(record[1]);
  return !is_gap(value) && !parse_double(value);
}

void DetectRows::read_header(const wire::CsvRecord& record) {
  if (!record.fault().empty())
    return records_.give_up(fmt::format("cannot read the header row: {}", record.fault()));
  std::vector<std::string> names;
  for (size_t i = 0; i < record.size(); ++i) names.push_back(lower(record[i]));
  const auto chosen = [&](const std::string& asked, std::optional<size_t> found) {
    if (!asked.empty()) found = position(names, lower(asked));
    if (!found)
      records_.give_up(fmt::format("there is no column {}; the columns are: {}",
                                   asked.empty() ? "of values" : '"' + asked + '"',
                                   cut_text(fmt::format("{}", fmt::join(names, ", ")), 300)));
    return found.value_or(0);
  };
  time_index_ = chosen(columns_.time, time_column(names));
  if (!failed()) value_index_ = chosen(columns_.value, value_column(names, time_index_));
}

std::string DetectRows::read_time(DetectRow& row) const {
  row.time = wire::parse_csv_time(row.time_text);
  if (row.time) return {};
  return fmt::format("\"{}\" is no time (unix seconds, milliseconds or ISO 8601, 1970 to 9998)",
                     cut_text(row.time_text, kShown));
}

std::string DetectRows::read_value(DetectRow& row) const {
  const std::string_view text = trimmed(row.value_text);
  if (is_gap(text)) return {};
  row.value = parse_double(text);
  if (row.value && std::isfinite(*row.value)) return {};
  row.value.reset();
  return fmt::format("\"{}\" is no finite number", cut_text(text, kShown));
}

void DetectRows::read(const wire::CsvRecord& record) {
  DetectRow row;
  row.line = record.line();
  if (time_index_ < record.size()) row.time_text = record[time_index_];
  if (value_index_ < record.size()) row.value_text = record[value_index_];
  std::string wrong(record.fault());
  if (wrong.empty() && std::max(time_index_, value_index_) >= record.size())
    wrong =
        fmt::format("it has {} column{}, too few", record.size(), record.size() == 1 ? "" : "s");
  if (wrong.empty()) wrong = read_time(row);
  if (wrong.empty()) wrong = read_value(row);
  ++rows_;
  if (!wrong.empty()) {
    ++unreadable_;
    on_error_(Error{ErrorCode::kInvalid, std::move(wrong), fmt::format("line {}", row.line)});
  }
  on_row_(row);
}

}  // namespace tocsin::replay
