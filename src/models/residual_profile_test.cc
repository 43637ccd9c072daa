#include "models/residual_profile.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace tocsin::models {
namespace {

constexpr int64_t kMinute_ms = 60'000;

Budget plenty() { return {1'000'000, 0, 0}; }

struct Width {
  const char* name;
  double cadence_s, width_s;
};
class ProfileWidth : public testing::TestWithParam<Width> {};
TEST_P(ProfileWidth, FollowsTheCadence) {
  Budget budget = plenty();
  ResidualProfile profile;
  profile.fit(GetParam().cadence_s, budget);
  EXPECT_EQ(profile.width_s(), GetParam().width_s);
}
INSTANTIATE_TEST_SUITE_P(Cadences, ProfileWidth,
                         testing::Values(Width{"every_second", 1, 300}, Width{"minute", 60, 300},
                                         Width{"at_the_edge", 450, 300},
                                         Width{"beyond_the_edge", 451, 600},
                                         Width{"quarter_hour", 900, 900}, Width{"hour", 3600, 3600},
                                         Width{"two_hours", 7200, 7200},
                                         Width{"week", 604'800, 86'400}),
                         [](const auto& row) { return row.param.name; });

TEST(ResidualProfile, AGapDoesNotChangeTheWidthButAnotherCadenceDoes) {
  Budget budget = plenty();
  ResidualProfile profile;
  profile.fit(300, budget);
  ASSERT_TRUE(profile.set(7, 5, budget));
  profile.fit(360, budget);  // a gap lifted the cadence that is learned
  EXPECT_EQ(profile.width_s(), 300);
  EXPECT_EQ(profile.at(7), 5);
  profile.fit(3600, budget);
  EXPECT_EQ(profile.width_s(), 3600);
  EXPECT_EQ(profile.at(7), std::nullopt);
  EXPECT_EQ(profile.bytes(), 48U);
  EXPECT_EQ(budget.bytes, 48U) << "what was given back is not counted";
}

TEST(ResidualProfile, SlotsAreOfTheWallClockAlsoBefore1970) {
  Budget budget = plenty();
  ResidualProfile profile;
  profile.fit(60, budget);
  EXPECT_EQ(profile.slot_at(0), 0);
  EXPECT_EQ(profile.slot_at(5 * kMinute_ms - 1), 0);
  EXPECT_EQ(profile.slot_at(5 * kMinute_ms), 1);
  EXPECT_EQ(profile.slot_at(-1), 287);
}

// A day of values is kept to a ten-thousandth of its range.
void expect_day(ResidualProfile& profile, Budget& budget, double base, double swing) {
  const auto value = [&](int slot) { return base + swing * std::sin(0.02181661565 * slot); };
  for (int day = 0; day < 3; ++day)
    for (uint16_t slot = 0; slot < 288; ++slot) ASSERT_TRUE(profile.set(slot, value(slot), budget));
  for (uint16_t slot = 0; slot < 288; ++slot)
    ASSERT_NEAR(*profile.at(slot), value(slot), swing * 4e-4) << slot;
}

TEST(ResidualProfile, KeepsADayOfAnySizeToAFewTenThousandths) {
  for (const double base : {0.0, 1.0, -50.0, 1e9})
    for (const double swing : {1e-3, 1.0, 1e6}) {
      Budget budget = plenty();
      ResidualProfile profile;
      profile.fit(60, budget);
      expect_day(profile, budget, base, swing);
    }
}

TEST(ResidualProfile, AWildDayDoesNotMakeItCoarseForEver) {
  Budget budget = plenty();
  ResidualProfile profile;
  profile.fit(60, budget);
  for (uint16_t slot = 0; slot < 288; ++slot)
    ASSERT_TRUE(profile.set(slot, slot == 100 ? 1e7 : slot % 7, budget));
  for (int day = 0; day < 3; ++day)
    for (uint16_t slot = 0; slot < 288; ++slot) ASSERT_TRUE(profile.set(slot, slot % 7, budget));
  for (uint16_t slot = 0; slot < 288; ++slot) ASSERT_NEAR(*profile.at(slot), slot % 7, 0.01);
}

TEST(ResidualProfile, WhatStoodStillIsFilledWhereItHasBeen) {
  Budget budget = plenty();
  ResidualProfile profile;
  profile.fit(60, budget);
  const int64_t noon = 12 * 60 * kMinute_ms;
  ASSERT_TRUE(profile.fill(3, noon, noon + 60 * kMinute_ms, budget));
  EXPECT_EQ(profile.at(143), std::nullopt);
  EXPECT_EQ(profile.at(144), 3);
  EXPECT_EQ(profile.at(156), 3);
  EXPECT_EQ(profile.at(157), std::nullopt);
  ASSERT_TRUE(profile.fill(3, noon, noon + 24 * 60 * kMinute_ms, budget));
  EXPECT_EQ(profile.at(157), 3);
}

TEST(ResidualProfile, WithoutMemoryThereIsNothingAndItIsCounted) {
  Budget budget{100, 0, 0};
  ResidualProfile profile;
  profile.fit(60, budget);
  EXPECT_FALSE(profile.set(3, 1, budget));
  EXPECT_EQ(profile.at(3), std::nullopt);
  EXPECT_EQ(budget.refused, 1U);
  EXPECT_EQ(budget.bytes, 0U);
}

TEST(ResidualProfile, ATextThatIsCutOrTurnedLeavesNothingAndTakesNothing) {
  Budget budget = plenty();
  ResidualProfile profile;
  profile.fit(60, budget);
  for (uint16_t slot = 0; slot < 288; ++slot) ASSERT_TRUE(profile.set(slot, slot, budget));
  ByteWriter out;
  profile.save(out);
  const std::string text = out.take();
  for (size_t length = 0; length < text.size(); ++length) {
    Budget other = plenty();
    ResidualProfile again;
    ByteReader in(std::string_view(text).substr(0, length));
    EXPECT_FALSE(again.load(in, other) && in.ok()) << length;
    EXPECT_EQ(other.bytes, 0U) << length;
  }
}

}  // namespace
}  // namespace tocsin::models
