#pragma once
// Whole numbers as bytes, near their entropy: range asymmetric numeral systems (Duda,
// arXiv:1311.2540) over classes of size, the bits within a class as they are; plain packing where
// the table of frequencies would cost more. docs/formats/chunks.md draws the bytes.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

// Appends the numbers. What they are like decides the form; its first byte names it.
void encode_numbers(std::span<const uint64_t> numbers, std::string& out);
// About the bytes that encode_numbers would append, without doing it.
size_t estimate_numbers(std::span<const uint64_t> numbers);
// Reads `count` numbers from the front of `bytes` and takes them off. False if malformed: out is
// then of no use. Never reads or writes beyond its bounds.
bool decode_numbers(std::string_view& bytes, size_t count, std::vector<uint64_t>& out);

}  // namespace tocsin
