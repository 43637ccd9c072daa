#include "respond/mail.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "respond/test_mail_reader.h"
#include "respond/test_notices.h"

namespace tocsin::respond {
namespace {

using testing::decode_header;
using testing::notice;
using testing::payment_alert;
using testing::read_mail;
using testing::ReadMail;
using testing::resolved;

const Links kLinks{.external_url = "https://t.example.com", .grafana = ""};

MailTarget target() {
  MailTarget out;
  out.from = "tocsin@example.com";
  out.from_name = "Tocsin";
  out.to = {"a@example.com", "b@example.com"};
  return out;
}
ReadMail mail(const Notice& about) { return read_mail(mail_message(target(), kLinks, about)); }

TEST(Mail, OpeningHasAllItNeeds) {
  const ReadMail read = mail(notice(Event::kOpened, payment_alert()));
  const auto header = [&](const char* name) { return decode_header(read.headers.at(name)); };
  EXPECT_EQ(header("Subject"),
            "[critical] payments_ok in madrid 57 % below the expected 118–151, worsening, adapter "
            "silent");
  EXPECT_EQ(header("Date"), "Mon, 23 Nov 2026 14:32:55 +0000");
  EXPECT_EQ(header("From"), "\"Tocsin\" <tocsin@example.com>");
  EXPECT_EQ(header("To"), "a@example.com, b@example.com");
  EXPECT_EQ(header("Auto-Submitted"), "auto-generated");
  EXPECT_EQ(header("List-Id"), "Tocsin alerts <alerts.tocsin.example.com>");
  EXPECT_EQ(header("X-Tocsin-Alert"), "ffffffffffffffff0000000000000001");
  EXPECT_FALSE(read.headers.contains("References"));
  const std::string text = read.parts.at("text/plain; charset=utf-8");
  for (const char* said :
       {"critical: payments_ok in madrid 57 % below", "Scope         site madrid",
        "Since         2026-11-23 14:32:45 UTC, for 10s", "Told          ops, slack-payments",
        "20s after the first point: 2 of 3 points", "The provider <b>of payments</b> fails",
        "is 51, expected 118–151", "https://t.example.com/alerts/ffffffffffffffff0000000000000001"})
    EXPECT_NE(text.find(said), std::string::npos) << said << "\n" << text;
  const std::string html = read.parts.at("text/html; charset=utf-8");
  EXPECT_NE(html.find("The provider &lt;b&gt;of payments&lt;/b&gt; fails &amp; nothing"),
            std::string::npos);
  EXPECT_NE(html.find("<a href=\"https://t.example.com/alerts/"), std::string::npos);
}

TEST(Mail, LaterMailsJoinTheOpeningsThread) {
  const ReadMail opened = mail(notice(Event::kOpened, payment_alert()));
  const ReadMail updated = mail(notice(Event::kUpdated, payment_alert()));
  Notice end = notice(Event::kResolved, resolved(payment_alert()));
  end.key = "key-9";
  const ReadMail closed = mail(end);
  const std::string thread = opened.headers.at("Message-ID");
  for (const ReadMail* later : {&updated, &closed}) {
    EXPECT_EQ(later->headers.at("References"), thread);
    EXPECT_EQ(later->headers.at("In-Reply-To"), thread);
    EXPECT_NE(later->headers.at("Message-ID"), thread);
    EXPECT_EQ(decode_header(later->headers.at("Subject")),
              "Re: " + decode_header(opened.headers.at("Subject")));
  }
  EXPECT_NE(updated.headers.at("Message-ID"), closed.headers.at("Message-ID"));
  EXPECT_NE(closed.parts.at("text/plain; charset=utf-8").find("resolved: "), std::string::npos);
  EXPECT_NE(closed.parts.at("text/plain; charset=utf-8").find("for 5m40s"), std::string::npos);
}

TEST(Mail, ARepeatedAttemptIsTheSameMail) {
  const Notice about = notice(Event::kOpened, payment_alert());
  EXPECT_EQ(mail_message(target(), kLinks, about), mail_message(target(), kLinks, about));
}

TEST(Mail, HostileTextsAddNoHeaderAndBreakNoPart) {
  AlertView alert = testing::hostile_alert();
  for (const Event event : {Event::kOpened, Event::kResolved, Event::kTest}) {
    const std::string message = mail_message(target(), kLinks, notice(event, alert));
    const ReadMail read = read_mail(message);
    EXPECT_FALSE(read.headers.contains("Bcc"));
    EXPECT_EQ(read.parts.size(), 2u);
    for (const auto& [type, body] : read.parts) EXPECT_TRUE(valid_utf8(body)) << type;
    EXPECT_EQ(read.parts.at("text/html; charset=utf-8").find("<!channel>"), std::string::npos);
    EXPECT_LT(message.size(), 100'000u);
    size_t line = 0;
    for (const char c : message) {
      line = c == '\n' ? 0 : line + 1;
      ASSERT_LE(line, 998u);
      ASSERT_LT(static_cast<unsigned char>(c), 0x80);
    }
  }
}

struct Case {
  const char* name;
  int status;
  const char* error;
  supervisor::DeliveryResult::Outcome outcome;
};
class MailAnswers : public ::testing::TestWithParam<Case> {};
TEST_P(MailAnswers, AreJudged) {
  net::SmtpAnswer answer;
  answer.status = GetParam().status;
  answer.error = GetParam().error;
  answer.text = std::to_string(GetParam().status) + " words";
  EXPECT_EQ(judge_mail(answer).outcome, GetParam().outcome);
}
using Outcome = supervisor::DeliveryResult::Outcome;
INSTANTIATE_TEST_SUITE_P(All, MailAnswers,
                         ::testing::Values(Case{"queued", 250, "", Outcome::kSent},
                                           Case{"greylisted", 451, "failed", Outcome::kRetry},
                                           Case{"busy", 421, "failed", Outcome::kRetry},
                                           Case{"no_such_user", 550, "failed", Outcome::kFinal},
                                           Case{"needs_signing_in", 530, "failed", Outcome::kRetry},
                                           Case{"wrong_password", 535, "failed", Outcome::kRetry},
                                           Case{"access_range_ends", 539, "failed",
                                                Outcome::kFinal},
                                           Case{"spam", 554, "failed", Outcome::kFinal},
                                           Case{"silence", 0, "timed out", Outcome::kRetry}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Mail, AnswersInWords) {
  net::SmtpAnswer answer;
  answer.status = 250;
  answer.text = "250 2.0.0 queued as 1F";
  answer.elapsed = milliseconds(12);
  answer.refused = {"550 no such user"};
  EXPECT_EQ(judge_mail(answer).answer,
            "250 2.0.0 queued as 1F in 12 ms; 1 addresses refused: 550 no such user");
}

}  // namespace
}  // namespace tocsin::respond
