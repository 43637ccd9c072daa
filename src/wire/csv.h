#pragma once
// Comma-separated values with a header row, read in pieces of any size: history for import.
// RFC 4180 quotes, LF or CRLF, one of , ; tab between fields. Memory is bounded by one record.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace tocsin::wire {

// Seconds, milliseconds, microseconds or nanoseconds by size (seconds up to year 5138), seconds
// with a fraction, or ISO 8601 ("2014-04-01 00:00:00", "2014-04-01T00:00:00Z"; no zone = UTC).
// nullopt if it is none of these or not within [1970, 9999).
std::optional<TimeMs> parse_csv_time(std::string_view text);

struct CsvOptions {
  char separator = 0;       // 0: the one of , ; tab that the header row has most of
  std::string time_column;  // empty: time, timestamp, date, datetime, ts, _time or the first column
  std::vector<std::string> value_columns;  // empty: every column that is neither time nor label
  std::vector<std::string> label_columns;
  size_t record_bytes_max = 1 << 20;
  size_t columns_max = 4096;
};

// Views are good until the callback returns; indices are those of CsvReader's column lists.
struct CsvRow {
  uint64_t line = 0;  // where the record starts
  TimeMs time;
  std::vector<std::optional<double>> values;  // nullopt: a gap (empty, NaN, null, NA)
  std::vector<std::string_view> labels;       // empty: the row has not that label
};

// Owned by one caller. After an error that ends the file (header, record too long) push() does
// nothing more; errors of single rows leave the other rows.
class CsvReader {
 public:
  using OnRow = std::function<void(const CsvRow&)>;
  using OnError = std::function<void(const Error&)>;  // place is "line N"

  CsvReader(CsvOptions options, OnRow on_row, OnError on_error);

  void push(std::string_view piece);
  void finish();  // after the last piece: a last record without a line end, an open quote

  const std::vector<std::string>& value_columns() const { return value_names_; }
  const std::vector<std::string>& label_columns() const { return label_names_; }
  uint64_t rows() const { return rows_; }
  uint64_t rejected() const { return rejected_; }
  bool failed() const { return failed_; }

 private:
  enum class State : uint8_t { kFieldStart, kPlain, kQuoted, kQuoteInQuoted };
  void push_header(std::string_view piece);
  void take(char c);
  void take_plain(char c);
  void end_field();
  void end_record();
  void read_header();
  bool choose_columns();
  bool choose_time();
  bool choose(const std::vector<std::string>& names, std::vector<size_t>& indices);
  std::optional<size_t> column(std::string_view name) const;
  void read_row();
  bool read_values();
  std::string_view field(size_t index) const;
  void reject(std::string message);
  void give_up(std::string message);

  CsvOptions options_;
  OnRow on_row_;
  OnError on_error_;
  State state_ = State::kFieldStart;
  std::string record_;             // the record's fields, unquoted, one after the other
  std::vector<size_t> field_end_;  // end of each field in record_
  std::string fault_;              // of the record being read; empty = none
  uint64_t line_ = 1;              // being read
  uint64_t record_line_ = 1;       // where the record began
  bool quoted_ = false;            // the record has a quoted field, so it is no blank line
  bool failed_ = false;
  std::string header_text_;          // as sent, until its line is whole
  std::vector<std::string> header_;  // empty: not read yet
  size_t time_index_ = 0;
  std::vector<size_t> value_index_, label_index_;
  std::vector<std::string> value_names_, label_names_;
  CsvRow row_;
  uint64_t rows_ = 0;
  uint64_t rejected_ = 0;
};

}  // namespace tocsin::wire
