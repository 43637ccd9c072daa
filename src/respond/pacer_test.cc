#include "respond/pacer.h"

#include <gtest/gtest.h>

namespace tocsin::respond {
namespace {

const TimeMs kStart{1'000'000};
constexpr Pace kPace{3, seconds(1)};

// How many go within `span` if as many as possible are sent.
int sent_within(Pacer& pacer, const Pace& pace, DurationMs span) {
  int out = 0;
  for (TimeMs now = kStart; now <= kStart + span; now = now + milliseconds(100))
    while (pacer.free_at("a", pace, now) <= now && out < 1000) {
      pacer.took("a", pace, now);
      ++out;
    }
  return out;
}

TEST(Pacer, ABurstGoesAtOnceThenOneByOne) {
  Pacer pacer;
  EXPECT_EQ(sent_within(pacer, kPace, milliseconds(900)), 3);
  Pacer other;
  EXPECT_EQ(sent_within(other, kPace, seconds(10)), 13);
}

TEST(Pacer, WithoutALimitNothingWaits) {
  Pacer pacer;
  EXPECT_EQ(sent_within(pacer, Pace{}, milliseconds(0)), 1000);
}

TEST(Pacer, TheBucketIsNeverFullerThanFull) {
  Pacer pacer;
  pacer.took("a", kPace, kStart);
  const TimeMs later = kStart + hours(1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_LE(pacer.free_at("a", kPace, later), later) << i;
    pacer.took("a", kPace, later);
  }
  EXPECT_EQ(pacer.free_at("a", kPace, later), later + seconds(1));
  EXPECT_LE(pacer.free_at("b", kPace, later), later);
}

}  // namespace
}  // namespace tocsin::respond
