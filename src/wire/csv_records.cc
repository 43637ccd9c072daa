#include "wire/csv_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tocsin::wire {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// The one of , ; tab that the first record has most of outside quotes; a comma if it has none.
char guess_separator(std::string_view text) {
  constexpr std::array<char, 3> kSeparators = {',', ';', '\t'};
  std::array<size_t, 3> counts{};
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    for (size_t i = 0; i < kSeparators.size(); ++i)
      if (!quoted && c == kSeparators[i]) ++counts[i];
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  return kSeparators[static_cast<size_t>(most - counts.begin())];
}

}  // namespace

CsvRecords::CsvRecords(CsvRecordOptions options, OnRecord on_record, OnError on_error)
    : options_(options), on_record_(std::move(on_record)), on_error_(std::move(on_error)) {}

void CsvRecords::push(std::string_view piece) {
  if (failed_) return;
  if (records_ == 0) return push_first(piece);
  for (const char c : piece) {
    take(c);
    if (failed_) return;
  }
}

// The separator is known once the first line that is not blank is whole.
void CsvRecords::push_first(std::string_view piece) {
  if (first_text_.empty())
    while (!piece.empty() && (piece.front() == '\n' || piece.front() == '\r')) {
      if (piece.front() == '\n') record_line_ = ++line_;
      piece.remove_prefix(1);
    }
  const size_t end = piece.find('\n');
  first_text_.append(piece.substr(0, end));
  if (first_text_.size() > options_.record_bytes_max)
    return give_up(fmt::format("cannot read the first row: it is longer than {} bytes",
                               options_.record_bytes_max));
  if (end == std::string_view::npos) return;
  std::string text = std::move(first_text_);
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  if (options_.separator == 0) options_.separator = guess_separator(text);
  first_text_.clear();
  text += '\n';
  for (const char c : text) take(c);
  if (failed_) return;
  if (records_ == 0)
    return give_up("cannot read the first row: a quoted field goes over the line's end");
  push(piece.substr(end + 1));
}

void CsvRecords::finish() {
  if (failed_) return;
  if (records_ == 0 && !first_text_.empty()) push_first("\n");
  if (failed_) return;
  if (state_ == State::kQuoted)
    return give_up(fmt::format(
        "cannot read the record that begins on line {}: its quote is not closed", record_line_));
  if (state_ != State::kFieldStart || !record_.empty() || !field_end_.empty()) take('\n');
}

void CsvRecords::take(char c) {
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

void CsvRecords::take_plain(char c) {
  if (c == options_.separator) return end_field();
  if (c == '\n') return end_record();
  state_ = State::kPlain;
  record_ += c;
}

void CsvRecords::end_field() {
  field_end_.push_back(record_.size());
  state_ = State::kFieldStart;
  if (field_end_.size() > options_.columns_max)
    give_up(fmt::format("cannot read line {}: it has more than {} columns", record_line_,
                        options_.columns_max));
}

void CsvRecords::end_record() {
  if (record_.ends_with('\r') && state_ == State::kPlain) record_.pop_back();
  const bool blank = field_end_.empty() && record_.empty() && !quoted_;
  end_field();
  if (!blank && !failed_) {
    ++records_;
    on_record_({record_line_, record_, field_end_, fault_});
  }
  record_.clear();
  field_end_.clear();
  fault_.clear();
  quoted_ = false;
  record_line_ = line_;
}

void CsvRecords::give_up(std::string message) {
  if (failed_) return;
  failed_ = true;
  on_error_(Error{ErrorCode::kInvalid, std::move(message), fmt::format("line {}", record_line_)});
}

}  // namespace tocsin::wire
