#include "net/smtp_session.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <thread>

#include "net/smtp_listener.h"
#include "net/testing.h"

namespace tocsin::net {
namespace {

SmtpSession::Options small() {
  SmtpSession::Options out;
  out.message_bytes_max = 100;
  out.line_bytes_max = 80;
  out.recipients_max = 2;
  out.mails_max = 2;
  out.mistakes_max = 3;
  return out;
}

SmtpSession session() {
  return SmtpSession(small(), [](std::string_view to) { return !to.starts_with("nobody"); });
}

// What was sent back and, in braces, the mails; each is answered with 250.
std::string played(SmtpSession& of, std::string_view bytes) {
  std::string out = of.feed(bytes);
  while (const auto mail = of.take_mail()) {
    out += "{" + mail->from + ">";
    for (const std::string& to : mail->to) out += to + ",";
    out += "|" + mail->bytes + "}" + of.answer({250, "2.0.0", "kept"});
  }
  return out;
}

// The codes alone.
std::string codes(const std::string& said) {
  std::string out;
  for (size_t at = 0; at < said.size();) {
    const size_t end = std::min(said.find("\r\n", at), said.size());
    if (said.substr(at + 3, 1) == " ") out += (out.empty() ? "" : " ") + said.substr(at, 3);
    at = end + 2;
  }
  return out;
}

constexpr const char* kBegin = "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<t@x>\r\nDATA\r\n";

struct Talk {
  const char* name;
  std::string said, codes;
};
class SmtpTalk : public ::testing::TestWithParam<Talk> {};
TEST_P(SmtpTalk, IsAnswered) {
  SmtpSession one = session();
  std::string said = one.feed(GetParam().said);
  while (one.take_mail()) said += one.answer({250, "2.0.0", "kept\r\nnot a second line"});
  EXPECT_EQ(codes(said), GetParam().codes);
}
INSTANTIATE_TEST_SUITE_P(
    All, SmtpTalk,
    ::testing::Values(
        Talk{"a_mail", std::string(kBegin) + "hi\r\n.\r\nQUIT\r\n", "250 250 250 354 250 221"},
        Talk{"small_letters", "ehlo a\r\nmail from:<>\r\nrcpt to:<t@x>\r\nnoop\r\nquit\r\n",
             "250 250 250 250 221"},
        Talk{"helo", "HELO a\r\n", "250"}, Talk{"nameless", "EHLO\r\n", "501"},
        Talk{"no_greeting", "MAIL FROM:<a@b>\r\n", "503"},
        Talk{"unknown_recipient", "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<nobody@x>\r\nDATA\r\n",
             "250 250 550 503"},
        Talk{"too_many_recipients",
             "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<1@x>\r\nRCPT TO:<2@x>\r\nRCPT TO:<3@x>\r\n",
             "250 250 250 250 452"},
        Talk{"source_route", "EHLO a\r\nMAIL FROM:<@r,@s:a@b>\r\n", "250 250"},
        Talk{"not_an_address", "EHLO a\r\nMAIL FROM:a@b\r\n", "250 501"},
        Talk{"size_that_fits", "EHLO a\r\nMAIL FROM:<a@b> BODY=8BITMIME SIZE=100\r\n", "250 250"},
        Talk{"size_that_does_not", "EHLO a\r\nMAIL FROM:<a@b> SIZE=101\r\n", "250 552"},
        Talk{"size_of_rubbish", "EHLO a\r\nMAIL FROM:<a@b> SIZE=-1\r\n", "250 501"},
        Talk{"two_mails_of_two",
             std::string(kBegin) + "1\r\n.\r\n" + std::string(kBegin).substr(8) +
                 "2\r\n.\r\nMAIL FROM:<a@b>\r\n",
             "250 250 250 354 250 250 250 354 250 421"},
        Talk{"reset", "EHLO a\r\nMAIL FROM:<a@b>\r\nRSET\r\nRCPT TO:<t@x>\r\n", "250 250 250 503"},
        Talk{"mistakes", "a\r\nb\r\nc\r\nd\r\n", "500 500 421"},
        Talk{"no_starttls", "EHLO a\r\nSTARTTLS\r\n", "250 500"},
        Talk{"a_line_without_end", std::string(200, 'a'), "500"},
        Talk{"lmtp_answers_each",
             "LHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<1@x>\r\nRCPT TO:<2@x>\r\nDATA\r\nhi\r\n.\r\n",
             "250 250 250 250 354 250 250"},
        Talk{"too_large", std::string(kBegin) + std::string(101, 'a') + "\r\n.\r\nNOOP\r\n",
             "250 250 250 354 552 250"},
        Talk{"without_end", std::string(kBegin) + std::string(1000, 'a'), "250 250 250 354 421"},
        Talk{"nul_bytes", std::string("EHLO \0\r\n", 8) + std::string("\0\r\n", 3), "250 500"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(SmtpSession, DotsAreUnstuffed) {
  SmtpSession one = session();
  const std::string said =
      played(one, std::string(kBegin) + "..\r\n.a\r\n...\r\na.\r\n.\n\r\n.\r\n");
  EXPECT_NE(said.find("{a@b>t@x,|.\r\na\r\n..\r\na.\r\n\n\r\n}"), std::string::npos) << said;
}

// What ends a mail for a careless server does not end it here.
TEST(SmtpSession, OnlyOneSequenceEndsAMail) {
  SmtpSession one = session();
  const std::string said =
      played(one, std::string(kBegin) + "a\n.\nMAIL FROM:<evil@x>\r\n.\nb\r\n.\r\n");
  EXPECT_EQ(std::count(said.begin(), said.end(), '{'), 1) << said;
  EXPECT_NE(said.find("MAIL FROM:<evil@x>"), std::string::npos);
}

RC_GTEST_PROP(SmtpPieces, DoNotMatter, (uint8_t piece)) {
  const std::string bytes =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("\r\n..ab")));
  const std::string all = std::string(kBegin) + bytes + "\r\n.\r\nNOOP\r\n";
  SmtpSession whole = session(), pieces = session();
  std::string said;
  for (size_t at = 0; at < all.size(); at += 1 + piece % 7)
    said += played(pieces, std::string_view(all).substr(at, 1 + piece % 7));
  RC_ASSERT(said == played(whole, all));
}

// One listener on a thread of its own.
class SmtpListening : public ::testing::Test {
 protected:
  void begin(SmtpListener::Handlers handlers, SmtpListener::Options options = {}) {
    if (!handlers.may_connect) handlers.may_connect = [](std::string_view) { return true; };
    handlers.knows = [](std::string_view) { return true; };
    auto made = SmtpListener::listen(loop_, std::move(options), std::move(handlers), counters_);
    ASSERT_TRUE(made) << made.error().text();
    listener_ = std::move(*made);
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~SmtpListening() override {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }
  uint64_t refused(const char* why) {
    return counters_.counter("tocsin_smtp_refused_total", std::string("reason=\"") + why + "\"", "")
        .value();
  }
  Counters counters_;
  Loop loop_;
  std::unique_ptr<SmtpListener> listener_;
  std::thread thread_;
};

TEST_F(SmtpListening, TakesAMailAndAnswersFromAnotherThread) {
  std::thread helper;
  begin({.take = [&helper](const SmtpReceived& mail, const std::string& peer, auto reply) {
    helper = std::thread([=] { reply({550, "5.7.1", mail.bytes.substr(0, 2) + " of " + peer}); });
  }});
  testing::Client client(listener_->port());
  client.send(std::string(kBegin) + "hi\r\n.\r\nQUIT\r\n");
  const std::string said = client.take_until("no such mark");
  helper.join();
  EXPECT_EQ(codes(said), "220 250 250 250 354 550 221");
  EXPECT_NE(said.find("550 5.7.1 hi of 127.0.0.1\r\n"), std::string::npos) << said;
}

TEST_F(SmtpListening, AnAnswerThatIsDroppedIsTryLater) {
  begin({.take = [](const SmtpReceived&, const std::string&, const auto&) {}});
  testing::Client client(listener_->port());
  client.send(std::string(kBegin) + "hi\r\n.\r\nQUIT\r\n");
  EXPECT_EQ(codes(client.take_until("no such mark")), "220 250 250 250 354 451 221");
}

TEST_F(SmtpListening, StrangersAreTurnedAway) {
  begin({.may_connect = [](std::string_view peer) { return peer != "127.0.0.1"; },
         .take = [](const SmtpReceived&, const std::string&, const auto&) {}});
  testing::Client client(listener_->port());
  EXPECT_EQ(codes(client.take_until("no such mark")), "554");
  EXPECT_EQ(refused("peer"), 1u);
}

TEST_F(SmtpListening, ConnectionsHaveALimit) {
  SmtpListener::Options options;
  options.connections_max = 1;
  begin({.take = [](const SmtpReceived&, const std::string&, const auto&) {}}, options);
  testing::Client first(listener_->port());
  first.send("NOOP\r\n");
  EXPECT_EQ(first.take_until("250 2.0.0 OK\r\n").substr(0, 3), "220");
  testing::Client second(listener_->port());
  EXPECT_EQ(codes(second.take_until("no such mark")), "421");
  EXPECT_EQ(refused("connections"), 1u);
}

TEST(SmtpListener, APortInUseIsNamed) {
  Loop loop;
  Counters counters;
  const auto first = SmtpListener::listen(loop, {}, {}, counters);
  ASSERT_TRUE(first);
  SmtpListener::Options options;
  options.port = (*first)->port();
  const auto second = SmtpListener::listen(loop, options, {}, counters);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("bind"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::net
