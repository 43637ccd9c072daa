#include "store/codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace tocsin {
namespace {

bool same(const std::vector<Sample>& a, const std::vector<Sample>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i].time != b[i].time ||
        std::bit_cast<uint64_t>(a[i].value) != std::bit_cast<uint64_t>(b[i].value))
      return false;
  return true;
}

std::vector<Sample> round_trip(const std::vector<Sample>& in) {
  std::vector<Sample> out;
  EXPECT_TRUE(decode_samples(encode_samples(in), out));
  return out;
}

std::vector<Sample> every_10_s(const std::vector<double>& values) {
  std::vector<Sample> out;
  for (size_t i = 0; i < values.size(); ++i)
    out.push_back({TimeMs{1'795'411'000'000 + static_cast<int64_t>(i) * 10'000}, values[i]});
  return out;
}

struct Case {
  const char* name;
  std::vector<double> values;
};

class Values : public testing::TestWithParam<Case> {};
TEST_P(Values, ComeBackBitForBit) {
  const auto in = every_10_s(GetParam().values);
  EXPECT_TRUE(same(in, round_trip(in)));
}
const double kStale = std::bit_cast<double>(uint64_t{0x7ff0000000000002});
const double kInf = std::numeric_limits<double>::infinity();
INSTANTIATE_TEST_SUITE_P(
    All, Values,
    testing::Values(Case{"Empty", {}}, Case{"One", {42}}, Case{"NegativeZero", {0, -0.0, 0, -0.0}},
                    Case{"Nan", {1, std::nan(""), kStale, kStale, -std::nan("77"), 1}},
                    Case{"Infinities", {kInf, -kInf, 1.5, kInf}},
                    Case{"Denormals", {5e-324, -5e-324, 2.2e-308, 0}},
                    Case{"ExponentGrows", {1, 1.5, 1.25, 7, 1.123456789, -3}},
                    Case{"AroundTwoTo53",
                         {9007199254740991, 9007199254740992, 9007199254740994.0, -9007199254740991,
                          -9007199254740992}},
                    Case{"Extremes", {1.7e308, -1.7e308, 4.9e-324, 9.1e15, -9.1e15}},
                    Case{"NotDecimal", {0.1 + 0.2, M_PI, M_E, 1.0 / 3, 2.0 / 3}},
                    Case{"StepBoundaries", {0, 39, 0, 40, -1, -41, 127, -128, 300, 70'000}}),
    [](const auto& what) { return what.param.name; });

// Token boundaries: the inline steps end at 80 codes.
TEST(Codec, SizesAtTheBoundaries) {
  const auto step_bytes = [](double step) {
    const auto both = encode_samples(every_10_s({0, 0, step})).size();
    return both - encode_samples(every_10_s({0, 0})).size();
  };
  EXPECT_EQ(step_bytes(0), 1u);
  EXPECT_EQ(step_bytes(39), 1u);
  EXPECT_EQ(step_bytes(-40), 1u);
  EXPECT_EQ(step_bytes(40), 2u);
  EXPECT_EQ(step_bytes(-41), 2u);
  EXPECT_EQ(step_bytes(167), 2u);  // zigzag 334 less 80 = 254
  EXPECT_EQ(step_bytes(168), 3u);
}

TEST(Codec, ConstantCadenceAndSmallStepsTakeOneByte) {
  Random random(7);
  std::vector<double> values;
  double value = 118;
  for (int i = 0; i < 128; ++i)
    values.push_back(value += static_cast<double>(random.below(21)) - 10);
  EXPECT_LE(encode_samples(every_10_s(values)).size(), 128u + 14);
}

TEST(Codec, TimesMayBeAnything) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const std::vector<Sample> in{{TimeMs{kMin}, 1}, {TimeMs{kMax}, 2}, {TimeMs{0}, 3},
                               {TimeMs{0}, 4},    {TimeMs{kMax}, 5}, {TimeMs{kMin}, 6}};
  EXPECT_TRUE(same(in, round_trip(in)));
}

// Values as they come: decimals, raw bits, neighbours, special ones.
rc::Gen<double> any_value() {
  return rc::gen::oneOf(
      rc::gen::map(rc::gen::arbitrary<uint64_t>(),
                   [](uint64_t b) { return std::bit_cast<double>(b); }),
      rc::gen::map(rc::gen::inRange<int64_t>(-100'000, 100'000),
                   [](int64_t n) { return n / 100.0; }),
      rc::gen::map(rc::gen::arbitrary<int64_t>(), [](int64_t n) { return static_cast<double>(n); }),
      rc::gen::map(rc::gen::arbitrary<int32_t>(), [](int32_t n) { return n * 0.001; }),
      rc::gen::element(0.0, -0.0, kInf, -kInf, kStale, 5e-324));
}
rc::Gen<std::vector<Sample>> any_samples() {
  return rc::gen::container<std::vector<Sample>>(rc::gen::apply(
      [](int64_t t, double v) { return Sample{TimeMs{t}, v}; },
      rc::gen::oneOf(rc::gen::arbitrary<int64_t>(), rc::gen::inRange<int64_t>(0, 100)),
      any_value()));
}

// The naive twin keeps the samples as they are.
RC_GTEST_PROP(Codec, RoundTripIsExact, ()) {
  const auto in = *any_samples();
  std::vector<Sample> out;
  RC_ASSERT(decode_samples(encode_samples(in), out));
  RC_ASSERT(same(in, out));
}

RC_GTEST_PROP(Codec, NoPointIsLongerThanItsBound, ()) {
  const auto in = *any_samples();
  EncoderState state;
  char room[kSampleBytesMax + 8];
  for (const Sample& sample : in)
    RC_ASSERT(encode_sample(state, sample.time, sample.value, room) <= kSampleBytesMax);
}

RC_GTEST_PROP(Codec, GarbageNeverCrashes, (const std::string& bytes)) {
  std::vector<Sample> out;
  (void)decode_samples(bytes, out);
  RC_ASSERT(out.size() <= bytes.size());
}

TEST(Codec, CutBytesAreMalformedOrShorter) {
  const auto in = every_10_s({1, 2.5, 300.25, M_PI, kStale, 1e9});
  const std::string whole = encode_samples(in);
  for (size_t length = 0; length < whole.size(); ++length) {
    std::vector<Sample> out;
    (void)decode_samples(std::string_view(whole).substr(0, length), out);
    ASSERT_LT(out.size(), in.size());
    EXPECT_TRUE(same(out, {in.begin(), in.begin() + static_cast<long>(out.size())}));
  }
}

}  // namespace
}  // namespace tocsin
