#include "query/reduction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace tocsin {
namespace {

double reduced(const char* how, const std::vector<double>& values) {
  Reducer reducer(Reduction::parse(how).value());
  int64_t time = 0;
  for (const double value : values) reducer.add({TimeMs{++time}, value});
  return reducer.value();
}

TEST(Reduction, Values) {
  const double nan = std::nan("");
  struct Row {
    const char* how;
    std::vector<double> values;
    double expected;
  };
  const Row rows[] = {{"min", {3, 1, 2}, 1},
                      {"max", {3, 1, 2}, 3},
                      {"mean", {3, 1, 2}, 2},
                      {"sum", {3, 1, 2}, 6},
                      {"count", {3, 1, nan, 2}, 3},
                      {"last", {3, 1, 2}, 2},
                      {"median", {3, 1, 2}, 2},
                      {"median", {4, 1, 2, 3}, 2.5},
                      {"p0", {3, 1, 2}, 1},
                      {"p100", {3, 1, 2}, 3},
                      {"p50", {nan, 5, nan}, 5},
                      {"max", {-3, -1}, -1},
                      {"min", {nan, 4}, 4},
                      {"last", {7, nan}, 7},
                      {"count", {}, 0},
                      {"sum", {}, 0},
                      {"p25", {1, 2, 3, 4, 5}, 2},
                      {"p99.9", {1}, 1},
                      {"sum", {1e100, 1, -1e100}, 1}};
  for (const Row& row : rows) EXPECT_EQ(reduced(row.how, row.values), row.expected) << row.how;
  for (const char* how : {"min", "max", "mean", "last", "median"})
    EXPECT_TRUE(std::isnan(reduced(how, {}))) << how;
}

TEST(Reduction, WhatIsNoReductionIsNamed) {
  for (const char* text : {"", "avg", "p", "p101", "p-1", "p1e1", "p5x", "Max"}) {
    const auto parsed = Reduction::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find("median"), std::string::npos);
  }
}

// Parts that are joined come to the same as all at once.
TEST(Reduction, JoinedPartsEqualTheWhole) {
  Random random(3);
  for (const char* how : {"min", "max", "mean", "sum", "count", "last", "median", "p99"}) {
    for (int round = 0; round < 50; ++round) {
      const Reduction reduction = Reduction::parse(how).value();
      Reducer whole(reduction), joined(reduction);
      int64_t time = 0;
      for (uint64_t parts = random.below(4); parts > 0; --parts) {
        Reducer part(reduction);
        for (uint64_t left = random.below(20); left > 0; --left) {
          const Sample sample{TimeMs{++time},
                              random.below(5) == 0 ? std::nan("") : random.normal()};
          whole.add(sample);
          part.add(sample);
        }
        joined.join(std::move(part));
      }
      EXPECT_EQ(joined.count(), whole.count()) << how;
      const double expected = whole.value();
      if (std::isnan(expected))
        EXPECT_TRUE(std::isnan(joined.value())) << how;
      else
        EXPECT_NEAR(joined.value(), expected, 1e-12) << how;
    }
  }
}

}  // namespace
}  // namespace tocsin
