#pragma once
// The rows of a file that `tocsin detect` reads: a time and a value each, with their texts as they
// came, so that what is answered can be joined to what was asked. Read in pieces of any size.
//
// The first row is a header if it is no time followed by a number. Columns are found by name, small
// or capital letters: the time (time, timestamp, date, datetime, ts, _time; else the first column)
// and the value (value; else the first column that is neither the time nor called label). Other
// columns are not looked at.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "wire/csv_records.h"

namespace tocsin::replay {

// Texts are good until the callback returns.
struct DetectRow {
  uint64_t line = 0;
  std::string_view time_text, value_text;  // empty: the row has no such column
  std::optional<TimeMs> time;              // nullopt: it cannot be read
  std::optional<double> value;             // nullopt: a gap, or it cannot be read
};

struct DetectColumns {
  std::string time, value;  // names asked for; empty = found as said above
};

// Every record is handed on, also one that cannot be read: that is told first.
class DetectRows {
 public:
  using OnRow = std::function<void(const DetectRow&)>;
  using OnError = std::function<void(const Error&)>;  // place is "line N"

  DetectRows(DetectColumns columns, OnRow on_row, OnError on_error);

  void push(std::string_view piece) { records_.push(piece); }
  void finish();

  uint64_t rows() const { return rows_; }
  uint64_t unreadable() const { return unreadable_; }
  bool failed() const { return records_.failed(); }  // what follows cannot be read

 private:
  void take(const wire::CsvRecord& record);
  bool is_header(const wire::CsvRecord& record) const;
  void read_header(const wire::CsvRecord& record);
  void read(const wire::CsvRecord& record);
  std::string read_time(DetectRow& row) const;  // what is wrong with it; empty = nothing
  std::string read_value(DetectRow& row) const;

  DetectColumns columns_;
  OnRow on_row_;
  OnError on_error_;
  wire::CsvRecords records_;
  size_t time_index_ = 0, value_index_ = 1;
  bool begun_ = false;
  uint64_t rows_ = 0;
  uint64_t unreadable_ = 0;
};

}  // namespace tocsin::replay
