#include "respond/webhook.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "respond/test_notices.h"

namespace tocsin::respond {
namespace {

using testing::notice;
using testing::payment_alert;
using testing::resolved;

const Links kLinks{.external_url = "https://tocsin.example.com",
                   .grafana = "https://g.example.com?site={{ site }}"};

std::string text(const boost::json::value& value, const char* pointer) {
  const auto& found = value.at_pointer(pointer);
  return std::string(found.as_string());
}

TEST(Webhook, IsAlertmanagersBodyToTheByte) {
  const std::string labels = R"({"alertname":"payment-provider","rule":"payment-provider",)"
                             R"("severity":"critical","site":"madrid"})";
  const std::string annotations =
      R"({"description":"The provider <b>of payments</b> fails & nothing is paid.",)"
      R"("grafana_url":"https://g.example.com?site=madrid",)"
      R"("runbook":"https://wiki.example.com/pay",)"
      R"("summary":"payments_ok in madrid 57 % below the expected 118–151, worsening, )"
      R"(adapter silent"})";
  const std::string expected =
      R"({"receiver":"ops","status":"firing","alerts":[{"status":"firing","labels":)" + labels +
      R"(,"annotations":)" + annotations +
      R"(,"startsAt":"2026-11-23T14:32:45.120Z","endsAt":"0001-01-01T00:00:00Z",)"
      R"("generatorURL":"https://tocsin.example.com/alerts/ffffffffffffffff0000000000000001",)"
      R"("fingerprint":"0123456789abcdef"}],)"
      R"("groupLabels":{"alertname":"payment-provider","site":"madrid"},"commonLabels":)" +
      labels + R"(,"commonAnnotations":)" + annotations +
      R"(,"externalURL":"https://tocsin.example.com","version":"4",)"
      R"("groupKey":"{}:{alertname=\"payment-provider\",site=\"madrid\"}","truncatedAlerts":0})";
  EXPECT_EQ(webhook_body(kLinks, notice(Event::kOpened, payment_alert())), expected);
}

TEST(Webhook, AResolutionHasItsEnd) {
  const auto body =
      boost::json::parse(webhook_body(kLinks, notice(Event::kResolved, resolved(payment_alert()))));
  EXPECT_EQ(text(body, "/status"), "resolved");
  EXPECT_EQ(text(body, "/alerts/0/status"), "resolved");
  EXPECT_EQ(text(body, "/alerts/0/startsAt"), "2026-11-23T14:32:45.120Z");
  EXPECT_EQ(text(body, "/alerts/0/endsAt"), "2026-11-23T14:38:25.120Z");
  EXPECT_EQ(text(body, "/alerts/0/annotations/resolve_reason"), "recovered");
}

TEST(Webhook, AnEndWithoutATimeIsTheLastChange) {
  AlertView alert = resolved(payment_alert());
  alert.resolved_at = TimeMs{};
  const auto body = boost::json::parse(webhook_body(kLinks, notice(Event::kResolved, alert)));
  EXPECT_EQ(text(body, "/alerts/0/endsAt"), "2026-11-23T14:38:25.120Z");
}

TEST(Webhook, AnOpeningThatComesLateIsStillAnOpening) {
  const auto body =
      boost::json::parse(webhook_body(kLinks, notice(Event::kOpened, resolved(payment_alert()))));
  EXPECT_EQ(text(body, "/status"), "firing");
  EXPECT_EQ(text(body, "/alerts/0/endsAt"), "0001-01-01T00:00:00Z");
}

TEST(Webhook, HostileTextsStayValuesAndBounded) {
  const std::string body = webhook_body(kLinks, notice(Event::kOpened, testing::hostile_alert()));
  boost::system::error_code error;
  boost::json::parse(body, error);
  EXPECT_FALSE(error) << error.message();
  EXPECT_LT(body.size(), 300'000u);
}

TEST(Webhook, HeadersCarryKeyEventAndSignature) {
  WebhookTarget target;
  target.url = "https://hooks.example.com/";
  target.signing_key = Secret("sesame");
  target.token = Secret("t0ken");
  target.headers.add("User-Agent", "ours");
  const auto request = webhook_request(target, kLinks, notice(Event::kOpened, payment_alert()));
  EXPECT_EQ(request.headers.get("x-tocsin-delivery"), "key-7");
  EXPECT_EQ(request.headers.get("x-tocsin-event"), "opened");
  EXPECT_EQ(request.headers.get("content-type"), "application/json");
  EXPECT_EQ(request.headers.get("authorization"), "Bearer t0ken");
  EXPECT_EQ(request.headers.get("user-agent"), "ours");
  EXPECT_EQ(request.headers.get("x-tocsin-signature"), signature("sesame", request.body));
  target.signing_key = Secret();
  EXPECT_FALSE(webhook_request(target, kLinks, notice(Event::kOpened, payment_alert()))
                   .headers.has("x-tocsin-signature"));
}

TEST(Webhook, SignatureIsHmacSha256) {  // RFC 4231, test case 2
  EXPECT_EQ(signature("Jefe", "what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

struct Case {
  const char* name;
  int status;
  const char* retry_after;
  supervisor::DeliveryResult::Outcome outcome;
  std::optional<DurationMs> wait;
};
class WebhookAnswers : public ::testing::TestWithParam<Case> {};
TEST_P(WebhookAnswers, AreJudged) {
  net::HttpAnswer answer;
  answer.status = GetParam().status;
  answer.elapsed = milliseconds(6);
  answer.body = "say\r\nwhat ";
  if (*GetParam().retry_after != 0) answer.headers.add("Retry-After", GetParam().retry_after);
  const auto result = judge_webhook(answer, TimeMs{1'795'444'365'000});
  EXPECT_EQ(result.outcome, GetParam().outcome);
  EXPECT_EQ(result.retry_after, GetParam().wait);
}
using Outcome = supervisor::DeliveryResult::Outcome;
INSTANTIATE_TEST_SUITE_P(
    All, WebhookAnswers,
    ::testing::Values(
        Case{"ok", 200, "", Outcome::kSent, {}}, Case{"last_good", 299, "", Outcome::kSent, {}},
        Case{"redirect", 301, "", Outcome::kRetry, {}},
        Case{"bad_request", 400, "", Outcome::kFinal, {}},
        Case{"unauthorized_can_be_mended", 401, "", Outcome::kRetry, {}},
        Case{"not_found_can_be_mended", 404, "", Outcome::kRetry, {}},
        Case{"gone", 410, "", Outcome::kFinal, {}}, Case{"too_large", 413, "", Outcome::kFinal, {}},
        Case{"rate_limit", 429, "30", Outcome::kRetry, seconds(30)},
        Case{"rate_limit_without_a_time", 429, "", Outcome::kRetry, {}},
        Case{"wait_is_bounded", 503, "86400", Outcome::kRetry, hours(1)},
        Case{"down", 500, "", Outcome::kRetry, {}}, Case{"no_answer", 0, "", Outcome::kRetry, {}}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Webhook, AnswersInWords) {
  net::HttpAnswer answer;
  answer.elapsed = milliseconds(6);
  answer.error = "connection refused";
  EXPECT_EQ(answer_text(answer), "no answer in 6 ms: connection refused");
  answer.status = 200;
  answer.body = "thanks";
  EXPECT_EQ(answer_text(answer), "200 in 6 ms");
  answer.status = 500;
  answer.body = "say\r\nwhat ";
  EXPECT_EQ(answer_text(answer), "500 in 6 ms: say  what");
}

}  // namespace
}  // namespace tocsin::respond
