#include "respond/incoming_mail.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "respond/mail.h"
#include "respond/test_mail_reader.h"
#include "respond/test_notices.h"

namespace tocsin::respond {
namespace {

using wire::MailMessage;
using Origin = MailMessage::Origin;

const TimeMs kNow{1'795'444'365'000};
const auto kSigner = std::make_shared<const ActSigner>(Secret("a key of 32 bytes, as it is kept"));
const Id128 kAlert{0x0123456789abcdef, 0xfedcba9876543210};

std::string token(DurationMs good = days(3)) {
  return kSigner->reply_token({kAlert, reply_receiver("ana/mail"), kNow + good});
}

RC_GTEST_PROP(ReplyTokens, AreReadBack, (uint64_t high, uint64_t low, uint32_t receiver)) {
  const std::string made = kSigner->reply_token({{high, low}, receiver, kNow + days(2)});
  RC_ASSERT(made.size() == kReplyTokenBytes);
  const auto opened = kSigner->open_reply(made, kNow);
  RC_ASSERT(opened.has_value());
  RC_ASSERT(opened->alert == (Id128{high, low}));
  RC_ASSERT(opened->receiver == receiver);
}

TEST(ReplyTokens, AreGoodAsTheyAreOnly) {
  const std::string made = token();
  for (size_t i = 0; i < made.size(); ++i) {
    std::string other = made;
    other[i] = made[i] == 'a' ? 'b' : 'a';
    EXPECT_FALSE(kSigner->open_reply(other, kNow)) << i;
    EXPECT_FALSE(kSigner->open_reply(made.substr(0, i), kNow)) << i;
  }
  EXPECT_FALSE(kSigner->open_reply(made + "a", kNow));
  EXPECT_FALSE(kSigner->open_reply(made.substr(0, 47) + "=", kNow));
  EXPECT_FALSE(ActSigner(Secret("another key")).open_reply(made, kNow));
  std::string capitals = made;
  for (char& c : capitals) c = static_cast<char>(std::toupper(c));
  EXPECT_TRUE(kSigner->open_reply(capitals, kNow));
}

// A link is no reply and a reply no link, although one key signs both.
TEST(ReplyTokens, AreNoLinks) {
  EXPECT_FALSE(kSigner->open(token(), kNow));
  EXPECT_FALSE(kSigner->open_reply(
      kSigner->token({kAlert, Act::kResolve, "ana", kNow + days(1)}).substr(0, 48), kNow));
}

TEST(ReplyTokens, Expire) {
  const auto late = kSigner->open_reply(token(), kNow + days(3));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kRefused);
  EXPECT_TRUE(kSigner->open_reply(token(), kNow + days(2)));
}

MailIntake intake() {
  MailIntake out;
  out.address = "tocsin@example.com";
  AlertAddress trouble;
  trouble.address = "trouble@example.com";
  trouble.labels = {{"team", "web"}};
  trouble.senders = {"@example.com", "bob@partner.example"};
  out.alert_addresses.push_back(trouble);
  return out;
}

MailMessage mail(std::vector<std::string> to, std::string text = "ack") {
  MailMessage out;
  out.id = "m1@example.com";
  out.from = "ana@example.com";
  out.to = std::move(to);
  out.subject = "Re: FWD: checkout is  down";
  out.text = std::move(text);
  return out;
}

// "reply acknowledge", "alert …", "ignored …", "refused …".
std::string judged(const MailMessage& of, const Envelope& envelope = {}) {
  static const MailIntake kIntake = intake();
  const IncomingMail what = judge_incoming(kIntake, kSigner.get(), of, envelope, kNow);
  if (const auto* one = std::get_if<ReplyMail>(&what))
    return "reply " + std::string(to_text(one->reply.what));
  if (const auto* one = std::get_if<ReportMail>(&what)) return "alert " + one->alert.labels.text();
  if (const auto* one = std::get_if<IgnoredMail>(&what)) return "ignored " + one->why;
  return "refused " + std::get<RefusedMail>(what).why;
}

MailMessage from_origin(std::vector<std::string> to, Origin origin) {
  MailMessage out = mail(std::move(to));
  out.origin = origin;
  return out;
}
MailMessage answering(std::vector<std::string> ids) {
  MailMessage out = mail({"elsewhere@example.com"});
  out.answers = std::move(ids);
  return out;
}
MailMessage sent_by(std::string sender) {
  MailMessage out = mail({"trouble@example.com"});
  out.from = std::move(sender);
  return out;
}
std::string reply_address(const std::string& part) { return "Tocsin+" + part + "@example.com"; }

TEST(IncomingMail, IsJudged) {
  const std::string alert = R"({alertname="checkout is  down",severity="high",team="web"})";
  MailMessage looping = mail({reply_address(token())});
  looping.hops = 51;
  MailMessage no_subject = mail({"trouble@example.com"});
  no_subject.subject = "Re: ";
  const Envelope bounce{"", true, {reply_address(token())}};
  const Envelope to_trouble{"ana@example.com", true, {"trouble@example.com"}};
  struct Case {
    const char* name;
    std::string got, wanted;
  };
  for (const Case& one : std::vector<Case>{
           {"a reply", judged(mail({"x@y.example", reply_address(token())})), "reply acknowledge"},
           {"its id alone", judged(answering({"a@b", "notice.0123." + token() + "@example.com"})),
            "reply acknowledge"},
           {"another token", judged(mail({reply_address(std::string(48, 'a'))})), "refused token"},
           {"no token", judged(mail({"tocsin@example.com"})), "refused token"},
           {"too late", judged(mail({reply_address(token(days(-1)))})), "refused expired"},
           {"an expired one and a good one",
            judged(answering({"alert.1." + token(days(-1)) + "@t", "alert.1." + token() + "@t"})),
            "reply acknowledge"},
           {"out of office", judged(from_origin({reply_address(token())}, Origin::kReply)),
            "ignored automatic reply"},
           {"a list", judged(from_origin({reply_address(token())}, Origin::kList)), "ignored list"},
           {"a program", judged(from_origin({reply_address(token())}, Origin::kProgram)),
            "ignored program"},
           {"a report of a mail server",
            judged(from_origin({reply_address(token())}, Origin::kBounce)), "ignored bounce"},
           {"a null sender", judged(mail({}), bounce), "ignored bounce"},
           {"our own", judged(from_origin({reply_address(token())}, Origin::kOurs)),
            "ignored own mail"},
           {"in circles", judged(looping), "ignored loop"},
           {"an alert", judged(mail({"trouble@example.com"})), "alert " + alert},
           {"of a program", judged(from_origin({"trouble@example.com"}, Origin::kProgram)),
            "alert " + alert},
           {"an answer to nobody", judged(from_origin({"trouble@example.com"}, Origin::kReply)),
            "ignored automatic reply"},
           {"the envelope counts", judged(mail({"elsewhere@example.com"}), to_trouble),
            "alert " + alert},
           {"a partner", judged(sent_by("bob@partner.example")), "alert " + alert},
           {"a stranger", judged(sent_by("eve@evil.example")), "refused sender"},
           {"a stranger who ends alike", judged(sent_by("eve@evilexample.com")), "refused sender"},
           {"no subject", judged(no_subject), "refused empty"},
           {"nowhere", judged(mail({"nobody@example.com"})), "refused recipient"},
           {"a forged answer at an alert's address", judged([] {
              MailMessage out = mail({"trouble@example.com"});
              out.answers = {"alert.1." + std::string(48, 'a') + "@example.com"};
              return out;
            }()),
            "alert " + alert}})
    EXPECT_EQ(one.got, one.wanted) << one.name;
}

TEST(IncomingMail, SeverityAndLabelsOfAnAlert) {
  MailMessage said = mail({"trouble+critical+site=madrid+team=db@example.com"});
  said.severity = "low";
  said.labels = " Host = web-1 , rubbish, severity=x, site=rome";
  EXPECT_EQ(judged(said),
            R"(alert {Host="web-1",alertname="checkout is  down",severity="critical",)"
            R"(site="madrid",team="web"})");
  MailMessage header = mail({"trouble@example.com"});
  header.severity = "Low";
  EXPECT_NE(judged(header).find(R"(severity="low")"), std::string::npos);
}

TEST(IncomingMail, TheSameSenderAndSubjectAreOneAlert) {
  const auto key = [](const MailMessage& of) {
    const MailIntake all = intake();
    const IncomingMail what = judge_incoming(all, nullptr, of, {}, kNow);
    return std::get<ReportMail>(what).alert.dedup;
  };
  MailMessage again = mail({"trouble+critical@example.com"}, "still");
  again.subject = "aw: Checkout is  Down ";
  EXPECT_EQ(key(mail({"trouble@example.com"})), key(again));
  again.from = "bob@partner.example";
  EXPECT_NE(key(mail({"trouble@example.com"})), key(again));
}

// A mail of ours carries what a reply to it brings back.
TEST(IncomingMail, OurMailsCanBeRepliedTo) {
  MailTarget target;
  target.from = "tocsin@example.com";
  target.to = {"ana@example.com"};
  Links links{.external_url = "https://t.example.com", .grafana = ""};
  const Notice about = testing::notice(Event::kOpened, testing::payment_alert(), "ana/mail");
  EXPECT_FALSE(testing::read_mail(mail_message(target, links, about)).headers.contains("Reply-To"));
  links.signer = kSigner;
  links.reply_address = "tocsin@example.com";
  for (const Event event : {Event::kOpened, Event::kUpdated}) {
    const auto sent = testing::read_mail(
        mail_message(target, links, testing::notice(event, testing::payment_alert(), "ana/mail")));
    EXPECT_LE(sent.headers.at("Reply-To").find('@'), 64u);
    EXPECT_EQ(judged(mail({sent.headers.at("Reply-To")})), "reply acknowledge");
    const std::string id = sent.headers.at("Message-ID");
    EXPECT_EQ(judged(answering({id.substr(1, id.size() - 2)})), "reply acknowledge") << id;
  }
}

}  // namespace
}  // namespace tocsin::respond
