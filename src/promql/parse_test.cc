// What the parser builds, and its bounds; parse_table_test.cc holds what is accepted and refused.
#include "promql/parse.h"

#include <gtest/gtest.h>

#include "promql/functions.h"
#include "promql/print.h"

namespace tocsin::promql {
namespace {

struct Row {
  std::string_view expression, expected;
};

std::string spanned(std::string_view text, Span span) {
  return std::string(text.substr(span.begin, span.end - span.begin));
}

TEST(Parse, SpansHoldTheTextThatIsWrong) {
  const Row rows[] = {
      {"a + b c", "c"},       {"sum(a) + foo(b)", "foo"},         {"1  ==  1", "=="},
      {"a + rate(b)", "b"},   {"up{a=~\"(\"}", "a=~\"(\""},       {"up[5m1h]", "5m1h"},
      {"a + (1 == 1)", "=="}, {"topk(1, 2, a)", "topk(1, 2, a)"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.expression));
    const Parsed parsed = parse(row.expression);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(spanned(row.expression, parsed.error().span), row.expected);
  }
}

TEST(Parse, TreeOfPrecedence) {
  const Parsed parsed = parse("-a ^ 2 * b + on(x) group_left(y) c");
  ASSERT_TRUE(parsed);
  const auto& sum = std::get<Binary>((*parsed)->node);
  EXPECT_EQ(sum.op, BinaryOp::kAdd);
  EXPECT_EQ(sum.matching->card, Matching::Card::kManyToOne);
  EXPECT_EQ(sum.matching->labels, std::vector<std::string>{"x"});
  EXPECT_EQ(sum.matching->include, std::vector<std::string>{"y"});
  const auto& product = std::get<Binary>(sum.left->node);
  EXPECT_EQ(product.op, BinaryOp::kMul);
  const auto& minus = std::get<Unary>(product.left->node);
  EXPECT_EQ(std::get<Binary>(minus.expr->node).op, BinaryOp::kPow);
  EXPECT_FALSE(std::get<Binary>(minus.expr->node).matching);  // one side is a scalar
}

TEST(Parse, SelectorKeepsItsParts) {
  const Parsed parsed = parse("up{a=\"b\"}[5m] offset -1m @ 12.5");
  ASSERT_TRUE(parsed);
  EXPECT_EQ((*parsed)->type, ValueType::kMatrix);
  const auto& matrix = std::get<MatrixSelector>((*parsed)->node);
  EXPECT_EQ(matrix.range, minutes(5));
  EXPECT_EQ(matrix.vector.name, "up");
  ASSERT_EQ(matrix.vector.matchers.size(), 2u);
  EXPECT_EQ(matrix.vector.matchers[0].label(), kNameLabel);
  EXPECT_EQ(matrix.vector.shift.offset, minutes(-1));
  EXPECT_EQ(matrix.vector.shift.at, Shift::At::kTime);
  EXPECT_EQ(matrix.vector.shift.time.ms, 12'500);
}

TEST(Parse, SetOperatorsAreManyToMany) {
  const Parsed parsed = parse("a and b");
  EXPECT_EQ(std::get<Binary>((*parsed)->node).matching->card, Matching::Card::kManyToMany);
}

TEST(Parse, DepthIsBounded) {
  const auto repeated = [](std::string_view open, std::string_view inner, std::string_view close,
                           size_t times) {
    std::string text;
    for (size_t i = 0; i < times; ++i) text += open;
    text += inner;
    for (size_t i = 0; i < times; ++i) text += close;
    return text;
  };
  struct Shape {
    std::string_view open, inner, close;
  };
  const Shape shapes[] = {{"(", "a", ")"},      {"-", "a", ""},     {"", "a", "+a"},
                          {"a^", "a", ""},      {"sum(", "a", ")"}, {"abs(", "a", ")"},
                          {"a and(", "a", ")"}, {"", "a", "[5m:]"}};
  for (const Shape& shape : shapes) {
    const std::string few = repeated(shape.open, shape.inner, shape.close, 200);
    if (shape.close != "[5m:]") {
      EXPECT_TRUE(parse(few)) << few;
    }
    const std::string many = repeated(shape.open, shape.inner, shape.close, 10'000);
    EXPECT_FALSE(parse(many)) << shape.open << shape.close;
  }
  EXPECT_TRUE(parse(repeated("", "a", " or a", kDepthMax - 1)));
  EXPECT_FALSE(parse(repeated("", "a", " or a", kDepthMax)));
  EXPECT_FALSE(parse(std::string(kTextMax + 1, ' ')));
}

TEST(Parse, Selectors) {
  const Row rows[] = {
      {"up", "up"},
      {"{a=~\"x\"}", "{a=~\"x\"}"},
      {"{}", ""},  // who asks for selectors looks for an empty one
      {"sum{by=\"x\"}", "sum{by=\"x\"}"},
      {"up[5m]", "1:3: parse error: unexpected \"[\""},
      {"up offset 5m", "1:4: parse error: unexpected <offset>"},
      {"-up", "1:1: parse error: unexpected <op:->"},
      {"1", "1:1: parse error: unexpected number \"1\""},
      {"", "1:1: parse error: unexpected end of input"},
      {"rate(up)", "1:5: parse error: unexpected \"(\""},
  };
  for (const Row& row : rows) {
    const auto selector = parse_selector(row.expression);
    EXPECT_EQ(selector ? print(*selector) : selector.error().text(row.expression), row.expected);
  }
}

TEST(Parse, Durations) {
  struct Case {
    std::string_view text;
    int64_t ms;  // -1: refused
  };
  const Case cases[] = {{"5m", 300'000},
                        {"1h30m", 5'400'000},
                        {"1y", 31'536'000'000},
                        {"100ms", 100},
                        {"15", 15'000},
                        {"0.5", 500},
                        {"1e3", 1'000'000},
                        {"0", 0},
                        {"", -1},
                        {"5", 5000},
                        {"m", -1},
                        {"5m1h", -1},
                        {"1e300", -1},
                        {"NaN", -1},
                        {"999999999999999999999y", -1},
                        {"300y", -1}};
  for (const Case& row : cases) {
    const auto read = parse_promql_duration(row.text);
    EXPECT_EQ(read ? read->count : -1, row.ms) << row.text;
  }
  EXPECT_EQ(print_duration(hours(36)), "1d12h");
  EXPECT_EQ(print_duration(days(14)), "2w");
  EXPECT_EQ(print_duration(days(365)), "1y");
  EXPECT_EQ(print_duration(DurationMs{}), "0s");
}

TEST(Functions, TableIsSortedAndWhole) {
  std::string_view last;
  for (const Function& function : all_functions()) {
    EXPECT_LT(last, function.name);
    last = function.name;
    EXPECT_EQ(find_function(function.name), &function);
    EXPECT_FALSE(function.help.empty());
    EXPECT_LE(function.help.size(), 100u) << function.name;
    EXPECT_EQ(static_cast<size_t>(function.variadic > 0) <= function.arguments.size(), true);
  }
  EXPECT_EQ(all_functions().size(), static_cast<size_t>(FunctionId::kPi) + 1);
  EXPECT_EQ(find_function("nope"), nullptr);
}

}  // namespace
}  // namespace tocsin::promql
