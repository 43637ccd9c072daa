// Doubles: decimals as whole numbers with what rounding left, a dictionary, or the bits.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/bytes.h"
#include "store/column_codec.h"
#include "store/entropy_coder.h"

namespace tocsin {
namespace {

enum class Form : uint8_t { kSame, kDecimal, kBits, kDictionary };

constexpr uint8_t kExponentMax = 17;
constexpr double kPowers[kExponentMax + 1] = {1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,
                                              1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17};
constexpr double kIntegerMax = 9007199254740992.0;  // 2^53: beyond it integers are not exact
constexpr int64_t kRoundingMax = 7;                 // units in the last place, either way
constexpr size_t kSamples = 64;                     // values that are tried with each exponent
constexpr uint8_t kShort = 5;                       // digits after the point: no long number
constexpr uint64_t kMisfitBits = 80;                // what a value that fits no decimal costs

struct Decimal {
  int64_t integer = 0;
  int64_t rounding = 0;  // bits of the value - bits of integer / 10^exponent
};

// Division of two exact numbers is correctly rounded, so the reader gets the same double; sums of
// decimals are a few units in the last place beside one, which `rounding` tells.
bool as_decimal(double value, uint8_t exponent, Decimal& out) {
  const double scaled = value * kPowers[exponent];
  if (!(std::fabs(scaled) < kIntegerMax)) return false;
  out.integer = static_cast<int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  if (!(std::fabs(static_cast<double>(out.integer)) < kIntegerMax)) return false;
  const double back = static_cast<double>(out.integer) / kPowers[exponent];
  out.rounding =
      static_cast<int64_t>(std::bit_cast<uint64_t>(value) - std::bit_cast<uint64_t>(back));
  return out.rounding >= -kRoundingMax && out.rounding <= kRoundingMax;
}

double from_decimal(int64_t integer, int64_t rounding, double power) {
  const double back = static_cast<double>(integer) / power;
  if (rounding == 0) return back;
  return std::bit_cast<double>(std::bit_cast<uint64_t>(back) + static_cast<uint64_t>(rounding));
}

uint64_t zigzag(int64_t v) {
  return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63);
}
int64_t unzigzag(uint64_t v) { return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1); }

uint64_t cost_of(std::span<const double> values, size_t stride, uint8_t exponent) {
  uint64_t bits = 0;
  int64_t last = 0;
  Decimal d;
  for (size_t i = 0; i < values.size(); i += stride) {
    if (!as_decimal(values[i], exponent, d)) {
      bits += kMisfitBits;
      continue;
    }
    bits += std::bit_width(zigzag(d.integer - last)) + (d.rounding == 0 ? 0u : 2u);
    last = d.integer;
  }
  return bits;
}

uint8_t choose_exponent(std::span<const double> values) {
  const size_t stride = std::max<size_t>(1, values.size() / kSamples);
  uint8_t best = 0;
  uint64_t best_bits = UINT64_MAX;
  for (uint8_t exponent = 0; exponent <= kExponentMax; ++exponent) {
    const uint64_t bits = cost_of(values, stride, exponent);
    if (bits < best_bits) {
      best = exponent;
      best_bits = bits;
    }
  }
  return best;
}

bool same_bits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

// kDecimal: exponent, whether roundings follow, number of misfits; the integers; roundings;
// misfits: gaps between their places, their bits.
void encode_decimal(std::span<const double> values, uint8_t exponent, std::string& out) {
  std::vector<int64_t> integers;
  std::vector<uint64_t> roundings, gaps, misfits;
  bool rounded = false;
  size_t after = 0;
  Decimal d;
  for (size_t i = 0; i < values.size(); ++i) {
    if (as_decimal(values[i], exponent, d)) {
      integers.push_back(d.integer);
      roundings.push_back(zigzag(d.rounding));
      rounded |= d.rounding != 0;
      continue;
    }
    gaps.push_back(i - after);
    after = i + 1;
    misfits.push_back(std::bit_cast<uint64_t>(values[i]));
  }
  ByteWriter head;
  head.u8(static_cast<uint8_t>(Form::kDecimal));
  head.u8(static_cast<uint8_t>(exponent | (rounded ? 0x80 : 0)));
  head.varint(misfits.size());
  out += head.bytes();
  encode_integers(integers, out);
  if (rounded) encode_numbers(roundings, out);
  if (misfits.empty()) return;
  encode_numbers(gaps, out);
  encode_numbers(misfits, out);
}

bool decode_decimal(std::string_view& bytes, size_t count, std::vector<double>& out) {
  ByteReader in(bytes);
  const uint8_t head = in.u8();
  const uint8_t exponent = head & 0x7f;
  const uint64_t misfits = in.varint();
  if (!in.ok() || exponent > kExponentMax || misfits > count) return false;
  bytes.remove_prefix(bytes.size() - in.left());
  const size_t fitting = count - misfits;
  std::vector<int64_t> integers;
  std::vector<uint64_t> roundings, gaps, bits;
  if (!decode_integers(bytes, fitting, integers)) return false;
  const bool rounded = (head & 0x80) != 0;
  if (rounded && !decode_numbers(bytes, fitting, roundings)) return false;
  if (misfits > 0 &&
      (!decode_numbers(bytes, misfits, gaps) || !decode_numbers(bytes, misfits, bits)))
    return false;
  const double power = kPowers[exponent];
  size_t from = 0;
  const auto fill = [&](uint64_t values) {
    if (values > fitting - from) return false;
    for (const size_t end = from + values; from < end; ++from)
      out.push_back(from_decimal(integers[from], rounded ? unzigzag(roundings[from]) : 0, power));
    return true;
  };
  for (size_t i = 0; i < misfits; ++i) {
    if (!fill(gaps[i])) return false;
    out.push_back(std::bit_cast<double>(bits[i]));
  }
  return fill(fitting - from);
}

// Bits whose order as signed numbers is the order of the doubles; its own inverse.
int64_t ordered(int64_t bits) { return bits < 0 ? bits ^ INT64_MAX : bits; }

void encode_bits(std::span<const double> values, std::string& out) {
  out.push_back(static_cast<char>(Form::kBits));
  std::vector<int64_t> bits;
  for (const double v : values) bits.push_back(ordered(std::bit_cast<int64_t>(v)));
  encode_integers(bits, out);
}

bool decode_bits(std::string_view& bytes, size_t count, std::vector<double>& out) {
  std::vector<int64_t> bits;
  if (!decode_integers(bytes, count, bits)) return false;
  for (const int64_t b : bits) out.push_back(std::bit_cast<double>(ordered(b)));
  return true;
}

void encode_plain(std::span<const double> values, std::string& out) {
  const size_t begin = out.size();
  encode_decimal(values, choose_exponent(values), out);
  if (out.size() - begin < values.size() * 5) return;
  std::string bits;
  encode_bits(values, bits);
  if (bits.size() < out.size() - begin) out.replace(begin, std::string::npos, bits);
}

// kDictionary: how many, the values in the order of their bits, each value's place among them.
bool encode_dictionary(std::span<const double> values, size_t bytes_max, std::string& out) {
  std::vector<int64_t> bits;
  for (const double v : values) bits.push_back(ordered(std::bit_cast<int64_t>(v)));
  std::vector<int64_t> distinct = bits;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.size() > values.size() / 2) return false;
  std::vector<double> words;
  for (const int64_t b : distinct) words.push_back(std::bit_cast<double>(ordered(b)));
  for (int64_t& b : bits)
    b = std::lower_bound(distinct.begin(), distinct.end(), b) - distinct.begin();
  ByteWriter head;
  head.u8(static_cast<uint8_t>(Form::kDictionary));
  head.varint(words.size());
  std::string made = head.take();
  encode_plain(words, made);
  encode_integers(bits, made);
  if (made.size() >= bytes_max) return false;
  out += made;
  return true;
}

bool decode_form(std::string_view& bytes, size_t count, bool nested, std::vector<double>& out);

bool decode_dictionary(std::string_view& bytes, size_t count, std::vector<double>& out) {
  ByteReader in(bytes);
  const uint64_t size = in.varint();
  if (!in.ok() || size == 0 || size > kColumnMax) return false;
  bytes.remove_prefix(bytes.size() - in.left());
  std::vector<double> words;
  std::vector<int64_t> places;
  if (!decode_form(bytes, size, true, words) || !decode_integers(bytes, count, places))
    return false;
  for (const int64_t place : places) {
    if (place < 0 || place >= static_cast<int64_t>(words.size())) return false;
    out.push_back(words[static_cast<size_t>(place)]);
  }
  return true;
}

bool decode_form(std::string_view& bytes, size_t count, bool nested, std::vector<double>& out) {
  if (bytes.empty()) return false;
  const auto form = static_cast<uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  if (form > static_cast<uint8_t>(Form::kDictionary)) return false;
  out.reserve(count);
  switch (static_cast<Form>(form)) {
    case Form::kSame: {
      if (bytes.size() < sizeof(double)) return false;
      double value = 0;
      std::memcpy(&value, bytes.data(), sizeof value);
      bytes.remove_prefix(sizeof value);
      out.assign(count, value);
      return true;
    }
    case Form::kDecimal:
      return decode_decimal(bytes, count, out);
    case Form::kBits:
      return decode_bits(bytes, count, out);
    case Form::kDictionary:
      return !nested && decode_dictionary(bytes, count, out);
  }
  return false;
}

}  // namespace

void encode_doubles(std::span<const double> values, std::string& out) {
  if (values.empty()) return;
  if (std::adjacent_find(values.begin(), values.end(),
                         [](double a, double b) { return !same_bits(a, b); }) == values.end()) {
    ByteWriter same;
    same.u8(static_cast<uint8_t>(Form::kSame));
    same.f64(values[0]);
    out += same.bytes();
    return;
  }
  std::string plain;
  encode_plain(values, plain);
  // A dictionary pays where values are long and come again.
  const bool is_long = plain[0] != static_cast<char>(Form::kDecimal) || (plain[1] & 0x7f) > kShort;
  if ((is_long || plain.size() > values.size() * 5 / 4) &&
      encode_dictionary(values, plain.size(), out))
    return;
  out += plain;
}

bool decode_doubles(std::string_view& bytes, size_t count, std::vector<double>& out) {
  out.clear();
  if (count == 0) return true;
  if (count > kColumnMax) return false;
  return decode_form(bytes, count, false, out);
}

}  // namespace tocsin
