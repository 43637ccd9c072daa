#include "promrules/series_notation.h"

#include <gtest/gtest.h>

#include "promql/engine.h"
#include "promql/literals.h"

namespace tocsin::promrules {
namespace {

std::string read(std::string_view text) {
  const auto values = read_sequence(text);
  if (!values) return values.error().message;
  std::string out;
  for (const auto& value : *values)
    out += (!value                     ? "_"
            : promql::is_stale(*value) ? "stale"
                                       : promql::number_literal(*value)) +
           " ";
  return out;
}

TEST(SeriesNotation, Values) {
  struct Row {
    std::string_view text, expected;
  };
  const Row rows[] = {
      {"", ""},
      {"1 2.5  -3", "1 2.5 -3 "},
      {"1x2", "1 1 1 "},
      {"1+2x3", "1 3 5 7 "},
      {"10-2.5x2", "10 7.5 5 "},
      {"-1-1x1", "-1 -2 "},
      {"-2+4x1", "-2 2 "},
      {"_ 1 _x2 stale stalex1", "_ 1 _ _ stale stale stale "},
      {"NaN Inf -Inf 1e3 1e-1x0", "NaN +Inf -Inf 1000 0.1 "},
      {"x", "series values: \"x\" is no number, \"_\" or \"stale\""},
      {"1x", "series values: \"1x\" has no count behind \"x\""},
      {"1x-1", "series values: \"1x-1\" has no count behind \"x\""},
      {"1+2", "series values: \"1+2\" says no count (such as 1+2x5)"},
      {"__", "series values: \"__\" cannot be read to its end"},
      {"1x99999999", "series values: \"1x99999999\" makes more than 1000000 values"},
  };
  for (const Row& row : rows) EXPECT_EQ(read(row.text), row.expected) << row.text;
}

TEST(SeriesNotation, Metrics) {
  EXPECT_EQ(read_metric("up{a=\"b\"}")->text(), "up{a=\"b\"}");
  EXPECT_EQ(read_metric("up ")->text(), "up");
  EXPECT_EQ(read_metric("{a=\"b\"}")->text(), "{a=\"b\"}");
  EXPECT_TRUE(read_metric("{}")->empty());
  EXPECT_TRUE(read_metric("")->empty());
  EXPECT_FALSE(read_metric("up{a=~\"b\"}"));
  EXPECT_FALSE(read_metric("up{a=\"b\""));
}

}  // namespace
}  // namespace tocsin::promrules
