#include "net/http_client.h"

#include <gtest/gtest.h>

#include <future>

#include "net/test_servers.h"

namespace tocsin::net {
namespace {

using testing::HttpSeen;
using testing::HttpTestServer;

// The test's own thread is the owner: poll until the answers are there.
class HttpClientTest : public ::testing::Test {
 protected:
  HttpAnswer run(HttpRequest request) {
    std::optional<HttpAnswer> out;
    const auto sent = client_.send(std::move(request), [&](HttpAnswer a) { out = std::move(a); });
    if (!sent) {
      out.emplace().error = sent.error().message;
      return *out;
    }
    while (!out) outbound_.poll(seconds(5));
    return *out;
  }
  HttpRequest request(const HttpTestServer& server, const std::string& path = "/hook") {
    HttpRequest out;
    out.url = server.url(path);
    out.timeout = seconds(5);
    return out;
  }
  Counters counters_;
  Outbound outbound_{{.running_max = 16, .per_host_max = 4, .waiting_max = 50}, counters_};
  HttpClient client_{outbound_};
};

TEST_F(HttpClientTest, SendsMethodHeadersAndBodyAsGiven) {
  HttpTestServer server(
      [](const HttpSeen&) { return HttpTestServer::answer(202, "taken", "X-Answer:  yes \r\n"); });
  HttpRequest asked = request(server, "/hook?a=1");
  asked.headers.add("Content-Type", "application/json");
  asked.body = std::string("{\"a\":\"\0é\"}", 11);
  const HttpAnswer answer = run(asked);
  EXPECT_EQ(answer.status, 202);
  EXPECT_TRUE(answer.ok());
  EXPECT_EQ(answer.body, "taken");
  EXPECT_EQ(answer.headers.get("x-answer"), "yes");
  ASSERT_EQ(server.seen().size(), 1u);
  const HttpSeen seen = server.seen()[0];
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/hook?a=1");
  EXPECT_EQ(seen.body, asked.body);
  EXPECT_EQ(seen.headers.get("content-type"), "application/json");
  EXPECT_FALSE(seen.headers.has("expect"));
}

TEST_F(HttpClientTest, ConnectionsAreUsedAgain) {
  HttpTestServer server([](const HttpSeen&) { return HttpTestServer::answer(200, ""); });
  EXPECT_FALSE(run(request(server)).reused_connection);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(run(request(server)).reused_connection);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, AConnectionClosedMeanwhileIsReplacedWithoutAnError) {
  HttpTestServer server([](const HttpSeen& seen) {
    return seen.connection == 0 && seen.target == "/second" ? std::string("close")
                                                            : HttpTestServer::answer(200, "");
  });
  EXPECT_EQ(run(request(server, "/first")).status, 200);
  EXPECT_EQ(run(request(server, "/second")).status, 200);
  EXPECT_EQ(server.connections(), 2);
}

struct AnswerCase {
  const char* name;
  std::string raw;
  int status;
  const char* error;  // part of it
};
class HttpAnswers : public HttpClientTest, public ::testing::WithParamInterface<AnswerCase> {};

TEST_P(HttpAnswers, AreToldApart) {
  HttpTestServer server([](const HttpSeen&) { return GetParam().raw; });
  HttpRequest asked = request(server);
  asked.timeout = std::string(GetParam().error) == "tim" ? milliseconds(50) : seconds(5);
  const HttpAnswer answer = run(asked);
  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_NE(answer.error.find(GetParam().error), std::string::npos) << answer.error;
}

INSTANTIATE_TEST_SUITE_P(
    All, HttpAnswers,
    ::testing::Values(
        AnswerCase{"server_error", HttpTestServer::answer(500, "oops"), 500, ""},
        AnswerCase{"redirect_is_an_answer",
                   HttpTestServer::answer(302, "", "Location: http://127.0.0.1:1/\r\n"), 302, ""},
        AnswerCase{"not_http", "SSH-2.0-OpenSSH_9.2\r\n", 0, "HTTP"},
        AnswerCase{"closed", "close", 0, "reply"},
        AnswerCase{"body_is_not_whole", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 200,
                   "tim"},
        AnswerCase{"never", "", 0, "tim"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(HttpClientTest, ALongBodyIsCutAt64Kilobytes) {
  HttpTestServer server([](const HttpSeen& seen) {
    return HttpTestServer::answer(200, std::string(seen.target == "/over" ? 65537 : 65536, 'x'));
  });
  const HttpAnswer over = run(request(server, "/over"));
  EXPECT_EQ(over.status, 200);
  EXPECT_TRUE(over.body_cut);
  EXPECT_EQ(over.body.size(), 65536u);
  const HttpAnswer full = run(request(server, "/full"));
  EXPECT_FALSE(full.body_cut);
  EXPECT_EQ(full.body.size(), 65536u);
}

TEST_F(HttpClientTest, AddressesOutsideTheListAreNotConnectedTo) {
  HttpTestServer server([](const HttpSeen&) { return HttpTestServer::answer(200, ""); });
  HttpRequest asked = request(server);
  asked.allowed = *AddressList::parse({"10.0.0.0/8"});
  const HttpAnswer refused = run(asked);
  EXPECT_EQ(refused.status, 0);
  EXPECT_NE(refused.error.find("not allowed"), std::string::npos) << refused.error;
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(HttpClientTest, APooledConnectionIsNotAWayAroundTheList) {
  HttpTestServer server([](const HttpSeen&) { return HttpTestServer::answer(200, ""); });
  EXPECT_EQ(run(request(server)).status, 200);
  HttpRequest asked = request(server);
  asked.allowed = *AddressList::parse({"10.0.0.0/8"});
  EXPECT_NE(run(asked).error.find("not allowed"), std::string::npos);
  EXPECT_EQ(server.seen().size(), 1u);
}

TEST_F(HttpClientTest, MetadataServicesAreRefusedAlways) {
  for (const char* url :
       {"http://169.254.169.254/latest", "http://[fd00:ec2::254]/", "http://100.100.100.200/",
        "http://[::ffff:169.254.169.254]/", "http://2852039166/", "http://0xa9fea9fe/",
        "http://0251.0376.0251.0376/", "http://169.254.43518/", "http://[64:ff9b::a9fe:a9fe]/"}) {
    HttpRequest asked;
    asked.url = url;
    asked.timeout = seconds(1);
    EXPECT_NE(run(asked).error.find("not allowed"), std::string::npos) << url;
  }
}

// A proxy connects for us: what it is asked for is judged by its looks.
TEST_F(HttpClientTest, MetadataServicesAreRefusedBehindAProxy) {
  HttpTestServer proxy([](const HttpSeen&) { return HttpTestServer::answer(200, ""); });
  for (const char* url : {"http://169.254.169.254/", "http://2852039166/", "http://0xa9fea9fe/",
                          "http://metadata.google.internal/computeMetadata/v1/"}) {
    HttpRequest asked = request(proxy);
    asked.proxy = asked.url.substr(0, asked.url.find('/', 8));
    asked.url = url;
    const auto sent = client_.send(asked, [](const HttpAnswer&) {});
    ASSERT_FALSE(sent.has_value()) << url;
    EXPECT_EQ(sent.error().code, ErrorCode::kRefused) << url;
  }
  EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(HttpClientTest, ASlowHostDoesNotDelayAnother) {
  HttpTestServer slow([](const HttpSeen&) { return std::string(); });
  HttpTestServer quick([](const HttpSeen&) { return HttpTestServer::answer(200, ""); });
  int slow_answers = 0;
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(client_.send(request(slow), [&](HttpAnswer) { ++slow_answers; }));
  EXPECT_EQ(run(request(quick)).status, 200);
  EXPECT_EQ(slow_answers, 0);
  EXPECT_LE(slow.connections(), 4);  // per_host_max
  outbound_.cancel_all();
  EXPECT_EQ(slow_answers, 20);
}

TEST_F(HttpClientTest, TooManyWaitingAreRefusedAndCounted) {
  HttpTestServer slow([](const HttpSeen&) { return std::string(); });
  int answers = 0;
  const auto one = [&] { return client_.send(request(slow), [&](HttpAnswer) { ++answers; }); };
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(one());
  const auto refused = one();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
  EXPECT_NE(counters_.exposition().find("tocsin_outbound_refused_total 1"), std::string::npos);
  outbound_.cancel_all();
  EXPECT_EQ(answers, 50);
  EXPECT_TRUE(one());
}

TEST_F(HttpClientTest, AThreadDeliversAndStops) {
  HttpTestServer server([](const HttpSeen&) { return HttpTestServer::answer(200, ""); });
  OutboundThread thread(outbound_);
  thread.start();
  std::promise<HttpAnswer> answer;
  ASSERT_TRUE(client_.send(request(server), [&](HttpAnswer a) { answer.set_value(a); }));
  EXPECT_EQ(answer.get_future().get().status, 200);
  HttpTestServer silent([](const HttpSeen&) { return std::string(); });
  std::promise<HttpAnswer> cancelled;
  ASSERT_TRUE(client_.send(request(silent), [&](HttpAnswer a) { cancelled.set_value(a); }));
  thread.stop();
  EXPECT_NE(cancelled.get_future().get().error.find("stopped"), std::string::npos);
}

struct RequestCase {
  const char* name;
  const char* url;
  const char* method;
  const char* header;
  const char* value;
};
class HttpRefusals : public HttpClientTest, public ::testing::WithParamInterface<RequestCase> {};
TEST_P(HttpRefusals, NeverReachTheWire) {
  HttpRequest asked;
  asked.url = GetParam().url;
  asked.method = GetParam().method;
  asked.headers.add(GetParam().header, GetParam().value);
  const auto sent = client_.send(asked, [](HttpAnswer) { FAIL() << "called"; });
  ASSERT_FALSE(sent);
  EXPECT_NE(sent.error().code, ErrorCode::kExhausted);
}
INSTANTIATE_TEST_SUITE_P(
    All, HttpRefusals,
    ::testing::Values(RequestCase{"file", "file:///etc/passwd", "POST", "A", "b"},
                      RequestCase{"no_scheme", "example.com/x", "POST", "A", "b"},
                      RequestCase{"no_host", "http://", "POST", "A", "b"},
                      RequestCase{"user", "http://u:p@example.com/", "POST", "A", "b"},
                      RequestCase{"newline_in_url", "http://e.com/\r\nX: y", "POST", "A", "b"},
                      RequestCase{"method", "http://e.com/", "PO ST", "A", "b"},
                      RequestCase{"header_name", "http://e.com/", "POST", "A:", "b"},
                      RequestCase{"header_value", "http://e.com/", "POST", "A", "b\r\nC: d"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(RetryAfter, SecondsOrADate) {
  const TimeMs now = *parse_time("2026-11-23T10:00:00Z");
  EXPECT_EQ(parse_retry_after("30", now), seconds(30));
  EXPECT_EQ(parse_retry_after(" 0 ", now), seconds(0));
  EXPECT_EQ(parse_retry_after("Mon, 23 Nov 2026 10:01:00 GMT", now), minutes(1));
  EXPECT_EQ(parse_retry_after("Mon, 23 Nov 2026 09:00:00 GMT", now), seconds(0));
  EXPECT_EQ(parse_retry_after("999999999999", now), days(1));
  EXPECT_EQ(parse_retry_after("-5", now), std::nullopt);
  EXPECT_EQ(parse_retry_after("soon", now), std::nullopt);
  EXPECT_EQ(parse_retry_after("", now), std::nullopt);
}

}  // namespace
}  // namespace tocsin::net
