#pragma once
// Numbers of keys: big endian, signed ones with their sign flipped, so that keys sort as bytes.

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin {

template <class T>
void put_big(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift));
}
template <class T>
T get_big(std::string_view bytes, size_t at) {
  T value = 0;
  for (size_t i = 0; i < sizeof value; ++i)
    value = static_cast<T>((value << 8) | static_cast<uint8_t>(bytes[at + i]));
  return value;
}
inline uint64_t flipped(int64_t v) { return static_cast<uint64_t>(v) ^ (uint64_t{1} << 63); }
inline uint32_t flipped(int32_t v) { return static_cast<uint32_t>(v) ^ (uint32_t{1} << 31); }
inline int64_t unflipped(uint64_t v) { return static_cast<int64_t>(v ^ (uint64_t{1} << 63)); }
inline int32_t unflipped(uint32_t v) { return static_cast<int32_t>(v ^ (uint32_t{1} << 31)); }

}  // namespace tocsin
