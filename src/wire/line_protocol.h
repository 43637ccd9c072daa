#pragma once
// InfluxDB line protocol, read line by line out of one body without copying it:
//
//     measurement[,tag=value...] field=value[,field=value...] [timestamp]\n
//
// The scanner checks everything but the inside of the key (measurement and tags): keys repeat, so
// whoever has seen one before need not look again. parse_line_key() checks and unescapes a new one.
// docs/line-protocol.md says what is accepted; line_protocol_test.cc holds a slow second reader.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "vocabulary/labels.h"

namespace tocsin::wire {

enum class TimePrecision : uint8_t {
  kNanoseconds,
  kMicroseconds,
  kMilliseconds,
  kSeconds,
  kMinutes,
  kHours
};
// "" and "n", "ns", "u", "us", "µ", "ms", "s", "m", "h"; nullopt for anything else.
std::optional<TimePrecision> parse_precision(std::string_view text);

// Times are accepted from 1970-01-01 up to, not including, 9999-01-01.
inline constexpr TimeMs kLineTimeEnd{253'370'764'800'000};

struct LineLimits {
  size_t line_bytes_max = 1 << 20;
  size_t key_bytes_max = 16 << 10;  // measurement and tags as sent; below 64 KiB
  size_t fields_max = 1024;
  size_t field_name_bytes_max = 1024;
  size_t labels_max = 64;  // the name counts as one
  size_t label_name_bytes_max = 1024;
  size_t label_value_bytes_max = 4096;  // holds for the series' name as well
};

// Why a line was refused: the `reason` of tocsin_lines_rejected_total.
enum class LineFault : uint8_t {
  kSyntax,     // not line protocol
  kNumber,     // a value that is no number of its type, or out of its range
  kNotFinite,  // NaN or an infinity
  kTime,       // a timestamp that is none, or out of range
  kLimit,      // longer or more than LineLimits allows
  kLabel,      // a tag that cannot be a label: reserved name, twice, not UTF-8
};
inline constexpr size_t kLineFaults = 6;
std::string_view to_text(LineFault fault);  // "syntax", "number", ...

struct LineError {
  LineFault fault = LineFault::kSyntax;
  uint32_t column = 0;  // 1-based byte within the line
  std::string why;      // "missing field value"
};

enum class FieldType : uint8_t { kFloat, kInteger, kUnsigned, kBoolean, kString };

struct Field {
  std::string_view name;  // as sent, escapes kept
  FieldType type = FieldType::kFloat;
  double value = 0;  // booleans are 1 and 0; strings have none; integers beyond 2^53 are rounded
};

struct Line {
  std::string_view key;       // measurement and tags as sent
  std::vector<Field> fields;  // at least one
  bool has_time = false;
  TimeMs time;
  bool as_expected = false;  // began with next()'s `expected`: key and first field name are those
};

// Reads one body; owned by one caller, which keeps the body alive. No allocation per good line.
class LineScanner {
 public:
  enum class Step : uint8_t { kLine, kError, kEnd };

  LineScanner(std::string_view body, TimePrecision precision, const LineLimits& limits = {});

  // The next line that is not blank or a comment. `expected` is a guess at how it begins, up to and
  // including the "=" after its first field name ("cpu,host=a value="), made of what an earlier
  // line really began with; `expected_key_bytes` of it are the key. A right guess saves reading it.
  Step next(std::string_view expected = {}, size_t expected_key_bytes = 0);

  const Line& line() const { return line_; }         // after kLine, until the next call
  const LineError& error() const { return error_; }  // after kError
  uint64_t line_number() const { return number_; }   // of the last line; 1-based
  std::string_view line_text() const;                // of the last line, without its line end
  size_t bytes_left() const { return static_cast<size_t>(end_ - at_); }

 private:
  bool scan_key();
  bool scan_fields(bool name_is_known);
  bool scan_field_name(Field& field);
  bool scan_value(Field& field);
  bool scan_string();
  bool scan_word(Field& field);
  bool scan_number(Field& field);
  bool scan_long_number(Field& field, const char* start);
  bool scan_time();
  bool scan_line_end();
  bool skip_to_line();
  Step refused();
  bool fail_at(const char* where, LineFault fault, std::string why);

  const LineLimits limits_;
  const TimePrecision precision_;
  const char* at_;
  const char* const end_;
  const char* start_ = nullptr;  // of the last line
  const char* stop_ = nullptr;   // one past its last byte
  uint64_t number_ = 0;          // of the last line
  uint64_t next_number_ = 1;
  Line line_;
  LineError error_;
};

// A key with its escapes undone, in the order sent.
struct LineKey {
  std::string measurement;
  std::vector<Labels::Pair> tags;
};
// Checks what the scanner left unchecked. Error columns count from the key's start, which is the
// line's start.
std::optional<LineError> parse_line_key(std::string_view key, const LineLimits& limits,
                                        LineKey& out);

// The series of one field. Its name is MEASUREMENT_FIELD; the field "value" adds nothing to the
// measurement. Tags are the labels. field_name as sent.
std::optional<LineError> line_labels(const LineKey& key, std::string_view field_name,
                                     const LineLimits& limits, Labels& out);

}  // namespace tocsin::wire
