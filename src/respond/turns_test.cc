#include "respond/turns.h"

#include <gtest/gtest.h>

#include <vector>

namespace tocsin::respond {
namespace {

class TurnsTest : public ::testing::Test {
 protected:
  void take(const std::string& key, const std::string& name) {
    turns_.take(key, [this, name](const std::function<void()>& pass_on) {
      began_.push_back(name);
      ends_[name] = pass_on;
    });
  }
  using Names = std::vector<std::string>;
  Turns turns_;
  Names began_;
  std::map<std::string, std::function<void()>> ends_;
};

TEST_F(TurnsTest, OfOneKeyOneRunsAndTheOthersFollowInOrder) {
  take("k", "a");
  take("k", "b");
  take("k", "c");
  EXPECT_EQ(began_, Names{"a"});
  EXPECT_EQ(turns_.waiting(), 2u);
  ends_["a"]();
  EXPECT_EQ(began_, (Names{"a", "b"}));
  ends_["b"]();
  ends_["c"]();
  EXPECT_EQ(began_, (Names{"a", "b", "c"}));
  take("k", "d");
  EXPECT_EQ(began_.back(), "d");
}

TEST_F(TurnsTest, OtherKeysAndNoKeyDoNotWait) {
  take("k", "a");
  take("l", "b");
  take("", "c");
  take("", "d");
  EXPECT_EQ(began_, (Names{"a", "b", "c", "d"}));
}

TEST_F(TurnsTest, AJobThatEndsAtOnceLetsTheNextOneIn) {
  int ran = 0;
  for (int i = 0; i < 3; ++i)
    turns_.take("k", [&](const std::function<void()>& pass_on) {
      ++ran;
      pass_on();
    });
  EXPECT_EQ(ran, 3);
  EXPECT_EQ(turns_.waiting(), 0u);
}

TEST_F(TurnsTest, AnEndAfterTheTurnsAreGoneIsHarmless) {
  std::function<void()> end;
  {
    Turns turns;
    turns.take("k", [&](const std::function<void()>& pass_on) { end = pass_on; });
  }
  end();
}

}  // namespace
}  // namespace tocsin::respond
