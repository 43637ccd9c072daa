#pragma once
// Limits of services on the length of a text. They count in different units; a cut never goes
// through what a reader sees as one character (a letter with its accents, a joined emoji, a flag).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::respond {

enum class LengthUnit : uint8_t {
  kBytes,  // of UTF-8
  kRunes,  // code points
  kUtf16,  // 16-bit units, as JavaScript and .NET count
};

size_t text_length(std::string_view text, LengthUnit unit);
// At most `max` units; ends in "…" if something was cut. Bytes that are no UTF-8 count as one each.
std::string cut_length(std::string_view text, size_t max, LengthUnit unit);

}  // namespace tocsin::respond
