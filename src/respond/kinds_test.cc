// Every kind that is told by HTTP: what it sends, per event, and what answers mean.

#include "respond/kinds.h"

#include <boost/json.hpp>

#include "respond/answer.h"
#include "respond/length.h"
#include "respond/test_kinds.h"

namespace tocsin::respond {
namespace {

using testing::http_answer;
using testing::message;
using testing::payment_alert;
using testing::play;
using testing::receiver_from;
using testing::resolved;

constexpr const char* kId = "ffffffffffffffff0000000000000001";
const std::string kPagerDuty = "kind: pagerduty, key_env: PD";
const std::string kOpsgenie = "kind: opsgenie, key_env: OG, region: eu, teams: [payments]";
const std::string kXMatters = "kind: xmatters, url_env: HOOK, recipients: [ada]";
const std::string kTeams = "kind: teams, url_env: HOOK";
const std::string kMattermost = "kind: mattermost, url_env: HOOK";
const std::string kDiscord = "kind: discord, url_env: HOOK";
const std::string kTelegram = "kind: telegram, token_env: TG, channel: '-100'";
const std::string kAlerta = "kind: alerta, url: 'http://alerta/api/', key_env: AL";
const std::string kTwilio =
    "kind: sms, url: 'https://api.twilio.com/Messages.json', user: AC1, password_env: TW, "
    "fields: {To: '{number}', From: '+491', Body: '{text}'}, to: ['+4930123456']";
const std::string kVonage =
    "kind: sms, url: 'https://rest.nexmo.com/sms/json', body: json, token_env: VN, "
    "auth_header: '', fields: {to: '{number}', from: Tocsin, text: '{text}', api_key: k, "
    "api_secret: '{token}', ttl: '=30'}, to: ['+4930123456'], "
    "sent_when: {path: messages.0.status, among: '0'}";
const std::string kClickatell =
    "kind: sms, url: 'https://platform.clickatell.com/v1/message', body: json, token_env: CT, "
    "auth_scheme: '', to: ['+4930123456'], fields: {messages: [{channel: sms, to: '{number}', "
    "content: '{text}'}]}, sent_when: {path: messages.0.accepted, among: 'true'}";
const std::string kVoice =
    "kind: voice, url: 'https://api.twilio.com/Calls.json', user: AC1, password_env: TW, "
    "message: 'a < b {severity}', to: ['+4930123456'], "
    "fields: {To: '{number}', Twiml: '<Response><Say>{text:xml}</Say></Response>'}";

AlertView acknowledged() {
  AlertView out = payment_alert();
  out.acknowledged_by = "ada";
  return out;
}

struct Sent {
  const char* name;
  std::string yaml;
  Event event;
  AlertView alert;
  const char* external;
  const char* method;
  const char* url;
  std::vector<std::pair<const char*, const char*>> json;  // path -> value; "" = nothing there
};
class KindsSend : public ::testing::TestWithParam<Sent> {};
TEST_P(KindsSend, TheDocumentedShape) {
  const Sent& given = GetParam();
  const auto played =
      play(receiver_from(given.yaml), message(given.event, given.alert, given.external),
           {http_answer(599, "")});
  ASSERT_EQ(played.requests.size(), 1u);
  const net::HttpRequest& request = played.requests.front();
  EXPECT_EQ(request.method, given.method);
  EXPECT_EQ(request.url, given.url);
  EXPECT_EQ(request.headers.get("content-type"), "application/json");
  const JsonAnswer body(request.body);
  ASSERT_TRUE(body.good()) << request.body;
  for (const auto& [path, value] : given.json) EXPECT_EQ(body.text(path), value) << path;
}
constexpr const char* kAlias = "/v2/alerts/ffffffffffffffff0000000000000001/";
const std::string kEu = std::string("https://api.eu.opsgenie.com") + kAlias;
const std::string kClose = kEu + "close?identifierType=alias";
const std::string kAck = kEu + "acknowledge?identifierType=alias";
const std::string kNotes = kEu + "notes?identifierType=alias";
constexpr const char* kEvents = "https://events.pagerduty.com/v2/enqueue";
constexpr const char* kHook = "https://hook.example.com/secret";
INSTANTIATE_TEST_SUITE_P(
    All, KindsSend,
    ::testing::Values(
        Sent{"pagerduty_opened",
             kPagerDuty,
             Event::kOpened,
             payment_alert(),
             "",
             "POST",
             kEvents,
             {{"routing_key", "s3cret-PD"},
              {"event_action", "trigger"},
              {"dedup_key", kId},
              {"payload.severity", "critical"},
              {"payload.source", "site madrid"},
              {"payload.timestamp", "2026-11-23T14:32:45.120Z"},
              {"payload.class", "payment-provider"},
              {"payload.custom_details.Severity", "critical"},
              {"client", "Tocsin"},
              {"links.1.href", "https://g.example.com"}}},
        Sent{"pagerduty_updated",
             kPagerDuty,
             Event::kUpdated,
             payment_alert(),
             "",
             "POST",
             kEvents,
             {{"event_action", "trigger"}, {"dedup_key", kId}}},
        Sent{"pagerduty_acknowledged",
             kPagerDuty,
             Event::kUpdated,
             acknowledged(),
             "",
             "POST",
             kEvents,
             {{"event_action", "acknowledge"}, {"dedup_key", kId}, {"payload.source", ""}}},
        Sent{"pagerduty_resolved",
             kPagerDuty,
             Event::kResolved,
             resolved(payment_alert()),
             "",
             "POST",
             kEvents,
             {{"event_action", "resolve"}, {"dedup_key", kId}}},
        Sent{"opsgenie_opened",
             kOpsgenie,
             Event::kOpened,
             payment_alert(),
             "",
             "POST",
             "https://api.eu.opsgenie.com/v2/alerts",
             {{"alias", kId},
              {"priority", "P1"},
              {"source", "Tocsin"},
              {"entity", "site madrid"},
              {"responders.0.type", "team"},
              {"responders.0.name", "payments"},
              {"tags.1", "site:madrid"}}},
        Sent{"opsgenie_updated",
             kOpsgenie,
             Event::kUpdated,
             payment_alert(),
             "",
             "POST",
             kNotes.c_str(),
             {{"source", "Tocsin"}}},
        Sent{"opsgenie_acknowledged",
             kOpsgenie,
             Event::kUpdated,
             acknowledged(),
             "",
             "POST",
             kAck.c_str(),
             {{"user", "ada"}}},
        Sent{"opsgenie_resolved",
             kOpsgenie,
             Event::kResolved,
             resolved(payment_alert()),
             "",
             "POST",
             kClose.c_str(),
             {{"source", "Tocsin"}}},
        Sent{"xmatters_opened",
             kXMatters,
             Event::kOpened,
             payment_alert(),
             "",
             "POST",
             kHook,
             {{"properties.alert_id", kId},
              {"properties.status", "active"},
              {"properties.label_site", "madrid"},
              {"recipients.0.id", "ada"},
              {"priority", "HIGH"}}},
        Sent{"xmatters_resolved",
             kXMatters,
             Event::kResolved,
             resolved(payment_alert()),
             "",
             "POST",
             kHook,
             {{"properties.status", "terminated"}}},
        Sent{"teams_opened",
             kTeams,
             Event::kOpened,
             payment_alert(),
             "",
             "POST",
             kHook,
             {{"type", "message"},
              {"attachments.0.contentType", "application/vnd.microsoft.card.adaptive"},
              {"attachments.0.content.type", "AdaptiveCard"},
              {"attachments.0.content.body.0.color", "attention"},
              {"attachments.0.content.actions.0.type", "Action.OpenUrl"}}},
        Sent{"teams_resolved",
             kTeams,
             Event::kResolved,
             resolved(payment_alert()),
             "",
             "POST",
             kHook,
             {{"attachments.0.content.body.0.color", "good"}}},
        Sent{"mattermost_opened",
             kMattermost,
             Event::kOpened,
             payment_alert(),
             "",
             "POST",
             kHook,
             {{"username", "Tocsin"}, {"channel", ""}}},
        Sent{"discord_opened",
             kDiscord,
             Event::kOpened,
             payment_alert(),
             "",
             "POST",
             kHook,
             {{"embeds.0.color", "12852263"}, {"embeds.0.fields.0.name", "State"}}},
        Sent{"telegram_opened",
             kTelegram,
             Event::kOpened,
             payment_alert(),
             "",
             "POST",
             "https://api.telegram.org/bots3cret-TG/sendMessage",
             {{"chat_id", "-100"}, {"link_preview_options.is_disabled", "true"}}},
        Sent{"alerta_opened",
             kAlerta,
             Event::kOpened,
             payment_alert(),
             "",
             "POST",
             "http://alerta/api/alert",
             {{"resource", "madrid"},
              {"event", "payment-provider"},
              {"environment", "Production"},
              {"severity", "critical"},
              {"service.0", "payment-provider"},
              {"value", "51"},
              {"createTime", "2026-11-23T14:32:45.120Z"},
              {"tags.0", "site=madrid"}}},
        Sent{"alerta_acknowledged",
             kAlerta,
             Event::kUpdated,
             acknowledged(),
             R"({"id":"a-1"})",
             "PUT",
             "http://alerta/api/alert/a-1/status",
             {{"status", "ack"}, {"text", "acknowledged by ada"}}},
        Sent{"alerta_acknowledged_unknown",
             kAlerta,
             Event::kUpdated,
             acknowledged(),
             "",
             "POST",
             "http://alerta/api/alert",
             {{"severity", "critical"}}},
        Sent{"alerta_id_that_is_a_path",
             kAlerta,
             Event::kUpdated,
             acknowledged(),
             R"({"id":"../x"})",
             "POST",
             "http://alerta/api/alert",
             {{"severity", "critical"}}},
        Sent{"alerta_resolved",
             kAlerta,
             Event::kResolved,
             resolved(payment_alert()),
             "",
             "POST",
             "http://alerta/api/alert",
             {{"severity", "normal"}}},
        Sent{"vonage",
             kVonage,
             Event::kOpened,
             payment_alert(),
             "",
             "POST",
             "https://rest.nexmo.com/sms/json",
             {{"to", "+4930123456"}, {"api_secret", "s3cret-VN"}, {"ttl", "30"}}},
        Sent{"clickatell",
             kClickatell,
             Event::kOpened,
             payment_alert(),
             "",
             "POST",
             "https://platform.clickatell.com/v1/message",
             {{"messages.0.to", "+4930123456"}, {"messages.0.channel", "sms"}}}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct Judged {
  const char* name;
  std::string yaml;
  int status;
  const char* body;
  Outcome outcome;
  const char* said;  // part of the answer
};
class KindsJudge : public ::testing::TestWithParam<Judged> {};
TEST_P(KindsJudge, Answers) {
  const Judged& given = GetParam();
  const auto played = play(receiver_from(given.yaml), message(Event::kOpened, payment_alert()),
                           {http_answer(given.status, given.body)});
  EXPECT_EQ(played.result.outcome, given.outcome) << played.result.answer;
  EXPECT_NE(played.result.answer.find(given.said), std::string::npos) << played.result.answer;
  EXPECT_EQ(played.result.answer.find("s3cret"), std::string::npos) << played.result.answer;
}
INSTANTIATE_TEST_SUITE_P(
    All, KindsJudge,
    ::testing::Values(
        Judged{"pagerduty", kPagerDuty, 202, R"({"status":"success","dedup_key":"x"})",
               Outcome::kSent, "202 in 6 ms"},
        Judged{"pagerduty_error_inside", kPagerDuty, 202, R"({"status":"invalid event"})",
               Outcome::kRetry, "but status invalid event"},
        Judged{"pagerduty_html", kPagerDuty, 200, "<html>", Outcome::kRetry, "not PagerDuty's"},
        Judged{"pagerduty_invalid", kPagerDuty, 400, R"({"status":"invalid event"})",
               Outcome::kFinal, "400"},
        Judged{"pagerduty_down", kPagerDuty, 503, "", Outcome::kRetry, "503"},
        Judged{"opsgenie", kOpsgenie, 202, R"({"result":"ok","requestId":"r"})", Outcome::kSent,
               "202"},
        Judged{"opsgenie_without_id", kOpsgenie, 200, R"({"message":"no"})", Outcome::kRetry,
               "no requestId"},
        Judged{"opsgenie_key", kOpsgenie, 401, R"({"message":"no"})", Outcome::kRetry, "401"},
        Judged{"xmatters", kXMatters, 202, R"({"requestId":"r"})", Outcome::kSent, "202"},
        Judged{"xmatters_page", kXMatters, 200, "<html>", Outcome::kRetry, "not xMatters'"},
        Judged{"teams", kTeams, 202, "", Outcome::kSent, "202"},
        Judged{"teams_connector", kTeams, 200, "1", Outcome::kSent, "200"},
        Judged{"teams_error_inside", kTeams, 200, "Webhook message delivery failed with error: 413",
               Outcome::kRetry, "the answer"},
        Judged{"mattermost", kMattermost, 200, "ok", Outcome::kSent, "200"},
        Judged{"mattermost_page", kMattermost, 200, "<html>", Outcome::kRetry, "not \"ok\""},
        Judged{"discord", kDiscord, 204, "", Outcome::kSent, "204"},
        Judged{"discord_page", kDiscord, 200, "<html>", Outcome::kRetry, "not Discord's"},
        Judged{"telegram", kTelegram, 200, R"({"ok":true,"result":{}})", Outcome::kSent, "200"},
        Judged{"telegram_error_inside", kTelegram, 200, R"({"ok":false,"description":"x"})",
               Outcome::kRetry, "ok:false x"},
        Judged{"telegram_no_chat", kTelegram, 400, R"({"ok":false})", Outcome::kFinal, "400"},
        Judged{"alerta", kAlerta, 201, R"({"status":"ok","id":"a-1"})", Outcome::kSent, "201"},
        Judged{"alerta_blackout", kAlerta, 202, R"({"status":"ok","message":"suppressed"})",
               Outcome::kSent, "202 in 6 ms: suppressed"},
        Judged{"alerta_error_inside", kAlerta, 200, R"({"status":"error","message":"x"})",
               Outcome::kRetry, "status error x"},
        Judged{"alerta_policy", kAlerta, 403, R"({"status":"error","message":"[POLICY] no"})",
               Outcome::kFinal, "403"},
        Judged{"alerta_key", kAlerta, 403, R"({"status":"error","message":"scope"})",
               Outcome::kRetry, "403"},
        Judged{"twilio", kTwilio, 201, "{}", Outcome::kSent, "201"},
        Judged{"twilio_number", kTwilio, 400, R"({"code":21211})", Outcome::kFinal, "21211"},
        Judged{"vonage", kVonage, 200, R"({"messages":[{"status":"0"}]})", Outcome::kSent, "200"},
        Judged{"vonage_error_inside", kVonage, 200, R"({"messages":[{"status":"9"}]})",
               Outcome::kRetry, "messages.0.status is 9"},
        Judged{"vonage_nonsense", kVonage, 200, "[]", Outcome::kRetry, "no messages.0.status"},
        Judged{"clickatell", kClickatell, 202, R"({"messages":[{"accepted":true}]})",
               Outcome::kSent, "202"},
        Judged{"clickatell_refused", kClickatell, 202, R"({"messages":[{"accepted":false}]})",
               Outcome::kRetry, "is false"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Kinds, AFormIsSentAsOne) {
  const auto played = play(receiver_from(kTwilio), message(Event::kOpened, payment_alert()),
                           {http_answer(201, "")});
  const net::HttpRequest& request = played.requests.front();
  EXPECT_EQ(request.headers.get("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(request.headers.get("authorization"), "Basic QUMxOnMzY3JldC1UVw==");
  EXPECT_EQ(request.body.rfind("To=%2B4930123456&From=%2B491&Body=critical%3A%20payments_ok", 0),
            0u)
      << request.body;
}

TEST(Kinds, AVoiceMessageIsXmlSafe) {
  const auto played =
      play(receiver_from(kVoice), message(Event::kOpened, payment_alert()), {http_answer(201, "")});
  EXPECT_NE(played.requests.front().body.find("%3CSay%3Ea%20%26lt%3B%20b%20critical%3C%2FSay%3E"),
            std::string::npos)
      << played.requests.front().body;
}

TEST(Kinds, ClickatellsTokenStandsAlone) {
  const auto played = play(receiver_from(kClickatell), message(Event::kOpened, payment_alert()),
                           {http_answer(202, "")});
  EXPECT_EQ(played.requests.front().headers.get("authorization"), "s3cret-CT");
}

// A second attempt rings only those whom the first one did not reach.
TEST(Kinds, NumbersThatWereToldAreNotToldTwice) {
  const Receiver receiver = receiver_from(
      "kind: sms, url: 'http://g/', fields: {to: '{number}'}, to: ['+4911111111', '+4922222222', "
      "'+4933333333']");
  Message first = message(Event::kOpened, payment_alert());
  const auto played = play(receiver, first, {http_answer(200, ""), http_answer(500, "")});
  ASSERT_EQ(played.requests.size(), 2u);
  EXPECT_EQ(played.result.outcome, Outcome::kRetry);
  EXPECT_NE(played.result.answer.find("1 of 3 told"), std::string::npos) << played.result.answer;
  first.external = played.result.external;
  const auto again = play(receiver, first, {http_answer(200, "")});
  ASSERT_EQ(again.requests.size(), 2u);
  EXPECT_EQ(again.requests[0].body, "to=%2B4922222222");
  EXPECT_EQ(again.requests[1].body, "to=%2B4933333333");
  EXPECT_EQ(again.result.outcome, Outcome::kSent);
  Message next = message(Event::kResolved, resolved(payment_alert()), again.result.external);
  next.notice.key = "key-8";
  EXPECT_EQ(play(receiver, next, {http_answer(200, "")}).requests.size(), 3u);
}

TEST(Kinds, ATestOfAnIncidentServiceOpensAndCloses) {
  const AlertView test = test_alert("ops", TimeMs{1'795'444'365'000});
  const auto duty = play(receiver_from(kPagerDuty), message(Event::kTest, test),
                         {http_answer(202, R"({"status":"success"})")});
  ASSERT_EQ(duty.requests.size(), 2u);
  EXPECT_EQ(JsonAnswer(duty.requests[0].body).text("payload.severity"), "info");
  EXPECT_EQ(JsonAnswer(duty.requests[1].body).text("event_action"), "resolve");
  const auto genie = play(receiver_from(kOpsgenie), message(Event::kTest, test),
                          {http_answer(202, R"({"requestId":"r"})")});
  ASSERT_EQ(genie.requests.size(), 2u);
  EXPECT_EQ(JsonAnswer(genie.requests[0].body).text("priority"), "P5");
  EXPECT_NE(genie.requests[1].url.find("/close"), std::string::npos);
}

// Hostile and huge texts: JSON all the same, and the documented lengths hold.
struct Bounded {
  const char* name;
  std::string yaml;
  const char* path;
  size_t max;
  LengthUnit unit;
  size_t bytes_max;
};
class KindsBound : public ::testing::TestWithParam<Bounded> {};
TEST_P(KindsBound, WhatTheySend) {
  const auto played =
      play(receiver_from(GetParam().yaml), message(Event::kOpened, testing::hostile_alert()),
           {http_answer(599, "")});
  const std::string& sent = played.requests.front().body;
  const JsonAnswer body(sent);
  ASSERT_TRUE(body.good());
  const std::string text = body.text(GetParam().path);
  EXPECT_GT(text_length(text, GetParam().unit), 0u);
  EXPECT_LE(text_length(text, GetParam().unit), GetParam().max);
  EXPECT_LE(sent.size(), GetParam().bytes_max);
}
INSTANTIATE_TEST_SUITE_P(
    All, KindsBound,
    ::testing::Values(
        Bounded{"pagerduty", kPagerDuty, "payload.summary", 1024, LengthUnit::kRunes, 512 * 1024},
        Bounded{"opsgenie_message", kOpsgenie, "message", 130, LengthUnit::kRunes, 100'000},
        Bounded{"opsgenie_description", kOpsgenie, "description", 15'000, LengthUnit::kRunes,
                100'000},
        Bounded{"xmatters", kXMatters, "properties.summary", 20'000, LengthUnit::kRunes, 400'000},
        Bounded{"teams", kTeams, "attachments.0.content.body.0.text", 4000, LengthUnit::kRunes,
                28 * 1024},
        Bounded{"mattermost", kMattermost, "text", 16'383, LengthUnit::kRunes, 100'000},
        Bounded{"discord", kDiscord, "embeds.0.title", 256, LengthUnit::kUtf16, 100'000},
        Bounded{"telegram", kTelegram, "text", 4096, LengthUnit::kUtf16, 100'000},
        Bounded{"alerta", kAlerta, "text", 4000, LengthUnit::kRunes, 400'000},
        Bounded{"sms", kVonage, "text", 459, LengthUnit::kRunes, 100'000}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct Wrong {
  const char* name;
  const char* yaml;
  const char* expected;
};
class KindsRefuse : public ::testing::TestWithParam<Wrong> {};
TEST_P(KindsRefuse, WithWords) {
  std::string problems;
  receiver_from(GetParam().yaml, &problems);
  EXPECT_NE(problems.find(GetParam().expected), std::string::npos) << problems;
}
INSTANTIATE_TEST_SUITE_P(
    All, KindsRefuse,
    ::testing::Values(
        Wrong{"pagerduty_key", "kind: pagerduty", "needs key_file or key_env"},
        Wrong{"opsgenie_region", "kind: opsgenie, key_env: A, region: asia", "region"},
        Wrong{"teams_url", "kind: teams", "needs its url"},
        Wrong{"telegram_channel", "kind: telegram, token_env: A", "needs its channel"},
        Wrong{"alerta_url", "kind: alerta", "needs url"},
        Wrong{"sms_fields", "kind: sms, url: 'http://g/'", "needs fields"},
        Wrong{"sms_unknown_field", "kind: sms, url: 'http://g/', fields: {a: '{nummer}'}",
              "did you mean {number}"},
        Wrong{"sms_nested_form", "kind: sms, url: 'http://g/', fields: {a: {b: c}}", "body: json"},
        Wrong{"sms_brace", "kind: sms, url: 'http://g/', fields: {a: 'x {'}", "without its }"},
        Wrong{"sms_number", "kind: sms, url: 'http://g/', fields: {a: b}, to: ['030 12']",
              "no telephone number"},
        Wrong{"sms_sent_when", "kind: sms, url: 'http://g/', fields: {a: b}, sent_when: {path: a}",
              "needs path and among"},
        Wrong{"voice_length", "kind: voice, url: 'http://g/', fields: {a: b}, length: 5",
              "20 to 10000"}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct Addressed {
  const char* name;
  std::string yaml;
  const char* address;
  bool good;
};
class KindsAddress : public ::testing::TestWithParam<Addressed> {};
TEST_P(KindsAddress, APerson) {
  const Receiver base = receiver_from(GetParam().yaml);
  const auto own = receiver_for(base.kind(), GetParam().address, base);
  EXPECT_EQ(own.has_value(), GetParam().good);
  EXPECT_EQ(own ? own->kind() : base.kind(), base.kind());
  EXPECT_FALSE(receiver_for("inbox", GetParam().address, base));
}
INSTANTIATE_TEST_SUITE_P(
    All, KindsAddress,
    ::testing::Values(
        Addressed{"sms", kTwilio, "+4930999999", true},
        Addressed{"sms_words", kTwilio, "home", false},
        Addressed{"voice", kVoice, "+4930999999", true},
        Addressed{"telegram", kTelegram, "12345", true},
        Addressed{"telegram_empty", kTelegram, "", false},
        Addressed{"xmatters", kXMatters, "ada", true},
        Addressed{"slack", "kind: slack, token_env: T, channel: C1", "U1", true},
        Addressed{"slack_hook", "kind: slack, webhook_url_env: HOOK", "U1", false},
        Addressed{"mail", "kind: mail, host: h, from: a@b.c, to: a@b.c", "x@y.z", true},
        Addressed{"mail_words", "kind: mail, host: h, from: a@b.c, to: a@b.c", "x y", false},
        Addressed{"pagerduty", kPagerDuty, "ada", false}, Addressed{"teams", kTeams, "ada", false}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Kinds, AnAddressedReceiverTellsThatAddress) {
  const Receiver base = receiver_from(kTwilio);
  const auto own = receiver_for("sms", "+4930999999", base);
  ASSERT_TRUE(own);
  const auto played = play(*own, message(Event::kOpened, payment_alert()), {http_answer(201, "")});
  EXPECT_EQ(played.requests.front().body.rfind("To=%2B4930999999&", 0), 0u);
  EXPECT_EQ(played.requests.front().headers.get("authorization"), "Basic QUMxOnMzY3JldC1UVw==");
}

}  // namespace
}  // namespace tocsin::respond
