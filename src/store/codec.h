#pragma once
// The bytes of the points of one series; docs/formats/chunks.md draws them. Append only: the open
// chunk of a head is these bytes. Every double comes back bit for bit, every time exactly.
//
// One token byte per point; with a constant cadence and a small step of a decimal value that is
// all there is.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "vocabulary/sample.h"

namespace tocsin {

// The longest a point can get: token, time (10), exponent, value (10).
inline constexpr size_t kSampleBytesMax = 22;

// What the encoder must remember between points: 40 bytes.
struct EncoderState {
  int64_t last_time = 0;
  int64_t last_delta = 0;    // of times
  int64_t last_integer = 0;  // value * 10^exponent of the last decimal value
  uint64_t last_bits = 0;    // of the last value
  uint16_t count = 0;
  uint8_t exponent = 0;  // decimals after the point, 0 to 9
  uint8_t searches = 0;  // fruitless searches for an exponent; past a limit they stop
};

// Writes one point at `out` (kSampleBytesMax bytes of room) and returns the number of bytes. Times
// may be in any order; constant steps are small.
size_t encode_sample(EncoderState& state, TimeMs time, double value, char* out);

// Reads what encode_sample wrote. Damaged bytes give false or wrong points, never a crash.
class SampleReader {
 public:
  explicit SampleReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  bool next(Sample& out);  // false at the end, or when malformed (then ok() is false)
  bool ok() const { return ok_; }

 private:
  bool next_value(uint8_t token, double& value);
  uint64_t bytes_le(size_t count);
  uint64_t varint();

  const char* at_;
  const char* end_;
  EncoderState state_;
  bool ok_ = true;
};

// All of it; false if malformed (out then holds what was read before).
bool decode_samples(std::string_view bytes, std::vector<Sample>& out);
std::string encode_samples(const std::vector<Sample>& samples);

}  // namespace tocsin
