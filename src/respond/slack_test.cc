#include "respond/slack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "respond/test_notices.h"

namespace tocsin::respond {
namespace {

using testing::notice;
using testing::payment_alert;
using testing::resolved;
using Outcome = supervisor::DeliveryResult::Outcome;

const Links kLinks{.external_url = "https://t.example.com", .grafana = "https://g.example.com"};
const SlackMessage kPosted{"C024BE91L", "1503435956.000247"};

SlackTarget api_target() {
  SlackTarget out;
  out.token = Secret("xoxb-1");
  out.channel = "#alerts";
  out.api_url = "https://slack.com/api";
  return out;
}

struct TextCase {
  const char* name;
  std::string text;
  size_t max;
  const char* expected;
};
class SlackTexts : public ::testing::TestWithParam<TextCase> {};
TEST_P(SlackTexts, AreEscapedAndCutBetweenCharacters) {
  EXPECT_EQ(slack_text(GetParam().text, GetParam().max), GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(
    All, SlackTexts,
    ::testing::Values(TextCase{"plain", "abc", 10, "abc"}, TextCase{"empty", "", 10, ""},
                      TextCase{"entities", "a<!here>&b", 50, "a&lt;!here&gt;&amp;b"},
                      TextCase{"exactly_full", "abcdef", 6, "abcdef"},
                      TextCase{"one_too_many", "abcdefg", 6, "abc…"},
                      TextCase{"entity_never_cut", "ab&cd", 6, "ab…"},
                      TextCase{"entity_fits", "ab&", 7, "ab&amp;"},
                      TextCase{"character_never_cut", "ab€€", 7, "ab…"},
                      TextCase{"character_fits", "ab€", 5, "ab€"},
                      TextCase{"no_room_for_the_mark", "abc", 2, ""}),
    [](const auto& tested) { return std::string(tested.param.name); });

size_t characters(const boost::json::value& text) {
  const auto& bytes = text.as_string();
  return static_cast<size_t>(std::count_if(bytes.begin(), bytes.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// Walks all text objects and counts, as Slack's documentation bounds them.
void check_blocks(const boost::json::array& blocks) {
  EXPECT_LE(blocks.size(), 50u);
  for (const auto& block : blocks) {
    const auto& object = block.as_object();
    if (const auto* fields = object.if_contains("fields")) {
      EXPECT_LE(fields->as_array().size(), 10u);
      for (const auto& field : fields->as_array()) {
        EXPECT_LE(characters(field.at("text")), 2000u);
        EXPECT_GE(characters(field.at("text")), 1u);
      }
    }
    if (const auto* text = object.if_contains("text")) {
      EXPECT_LE(characters(text->at("text")), 3000u);
      EXPECT_GE(characters(text->at("text")), 1u);
    }
  }
}

void check_limits(const std::string& body) {
  boost::system::error_code error;
  const auto json = boost::json::parse(body, error);
  ASSERT_FALSE(error) << error.message();
  EXPECT_LE(characters(json.at("text")), 4000u);
  check_blocks(json.at("blocks").as_array());
  check_blocks(json.at_pointer("/attachments/0/blocks").as_array());
}

TEST(Slack, MessagesKeepTheLimitsAndStayJson) {
  for (const Event event : {Event::kOpened, Event::kUpdated, Event::kResolved, Event::kTest}) {
    check_limits(slack_body(kLinks, notice(event, payment_alert()), "C1", {}));
    check_limits(slack_body(kLinks, notice(event, testing::hostile_alert()), "C1", {}));
    check_limits(slack_body(kLinks, notice(event, AlertView{}), "C1", {}));
  }
}

TEST(Slack, NobodyIsCalledByALabel) {
  const std::string body =
      slack_body(kLinks, notice(Event::kOpened, testing::hostile_alert()), "C1", {});
  EXPECT_EQ(body.find("<!"), std::string::npos);
}

TEST(Slack, SaysTheSentenceWithALinkAndColour) {
  const auto json =
      boost::json::parse(slack_body(kLinks, notice(Event::kOpened, payment_alert()), "C1", {}));
  EXPECT_EQ(json.at("channel").as_string(), "C1");
  EXPECT_EQ(json.at_pointer("/blocks/0/text/text").as_string(),
            ":octagonal_sign: *critical* "
            "<https://t.example.com/alerts/ffffffffffffffff0000000000000001|payments_ok in madrid "
            "57 % below the expected 118–151, worsening, adapter silent>");
  EXPECT_EQ(json.at_pointer("/attachments/0/color").as_string(), "#c41c27");
  const std::string all = boost::json::serialize(json);
  EXPECT_NE(all.find("Open the alert"), std::string::npos);
  EXPECT_NE(all.find("https://g.example.com"), std::string::npos);
  EXPECT_NE(all.find("slack-payments"), std::string::npos);  // who is told
}

TEST(Slack, AResolvedMessageLooksDone) {
  const std::string body =
      slack_body(kLinks, notice(Event::kResolved, resolved(payment_alert())), "#a", kPosted);
  EXPECT_NE(body.find(":white_check_mark: *resolved*"), std::string::npos);
  EXPECT_NE(body.find("#2c6b3f"), std::string::npos);
  EXPECT_NE(body.find("recovered"), std::string::npos);
}

struct RouteCase {
  const char* name;
  Event event;
  bool known;
  const char* path;  // empty: nothing is sent
};
class SlackRequests : public ::testing::TestWithParam<RouteCase> {};
TEST_P(SlackRequests, PostThenUpdate) {
  const auto& asked = GetParam();
  const SlackMessage known = asked.known ? kPosted : SlackMessage{};
  const auto request =
      slack_request(api_target(), kLinks, notice(asked.event, payment_alert()), known);
  ASSERT_EQ(request.has_value(), *asked.path != 0);
  if (!request) return;
  EXPECT_EQ(request->url, std::string("https://slack.com/api/") + asked.path);
  EXPECT_EQ(request->headers.get("authorization"), "Bearer xoxb-1");
  const auto json = boost::json::parse(request->body);
  const bool update = std::string(asked.path) == "chat.update";
  EXPECT_EQ(json.at("channel").as_string(), update ? "C024BE91L" : "#alerts");
  EXPECT_EQ(json.as_object().contains("ts"), update);
}
INSTANTIATE_TEST_SUITE_P(
    All, SlackRequests,
    ::testing::Values(RouteCase{"opened", Event::kOpened, false, "chat.postMessage"},
                      RouteCase{"opened_anew", Event::kOpened, true, "chat.postMessage"},
                      RouteCase{"updated", Event::kUpdated, true, "chat.update"},
                      RouteCase{"updated_unknown", Event::kUpdated, false, ""},
                      RouteCase{"resolved", Event::kResolved, true, "chat.update"},
                      RouteCase{"resolved_unknown", Event::kResolved, false, "chat.postMessage"},
                      RouteCase{"test", Event::kTest, false, "chat.postMessage"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Slack, IncomingWebhooksPostOpeningsAndEndsOnly) {
  SlackTarget target;
  target.webhook_url = Secret("https://hooks.slack.com/services/T0/B0/x");
  const auto post = [&](Event event) {
    return slack_request(target, kLinks, notice(event, payment_alert()), kPosted);
  };
  EXPECT_FALSE(post(Event::kUpdated));
  for (const Event event : {Event::kOpened, Event::kResolved, Event::kTest}) {
    ASSERT_TRUE(post(event));
    EXPECT_EQ(post(event)->url, target.webhook_url.reveal());
    EXPECT_FALSE(boost::json::parse(post(event)->body).as_object().contains("ts"));
    EXPECT_FALSE(post(event)->headers.has("authorization"));
  }
}

struct AnswerCase {
  const char* name;
  bool web_api;
  Event event;
  int status;
  const char* body;
  Outcome outcome;
  const char* external;
};
class SlackAnswers : public ::testing::TestWithParam<AnswerCase> {};
TEST_P(SlackAnswers, AreJudgedByTheirBody) {
  const auto& given = GetParam();
  net::HttpAnswer answer;
  answer.status = given.status;
  answer.body = given.body;
  const auto result = judge_slack(given.web_api, given.event, answer, TimeMs{0});
  EXPECT_EQ(result.outcome, given.outcome) << result.answer;
  EXPECT_EQ(result.external, given.external);
}
INSTANTIATE_TEST_SUITE_P(
    All, SlackAnswers,
    ::testing::Values(
        AnswerCase{"posted", true, Event::kOpened, 200,
                   R"({"ok":true,"channel":"C1","ts":"1.2","message":{"text":"x"}})",
                   Outcome::kSent, R"({"channel":"C1","ts":"1.2"})"},
        AnswerCase{"ok_without_ids", true, Event::kOpened, 200, R"({"ok":true})", Outcome::kSent,
                   ""},
        AnswerCase{"ratelimited", true, Event::kOpened, 200,
                   R"({"ok":false,"error":"ratelimited"})", Outcome::kRetry, ""},
        AnswerCase{"channel_not_found", true, Event::kOpened, 200,
                   R"({"ok":false,"error":"channel_not_found"})", Outcome::kFinal, ""},
        AnswerCase{"false_without_error", true, Event::kOpened, 200, R"({"ok":false})",
                   Outcome::kFinal, ""},
        AnswerCase{"ok_is_a_word", true, Event::kOpened, 200, R"({"ok":"true"})", Outcome::kFinal,
                   ""},
        AnswerCase{"update_of_a_deleted_message", true, Event::kUpdated, 200,
                   R"({"ok":false,"error":"message_not_found"})", Outcome::kFinal, ""},
        AnswerCase{"end_of_a_deleted_message_is_posted_anew", true, Event::kResolved, 200,
                   R"({"ok":false,"error":"message_not_found"})", Outcome::kRetry, "{}"},
        AnswerCase{"garbage", true, Event::kOpened, 200, "<html>", Outcome::kRetry, ""},
        AnswerCase{"array", true, Event::kOpened, 200, "[]", Outcome::kRetry, ""},
        AnswerCase{"deep", true, Event::kOpened, 200,
                   "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", Outcome::kRetry, ""},
        AnswerCase{"empty", true, Event::kOpened, 200, "", Outcome::kRetry, ""},
        AnswerCase{"down", true, Event::kOpened, 503, "", Outcome::kRetry, ""},
        AnswerCase{"too_many", true, Event::kOpened, 429, "", Outcome::kRetry, ""},
        AnswerCase{"none", true, Event::kOpened, 0, "", Outcome::kRetry, ""},
        AnswerCase{"hook_ok", false, Event::kOpened, 200, "ok", Outcome::kSent, ""},
        AnswerCase{"hook_not_ok", false, Event::kOpened, 200, "no_text", Outcome::kRetry, ""},
        AnswerCase{"hook_gone", false, Event::kOpened, 404, "no_service", Outcome::kFinal, ""},
        AnswerCase{"hook_limited", false, Event::kOpened, 429, "", Outcome::kRetry, ""}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Slack, MessageIdsReadBack) {
  EXPECT_EQ(SlackMessage::parse(kPosted.json()).channel, kPosted.channel);
  EXPECT_EQ(SlackMessage::parse(kPosted.json()).ts, kPosted.ts);
  for (const char* bad : {"", "{}", "[]", "nonsense", R"({"channel":1,"ts":2})"})
    EXPECT_TRUE(SlackMessage::parse(bad).empty()) << bad;
}

}  // namespace
}  // namespace tocsin::respond
