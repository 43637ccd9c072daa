#include "access/feed_tokens.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>

namespace tocsin::access {
namespace {

TEST(FeedTokens, OpenTheirOwnFeedAlsoAfterARestart) {
  const std::string path = testing::TempDir() + "feed_key";
  std::remove(path.c_str());
  const auto made = FeedTokens::load(path);
  ASSERT_TRUE(made) << made.error().text();
  const std::string token = made->token_of("/oncall/primary.ics");
  EXPECT_EQ(token.size(), 32u);
  struct stat kept{};
  ASSERT_EQ(::stat(path.c_str(), &kept), 0);
  EXPECT_EQ(kept.st_mode & 0777, 0600u);
  const auto again = FeedTokens::load(path);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->opens(token, "/oncall/primary.ics"));
  EXPECT_FALSE(again->opens(token, "/oncall/secondary.ics"));
  EXPECT_FALSE(again->opens("", "/oncall/primary.ics"));
  EXPECT_FALSE(again->opens(token.substr(1), "/oncall/primary.ics"));
  std::remove(path.c_str());
  const auto other = FeedTokens::load(path);
  EXPECT_FALSE(other->opens(token, "/oncall/primary.ics")) << "a new key ends all addresses";
  std::ofstream(path) << "short";
  const auto broken = FeedTokens::load(path);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, ErrorCode::kCorrupt);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace tocsin::access
