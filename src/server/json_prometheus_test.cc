#include "server/json_prometheus.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>

#include "base/random.h"

namespace tocsin::server::prometheus {
namespace {

std::string float_text(double value) {
  std::string out;
  append_float(out, value);
  return out;
}

// The texts are those that Prometheus 2.42 gives.
TEST(JsonPrometheus, Floats) {
  struct Row {
    double value;
    const char* text;
    const char* fixed;  // of a scalar
  };
  const Row rows[] = {
      {0, "0", "0"},
      {-0.0, "-0", "-0"},
      {1, "1", "1"},
      {-12.5, "-12.5", "-12.5"},
      {0.1, "0.1", "0.1"},
      {1e6, "1000000", "1000000"},
      {1e-6, "0.000001", "0.000001"},
      {1e-7, "1e-07", "0.0000001"},
      {1.5e-7, "1.5e-07", "0.00000015"},
      {9007199254740993.0, "9007199254740992", "9007199254740992"},
      {1e20, "100000000000000000000", "100000000000000000000"},
      {123456789012345678901.0, "123456789012345680000", "123456789012345680000"},
      {1e21, "1e+21", "1000000000000000000000"},
      {-1.25e30, "-1.25e+30", "-1250000000000000000000000000000"},
      {5e-324, "5e-324", nullptr},
      {1.7976931348623157e308, "1.7976931348623157e+308", nullptr},
      {std::nan(""), "NaN", "NaN"},
      {INFINITY, "+Inf", "+Inf"},
      {-INFINITY, "-Inf", "-Inf"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(float_text(row.value), row.text);
    if (row.fixed == nullptr) continue;
    std::string fixed;
    append_float_fixed(fixed, row.value);
    EXPECT_EQ(fixed, row.fixed) << row.text;
  }
}

// Whatever the bits, the text reads back as the same double, and none is shorter: shortest digits
// are what std::to_chars gives.
TEST(JsonPrometheus, FloatsReadBackAsTheyWere) {
  Random random(5);
  for (int i = 0; i < 200'000; ++i) {
    const double value = i % 2 == 0 ? std::bit_cast<double>(random.next())
                                    : std::round(random.normal() * 1e6) / 1000;
    if (!std::isfinite(value)) continue;
    for (const bool fixed : {false, true}) {
      std::string text;
      fixed ? append_float_fixed(text, value) : append_float(text, value);
      double back = 0;
      std::from_chars(text.data(), text.data() + text.size(), back);
      ASSERT_EQ(std::bit_cast<uint64_t>(back), std::bit_cast<uint64_t>(value)) << text;
    }
  }
}

// Decimals have a way of their own: it must say what std::to_chars says, on both sides of its ends.
TEST(JsonPrometheus, DecimalsAreWhatToCharsGives) {
  Random random(7);
  for (int i = 0; i < 200'000; ++i) {
    double value = static_cast<double>(random.below(uint64_t{1} << random.below(54)));
    value /= std::pow(10, static_cast<double>(random.below(8)));
    if (random.below(4) == 0) value = std::nextafter(value, random.below(2) == 0 ? 0 : INFINITY);
    if (random.below(2) == 0) value = -value;
    if (value == 0 || std::abs(value) < 1e-6) continue;
    char buffer[64];
    const auto end =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
    const std::string expected(buffer, end);
    ASSERT_EQ(float_text(value), expected);
    std::string matrix;
    append_value(matrix, promql::Matrix{{Labels{}, {{TimeMs{1'500}, value}}}});
    ASSERT_EQ(matrix,
              "{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":[[1.500,\"" +
                  expected + "\"]]}]}");
  }
}

TEST(JsonPrometheus, IntegersAreWhatToCharsGives) {
  Random random(11);
  const auto check = [](uint64_t number) {
    char buffer[24];
    ASSERT_EQ(std::string(buffer, put_integer(buffer, number)), std::to_string(number));
  };
  for (const uint64_t edge : {uint64_t{100'000'000}, uint64_t{10'000'000'000'000'000}})
    for (uint64_t number = edge - 2; number < edge + 2; ++number) check(number);
  for (const uint64_t number : {uint64_t{0}, UINT64_MAX}) check(number);
  for (int i = 0; i < 100'000; ++i) check(random.below(UINT64_MAX) >> random.below(64));
}

TEST(JsonPrometheus, Times) {
  const std::pair<int64_t, const char*> rows[] = {
      {0, "0"},        {4000, "4"},       {4500, "4.500"}, {4020, "4.020"},
      {4005, "4.005"}, {-4020, "-4.020"}, {-5, "-0.005"},  {1795423825388, "1795423825.388"},
  };
  for (const auto& [ms, text] : rows) {
    std::string out;
    append_time(out, TimeMs{ms});
    EXPECT_EQ(out, text);
  }
}

TEST(JsonPrometheus, Strings) {
  const std::pair<std::string_view, const char*> rows[] = {
      {"plain", "\"plain\""},
      {"a\"b\\c", "\"a\\\"b\\\\c\""},
      {"\n\r\t\x01", "\"\\n\\r\\t\\u0001\""},
      {"a<b&c>d", "\"a\\u003cb\\u0026c\\u003ed\""},
      {"h\xc3\xa9", "\"h\xc3\xa9\""},
      {"\xff|\xc3", "\"\\ufffd|\\ufffd\""},
      {"\xe2\x80\xa8", "\"\\u2028\""},
      {"\xf0\x9f\x94\x94", "\"\xf0\x9f\x94\x94\""},
      {"", "\"\""},
  };
  for (const auto& [text, expected] : rows) {
    std::string out;
    append_string(out, text);
    EXPECT_EQ(out, expected);
  }
}

TEST(JsonPrometheus, Values) {
  const Labels up = Labels::of("up", {{"job", "a"}});
  const std::pair<promql::Value, const char*> rows[] = {
      {promql::ScalarValue{TimeMs{4500}, 1e21},
       R"({"resultType":"scalar","result":[4.5,"1000000000000000000000"]})"},
      {promql::StringValue{TimeMs{4000}, "x"}, R"({"resultType":"string","result":[4,"x"]})"},
      {promql::Vector{}, R"({"resultType":"vector","result":[]})"},
      {promql::Vector{{up, {TimeMs{4500}, 1}}, {Labels(), {TimeMs{4500}, NAN}}},
       R"({"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},)"
       R"("value":[4.500,"1"]},{"metric":{},"value":[4.500,"NaN"]}]})"},
      {promql::Matrix{{up, {{TimeMs{1000}, 1}, {TimeMs{1500}, 2}}}},
       R"({"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a"},)"
       R"("values":[[1,"1"],[1.500,"2"]]}]})"},
      {promql::Matrix{}, R"({"resultType":"matrix","result":[]})"},
  };
  for (const auto& [value, expected] : rows) {
    std::string out;
    append_value(out, value);
    EXPECT_EQ(out, expected);
  }
}

TEST(JsonPrometheus, Envelope) {
  std::string body = begin_success();
  append_texts(body, {"a"});
  end_success(body, {"careful"});
  EXPECT_EQ(body, R"({"status":"success","data":["a"],"warnings":["careful"]})");
  EXPECT_EQ(error_text("bad_data", "no \"x\""),
            R"({"status":"error","errorType":"bad_data","error":"no \"x\""})");
}

}  // namespace
}  // namespace tocsin::server::prometheus
