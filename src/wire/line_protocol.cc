#include "wire/line_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace tocsin::wire {
namespace {

bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
bool is_space(char c) { return c == ' ' || c == '\t'; }
bool ends_field(char c) { return c == ',' || is_space(c) || c == '\n' || c == '\r'; }

const char* find(const char* from, const char* end, char c) {
  const void* at = std::memchr(from, c, static_cast<size_t>(end - from));
  return at == nullptr ? end : static_cast<const char*>(at);
}

// Milliseconds = number * multiply / divide.
struct Scale {
  uint64_t multiply, divide;
};
constexpr std::array<Scale, 6> kScales{
    {{1, 1'000'000}, {1, 1'000}, {1, 1}, {1'000, 1}, {60'000, 1}, {3'600'000, 1}}};

// A double holds these powers of ten exactly; a quotient of two exact doubles is rounded once, so
// mantissa / 10^scale is the nearest double (Clinger 1990), the same that from_chars gives.
constexpr std::array<double, 23> kPowersOfTen{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                              1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                              1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr uint64_t kExactMantissa = uint64_t{1} << 53;
constexpr size_t kDigitsMax = 19;  // any 19 digits fit in 64 bits

// Eight ASCII bytes at once, first digit in the lowest byte.
uint64_t load_eight(const char* at) {
  uint64_t bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}
bool eight_digits(uint64_t bytes) {
  constexpr uint64_t kHigh = 0xf0f0f0f0f0f0f0f0;
  return ((bytes & kHigh) | (((bytes + 0x0606060606060606) & kHigh) >> 4)) == 0x3333333333333333;
}
// Pairs, then fours, then all eight, each step two sums in one multiplication.
uint64_t eight_digits_value(uint64_t bytes) {
  bytes -= 0x3030303030303030;
  bytes = bytes * 10 + (bytes >> 8);
  constexpr uint64_t kMask = 0x000000ff000000ff;
  constexpr uint64_t kHundreds = 0x000f424000000064;  // 10^6 << 32 | 100
  constexpr uint64_t kOnes = 0x0000271000000001;      // 10^4 << 32 | 1
  return ((bytes & kMask) * kHundreds + ((bytes >> 16) & kMask) * kOnes) >> 32;
}

const char* read_digits(const char* at, const char* end, uint64_t& value) {
  while (at < end && is_digit(*at)) value = value * 10 + static_cast<uint64_t>(*at++ - '0');
  return at;
}

const char* skip_digits(const char* at, const char* end) {
  while (at < end && is_digit(*at)) ++at;
  return at;
}

// [sign] digits [. digits] [e [sign] digits], at least one digit; nullptr if it is not that.
const char* skip_decimal(const char* at, const char* end, bool& whole) {
  if (at < end && (*at == '-' || *at == '+')) ++at;
  const char* digits = at;
  at = skip_digits(at, end);
  size_t count = static_cast<size_t>(at - digits);
  whole = at == end || (*at != '.' && *at != 'e' && *at != 'E');
  if (at < end && *at == '.') {
    digits = ++at;
    at = skip_digits(at, end);
    count += static_cast<size_t>(at - digits);
  }
  if (count == 0) return nullptr;
  if (at == end || (*at != 'e' && *at != 'E')) return at;
  ++at;
  if (at < end && (*at == '-' || *at == '+')) ++at;
  digits = at;
  at = skip_digits(at, end);
  return at == digits ? nullptr : at;
}

template <class T>
bool read_whole(const char* from, const char* to, T& value) {
  if (*from == '+') ++from;
  const auto [end, error] = std::from_chars(from, to, value);
  return error == std::errc{} && end == to;
}

bool same_word(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
}

bool not_finite_word(std::string_view word) {
  if (!word.empty() && (word.front() == '-' || word.front() == '+')) word.remove_prefix(1);
  return same_word(word, "nan") || same_word(word, "inf") || same_word(word, "infinity");
}

}  // namespace

std::optional<TimePrecision> parse_precision(std::string_view text) {
  if (text.empty() || text == "n" || text == "ns") return TimePrecision::kNanoseconds;
  if (text == "u" || text == "us" || text == "µ") return TimePrecision::kMicroseconds;
  if (text == "ms") return TimePrecision::kMilliseconds;
  if (text == "s") return TimePrecision::kSeconds;
  if (text == "m") return TimePrecision::kMinutes;
  if (text == "h") return TimePrecision::kHours;
  return std::nullopt;
}

std::string_view to_text(LineFault fault) {
  switch (fault) {
    case LineFault::kSyntax:
      return "syntax";
    case LineFault::kNumber:
      return "number";
    case LineFault::kNotFinite:
      return "not_finite";
    case LineFault::kTime:
      return "time";
    case LineFault::kLimit:
      return "limit";
    case LineFault::kLabel:
      return "label";
  }
  return "";
}

LineScanner::LineScanner(std::string_view body, TimePrecision precision, const LineLimits& limits)
    : limits_(limits), precision_(precision), at_(body.data()), end_(at_ + body.size()) {}

std::string_view LineScanner::line_text() const {
  std::string_view text(start_, static_cast<size_t>(stop_ - start_));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

LineScanner::Step LineScanner::next(std::string_view expected, size_t expected_key_bytes) {
  if (!skip_to_line()) return Step::kEnd;
  start_ = at_;
  number_ = next_number_;
  line_.fields.clear();
  line_.has_time = false;
  line_.as_expected = !expected.empty() && bytes_left() > expected.size() &&
                      std::memcmp(at_, expected.data(), expected.size()) == 0;
  if (line_.as_expected) {
    line_.key = {at_, expected_key_bytes};
    at_ += expected.size();
  } else if (!scan_key()) {
    return refused();
  }
  if (!scan_fields(line_.as_expected) || !scan_time()) return refused();
  return Step::kLine;
}

// Moves over blank lines and comments; false at the body's end.
bool LineScanner::skip_to_line() {
  while (at_ < end_) {
    if (static_cast<unsigned char>(*at_) > '#') return true;
    if (*at_ == '#') {
      at_ = find(at_, end_, '\n');
    } else if (*at_ == '\n') {
      ++next_number_;
      ++at_;
    } else if (is_space(*at_) || *at_ == '\r' || *at_ == '\0') {
      ++at_;
    } else {
      return true;
    }
  }
  return false;
}

// Up to the first space that no backslash escapes.
bool LineScanner::scan_key() {
  const char* newline = find(at_, end_, '\n');
  const char* space = at_;
  while ((space = find(space, newline, ' ')) != newline && space > at_ && space[-1] == '\\')
    ++space;
  line_.key = {at_, static_cast<size_t>(space - at_)};
  if (line_.key.size() > limits_.key_bytes_max)
    return fail_at(at_, LineFault::kLimit,
                   fmt::format("measurement and tags have {} bytes; at most {} are accepted",
                               line_.key.size(), limits_.key_bytes_max));
  at_ = space;
  while (at_ < newline && is_space(*at_)) ++at_;
  if (at_ == newline || *at_ == '\r') return fail_at(at_, LineFault::kSyntax, "missing fields");
  return true;
}

bool LineScanner::scan_fields(bool name_is_known) {
  while (true) {
    if (line_.fields.size() == limits_.fields_max)
      return fail_at(at_, LineFault::kLimit,
                     fmt::format("more than {} fields", limits_.fields_max));
    Field& field = line_.fields.emplace_back();
    if (name_is_known) {
      const char* name = line_.key.data() + line_.key.size() + 1;
      field.name = {name, static_cast<size_t>(at_ - 1 - name)};
      name_is_known = false;
    } else if (!scan_field_name(field)) {
      return false;
    }
    if (!scan_value(field)) return false;
    if (at_ == end_ || *at_ != ',') return true;
    ++at_;
  }
}

bool LineScanner::scan_field_name(Field& field) {
  const char* name = at_;
  const char* p = at_;
  while (p < end_ && *p != '=' && !ends_field(*p)) {
    const bool escape = *p == '\\' && p + 1 < end_ && (p[1] == ',' || p[1] == '=' || p[1] == ' ');
    p += escape ? 2 : 1;
  }
  if (p == end_ || *p != '=') return fail_at(p, LineFault::kSyntax, "invalid field format");
  if (p == name) return fail_at(p, LineFault::kSyntax, "missing field key");
  field.name = {name, static_cast<size_t>(p - name)};
  if (field.name.size() > limits_.field_name_bytes_max)
    return fail_at(name, LineFault::kLimit,
                   fmt::format("a field key has {} bytes; at most {} are accepted",
                               field.name.size(), limits_.field_name_bytes_max));
  at_ = p + 1;
  return true;
}

bool LineScanner::scan_value(Field& field) {
  if (at_ == end_ || ends_field(*at_))
    return fail_at(at_, LineFault::kSyntax, "missing field value");
  if (*at_ == '"') {
    field.type = FieldType::kString;
    return scan_string();
  }
  if (static_cast<unsigned char>(*at_) <= '9') return scan_number(field);
  return scan_word(field);
}

bool LineScanner::scan_string() {
  const char* quote = at_;
  const char* p = at_ + 1;
  uint64_t newlines = 0;
  while (p < end_ && *p != '"') {
    if (*p == '\n') ++newlines;
    p += *p == '\\' && p + 1 < end_ && (p[1] == '"' || p[1] == '\\') ? 2 : 1;
    if (static_cast<size_t>(p - quote) > limits_.line_bytes_max)
      return fail_at(
          quote, LineFault::kLimit,
          fmt::format("a string is longer than {} bytes, or its closing quote is missing",
                      limits_.line_bytes_max));
  }
  if (p >= end_) return fail_at(quote, LineFault::kSyntax, "unbalanced quotes");
  at_ = p + 1;
  next_number_ += newlines;
  if (at_ == end_ || ends_field(*at_)) return true;
  return fail_at(at_, LineFault::kSyntax, "invalid field format");
}

// true and false in InfluxDB's spellings, or something that is no value.
bool LineScanner::scan_word(Field& field) {
  const char* p = at_;
  while (p < end_ && !ends_field(*p)) ++p;
  const std::string_view word(at_, static_cast<size_t>(p - at_));
  const bool yes = word == "t" || word == "T" || word == "true" || word == "True" || word == "TRUE";
  const bool no =
      word == "f" || word == "F" || word == "false" || word == "False" || word == "FALSE";
  if (!yes && !no) {
    if (not_finite_word(word))
      return fail_at(at_, LineFault::kNotFinite,
                     "NaN and infinities are no values; leave the field out");
    const bool boolean = (word[0] | 0x20) == 't' || (word[0] | 0x20) == 'f';
    return boolean ? fail_at(at_, LineFault::kNumber, "invalid boolean")
                   : fail_at(at_, LineFault::kNumber, "invalid number");
  }
  field.type = FieldType::kBoolean;
  field.value = yes ? 1 : 0;
  at_ = p;
  return true;
}

bool LineScanner::scan_number(Field& field) {
  const char* p = at_;
  const bool negative = *p == '-';
  if (negative || *p == '+') ++p;
  uint64_t mantissa = 0;
  const char* digits = p;
  p = read_digits(p, end_, mantissa);
  size_t count = static_cast<size_t>(p - digits);
  size_t fraction = 0;
  if (p < end_ && *p == '.') {
    digits = ++p;
    p = read_digits(p, end_, mantissa);
    fraction = static_cast<size_t>(p - digits);
    count += fraction;
  }
  const bool simple = count > 0 && count <= kDigitsMax && mantissa <= kExactMantissa &&
                      (p == end_ || ends_field(*p));
  if (!simple) return scan_long_number(field, at_);
  const double value = static_cast<double>(mantissa) / kPowersOfTen[fraction];
  field.type = FieldType::kFloat;
  field.value = negative ? -value : value;
  at_ = p;
  return true;
}

// Exponents, suffixes, many digits, and what is no number at all.
bool LineScanner::scan_long_number(Field& field, const char* start) {
  const char* stop = start;
  while (stop < end_ && !ends_field(*stop)) ++stop;
  if (not_finite_word({start, static_cast<size_t>(stop - start)}))
    return fail_at(start, LineFault::kNotFinite,
                   "NaN and infinities are no values; leave the field out");
  bool whole = false;
  const char* p = skip_decimal(start, end_, whole);
  const char suffix = p != nullptr && p < stop ? *p : '\0';
  const bool typed = (suffix == 'i' || suffix == 'u') && whole && p + 1 == stop;
  if (p == nullptr || (p != stop && !typed) || (suffix == 'u' && *start == '-'))
    return fail_at(start, LineFault::kNumber, "invalid number");
  bool fits = false;
  if (suffix == 'i') {
    int64_t integer = 0;
    fits = read_whole(start, p, integer);
    field = {field.name, FieldType::kInteger, static_cast<double>(integer)};
  } else if (suffix == 'u') {
    uint64_t integer = 0;
    fits = read_whole(start, p, integer);
    field = {field.name, FieldType::kUnsigned, static_cast<double>(integer)};
  } else {
    field.type = FieldType::kFloat;
    fits = read_whole(start, p, field.value);
  }
  if (!fits) return fail_at(start, LineFault::kNumber, "number out of range");
  at_ = stop;
  return true;
}

bool LineScanner::scan_time() {
  while (at_ < end_ && is_space(*at_)) ++at_;
  if (at_ == end_ || !(is_digit(*at_) || *at_ == '-')) return scan_line_end();
  const char* p = at_;
  if (*p == '-') ++p;
  const char* digits = p;
  uint64_t number = 0;
  while (end_ - p >= 8 && eight_digits(load_eight(p)) && p - digits <= 8) {
    number = number * 100'000'000 + eight_digits_value(load_eight(p));
    p += 8;
  }
  p = read_digits(p, end_, number);
  const size_t count = static_cast<size_t>(p - digits);
  if (count == 0 || (p < end_ && !ends_field(*p)) || (p < end_ && *p == ','))
    return fail_at(at_, LineFault::kTime, "bad timestamp");
  const Scale scale = kScales[static_cast<size_t>(precision_)];
  const auto end_ms = static_cast<uint64_t>(kLineTimeEnd.ms);
  const bool in_range = *at_ != '-' && count <= kDigitsMax &&
                        number / scale.divide < (end_ms + scale.multiply - 1) / scale.multiply;
  if (!in_range)
    return fail_at(at_, LineFault::kTime,
                   "time outside range 1970-01-01 - 9998-12-31; does the request's precision fit?");
  line_.has_time = true;
  line_.time = {static_cast<int64_t>(number / scale.divide * scale.multiply)};
  at_ = p;
  return scan_line_end();
}

bool LineScanner::scan_line_end() {
  while (at_ < end_ && is_space(*at_)) ++at_;
  stop_ = at_;
  if (at_ < end_ && *at_ == '\r') ++at_;
  if (at_ < end_ && *at_ != '\n') return fail_at(stop_, LineFault::kTime, "bad timestamp");
  if (static_cast<size_t>(stop_ - start_) > limits_.line_bytes_max)
    return fail_at(stop_, LineFault::kLimit,
                   fmt::format("the line has {} bytes; at most {} are accepted", stop_ - start_,
                               limits_.line_bytes_max));
  if (at_ < end_) {
    ++at_;
    ++next_number_;
  }
  return true;
}

bool LineScanner::fail_at(const char* where, LineFault fault, std::string why) {
  const auto column = static_cast<size_t>(where - start_) + 1;
  error_ = {fault, static_cast<uint32_t>(std::min<size_t>(column, UINT32_MAX)), std::move(why)};
  at_ = where;
  return false;
}

// Goes on behind the first line end at or after the error, so that a stray quote costs its own line
// and not the rest of the body.
LineScanner::Step LineScanner::refused() {
  stop_ = find(at_, end_, '\n');
  at_ = stop_ == end_ ? end_ : stop_ + 1;
  next_number_ = number_ + static_cast<uint64_t>(std::count(start_, at_, '\n'));
  return Step::kError;
}

}  // namespace tocsin::wire
