#include "intake/distinct.h"

#include <gtest/gtest.h>

#include <string>

#include "base/id.h"

namespace tocsin::intake {
namespace {

TEST(DistinctCounter, IsExactUntilItIsNotAndThenNear) {
  DistinctCounter counter;
  EXPECT_EQ(counter.count(), 0u);
  for (uint64_t n = 1; n <= 200'000; ++n) {
    const uint64_t hash = hash64(std::to_string(n));
    counter.add(hash);
    counter.add(hash);
    const bool exact = n <= DistinctCounter::kExactMax;
    ASSERT_EQ(counter.exact(), exact) << n;
    // Four standard errors; around 2.5 registers the two estimates meet and are a little worse.
    const double slack = exact ? 0 : 0.07 * static_cast<double>(n);
    ASSERT_NEAR(static_cast<double>(counter.count()), static_cast<double>(n), slack);
  }
}

TEST(DistinctCounter, TheSameInAnyOrder) {
  DistinctCounter up, down;
  for (uint64_t n = 0; n < 5000; ++n) up.add(hash64(std::to_string(n)));
  for (uint64_t n = 5000; n > 0; --n) down.add(hash64(std::to_string(n - 1)));
  EXPECT_EQ(up.count(), down.count());
}

TEST(DistinctCounter, AHashOfZeroCounts) {
  DistinctCounter counter;
  counter.add(0);
  counter.add(0);
  EXPECT_EQ(counter.count(), 1u);
}

}  // namespace
}  // namespace tocsin::intake
