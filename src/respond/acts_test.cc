#include "respond/acts.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "respond/url_text.h"

namespace tocsin::respond {
namespace {

const TimeMs kNow{1'795'444'365'000};
const ActSigner kSigner(Secret("a key of 32 bytes, as it is kept"));

ActLink link(std::string who = "ada@example.com") {
  return {Id128{0x0123456789abcdef, 0xfedcba9876543210}, Act::kResolve, std::move(who),
          kNow + hours(1)};
}

RC_GTEST_PROP(ActLinks, AreReadBack, (uint64_t high, uint64_t low, std::string who)) {
  who = cut_text(who, 90);
  const ActLink made{Id128{high, low}, Act::kAcknowledge, who, kNow + seconds(1)};
  const auto opened = kSigner.open(kSigner.token(made), kNow);
  RC_ASSERT(opened.has_value());
  RC_ASSERT(opened->alert == made.alert);
  RC_ASSERT(opened->who == who);
  RC_ASSERT(opened->act == Act::kAcknowledge);
}

// No bit can be changed, no byte be taken away or added.
TEST(ActLinks, AreGoodAsTheyAreOnly) {
  const std::string token = kSigner.token(link());
  for (size_t i = 0; i < token.size(); ++i) {
    for (const char c : {'A', 'b', '7', '-', '_', '=', '/'}) {
      std::string other = token;
      other[i] = c;
      if (other == token) continue;
      EXPECT_FALSE(kSigner.open(other, kNow)) << i << " " << c;
    }
    EXPECT_FALSE(kSigner.open(token.substr(0, i), kNow)) << i;
  }
  EXPECT_FALSE(kSigner.open(token + "A", kNow));
  EXPECT_FALSE(kSigner.open(std::string(100'000, 'A'), kNow));
  EXPECT_FALSE(ActSigner(Secret("another key")).open(token, kNow));
}

TEST(ActLinks, Expire) {
  const std::string token = kSigner.token(link());
  EXPECT_TRUE(kSigner.open(token, kNow + hours(1) - milliseconds(1)));
  const auto late = kSigner.open(token, kNow + hours(1));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kRefused);
}

TEST(ActLinks, LongNamesAreCut) {
  EXPECT_LT(kSigner.token(link(std::string(5000, 'x'))).size(), 300u);
  EXPECT_TRUE(kSigner.open(kSigner.token(link(std::string(5000, 'x'))), kNow));
}

// The example of Slack's documentation.
constexpr const char* kSlackBody =
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="
    "G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-"
    "collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F"
    "397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."
    "803a0bc887a14d10d2c447fce8b6703c";
constexpr const char* kSlackSignature =
    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
const Secret kSlackSecret("8f742231b10e8888abcd99yyyzzz85a5");
const TimeMs kSlackTime{1'531'420'618'000};

struct Signed {
  const char* name;
  const char* timestamp;
  const char* signature;
  const char* body;
  TimeMs now;
  bool good;
};
class SlackSignature : public ::testing::TestWithParam<Signed> {};
TEST_P(SlackSignature, IsChecked) {
  const Signed& given = GetParam();
  EXPECT_EQ(slack_signed(kSlackSecret, given.timestamp, given.signature, given.body, given.now),
            given.good);
}
INSTANTIATE_TEST_SUITE_P(
    All, SlackSignature,
    ::testing::Values(
        Signed{"documented", "1531420618", kSlackSignature, kSlackBody, kSlackTime, true},
        Signed{"five_minutes_late", "1531420618", kSlackSignature, kSlackBody,
               kSlackTime + minutes(5), true},
        Signed{"later", "1531420618", kSlackSignature, kSlackBody, kSlackTime + seconds(301),
               false},
        Signed{"from_the_future", "1531420618", kSlackSignature, kSlackBody,
               kSlackTime - seconds(301), false},
        Signed{"another_body", "1531420618", kSlackSignature, "text=", kSlackTime, false},
        Signed{"another_time", "1531420619", kSlackSignature, kSlackBody, kSlackTime, false},
        Signed{"no_time", "", kSlackSignature, kSlackBody, kSlackTime, false},
        Signed{"no_signature", "1531420618", "", kSlackBody, kSlackTime, false},
        Signed{"cut", "1531420618", "v0=a2114d57", kSlackBody, kSlackTime, false}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct Press {
  const char* name;
  std::string payload;
  int found;  // -1 refused, 0 another button, 1 an act
};
class SlackPresses : public ::testing::TestWithParam<Press> {};
TEST_P(SlackPresses, AreRead) {
  const auto press = parse_slack_press("a=b&payload=" + url_text(GetParam().payload));
  EXPECT_EQ(!press ? -1 : press->has_value() ? 1 : 0, GetParam().found);
  if (!press || !*press) return;
  EXPECT_EQ((*press)->act, Act::kSilence);
  EXPECT_EQ((*press)->user_id, "U1");
  EXPECT_EQ((*press)->user_name, "ada");
  EXPECT_EQ(to_text((*press)->alert), "ffffffffffffffff0000000000000001");
}
constexpr const char* kPress =
    R"({"type":"block_actions","user":{"id":"U1","username":"ada"},"actions":[{"action_id":)"
    R"("silence","value":"ffffffffffffffff0000000000000001"}]})";
INSTANTIATE_TEST_SUITE_P(
    All, SlackPresses,
    ::testing::Values(
        Press{"a_press", kPress, 1},
        Press{"a_link", R"({"type":"block_actions","actions":[{"action_id":"open"}]})", 0},
        Press{"another_type", R"({"type":"view_submission"})", -1},
        Press{"no_alert",
              R"({"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":"resolve"}]})",
              -1},
        Press{"no_user",
              R"({"type":"block_actions","actions":[{"action_id":"resolve","value":)"
              R"("ffffffffffffffff0000000000000001"}]})",
              -1},
        Press{"nonsense", "<xml>", -1}, Press{"nothing", "", -1}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace tocsin::respond
