#include "server/json_prometheus.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>

#include "base/text.h"

namespace tocsin::server::prometheus {
namespace {

// Doubles from here on have no fraction, and their shortest digits may end before the point.
constexpr double kExactMax = 9007199254740992.0;  // 2^53

// The number of bytes of the valid character at `at`, 0 if there is none.
size_t character_at(std::string_view text, size_t at) {
  for (size_t length = 2; length <= 4 && at + length <= text.size(); ++length)
    if (valid_utf8(text.substr(at, length))) return length;
  return 0;
}

void append_hex(std::string& out, unsigned code) {
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 15];
}

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
    case '\\':
      out += '\\';
      out += c;
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      append_hex(out, static_cast<unsigned char>(c));
  }
}

bool plain(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x20 && u < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

void append_special(std::string& out, double value) {
  out += std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

// Shortest digits and the exponent of ten of the first one: 1.5e+07 -> "15", 7.
struct Digits {
  char text[24];
  size_t count = 0;
  int exponent = 0;
};
Digits digits_of(double positive) {
  char buffer[40];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, positive, std::chars_format::scientific).ptr;
  Digits out;
  const char* at = buffer;
  for (; *at != 'e'; ++at)
    if (*at != '.') out.text[out.count++] = *at;
  ++at;
  if (*at == '+') ++at;
  std::from_chars(at, end, out.exponent);
  return out;
}

constexpr auto kPairs = [] {  // "00" to "99"
  std::array<char, 200> out{};
  for (size_t i = 0; i < 100; ++i) {
    out[2 * i] = static_cast<char>('0' + i / 10);
    out[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return out;
}();

// Eight digits, whose divisions do not wait for one another.
char* put_eight(char* at, uint32_t number) {
  const uint32_t high = number / 10'000, low = number % 10'000;
  for (const uint32_t pair : {high / 100, high % 100, low / 100, low % 100}) {
    std::memcpy(at, &kPairs[size_t{2} * pair], 2);
    at += 2;
  }
  return at;
}

// Where it ends; 24 bytes are enough.
char* put_time(char* at, TimeMs time) {
  uint64_t ms = static_cast<uint64_t>(time.ms);
  if (time.ms < 0) {
    *at++ = '-';
    ms = 0 - ms;
  }
  at = put_integer(at, ms / 1000);
  if (const uint64_t part = ms % 1000; part != 0) {
    *at++ = '.';
    *at++ = static_cast<char>('0' + part / 100);
    *at++ = static_cast<char>('0' + part / 10 % 10);
    *at++ = static_cast<char>('0' + part % 10);
  }
  return at;
}

void append_sample(std::string& out, const Sample& sample) {
  char buffer[64];
  char* at = buffer;
  *at++ = '[';
  at = put_time(at, sample.time);
  *at++ = ',';
  *at++ = '"';
  if (char* const end = put_decimal(at, sample.value)) {
    *end = '"';
    end[1] = ']';
    out.append(buffer, static_cast<size_t>(end + 2 - buffer));
    return;
  }
  out.append(buffer, static_cast<size_t>(at - buffer));
  append_float(out, sample.value);
  out += "\"]";
}

void append_vector(std::string& out, const promql::Vector& vector) {
  out += "\"vector\",\"result\":[";
  for (const promql::VectorSample& one : vector) {
    if (&one != &vector.front()) out += ',';
    out += "{\"metric\":";
    append_labels(out, one.labels);
    out += ",\"value\":";
    append_sample(out, one.sample);
    out += '}';
  }
  out += ']';
}

void append_matrix(std::string& out, const promql::Matrix& matrix) {
  size_t samples = 0;
  for (const promql::MatrixSeries& one : matrix) samples += one.samples.size();
  out.reserve(out.size() + samples * 28 + matrix.size() * 200);
  out += "\"matrix\",\"result\":[";
  for (const promql::MatrixSeries& one : matrix) {
    if (&one != &matrix.front()) out += ',';
    out += "{\"metric\":";
    append_labels(out, one.labels);
    out += ",\"values\":[";
    for (size_t i = 0; i < one.samples.size(); ++i) {
      if (i > 0) out += ',';
      append_sample(out, one.samples[i]);
    }
    out += "]}";
  }
  out += ']';
}

// Scalars and strings have their time as any JSON number: 4.5, not 4.500.
void append_time_short(std::string& out, TimeMs time) {
  append_time(out, time);
  if (time.ms % 1000 == 0) return;
  while (out.back() == '0') out.pop_back();
}

}  // namespace

char* put_integer(char* at, uint64_t number) {
  constexpr uint64_t kEight = 100'000'000;
  if (number < kEight) return std::to_chars(at, at + 20, number).ptr;
  return put_eight(std::to_chars(at, at + 20, number / kEight).ptr,
                   static_cast<uint32_t>(number % kEight));
}

// n / 10^k that gives the same double back: of at most 15 digits no two name the same double, so
// the least k is the shortest text.
char* put_decimal(char* at, double value) {
  constexpr double kPowers[] = {1, 10, 100, 1000, 10'000};
  constexpr uint64_t kWholes[] = {1, 10, 100, 1000, 10'000};
  const double size = std::abs(value);
  if (!(size < 1e11) || (size == 0 && std::signbit(value))) return nullptr;
  for (size_t k = 0; k < std::size(kPowers); ++k) {
    const auto n = static_cast<uint64_t>(size * kPowers[k] + 0.5);
    if (static_cast<double>(n) / kPowers[k] != size) continue;
    if (value < 0) *at++ = '-';
    at = put_integer(at, n / kWholes[k]);
    if (k == 0) return at;
    *at++ = '.';
    for (size_t digit = k; digit-- > 0;) *at++ = static_cast<char>('0' + n / kWholes[digit] % 10);
    return at;
  }
  return nullptr;
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (size_t at = 0; at < text.size();) {
    size_t run = at;
    while (run < text.size() && plain(text[run])) ++run;
    out.append(text, at, run - at);
    at = run;
    if (at == text.size()) break;
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      append_ascii(out, text[at++]);
      continue;
    }
    const size_t length = character_at(text, at);
    const std::string_view character = text.substr(at, std::max<size_t>(length, 1));
    if (length == 0)
      out += "\\ufffd";
    else if (character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9")
      append_hex(out, character.back() == '\xa8' ? 0x2028 : 0x2029);
    else
      out += character;
    at += character.size();
  }
  out += '"';
}

void append_labels(std::string& out, const Labels& labels) {
  out += '{';
  for (const auto& [name, value] : labels.pairs()) {
    if (out.back() != '{') out += ',';
    append_string(out, name);
    out += ':';
    append_string(out, value);
  }
  out += '}';
}

void append_time(std::string& out, TimeMs time) {
  char buffer[32];
  out.append(buffer, put_time(buffer, time));
}

void append_float_fixed(std::string& out, double value) {
  if (!std::isfinite(value)) return append_special(out, value);
  char buffer[64];
  if (char* const end = put_decimal(buffer, value)) {
    out.append(buffer, end);
    return;
  }
  const double size = std::abs(value);
  if (size < kExactMax && std::trunc(value) == value && (size > 0 || !std::signbit(value))) {
    out.append(buffer,
               std::to_chars(buffer, buffer + sizeof buffer, static_cast<int64_t>(value)).ptr);
    return;
  }
  if (size < kExactMax && size > 1e-30) {
    out.append(buffer,
               std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr);
    return;
  }
  if (std::signbit(value)) out += '-';
  if (size == 0) {
    out += '0';
    return;
  }
  const Digits digits = digits_of(size);
  if (digits.exponent >= 0) {
    out.append(digits.text, digits.count);
    out.append(static_cast<size_t>(digits.exponent) + 1 - digits.count, '0');
  } else {
    out += "0.";
    out.append(static_cast<size_t>(-digits.exponent) - 1, '0');
    out.append(digits.text, digits.count);
  }
}

void append_float(std::string& out, double value) {
  const double size = std::abs(value);
  if (!std::isfinite(value) || size == 0 || (size >= 1e-6 && size < 1e21))
    return append_float_fixed(out, value);
  char buffer[40];
  out.append(
      buffer,
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr);
}

void append_value(std::string& out, const promql::Value& value) {
  out += "{\"resultType\":";
  if (const auto* vector = std::get_if<promql::Vector>(&value)) {
    append_vector(out, *vector);
  } else if (const auto* matrix = std::get_if<promql::Matrix>(&value)) {
    append_matrix(out, *matrix);
  } else if (const auto* scalar = std::get_if<promql::ScalarValue>(&value)) {
    out += "\"scalar\",\"result\":[";
    append_time_short(out, scalar->time);
    out += ",\"";
    append_float_fixed(out, scalar->value);
    out += "\"]";
  } else if (const auto* text = std::get_if<promql::StringValue>(&value)) {
    out += "\"string\",\"result\":[";
    append_time_short(out, text->time);
    out += ',';
    append_string(out, text->value);
    out += ']';
  }
  out += '}';
}

void append_texts(std::string& out, const std::vector<std::string_view>& texts) {
  out += '[';
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += ',';
    append_string(out, texts[i]);
  }
  out += ']';
}

std::string begin_success(size_t bytes_expected) {
  std::string out;
  out.reserve(bytes_expected);
  out = "{\"status\":\"success\",\"data\":";
  return out;
}

void end_success(std::string& out, const std::vector<std::string>& warnings) {
  if (!warnings.empty()) {
    out += ",\"warnings\":";
    append_texts(out, {warnings.begin(), warnings.end()});
  }
  out += '}';
}

std::string error_text(std::string_view type, std::string_view message) {
  std::string out = "{\"status\":\"error\",\"errorType\":";
  append_string(out, type);
  out += ",\"error\":";
  append_string(out, message);
  out += '}';
  return out;
}

}  // namespace tocsin::server::prometheus
