#include "net/smtp_client.h"

#include <gtest/gtest.h>

#include <optional>

#include "net/test_servers.h"

namespace tocsin::net {
namespace {

using testing::SmtpTestServer;
using Replies = std::map<std::string, std::string>;

class SmtpClientTest : public ::testing::Test {
 protected:
  SmtpAnswer run(const SmtpServer& server, SmtpMail mail, DurationMs timeout = seconds(5)) {
    std::optional<SmtpAnswer> out;
    const auto sent =
        client_.send(server, std::move(mail), timeout, [&](SmtpAnswer a) { out = std::move(a); });
    if (!sent) {
      out.emplace().error = sent.error().message;
      return *out;
    }
    while (!out) outbound_.poll(seconds(5));
    return *out;
  }
  static SmtpServer at(const SmtpTestServer& server) {
    SmtpServer out;
    out.host = "127.0.0.1";
    out.port = server.port();
    out.security = SmtpSecurity::kNone;
    return out;
  }
  static SmtpMail mail(std::vector<std::string> to = {"b@example.com"}) {
    return {"a@example.com", std::move(to), "Subject: x\r\n\r\n.dots\r\n..\r\nend\r\n"};
  }
  Counters counters_;
  Outbound outbound_{{}, counters_};
  SmtpClient client_{outbound_};
};

TEST_F(SmtpClientTest, DeliversEnvelopeAndMessageByteByByte) {
  SmtpTestServer server;
  const SmtpAnswer answer = run(at(server), mail({"b@example.com", "c@example.com"}));
  EXPECT_TRUE(answer.ok()) << answer.error;
  EXPECT_EQ(answer.status, 250);
  EXPECT_EQ(answer.text, "250 2.0.0 queued as 1F");
  ASSERT_EQ(server.mails().size(), 1u);
  const auto seen = server.mails()[0];
  EXPECT_EQ(seen.from.substr(0, 15), "<a@example.com>");
  EXPECT_EQ(seen.to, (std::vector<std::string>{"<b@example.com>", "<c@example.com>"}));
  EXPECT_EQ(seen.data, mail().message);
}

TEST_F(SmtpClientTest, LogsInWhenAUserIsGiven) {
  SmtpTestServer server({}, "250-AUTH PLAIN LOGIN\r\n");
  SmtpServer to = at(server);
  to.user = "ada";
  to.password = "s3cret";
  EXPECT_TRUE(run(to, mail()).ok());
  ASSERT_EQ(server.mails().size(), 1u);
  EXPECT_EQ(server.mails()[0].login, "AGFkYQBzM2NyZXQ=");  // NUL ada NUL s3cret
}

TEST_F(SmtpClientTest, OneUnknownRecipientDoesNotStopTheOthers) {
  SmtpTestServer server(Replies{{"RCPT TO:<gone@", "550 5.1.1 no such user"}});
  const SmtpAnswer answer = run(at(server), mail({"gone@example.com", "b@example.com"}));
  EXPECT_TRUE(answer.ok()) << answer.error;
  EXPECT_EQ(answer.refused, std::vector<std::string>{"550 5.1.1 no such user"});
  ASSERT_EQ(server.mails().size(), 1u);
}

struct RefusalCase {
  const char* name;
  std::map<std::string, std::string> replies;
  int status;
};
class SmtpRefusals : public SmtpClientTest, public ::testing::WithParamInterface<RefusalCase> {};
TEST_P(SmtpRefusals, GiveTheServersCode) {
  SmtpTestServer server(GetParam().replies);
  const SmtpAnswer answer = run(at(server), mail());
  EXPECT_FALSE(answer.ok());
  EXPECT_EQ(answer.status, GetParam().status) << answer.text;
  EXPECT_TRUE(server.mails().empty());
}
INSTANTIATE_TEST_SUITE_P(
    All, SmtpRefusals,
    ::testing::Values(RefusalCase{"greeting", {{"CONNECT", "421 4.3.2 too busy"}}, 421},
                      RefusalCase{"sender", {{"MAIL", "553 5.1.8 sender not known"}}, 553},
                      RefusalCase{"recipient", {{"RCPT", "550 5.1.1 no such user"}}, 550},
                      RefusalCase{"data", {{"DATA", "451 4.3.0 later"}}, 451},
                      RefusalCase{"message", {{"END", "554 5.7.1 spam"}}, 554}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(SmtpClientTest, StartTlsIsRequiredWhereAskedFor) {
  SmtpTestServer server;  // does not offer it
  SmtpServer to = at(server);
  to.security = SmtpSecurity::kStartTls;
  EXPECT_FALSE(run(to, mail()).ok());
  EXPECT_TRUE(server.mails().empty());
}

TEST_F(SmtpClientTest, SilenceEndsWithATimeout) {
  testing::SocketServer server([](int fd, int) { testing::SocketServer::hold(fd); });
  SmtpServer to;
  to.host = "127.0.0.1";
  to.port = server.port();
  to.security = SmtpSecurity::kNone;
  const SmtpAnswer answer = run(to, mail(), milliseconds(50));
  EXPECT_NE(answer.error.find("timed out"), std::string::npos) << answer.error;
  EXPECT_EQ(answer.status, 0);
}

TEST_F(SmtpClientTest, AddressesCannotCarryCommands) {
  SmtpTestServer server;
  for (const char* bad : {"a@b\r\nRCPT TO:<x@y>", "<a@b>", "a b@c", "@b", "a@", "nobody", ""}) {
    EXPECT_FALSE(valid_mail_address(bad)) << bad;
    EXPECT_FALSE(run(at(server), mail({bad})).ok()) << bad;
  }
  EXPECT_FALSE(run(at(server), mail({})).ok());
  EXPECT_EQ(server.connections(), 0);
  EXPECT_TRUE(valid_mail_address("o'brien+x@mail.example.com"));
}

}  // namespace
}  // namespace tocsin::net
