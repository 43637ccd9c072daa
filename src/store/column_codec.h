#pragma once
// Columns of many points of one series: what rows of joined chunks are made of. How a column is
// written follows from what it is like: all the same, a constant step, decimals as whole numbers,
// few distinct values as a dictionary, the bits otherwise. Every double comes back bit for bit.
// docs/formats/chunks.md draws the bytes.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

// The most values of one column; longer ones are malformed.
inline constexpr size_t kColumnMax = 65'536;

// Appends; at most kColumnMax numbers. Any numbers; small differences and constant steps are short.
void encode_integers(std::span<const int64_t> numbers, std::string& out);
void encode_doubles(std::span<const double> values, std::string& out);

// Read `count` numbers from the front of `bytes` and take them off. False if malformed: out is then
// of no use.
bool decode_integers(std::string_view& bytes, size_t count, std::vector<int64_t>& out);
bool decode_doubles(std::string_view& bytes, size_t count, std::vector<double>& out);

}  // namespace tocsin
