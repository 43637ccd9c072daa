#include "wire/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "wire/line_protocol.h"

namespace tocsin::wire {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
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

// The one of , ; tab that the header has most of outside quotes; a comma if it has none.
char guess_separator(std::string_view header) {
  constexpr std::array<char, 3> kSeparators = {',', ';', '\t'};
  std::array<size_t, 3> counts{};
  bool quoted = false;
  for (const char c : header) {
    if (c == '"') quoted = !quoted;
    for (size_t i = 0; i < kSeparators.size(); ++i)
      if (!quoted && c == kSeparators[i]) ++counts[i];
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  return kSeparators[static_cast<size_t>(most - counts.begin())];
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
    : options_(std::move(options)), on_row_(std::move(on_row)), on_error_(std::move(on_error)) {}

void CsvReader::push(std::string_view piece) {
  if (failed_) return;
  if (header_.empty()) return push_header(piece);
  for (const char c : piece) {
    take(c);
    if (failed_) return;
  }
}

// The separator is known once the first line that is not blank is whole.
void CsvReader::push_header(std::string_view piece) {
  if (header_text_.empty())
    while (!piece.empty() && (piece.front() == '\n' || piece.front() == '\r')) {
      if (piece.front() == '\n') record_line_ = ++line_;
      piece.remove_prefix(1);
    }
  const size_t end = piece.find('\n');
  header_text_.append(piece.substr(0, end));
  if (header_text_.size() > options_.record_bytes_max)
    return give_up(fmt::format("cannot read the header row: it is longer than {} bytes",
                               options_.record_bytes_max));
  if (end == std::string_view::npos) return;
  std::string text = std::move(header_text_);
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  if (options_.separator == 0) options_.separator = guess_separator(text);
  header_text_.clear();
  text += '\n';
  for (const char c : text) take(c);
  if (header_.empty() && !failed_)
    return give_up("cannot read the header row: a quoted name goes over the line's end");
  push(piece.substr(end + 1));
}

void CsvReader::finish() {
  if (failed_) return;
  if (header_.empty() && !header_text_.empty()) push_header("\n");
  if (failed_) return;
  if (header_.empty()) return give_up("cannot read the file: it has no header row");
  if (state_ == State::kQuoted)
    return give_up(
        fmt::format("cannot read the record that begins on line {}: its quote is not "
                    "closed",
                    record_line_));
  if (state_ != State::kFieldStart || !record_.empty() || !field_end_.empty()) take('\n');
}

void CsvReader::take(char c) {
  if (c == '\n') ++line_;
  if (record_.size() > options_.record_bytes_max)
    return give_up(
        fmt::format("cannot read the record that begins on line {}: it is longer than "
                    "{} bytes; is a quote missing?",
                    record_line_, options_.record_bytes_max));
  switch (state_) {
    case State::kFieldStart:
      if (c == '"') {
        state_ = State::kQuoted;
        quoted_ = true;
        return;
      }
      return take_plain(c);
    case State::kPlain:
      return take_plain(c);
    case State::kQuoted:
      if (c == '"')
        state_ = State::kQuoteInQuoted;
      else
        record_ += c;
      return;
    case State::kQuoteInQuoted:
      if (c == '"') {
        record_ += c;
        state_ = State::kQuoted;
      } else if (c == options_.separator || c == '\n' || c == '\r') {
        take_plain(c);
      } else {
        fault_ = "text after a closing quote";
        take_plain(c);
      }
      return;
  }
}

void CsvReader::take_plain(char c) {
  if (c == options_.separator) return end_field();
  if (c == '\n') return end_record();
  state_ = State::kPlain;
  record_ += c;
}

void CsvReader::end_field() {
  field_end_.push_back(record_.size());
  state_ = State::kFieldStart;
  if (field_end_.size() > options_.columns_max)
    give_up(fmt::format("cannot read line {}: it has more than {} columns", record_line_,
                        options_.columns_max));
}

void CsvReader::end_record() {
  if (record_.ends_with('\r') && state_ == State::kPlain) record_.pop_back();
  const bool blank = field_end_.empty() && record_.empty() && !quoted_;
  end_field();
  if (!blank && !failed_) header_.empty() ? read_header() : read_row();
  record_.clear();
  field_end_.clear();
  fault_.clear();
  quoted_ = false;
  record_line_ = line_;
}

std::string_view CsvReader::field(size_t index) const {
  const size_t from = index == 0 ? 0 : field_end_[index - 1];
  return std::string_view(record_).substr(from, field_end_[index] - from);
}

void CsvReader::read_header() {
  if (!fault_.empty()) return give_up("cannot read the header row: " + fault_);
  for (size_t i = 0; i < field_end_.size(); ++i) header_.emplace_back(trimmed(field(i)));
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

void CsvReader::read_row() {
  if (!fault_.empty()) return reject(fault_);
  if (field_end_.size() != header_.size())
    return reject(
        fmt::format("it has {} columns, the header row has {}", field_end_.size(), header_.size()));
  const std::string_view time_text = field(time_index_);
  const auto time = parse_csv_time(time_text);
  if (!time)
    return reject(
        fmt::format("\"{}\" in column {} is no time (unix seconds, milliseconds, "
                    "microseconds, nanoseconds or ISO 8601, 1970 to 9998)",
                    cut_text(time_text, 60), header_[time_index_]));
  row_.line = record_line_;
  row_.time = *time;
  for (size_t i = 0; i < label_index_.size(); ++i) row_.labels[i] = field(label_index_[i]);
  if (!read_values()) return;
  ++rows_;
  on_row_(row_);
}

bool CsvReader::read_values() {
  for (size_t i = 0; i < value_index_.size(); ++i) {
    const std::string_view text = trimmed(field(value_index_[i]));
    row_.values[i].reset();
    if (is_gap(text)) continue;
    const auto value = parse_double(text);
    if (!value || !std::isfinite(*value)) {
      reject(fmt::format("\"{}\" in column {} is no finite number", cut_text(text, 60),
                         header_[value_index_[i]]));
      return false;
    }
    row_.values[i] = value;
  }
  return true;
}

void CsvReader::reject(std::string message) {
  ++rejected_;
  on_error_(
      Error{ErrorCode::kInvalid, "row left out: " + message, fmt::format("line {}", record_line_)});
}

void CsvReader::give_up(std::string message) {
  if (failed_) return;
  failed_ = true;
  on_error_(Error{ErrorCode::kInvalid, std::move(message), fmt::format("line {}", record_line_)});
}

}  // namespace tocsin::wire
