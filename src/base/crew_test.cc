#include "base/crew.h"

#include <gtest/gtest.h>

#include <numeric>

namespace tocsin {
namespace {

TEST(Crew, EachDoesItsPartOfEveryTurn) {
  for (const uint32_t size : {1U, 2U, 5U}) {
    Crew crew(size);
    std::vector<uint64_t> sums(size);
    for (uint64_t turn = 1; turn <= 200; ++turn) {
      crew.run([&](uint32_t i) { sums[i] += turn * (i + 1); });
      const uint64_t all = std::accumulate(sums.begin(), sums.end(), uint64_t{0});
      ASSERT_EQ(all, turn * (turn + 1) / 2 * size * (size + 1) / 2) << size << " in turn " << turn;
    }
  }
}

TEST(Crew, EndsWithoutEverHavingWorked) { Crew crew(3); }

}  // namespace
}  // namespace tocsin
