#include "store/codec.h"

#include <bit>
#include <cmath>
#include <cstring>

// Token byte: bit 7 = the step of time changed, its change follows as a zigzag varint; the low
// seven bits say what follows for the value:
//     0..79   decimal; the step of the integer, zigzag, is the token itself
//    80..87   decimal; 1..8 bytes of the zigzag step follow, less 80
//    88..123  bits XOR last bits; length and position in whole bytes, see kXorFirst
//   124       the same bits again
//   125       exponent byte and the whole integer as a zigzag varint follow
namespace tocsin {
namespace {

constexpr uint8_t kTimeChanged = 0x80;
constexpr uint8_t kInlineSteps = 80;
constexpr uint8_t kStepBytes = 80;  // + number of bytes - 1
constexpr uint8_t kXorFirst = 88;
constexpr uint8_t kSame = 124;
constexpr uint8_t kExponent = 125;
constexpr uint8_t kExponentMax = 9;
constexpr uint8_t kSearchesMax = 3;
constexpr double kIntegerMax = 9007199254740992.0;  // 2^53: beyond it integers are not exact

constexpr double kPowers[kExponentMax + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

uint64_t zigzag(int64_t v) {
  return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63);
}
int64_t unzigzag(uint64_t v) { return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1); }
// Times may be anything; steps between them wrap around and back.
int64_t wrapping_sub(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t wrapping_add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

size_t put_varint(char* out, uint64_t v) {
  size_t n = 0;
  for (; v >= 0x80; v >>= 7) out[n++] = static_cast<char>(v | 0x80);
  out[n++] = static_cast<char>(v);
  return n;
}

// Whole bytes that `v` needs, at least 1.
size_t byte_count(uint64_t v) { return (static_cast<size_t>(std::bit_width(v | 1)) + 7) / 8; }

// The integer with integer / 10^exponent == value, bit for bit. Division of two exact numbers is
// correctly rounded, so the reader gets the same double.
bool as_decimal(double value, uint8_t exponent, int64_t& integer) {
  const double scaled = value * kPowers[exponent];
  if (!(std::fabs(scaled) < kIntegerMax)) return false;
  const int64_t rounded = static_cast<int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  if (!(std::fabs(static_cast<double>(rounded)) < kIntegerMax)) return false;
  const double back = static_cast<double>(rounded) / kPowers[exponent];
  if (std::bit_cast<uint64_t>(back) != std::bit_cast<uint64_t>(value)) return false;
  integer = rounded;
  return true;
}

// XOR tokens: for length 1..8 bytes and `low` zero bytes below, length + low <= 8.
constexpr uint8_t kXorBase[9] = {0, 0, 8, 15, 21, 26, 30, 33, 35};  // by length
static_assert(kXorFirst + kXorBase[8] + 1 == kSame);

size_t put_bytes(char* out, uint64_t v, size_t count) {
  std::memcpy(out, &v, sizeof v);  // room for 8 is promised; little endian
  return count;
}

size_t put_step(int64_t step, char* token, char* out) {
  const uint64_t code = zigzag(step);
  if (code < kInlineSteps) {
    *token = static_cast<char>(*token | static_cast<char>(code));
    return 0;
  }
  const uint64_t rest = code - kInlineSteps;
  const size_t count = byte_count(rest);
  *token = static_cast<char>(static_cast<size_t>(static_cast<uint8_t>(*token)) |
                             (kStepBytes + count - 1));
  return put_bytes(out, rest, count);
}

size_t put_xor(uint64_t difference, char* token, char* out) {
  if (difference == 0) {
    *token = static_cast<char>(static_cast<uint8_t>(*token) | kSame);
    return 0;
  }
  const size_t low = static_cast<size_t>(std::countr_zero(difference)) / 8;
  const uint64_t rest = difference >> (low * 8);
  const size_t count = byte_count(rest);
  *token = static_cast<char>(static_cast<size_t>(static_cast<uint8_t>(*token)) |
                             (kXorFirst + kXorBase[count] + low));
  return put_bytes(out, rest, count);
}

// A larger exponent makes the value an integer, too.
bool search_exponent(EncoderState& state, double value, int64_t& integer) {
  if (state.searches >= kSearchesMax || !std::isfinite(value)) return false;
  const auto first = static_cast<uint8_t>(state.exponent + (state.count > 0 ? 1 : 0));
  for (uint8_t exponent = first; exponent <= kExponentMax; ++exponent)
    if (as_decimal(value, exponent, integer)) {
      state.exponent = exponent;
      return true;
    }
  ++state.searches;
  return false;
}

size_t put_value(EncoderState& state, double value, char* token, char* out) {
  const auto bits = std::bit_cast<uint64_t>(value);
  int64_t integer = 0;
  size_t used = 0;
  if (as_decimal(value, state.exponent, integer)) {
    used = put_step(integer - state.last_integer, token, out);
    state.last_integer = integer;
  } else if (search_exponent(state, value, integer)) {
    *token = static_cast<char>(static_cast<uint8_t>(*token) | kExponent);
    out[0] = static_cast<char>(state.exponent);
    used = 1 + put_varint(out + 1, zigzag(integer));
    state.last_integer = integer;
  } else {
    used = put_xor(bits ^ state.last_bits, token, out);
  }
  state.last_bits = bits;
  return used;
}

}  // namespace

size_t encode_sample(EncoderState& state, TimeMs time, double value, char* out) {
  char* token = out;
  *token = 0;
  size_t used = 1;
  const int64_t delta = wrapping_sub(time.ms, state.last_time);
  if (delta != state.last_delta) {
    *token = static_cast<char>(kTimeChanged);
    used += put_varint(out + used, zigzag(wrapping_sub(delta, state.last_delta)));
  }
  state.last_time = time.ms;
  // The first time is no step: the second point's step is its own.
  state.last_delta = state.count == 0 ? 0 : delta;
  used += put_value(state, value, token, out + used);
  ++state.count;
  return used;
}

uint64_t SampleReader::bytes_le(size_t count) {
  if (static_cast<size_t>(end_ - at_) < count) {
    ok_ = false;
    return 0;
  }
  uint64_t v = 0;
  std::memcpy(&v, at_, count);
  at_ += count;
  return v;
}

uint64_t SampleReader::varint() {
  uint64_t v = 0;
  for (int shift = 0; shift < 64 && at_ != end_; shift += 7) {
    const auto byte = static_cast<uint8_t>(*at_++);
    v |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return v;
  }
  ok_ = false;
  return 0;
}

bool SampleReader::next_value(uint8_t token, double& value) {
  if (token < kXorFirst) {
    const uint64_t code =
        token < kInlineSteps ? token : kInlineSteps + bytes_le(token - kStepBytes + 1u);
    state_.last_integer = wrapping_add(state_.last_integer, unzigzag(code));
    value = static_cast<double>(state_.last_integer) / kPowers[state_.exponent];
  } else if (token < kSame) {
    size_t count = 1;
    while (count < 8 && token - kXorFirst >= kXorBase[count + 1]) ++count;
    const auto low = static_cast<size_t>(token - kXorFirst - kXorBase[count]);
    value = std::bit_cast<double>(state_.last_bits ^ (bytes_le(count) << (low * 8)));
  } else if (token == kSame) {
    value = std::bit_cast<double>(state_.last_bits);
  } else if (token == kExponent) {
    state_.exponent = static_cast<uint8_t>(bytes_le(1));
    if (state_.exponent > kExponentMax) ok_ = false;
    if (!ok_) return false;
    state_.last_integer = unzigzag(varint());
    value = static_cast<double>(state_.last_integer) / kPowers[state_.exponent];
  } else {
    ok_ = false;
  }
  state_.last_bits = std::bit_cast<uint64_t>(value);
  return ok_;
}

bool SampleReader::next(Sample& out) {
  if (!ok_ || at_ == end_) return false;
  const auto token = static_cast<uint8_t>(*at_++);
  int64_t delta = state_.last_delta;
  if ((token & kTimeChanged) != 0) delta = wrapping_add(delta, unzigzag(varint()));
  state_.last_time = wrapping_add(state_.last_time, delta);
  state_.last_delta = state_.count == 0 ? 0 : delta;
  state_.count = 1;
  out.time.ms = state_.last_time;
  return next_value(token & 0x7f, out.value) && ok_;
}

bool decode_samples(std::string_view bytes, std::vector<Sample>& out) {
  SampleReader reader(bytes);
  Sample sample;
  while (reader.next(sample)) out.push_back(sample);
  return reader.ok();
}

std::string encode_samples(const std::vector<Sample>& samples) {
  std::string out;
  EncoderState state;
  char room[kSampleBytesMax];
  for (const Sample& sample : samples)
    out.append(room, encode_sample(state, sample.time, sample.value, room));
  return out;
}

}  // namespace tocsin
