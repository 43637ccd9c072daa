#pragma once
// Numbers and names as text.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tocsin {

// Shortest decimal that reads back as the same double; "NaN", "+Inf", "-Inf" as Prometheus writes.
void append_number(std::string& out, double value);
std::string number_text(double value);
// For people: three significant digits, thin-space free: "1.23 M", "118", "0.042".
std::string human_number(double value);

std::optional<double> parse_double(std::string_view text);  // whole text, finite or not
std::optional<int64_t> parse_int(std::string_view text);    // whole text

// The candidate nearest to `word` by edit distance, if near enough to be meant; else empty.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates);

// Cuts at a UTF-8 boundary so that the result has at most `bytes_max` bytes; ends in "…" if cut.
std::string cut_text(std::string_view text, size_t bytes_max);
bool valid_utf8(std::string_view text);

}  // namespace tocsin
