#include "respond/length.h"

#include <algorithm>
#include <array>

namespace tocsin::respond {
namespace {

constexpr std::string_view kMark = "…";
constexpr uint32_t kJoiner = 0x200d;

struct Rune {
  uint32_t value = 0;
  size_t bytes = 1;
};

// The first code point; a byte that begins none stands for itself.
Rune first_rune(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (size <= 1 || lead > 0xf4 || text.size() < size) return {lead, 1};
  uint32_t value = lead & (0x7f >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {lead, 1};
    value = value << 6 | (byte(i) & 0x3f);
  }
  return {value, size};
}

size_t units(const Rune& rune, LengthUnit unit) {
  switch (unit) {
    case LengthUnit::kBytes:
      return rune.bytes;
    case LengthUnit::kRunes:
      return 1;
    case LengthUnit::kUtf16:
      return rune.value > 0xffff ? 2 : 1;
  }
  return 1;
}

// Code points that continue what stands before them: the combining marks and selectors that texts
// of people hold. A subset of UAX #29 (Extend, SpacingMark of other scripts are left out: there a
// cut shows a letter without its vowel sign, never a broken code point).
bool extends(uint32_t rune) {
  constexpr std::array<std::pair<uint32_t, uint32_t>, 14> kRanges{{{0x0300, 0x036f},
                                                                   {0x0483, 0x0489},
                                                                   {0x0591, 0x05bd},
                                                                   {0x064b, 0x065f},
                                                                   {0x093a, 0x094f},
                                                                   {0x0e31, 0x0e3a},
                                                                   {0x0e47, 0x0e4e},
                                                                   {0x1ab0, 0x1aff},
                                                                   {0x1dc0, 0x1dff},
                                                                   {0x20d0, 0x20ff},
                                                                   {0xfe00, 0xfe0f},
                                                                   {0xfe20, 0xfe2f},
                                                                   {0x1f3fb, 0x1f3ff},
                                                                   {0xe0020, 0xe007f}}};
  return rune == kJoiner || std::any_of(kRanges.begin(), kRanges.end(), [&](const auto& range) {
           return rune >= range.first && rune <= range.second;
         });
}

bool is_flag_half(uint32_t rune) { return rune >= 0x1f1e6 && rune <= 0x1f1ff; }

// What a reader takes for the first character.
std::string_view first_character(std::string_view text) {
  Rune before = first_rune(text);
  size_t size = before.bytes;
  bool half_flag = is_flag_half(before.value);
  while (size < text.size()) {
    const Rune next = first_rune(text.substr(size));
    const bool pair = half_flag && is_flag_half(next.value);
    if (!extends(next.value) && before.value != kJoiner && !pair) break;
    half_flag = false;
    size += next.bytes;
    before = next;
  }
  return text.substr(0, size);
}

}  // namespace

size_t text_length(std::string_view text, LengthUnit unit) {
  size_t out = 0;
  while (!text.empty()) {
    const Rune rune = first_rune(text);
    out += units(rune, unit);
    text.remove_prefix(rune.bytes);
  }
  return out;
}

std::string cut_length(std::string_view text, size_t max, LengthUnit unit) {
  const size_t mark = text_length(kMark, unit);
  size_t bytes = 0, length = 0, kept = 0;  // kept: bytes after which the mark still fits
  while (bytes < text.size()) {
    const std::string_view next = first_character(text.substr(bytes));
    length += text_length(next, unit);
    if (length > max) {
      if (max < mark) return std::string(text.substr(0, max == 0 ? 0 : kept));
      return std::string(text.substr(0, kept)) + std::string(kMark);
    }
    bytes += next.size();
    if (length + mark <= max) kept = bytes;
  }
  return std::string(text);
}

}  // namespace tocsin::respond
