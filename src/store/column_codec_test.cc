#include "store/column_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "store/entropy_coder.h"

namespace tocsin {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kStale = std::bit_cast<double>(uint64_t{0x7ff0000000000002});

std::string encoded(const std::vector<double>& values) {
  std::string out;
  encode_doubles(values, out);
  return out;
}

void expect_round_trip(const std::vector<double>& in, std::string_view name) {
  const std::string bytes = encoded(in) + "tail";
  std::string_view left(bytes);
  std::vector<double> out;
  ASSERT_TRUE(decode_doubles(left, in.size(), out)) << name;
  EXPECT_EQ(left, "tail") << name;
  ASSERT_EQ(out.size(), in.size()) << name;
  for (size_t i = 0; i < in.size(); ++i)
    ASSERT_EQ(std::bit_cast<uint64_t>(out[i]), std::bit_cast<uint64_t>(in[i])) << name << " " << i;
}

std::vector<double> made(size_t count, const std::function<double(size_t)>& value) {
  std::vector<double> out;
  for (size_t i = 0; i < count; ++i) out.push_back(value(i));
  return out;
}

TEST(ColumnCodec, EveryKindOfValueComesBackInAsManyBytesAsItIsWorth) {
  Random random(1);
  const auto noise = [&] { return std::round(random.normal() * 100); };
  double walk = 0;
  struct Case {
    const char* name;
    std::vector<double> values;
    double bytes_max;  // per value
  } cases[] = {
      {"constant", made(1000, [](size_t) { return 0.1; }), 0.01},
      {"constant step", made(1000, [](size_t i) { return 1e9 + 250.0 * static_cast<double>(i); }),
       0.03},
      {"a counter's decimals", made(1000, [](size_t i) { return static_cast<double>(i) / 100; }),
       0.03},
      {"seven bits of noise",
       made(1000, [&](size_t) { return (500 + static_cast<double>(random.below(128))) / 100; }),
       0.92},
      {"normal noise", made(1000, [&](size_t) { return 5000 + noise(); }), 1.15},
      {"a walk", made(1000, [&](size_t) { return (walk += noise()) / 10; }), 1.15},
      {"multiples of 64", made(1000, [&](size_t) { return 64 * (1e7 + noise()); }), 1.15},
      {"sixteenths", made(1000, [&](size_t) { return 100 + noise() / 16; }), 1.2},
      {"few long words", made(1000, [&](size_t) { return 1.0 / (1 + double(random.below(8))); }),
       0.5},
      {"sums of decimals", made(1000, [&](size_t) { return 0.1 * double(random.below(50)) + 0.2; }),
       1.1},
      {"mostly zero", made(1000, [&](size_t i) { return i % 100 == 0 ? noise() : 0.0; }), 0.1},
      {"stale between", made(1000, [&](size_t i) { return i % 200 == 0 ? kStale : noise(); }), 1.3},
      {"full doubles", made(1000, [&](size_t) { return random.normal() * 1e5; }), 7.5},
      {"one", {3.5}, 9},
      {"two", {3.5, -1.25}, 20},
      {"odd ones",
       {-0.0, 0.0, kInf, -kInf, kStale, 5e-324, -5e-324, 1.7976931348623157e308,
        std::bit_cast<double>(uint64_t{0xfff8000000000123}), 1e22, 1e-22, 0.3},
       14},
      {"all stale", {kStale, kStale}, 5},
      {"large integers",
       {9007199254740991, 9007199254740992, 9007199254740994, -9007199254740994},
       20},
  };
  for (const Case& c : cases) {
    expect_round_trip(c.values, c.name);
    const double bytes = double(encoded(c.values).size()) / double(c.values.size());
    EXPECT_LE(bytes, c.bytes_max) << c.name;
  }
}

TEST(ColumnCodec, WholeNumbersOfAnySizeComeBack) {
  const std::vector<std::vector<int64_t>> cases = {
      {},
      {0},
      {INT64_MAX, INT64_MIN, 0, -1, 1, INT64_MIN},
      {INT64_MIN, INT64_MIN},
      {1, 2, 3, 4, 5},
      {10, 20, 40, 30},
      {-5'000'000'000'000, 5'000'000'000'000, 0},
      {int64_t{1} << 56, 0, 17},
      {(int64_t{1} << 56) - 1, 0, 17},
  };
  for (const auto& in : cases) {
    std::string bytes;
    encode_integers(in, bytes);
    std::string_view left(bytes);
    std::vector<int64_t> out;
    ASSERT_TRUE(decode_integers(left, in.size(), out));
    EXPECT_EQ(out, in);
    EXPECT_TRUE(left.empty());
  }
}

TEST(ColumnCodec, WhatIsCutShortIsMalformedAndNothingElseHappens) {
  Random random(2);
  for (const size_t kind : {0, 1, 2, 3}) {
    const auto values = made(300, [&](size_t) {
      return kind == 0   ? 1.0
             : kind == 1 ? std::round(random.normal() * 10)
             : kind == 2 ? random.normal()
                         : 1.0 / (1 + double(random.below(4)));
    });
    const std::string bytes = encoded(values);
    for (size_t length = 0; length < bytes.size(); ++length) {
      std::string_view left = std::string_view(bytes).substr(0, length);
      std::vector<double> out;
      EXPECT_FALSE(decode_doubles(left, values.size(), out)) << kind << " cut at " << length;
    }
    for (size_t at = 0; at < bytes.size(); ++at) {  // wrong values are for the checksum to find
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << random.below(8)));
      std::string_view left(flipped);
      std::vector<double> out;
      (void)decode_doubles(left, values.size(), out);
      EXPECT_LE(out.size(), values.size());
    }
  }
}

RC_GTEST_PROP(ColumnCodec, AnyBitsComeBack, (const std::vector<uint64_t>& bits)) {
  std::vector<double> in;
  for (const uint64_t b : bits) in.push_back(std::bit_cast<double>(b));
  std::string bytes = encoded(in);
  std::string_view left(bytes);
  std::vector<double> out;
  RC_ASSERT(decode_doubles(left, in.size(), out));
  RC_ASSERT(left.empty());
  RC_ASSERT(out.size() == in.size());
  for (size_t i = 0; i < in.size(); ++i) RC_ASSERT(std::bit_cast<uint64_t>(out[i]) == bits[i]);
}

RC_GTEST_PROP(ColumnCodec, AnyDecimalsComeBack, (const std::vector<int32_t>& whole, uint8_t e)) {
  std::vector<double> in;
  for (const int32_t w : whole)
    in.push_back(double(w) / std::pow(10.0, e % 12) + (w % 5 ? 0 : 0.1));
  std::string bytes = encoded(in);
  std::string_view left(bytes);
  std::vector<double> out;
  RC_ASSERT(decode_doubles(left, in.size(), out));
  for (size_t i = 0; i < in.size(); ++i)
    RC_ASSERT(std::bit_cast<uint64_t>(out[i]) == std::bit_cast<uint64_t>(in[i]));
}

TEST(EntropyCoder, ComesNearTheEntropyOfANormalDistribution) {
  Random random(3);
  std::vector<uint64_t> numbers;
  for (int i = 0; i < 10'000; ++i) {
    const double noise =
        std::round(random.normal() * 50);  // signed numbers as the columns have them
    numbers.push_back(static_cast<uint64_t>(noise < 0 ? -2 * noise - 1 : 2 * noise));
  }
  std::string bytes;
  encode_numbers(numbers, bytes);
  // log2(50 * sqrt(2 pi e)) = 7.69 bits; packed it would be 9.
  EXPECT_LT(static_cast<double>(bytes.size()) * 8 / 10'000, 7.85);
  EXPECT_NEAR(double(estimate_numbers(numbers)), double(bytes.size()), double(bytes.size()) / 50);
}

}  // namespace
}  // namespace tocsin
