#pragma once
// Numbers and durations of PromQL: text <-> value.

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/time.h"

namespace tocsin::promql {

// Whole numbers in decimal, hexadecimal (0x1f) and octal (017), else a decimal fraction; "Inf" and
// "NaN" in any case. The error is the message.
tl::expected<double, std::string> read_number(std::string_view text);
// Units y w d h m s ms, each at most once and in that order; "0".
tl::expected<DurationMs, std::string> read_duration(std::string_view text);

std::string number_literal(double value);  // shortest that reads back: "1e+06", "+Inf"

}  // namespace tocsin::promql
