#include "wire/line_protocol.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tocsin::wire {
namespace {

char letter(FieldType type) {
  switch (type) {
    case FieldType::kFloat:
      return 'f';
    case FieldType::kInteger:
      return 'i';
    case FieldType::kUnsigned:
      return 'u';
    case FieldType::kBoolean:
      return 'b';
    case FieldType::kString:
      return 's';
  }
  return '?';
}

// "key|name=f:1|12" per good line, "!N:COLUMN fault why" per refused one, joined by " ~ ".
std::string read_all(std::string_view body, TimePrecision precision = TimePrecision::kMilliseconds,
                     const LineLimits& limits = {}) {
  LineScanner scanner(body, precision, limits);
  std::string out;
  while (true) {
    const auto step = scanner.next();
    if (step == LineScanner::Step::kEnd) return out;
    if (!out.empty()) out += " ~ ";
    if (step == LineScanner::Step::kError) {
      out += fmt::format("!{}:{} {} {}", scanner.line_number(), scanner.error().column,
                         to_text(scanner.error().fault), scanner.error().why);
      continue;
    }
    const Line& line = scanner.line();
    out += std::string(line.key) + "|";
    for (const Field& field : line.fields)
      out += fmt::format("{}={}:{} ", field.name, letter(field.type), field.value);
    out.back() = '|';
    if (line.has_time) out += fmt::format("{}", line.time.ms);
  }
}

struct Case {
  const char* name;
  std::string body;
  std::string expected;
};
class LineTable : public testing::TestWithParam<Case> {};
TEST_P(LineTable, ReadsAsExpected) { EXPECT_EQ(read_all(GetParam().body), GetParam().expected); }

const Case kGoodLines[] = {
    {"one_float", "cpu,host=a value=12.5 7\n", "cpu,host=a|value=f:12.5|7"},
    {"no_final_newline", "cpu value=1 7", "cpu|value=f:1|7"},
    {"no_time", "cpu value=1\n", "cpu|value=f:1|"},
    {"no_time_at_end", "cpu value=1", "cpu|value=f:1|"},
    {"crlf", "cpu value=1 7\r\nmem value=2\r\n", "cpu|value=f:1|7 ~ mem|value=f:2|"},
    {"lone_cr_at_end", "cpu value=1 7\r", "cpu|value=f:1|7"},
    {"blank_lines_and_comments", "\n\r\n  \n# x y=1\ncpu value=1 7\n#end", "cpu|value=f:1|7"},
    {"spaces_around", "  cpu   value=1   7  \n", "cpu|value=f:1|7"},
    {"tabs_between", "cpu \tvalue=1\t7\t\n", "cpu|value=f:1|7"},
    {"integer", "m v=-12i 7", "m|v=i:-12|7"},
    {"integer_with_plus", "m v=+12i 7", "m|v=i:12|7"},
    {"integer_max", "m v=9223372036854775807i", "m|v=i:9.223372036854776e+18|"},
    {"unsigned", "m v=18446744073709551615u", "m|v=u:1.8446744073709552e+19|"},
    {"booleans", "m a=t,b=F,c=TRUE,d=false,e=True", "m|a=b:1 b=b:0 c=b:1 d=b:0 e=b:1|"},
    {"strings", R"(m s="a \"q\", b=1 \\",v=2 7)", "m|s=s:0 v=f:2|7"},
    {"string_over_lines", "m s=\"a\nb\",v=1 7\nx v=y",
     "m|s=s:0 v=f:1|7 ~ !3:5 number invalid number"},
    {"several_fields", "m a=1,b=2i,c=3.5 7", "m|a=f:1 b=i:2 c=f:3.5|7"},
    {"same_field_twice", "m a=1,a=2 7", "m|a=f:1 a=f:2|7"},
    {"escapes_in_key", R"(my\ m\,x,a\ b=c\,d\=e value=1 7)",
     R"(my\ m\,x,a\ b=c\,d\=e|value=f:1|7)"},
    {"double_backslash_escapes_space", R"(a\\ b v=1)", R"(a\\ b|v=f:1|)"},
    {"backslash_in_key", R"(a\b,c=d\e v=1)", R"(a\b,c=d\e|v=f:1|)"},
    {"escapes_in_field", R"(m a\ b\,c\=d=1)", R"(m|a\ b\,c\=d=f:1|)"},
    {"quote_in_key", "m,t=\"x v=1", "m,t=\"x|v=f:1|"},
    {"utf8", "température,ville=Málaga v=1", "température,ville=Málaga|v=f:1|"},
    {"negative_zero", "m v=-0", "m|v=f:-0|"},
    {"plus", "m v=+1.5", "m|v=f:1.5|"},
    {"dot_first", "m v=.5", "m|v=f:0.5|"},
    {"dot_last", "m v=5.", "m|v=f:5|"},
    {"exponents", "m a=1e3,b=1E-3,c=2.5e+2", "m|a=f:1000 b=f:0.001 c=f:250|"},
    {"many_digits", "m v=0.1234567890123456789012345", "m|v=f:0.12345678901234568|"},
    {"two_to_53", "m a=9007199254740992,b=9007199254740993",
     "m|a=f:9007199254740992 b=f:9007199254740992|"},
    {"halfway_digits", "m v=9007199254740993.5", "m|v=f:9007199254740994|"},
    {"largest", "m v=1.7976931348623157e308", "m|v=f:1.7976931348623157e+308|"},
    {"smallest", "m v=5e-324", "m|v=f:5e-324|"},
    {"last_time", "m v=1 253370764799999", "m|v=f:1|253370764799999"},
    {"first_time", "m v=1 0", "m|v=f:1|0"},
};
INSTANTIATE_TEST_SUITE_P(Good, LineTable, testing::ValuesIn(kGoodLines),
                         [](const auto& test) { return test.param.name; });

constexpr const char* kRange =
    "time time outside range 1970-01-01 - 9998-12-31; does the request's precision fit?";
constexpr const char* kInfinite =
    "not_finite NaN and infinities are no values; leave the field out";
const Case kBadLines[] = {
    {"key_alone", "cpu\n", "!1:4 syntax missing fields"},
    {"key_alone_crlf", "cpu \r\n", "!1:5 syntax missing fields"},
    {"no_value", "cpu,host=a value=\n", "!1:18 syntax missing field value"},
    {"no_value_then_time", "cpu value= 7\n", "!1:11 syntax missing field value"},
    {"no_field_name", "cpu =1\n", "!1:5 syntax missing field key"},
    {"no_equals", "cpu value\n", "!1:10 syntax invalid field format"},
    {"no_equals_then_more", "cpu value 7\n", "!1:10 syntax invalid field format"},
    {"comma_last", "cpu a=1,\n", "!1:9 syntax invalid field format"},
    {"two_dots", "cpu a=1.2.3\n", "!1:7 number invalid number"},
    {"letters", "cpu a=12abc\n", "!1:7 number invalid number"},
    {"float_with_i", "cpu a=1.5i\n", "!1:7 number invalid number"},
    {"exponent_with_i", "cpu a=1e5i\n", "!1:7 number invalid number"},
    {"negative_unsigned", "cpu a=-1u\n", "!1:7 number invalid number"},
    {"sign_alone", "cpu a=-\n", "!1:7 number invalid number"},
    {"dot_alone", "cpu a=.\n", "!1:7 number invalid number"},
    {"exponent_alone", "cpu a=1e\n", "!1:7 number invalid number"},
    {"hexadecimal", "cpu a=0x1F\n", "!1:7 number invalid number"},
    {"integer_over", "cpu a=9223372036854775808i\n", "!1:7 number number out of range"},
    {"unsigned_over", "cpu a=18446744073709551616u\n", "!1:7 number number out of range"},
    {"float_over", "cpu a=1e309\n", "!1:7 number number out of range"},
    {"nan", "cpu a=NaN\n", std::string("!1:7 ") + kInfinite},
    {"infinity", "cpu a=-Inf\n", std::string("!1:7 ") + kInfinite},
    {"infinity_in_full", "cpu a=+infinity\n", std::string("!1:7 ") + kInfinite},
    {"boolean", "cpu a=truth\n", "!1:7 number invalid boolean"},
    {"open_quote", "cpu a=\"x\nmem v=1\n", "!1:7 syntax unbalanced quotes ~ mem|v=f:1|"},
    {"after_quote", "cpu a=\"x\"y\n", "!1:10 syntax invalid field format"},
    {"time_letters", "cpu a=1 12x\n", "!1:9 time bad timestamp"},
    {"time_word", "cpu a=1 now\n", "!1:9 time bad timestamp"},
    {"time_float", "cpu a=1 12.5\n", "!1:9 time bad timestamp"},
    {"two_times", "cpu a=1 12 13\n", "!1:12 time bad timestamp"},
    {"time_comma", "cpu a=1 12,13\n", "!1:9 time bad timestamp"},
    {"minus_alone", "cpu a=1 -\n", "!1:9 time bad timestamp"},
    {"cr_inside", "cpu a=1\r2\n", "!1:8 time bad timestamp"},
    {"negative_time", "cpu a=1 -1\n", std::string("!1:9 ") + kRange},
    {"year_9999", "cpu a=1 253370764800000\n", std::string("!1:9 ") + kRange},
    {"time_of_30_digits", "cpu a=1 100000000000000000000000000000\n",
     std::string("!1:9 ") + kRange},
    {"good_ones_kept", "a v=1 1\nb v= 2\n\nc v=3 3\nd\ne v=5 5",
     "a|v=f:1|1 ~ !2:5 syntax missing field value ~ c|v=f:3|3 ~ !5:2 syntax missing fields ~ "
     "e|v=f:5|5"},
};
INSTANTIATE_TEST_SUITE_P(Bad, LineTable, testing::ValuesIn(kBadLines),
                         [](const auto& test) { return test.param.name; });

TEST(LineScanner, ScalesEveryPrecision) {
  const struct {
    const char* name;
    const char* sent;
    int64_t ms;
  } cases[] = {{"n", "1795411000123456789", 1795411000123},
               {"", "999999", 0},
               {"ns", "1000000", 1},
               {"u", "1795411000123456", 1795411000123},
               {"us", "1795411000123456", 1795411000123},
               {"ms", "1795411000123", 1795411000123},
               {"s", "1795411000", 1795411000000},
               {"m", "29923516", 1795410960000},
               {"h", "498725", 1795410000000},
               {"s", "253370764799", 253370764799000}};
  for (const auto& test : cases) {
    const auto precision = parse_precision(test.name);
    ASSERT_TRUE(precision.has_value()) << test.name;
    const std::string body = std::string("m v=1 ") + test.sent;
    EXPECT_EQ(read_all(body, *precision), fmt::format("m|v=f:1|{}", test.ms)) << test.name;
  }
  EXPECT_FALSE(parse_precision("sec").has_value());
  EXPECT_EQ(read_all("m v=1 253370764800", TimePrecision::kSeconds), std::string("!1:7 ") + kRange);
  EXPECT_EQ(read_all("m v=1 70380768", TimePrecision::kHours), std::string("!1:7 ") + kRange);
  EXPECT_EQ(read_all("m v=1 70380767", TimePrecision::kHours), "m|v=f:1|253370761200000");
}

TEST(LineScanner, LimitsHoldOnBothSides) {
  LineLimits limits;
  limits.key_bytes_max = 8;
  limits.fields_max = 2;
  limits.field_name_bytes_max = 3;
  limits.line_bytes_max = 24;
  const auto read = [&](std::string_view body) {
    return read_all(body, TimePrecision::kMilliseconds, limits);
  };
  EXPECT_EQ(read("m,t=1234 v=1\nm v=1"), "m,t=1234|v=f:1| ~ m|v=f:1|");
  EXPECT_EQ(read("m,t=12345 v=1\nm v=1"),
            "!1:1 limit measurement and tags have 9 bytes; at most 8 are accepted ~ m|v=f:1|");
  EXPECT_EQ(read("m a=1,b=2"), "m|a=f:1 b=f:2|");
  EXPECT_EQ(read("m a=1,b=2,c=3\nm v=1"), "!1:11 limit more than 2 fields ~ m|v=f:1|");
  EXPECT_EQ(read("m abc=1"), "m|abc=f:1|");
  EXPECT_EQ(read("m abcd=1\nm v=1"),
            "!1:3 limit a field key has 4 bytes; at most 3 are accepted ~ m|v=f:1|");
  EXPECT_EQ(read("m v=1 000000000000000007"), "m|v=f:1|7");
  EXPECT_EQ(read("m v=1.0 00000000000000007\nm v=1"),
            "!1:26 limit the line has 25 bytes; at most 24 are accepted ~ m|v=f:1|");
}

TEST(LineScanner, ALabelOfAMegabyteCostsItsLineOnly) {
  const std::string body = "a v=1\nm,t=" + std::string(1 << 20, 'x') +
                           " v=1\nb v=" + std::string(1 << 21, '1') + "\nc s=\"" +
                           std::string(1 << 21, 'y') + "\"\nd v=1\n";
  EXPECT_EQ(read_all(body),
            "a|v=f:1| ~ !2:1 limit measurement and tags have 1048580 bytes; at most 16384 are "
            "accepted ~ !3:5 number number out of range ~ !4:5 limit a string is longer than "
            "1048576 bytes, or its closing quote is missing ~ d|v=f:1|");
}

TEST(LineScanner, NamesTheLineAndItsText) {
  LineScanner scanner("a v=1\r\nb v=x\r\n", TimePrecision::kSeconds);
  EXPECT_EQ(scanner.next(), LineScanner::Step::kLine);
  EXPECT_EQ(scanner.line_text(), "a v=1");
  EXPECT_EQ(scanner.next(), LineScanner::Step::kError);
  EXPECT_EQ(scanner.line_text(), "b v=x");
  EXPECT_EQ(scanner.line_number(), 2u);
  EXPECT_EQ(scanner.next(), LineScanner::Step::kEnd);
  EXPECT_EQ(scanner.next(), LineScanner::Step::kEnd);
}

TEST(LineScanner, ARightGuessGivesTheSameAsReading) {
  const std::string_view body = "cpu,host=a value=1.5,x=2 7\ncpu,host=a valu=1\ncpu,host=a value=";
  LineScanner scanner(body, TimePrecision::kMilliseconds);
  ASSERT_EQ(scanner.next("cpu,host=a value=", 10), LineScanner::Step::kLine);
  EXPECT_TRUE(scanner.line().as_expected);
  EXPECT_EQ(scanner.line().key, "cpu,host=a");
  ASSERT_EQ(scanner.line().fields.size(), 2u);
  EXPECT_EQ(scanner.line().fields[0].name, "value");
  EXPECT_EQ(scanner.line().fields[0].value, 1.5);
  EXPECT_EQ(scanner.line().fields[1].name, "x");
  EXPECT_EQ(scanner.line().time.ms, 7);
  ASSERT_EQ(scanner.next("cpu,host=a value=", 10), LineScanner::Step::kLine);
  EXPECT_FALSE(scanner.line().as_expected);
  EXPECT_EQ(scanner.line().fields[0].name, "valu");
  EXPECT_EQ(scanner.next("cpu,host=a value=", 10), LineScanner::Step::kError);
  EXPECT_EQ(scanner.error().why, "missing field value");
}

std::string read_key(std::string_view key, const LineLimits& limits = {}) {
  LineKey out;
  if (const auto error = parse_line_key(key, limits, out))
    return fmt::format("!{} {} {}", error->column, to_text(error->fault), error->why);
  Labels labels;
  if (const auto error = line_labels(out, "value", limits, labels)) return "!" + error->why;
  return labels.text();
}

TEST(LineKey, ReadsTagsAsLabels) {
  const struct {
    const char *name, *key, *expected;
  } cases[] = {
      {"plain", "cpu", "cpu"},
      {"tags_are_sorted", "cpu,b=2,a=1", R"(cpu{a="1",b="2"})"},
      {"escapes", R"(my\ m\,x,a\ b\=c=d\,e\=f\ g)", R"(my m,x{a b=c="d,e=f g"})"},
      {"equals_in_measurement", "a=b,c=d", R"(a=b{c="d"})"},
      {"other_backslashes_stay", R"(a\b,c=d\e\\)", R"(a\b{c="d\\e\\\\"})"},
      {"double_backslash", R"(a,c=d\\,e)", R"(a{c="d\\,e"})"},
      {"no_measurement", ",a=b", "!1 syntax missing measurement"},
      {"empty", "", "!1 syntax missing measurement"},
      {"tag_without_value", "m,a", "!4 syntax missing tag value"},
      {"tag_with_empty_value", "m,a=,b=c", "!5 syntax missing tag value"},
      {"tag_without_name", "m,=a", "!3 syntax missing tag key"},
      {"comma_last", "m,", "!3 syntax missing tag key"},
      {"two_equals", "m,a=b=c", "!6 syntax invalid tag format"},
      {"twice", "m,a=b,a=c", "!1 label duplicate tags: a"},
      {"reserved", "m,__name__=b", "!3 label tag key __name__ is reserved for the series' name"},
      {"not_utf8", "m,a=\xff", "!1 label measurement or tags are not UTF-8"},
  };
  for (const auto& test : cases) EXPECT_EQ(read_key(test.key), test.expected) << test.name;
}

TEST(LineKey, LimitsHoldOnBothSides) {
  LineLimits limits;
  limits.labels_max = 3;
  limits.label_name_bytes_max = 2;
  limits.label_value_bytes_max = 4;
  EXPECT_EQ(read_key("name,ab=1234,b=2", limits), R"(name{ab="1234",b="2"})");
  EXPECT_EQ(read_key("m,a=1,b=2,c=3", limits), "!10 limit more than 2 tags");
  EXPECT_EQ(read_key("m,abc=1", limits), "!3 limit a tag key has 3 bytes; at most 2 are accepted");
  EXPECT_EQ(read_key("m,a=12345", limits),
            "!5 limit the value of tag a has 5 bytes; at most 4 are accepted");
  EXPECT_EQ(read_key("names", limits), "!the series' name has 5 bytes; at most 4 are accepted");
}

TEST(LineKey, NamesSeriesByMeasurementAndField) {
  LineKey key;
  ASSERT_FALSE(parse_line_key("cpu,host=a", {}, key).has_value());
  const struct {
    const char *field, *expected;
  } cases[] = {{"value", R"(cpu{host="a"})"},
               {"usage_idle", R"(cpu_usage_idle{host="a"})"},
               {"gauge", R"(cpu_gauge{host="a"})"},
               {R"(a\ b\=c)", R"(cpu_a b=c{host="a"})"}};
  for (const auto& test : cases) {
    Labels labels;
    ASSERT_FALSE(line_labels(key, test.field, {}, labels).has_value());
    EXPECT_EQ(labels.text(), test.expected);
  }
  Labels labels;
  EXPECT_EQ(line_labels(key, "\xff", {}, labels)->fault, LineFault::kLabel);
}

}  // namespace
}  // namespace tocsin::wire
