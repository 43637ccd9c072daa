#include "wire/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "wire/line_protocol.h"

namespace tocsin::wire {
namespace {

constexpr std::array<std::string_view, 6> kTimeNames = {"time",     "timestamp", "date",
                                                        "datetime", "ts",        "_time"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_gap(std::string_view text) {
  if (text.empty()) return true;
  if (text.size() > 4) return false;
  const std::string word = lower(text);
  return word == "nan" || word == "null" || word == "na" || word == "n/a";
}

// Whole numbers of this size or more are milliseconds, microseconds, nanoseconds.
constexpr int64_t kMillisecondsFrom = 100'000'000'000;
constexpr int64_t kMicrosecondsFrom = kMillisecondsFrom * 1000;
constexpr int64_t kNanosecondsFrom = kMicrosecondsFrom * 1000;

int64_t to_ms(int64_t number) {
  if (number >= kNanosecondsFrom) return number / 1'000'000;
  if (number >= kMicrosecondsFrom) return number / 1'000;
  if (number >= kMillisecondsFrom) return number;
  return number * 1000;
}

}  // namespace

std::optional<TimeMs> parse_csv_time(std::string_view text) {
  text = trimmed(text);
  std::optional<TimeMs> time;
  if (const auto number = parse_int(text)) {
    if (*number < 0) return std::nullopt;
    time = TimeMs{to_ms(*number)};
  } else {
    time = parse_time(text);
  }
  if (!time || time->ms < 0 || *time >= kLineTimeEnd) return std::nullopt;
  return time;
}

CsvReader::CsvReader(CsvOptions options, OnRow on_row, OnError on_error)
    : options_(std::move(options)),
      on_row_(std::move(on_row)),
      on_error_(on_error),
      records_(
          {options_.separator, options_.record_bytes_max, options_.columns_max},
          [this](const CsvRecord& record) {
            header_.empty() ? read_header(record) : read_row(record);
          },
          std::move(on_error)) {}

void CsvReader::push(std::string_view piece) { records_.push(piece); }

void CsvReader::finish() {
  records_.finish();
  if (!failed() && header_.empty()) give_up("cannot read the file: it has no header row");
}

void CsvReader::read_header(const CsvRecord& record) {
  if (!record.fault().empty())
    return give_up(fmt::format("cannot read the header row: {}", record.fault()));
  for (size_t i = 0; i < record.size(); ++i) header_.emplace_back(trimmed(record[i]));
  if (!choose_columns()) return;
  row_.values.resize(value_index_.size());
  row_.labels.resize(label_index_.size());
}

std::optional<size_t> CsvReader::column(std::string_view name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found == header_.end()) return std::nullopt;
  return static_cast<size_t>(found - header_.begin());
}

bool CsvReader::choose(const std::vector<std::string>& names, std::vector<size_t>& indices) {
  for (const std::string& name : names) {
    const auto index = column(name);
    if (!index) {
      give_up(fmt::format("there is no column \"{}\"; the columns are: {}", name,
                          cut_text(fmt::format("{}", fmt::join(header_, ", ")), 300)));
      return false;
    }
    indices.push_back(*index);
  }
  return true;
}

bool CsvReader::choose_time() {
  if (!options_.time_column.empty()) {
    std::vector<size_t> indices;
    if (!choose({options_.time_column}, indices)) return false;
    time_index_ = indices.front();
    return true;
  }
  for (const std::string_view wanted : kTimeNames)
    for (size_t i = 0; i < header_.size(); ++i)
      if (lower(header_[i]) == wanted) {
        time_index_ = i;
        return true;
      }
  time_index_ = 0;
  return true;
}

bool CsvReader::choose_columns() {
  if (!choose_time() || !choose(options_.label_columns, label_index_) ||
      !choose(options_.value_columns, value_index_))
    return false;
  const auto taken = [&](size_t i) {
    return i == time_index_ ||
           std::find(label_index_.begin(), label_index_.end(), i) != label_index_.end();
  };
  if (options_.value_columns.empty())
    for (size_t i = 0; i < header_.size(); ++i)
      if (!taken(i)) value_index_.push_back(i);
  for (const size_t i : value_index_) value_names_.push_back(header_[i]);
  for (const size_t i : label_index_) label_names_.push_back(header_[i]);
  if (!value_index_.empty()) return true;
  give_up("there is no column of values: every column is the time or a label");
  return false;
}

void CsvReader::read_row(const CsvRecord& record) {
  if (!record.fault().empty()) return reject(record, std::string(record.fault()));
  if (record.size() != header_.size())
    return reject(record, fmt::format("it has {} columns, the header row has {}", record.size(),
                                      header_.size()));
  const std::string_view time_text = record[time_index_];
  const auto time = parse_csv_time(time_text);
  if (!time)
    return reject(record, fmt::format("\"{}\" in column {} is no time (unix seconds, milliseconds, "
                                      "microseconds, nanoseconds or ISO 8601, 1970 to 9998)",
                                      cut_text(time_text, 60), header_[time_index_]));
  row_.line = record.line();
  row_.time = *time;
  for (size_t i = 0; i < label_index_.size(); ++i) row_.labels[i] = record[label_index_[i]];
  if (!read_values(record)) return;
  ++rows_;
  on_row_(row_);
}

bool CsvReader::read_values(const CsvRecord& record) {
  for (size_t i = 0; i < value_index_.size(); ++i) {
    const std::string_view text = trimmed(record[value_index_[i]]);
    row_.values[i].reset();
    if (is_gap(text)) continue;
    const auto value = parse_double(text);
    if (!value || !std::isfinite(*value)) {
      reject(record, fmt::format("\"{}\" in column {} is no finite number", cut_text(text, 60),
                                 header_[value_index_[i]]));
      return false;
    }
    row_.values[i] = value;
  }
  return true;
}

void CsvReader::reject(const CsvRecord& record, std::string message) {
  ++rejected_;
  on_error_(Error{ErrorCode::kInvalid, "row left out: " + message,
                  fmt::format("line {}", record.line())});
}

void CsvReader::give_up(std::string message) { records_.give_up(std::move(message)); }

}  // namespace tocsin::wire
