#pragma once
// The records of a file of comma-separated values, read in pieces of any size. RFC 4180 quotes, LF
// or CRLF, one of , ; tab between fields. Memory is bounded by one record.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::wire {

struct CsvRecordOptions {
  char separator = 0;  // 0: the one of , ; tab that the first record has most of
  size_t record_bytes_max = 1 << 20;
  size_t columns_max = 4096;
};

// A view of the record being handed over: good until the callback returns.
class CsvRecord {
 public:
  CsvRecord(uint64_t line, std::string_view text, const std::vector<size_t>& ends,
            std::string_view fault)
      : line_(line), text_(text), ends_(ends), fault_(fault) {}
  uint64_t line() const { return line_; }            // where it begins
  std::string_view fault() const { return fault_; }  // what is wrong with it; empty = nothing
  size_t size() const { return ends_.size(); }
  std::string_view operator[](size_t index) const {  // a field, unquoted
    const size_t from = index == 0 ? 0 : ends_[index - 1];
    return text_.substr(from, ends_[index] - from);
  }

 private:
  uint64_t line_;
  std::string_view text_;
  const std::vector<size_t>& ends_;
  std::string_view fault_;
};

// Owned by one caller. After an error it reads nothing more: past a record that is too long, or an
// open quote, what follows means nothing. Blank lines are no records.
class CsvRecords {
 public:
  using OnRecord = std::function<void(const CsvRecord&)>;
  using OnError = std::function<void(const Error&)>;  // ends the file; place is "line N"

  CsvRecords(CsvRecordOptions options, OnRecord on_record, OnError on_error);

  void push(std::string_view piece);
  void finish();  // after the last piece: a last record without a line end, an open quote

  uint64_t record_line() const { return record_line_; }  // where the record being read began
  uint64_t records() const { return records_; }
  bool failed() const { return failed_; }
  void give_up(std::string message);  // the same by the caller's judgement

 private:
  enum class State : uint8_t { kFieldStart, kPlain, kQuoted, kQuoteInQuoted };
  void push_first(std::string_view piece);
  void take(char c);
  void take_plain(char c);
  void end_field();
  void end_record();

  CsvRecordOptions options_;
  OnRecord on_record_;
  OnError on_error_;
  State state_ = State::kFieldStart;
  std::string record_;             // the record's fields, unquoted, one after the other
  std::vector<size_t> field_end_;  // end of each field in record_
  std::string fault_;              // of the record being read; empty = none
  uint64_t line_ = 1;              // being read
  uint64_t record_line_ = 1;       // where the record began
  bool quoted_ = false;            // the record has a quoted field, so it is no blank line
  bool failed_ = false;
  std::string first_text_;  // of the first record, as sent, until its line is whole
  uint64_t records_ = 0;
};

}  // namespace tocsin::wire
