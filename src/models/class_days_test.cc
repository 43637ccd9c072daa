#include "models/class_days.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tocsin::models {
namespace {

using calendar::Day;

constexpr TimeMs kFrom{1'700'000'000'000};

Base base_of(double value, int hours_seen) {
  Base out;
  for (int hour = 0; hour <= hours_seen; ++hour) out.learn(kFrom + hours(hour), value);
  return out;
}

TEST(Base, IsKnownAfterAWeekAndForgetsInTwo) {
  EXPECT_FALSE(base_of(5, 24 * 7 - 1).known());
  Base base = base_of(5, 24 * 7);
  EXPECT_TRUE(base.known());
  EXPECT_NEAR(base.mean, 5, 1e-9);
  for (int hour = 1; hour <= 24 * 28; ++hour) base.learn(base.last + hours(1), 10);
  EXPECT_NEAR(base.mean, 10 - 5 * std::exp(-2.0), 0.4);
  const double before = base.mean;
  base.learn(base.last - hours(1), 1e9);
  EXPECT_EQ(base.mean, before) << "what comes late is left out";
}

TEST(ClassDays, KeepsTheNewestOfEachClass) {
  ClassDays days(2, 2);
  Budget budget{1'000'000, 0, 0};
  uint64_t bytes = 0;
  for (const int64_t day : {10, 30, 20, 40, 5})
    if (Buckets* into = days.writable(1, {day}, {}, budget, bytes)) into->count[0] = 1;
  std::vector<const ClassDay*> found;
  days.newest(1, {100}, 3, found);
  ASSERT_EQ(found.size(), 3);
  EXPECT_EQ(found[0]->buckets.number, 40);
  EXPECT_EQ(found[2]->buckets.number, 20) << "10 made room, 5 is older than all";
  days.newest(1, {40}, 1, found);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0]->buckets.number, 30) << "before the day asked about";
  days.newest(0, {100}, 3, found);
  EXPECT_TRUE(found.empty());
  EXPECT_EQ(bytes, days.allocated());
  EXPECT_EQ(bytes, budget.bytes);
}

TEST(ClassDays, ABudgetThatIsSpentKeepsNoDay) {
  ClassDays days(1, 4);
  Budget budget{100, 0, 0};
  uint64_t bytes = 0;
  EXPECT_EQ(days.writable(0, {1}, {}, budget, bytes), nullptr);
  EXPECT_EQ(budget.refused, 1);
  EXPECT_EQ(days.allocated(), 0);
}

struct LiftCase {
  const char* name;
  float day_base;
  double base;
  float lowest;
  double ratio, shift;
};
class LiftOf : public testing::TestWithParam<LiftCase> {};
TEST_P(LiftOf, FollowsTheBase) {
  const LiftCase& tested = GetParam();
  ClassDay day;
  day.buckets.begin(1, ClassDays::kBuckets);
  day.buckets.mean[7] = tested.lowest;
  day.base = tested.day_base;
  const Lift lift = lift_of(day, base_of(tested.base, 24 * 14));
  EXPECT_NEAR(lift.ratio, tested.ratio, 1e-6);
  EXPECT_NEAR(lift.shift, tested.shift, 1e-6);
}
INSTANTIATE_TEST_SUITE_P(Base, LiftOf,
                         testing::Values(LiftCase{"grown", 100, 130, 0, 1.3, 0},
                                         LiftCase{"another_business", 1, 100, 0, 4, 0},
                                         LiftCase{"unknown", 0, 100, 0, 1, 0},
                                         LiftCase{"negative_values", 10, 30, -1, 1, 20},
                                         LiftCase{"negative_base", -10, 5, 0, 1, 15}),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace tocsin::models
