// Strategy: the first byte is the number of values, the rest is fed to the decoders. Invariants:
// they end, never give more than was asked for, and what they gave can be encoded and decoded again
// to the same bits.
#include <bit>
#include <cstdlib>

#include "store/column_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin;
  if (size == 0) return 0;
  const size_t count = data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<double> values, again;
  std::string_view left = bytes;
  if (decode_doubles(left, count, values)) {
    if (values.size() != count) std::abort();
    std::string encoded;
    encode_doubles(values, encoded);
    left = encoded;
    if (!decode_doubles(left, count, again) || !left.empty() || again.size() != count) std::abort();
    for (size_t i = 0; i < count; ++i)
      if (std::bit_cast<uint64_t>(values[i]) != std::bit_cast<uint64_t>(again[i])) std::abort();
  }
  std::vector<int64_t> numbers, numbers_again;
  left = bytes;
  if (decode_integers(left, count, numbers)) {
    std::string encoded;
    encode_integers(numbers, encoded);
    left = encoded;
    if (!decode_integers(left, count, numbers_again) || numbers != numbers_again) std::abort();
  }
  return 0;
}
