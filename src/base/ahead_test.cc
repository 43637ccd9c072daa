#include "base/ahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

namespace tocsin {
namespace {

TEST(MakeAhead, AllAreUsedInOrderAndNoMoreThanTheRoomWait) {
  for (const size_t room : {1U, 3U, 1000U}) {
    std::atomic<int> made = 0;
    std::vector<int> used;
    make_ahead<std::unique_ptr<int>>(
        room,
        [&](const std::function<void(std::unique_ptr<int>)>& give) {
          for (int i = 0; i < 500; ++i) {
            ++made;
            give(std::make_unique<int>(i));
          }
        },
        [&](std::unique_ptr<int> thing) {
          used.push_back(*thing);
          // One more than wait is in use, one more is at the door.
          EXPECT_LE(made.load() - static_cast<int>(used.size()), static_cast<int>(room) + 1);
        });
    ASSERT_EQ(used.size(), 500U);
    for (int i = 0; i < 500; ++i) ASSERT_EQ(used[i], i);
  }
}

TEST(MakeAhead, NothingMadeIsNothingUsed) {
  make_ahead<int>(4, [](const std::function<void(int)>&) {}, [](int) { FAIL(); });
}

}  // namespace
}  // namespace tocsin
