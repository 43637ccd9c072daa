#pragma once
// Answers of Prometheus' API, byte for byte as Prometheus 2.42 writes them. Appends to a string: no
// allocation per value.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "promql/engine.h"

namespace tocsin::server::prometheus {

// Quoted, with the escapes of Go's JSON: also < > & and U+2028, U+2029; bytes that are no UTF-8
// become \ufffd.
void append_string(std::string& out, std::string_view text);
void append_labels(std::string& out, const Labels& labels);
// Seconds: 1435781451.781; whole seconds without a fraction.
void append_time(std::string& out, TimeMs time);
// Shortest text of the same double: 0.1, 1e+21, 1e-07, NaN, +Inf; as Prometheus writes samples.
void append_float(std::string& out, double value);
void append_float_fixed(std::string& out, double value);  // never with an exponent: of scalars

// The digits, from `at` on, where 24 bytes are free; where they end.
char* put_integer(char* at, uint64_t number);
// As append_float where the value has at most four decimals and 15 digits, which measured values
// mostly have; else nullptr.
char* put_decimal(char* at, double value);

// {"resultType":...,"result":...}
void append_value(std::string& out, const promql::Value& value);
void append_texts(std::string& out, const std::vector<std::string_view>& texts);  // ["a","b"]

// {"status":"success","data":DATA,"warnings":[...]}: begin, append DATA, end.
std::string begin_success(size_t bytes_expected = 256);
void end_success(std::string& out, const std::vector<std::string>& warnings = {});
// type: "bad_data", "execution", "timeout", "canceled", "internal"
std::string error_text(std::string_view type, std::string_view message);

}  // namespace tocsin::server::prometheus
