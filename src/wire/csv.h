#pragma once
// Comma-separated values with a header row, read in pieces of any size: history for import. What a
// record is, is said in csv_records.h.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "wire/csv_records.h"

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
  bool failed() const { return records_.failed(); }

 private:
  void read_header(const CsvRecord& record);
  bool choose_columns();
  bool choose_time();
  bool choose(const std::vector<std::string>& names, std::vector<size_t>& indices);
  std::optional<size_t> column(std::string_view name) const;
  void read_row(const CsvRecord& record);
  bool read_values(const CsvRecord& record);
  void reject(const CsvRecord& record, std::string message);
  void give_up(std::string message);

  CsvOptions options_;
  OnRow on_row_;
  OnError on_error_;
  CsvRecords records_;
  std::vector<std::string> header_;  // empty: not read yet
  size_t time_index_ = 0;
  std::vector<size_t> value_index_, label_index_;
  std::vector<std::string> value_names_, label_names_;
  CsvRow row_;
  uint64_t rows_ = 0;
  uint64_t rejected_ = 0;
};

}  // namespace tocsin::wire
