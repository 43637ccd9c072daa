#include "net/http_server.h"

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "net/gzip.h"
#include "net/testing.h"

namespace tocsin::net {
namespace {

using testing::Answer;
using testing::Client;
using testing::RunningServer;

void echo(Request&& request, Respond respond) {
  Response out = Response::text(200, request.body, "application/octet-stream");
  out.headers.add("X-Spare", request.body.capacity() >= request.body.size() + 64 ? "yes" : "no");
  respond(std::move(out));
}

void routes(Router& router) {
  router.add("POST", "/echo", echo);
  router.add("GET", "/hello", [](Request&& request, Respond respond) {
    respond(Response::text(200, "hello " + std::string(request.query.get("who", "nobody"))));
  });
  router.add("GET", "/thing/:id/:part", [](Request&& request, Respond respond) {
    respond(Response::text(200, std::string(request.param("id")) + "|" +
                                    std::string(request.param("part")) + "|" +
                                    request.remote_address));
  });
  router.add("GET", "/long", [](Request&&, Respond respond) {
    respond(Response::json(200, "[" + std::string(200'000, '1') + "]"));
  });
  router.add("GET", "/throws", [](Request&&, Respond) { throw std::runtime_error("no"); });
  router.add("GET", "/forgets", [](Request&&, Respond) {});
}

std::string chunked(std::string_view body, size_t piece) {
  std::string out;
  while (!body.empty()) {
    const std::string_view part = body.substr(0, piece);
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", part.size());
    out.append(size).append(part).append("\r\n");
    body.remove_prefix(part.size());
  }
  return out + "0\r\n\r\n";
}

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  RunningServer running(routes);
  Client client(running.port());
  EXPECT_EQ(client.get("/hello?who=a%20b+c").body, "hello a b c");
  const Answer second = client.get("/thing/x%2Fy/z");
  EXPECT_EQ(second.body, "x/y|z|127.0.0.1");
  EXPECT_TRUE(second.has("\r\nDate: "));
  EXPECT_TRUE(second.has("\r\nServer: Tocsin\r\n"));
  EXPECT_EQ(running.counted("tocsin_http_connections_total"), 1u);
  EXPECT_EQ(running.counted("tocsin_http_requests_total"), 2u);
}

TEST(HttpServer, HandlerThatThrowsOrForgetsGives500) {
  RunningServer running(routes);
  Client client(running.port());
  EXPECT_EQ(client.get("/throws").status, 500);
  EXPECT_EQ(client.get("/forgets").status, 500);
  EXPECT_EQ(client.get("/hello").status, 200);
}

TEST(HttpServer, HeadNotFoundAndNotAllowed) {
  RunningServer running(routes);
  Client client(running.port());
  client.send("HEAD /long HTTP/1.1\r\nHost: x\r\n\r\n");
  const Answer head = client.answer(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.has("Content-Length: 200002\r\n"));
  EXPECT_EQ(client.get("/nothing").status, 404);
  const Answer refused = client.get("/echo");
  EXPECT_EQ(refused.status, 405);
  EXPECT_TRUE(refused.has("Allow: POST\r\n"));
}

TEST(HttpServer, PipelinedAnswersLeaveInOrderThoughGivenBackwards) {
  std::mutex mutex;
  std::vector<Respond> waiting;
  RunningServer running([&](Router& router) {
    router.add("GET", "/n/:n", [&](Request&& request, Respond respond) {
      const std::lock_guard lock(mutex);
      waiting.push_back([respond, n = std::string(request.param("n"))](Response) {
        respond(Response::text(200, n));
      });
      if (waiting.size() < 4) return;
      std::thread([last = std::move(waiting)] {  // from another thread, last first
        for (auto it = last.rbegin(); it != last.rend(); ++it) (*it)({});
      })
          .detach();
      waiting.clear();
    });
  });
  Client client(running.port());
  std::string all;
  for (int i = 0; i < 12; ++i)
    all += "GET /n/" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(all);
  for (int i = 0; i < 12; ++i) {
    const Answer answer = client.answer();
    EXPECT_EQ(answer.body, std::to_string(i)) << answer.head;
  }
}

TEST(HttpServer, ManyPipelinedRequestsOfOneWrite) {
  RunningServer running(routes);
  Client client(running.port());
  std::string all;
  for (int i = 0; i < 500; ++i)
    all += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n" +
           std::to_string(100 + i % 900);
  client.send(all);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.answer().body, std::to_string(100 + i % 900));
}

TEST(HttpServer, ByteByByte) {
  RunningServer running(routes);
  Client client(running.port());
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde"
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
      chunked("fghijklmno", 4);
  for (const char c : request) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.answer().body, "abcde");
  EXPECT_EQ(client.answer().body, "fghijklmno");
}

TEST(HttpServer, BodiesByLengthAndInChunks) {
  RunningServer running(routes);
  Client client(running.port());
  std::string body;
  while (body.size() < 1'000'000) body += "line " + std::to_string(body.size()) + "\n";
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{65535}, size_t{65536}, size_t{300'000}, body.size()}) {
    const std::string part = body.substr(0, size);
    const Answer plain = client.post("/echo", part);
    ASSERT_EQ(plain.status, 200) << size;
    EXPECT_TRUE(plain.body == part) << size;
    EXPECT_TRUE(plain.has("X-Spare: yes")) << size;
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                chunked(part, 7001));
    const Answer pieces = client.answer();
    EXPECT_TRUE(pieces.body == part) << size;
    EXPECT_TRUE(pieces.has("X-Spare: yes")) << size;
  }
}

TEST(HttpServer, ExpectContinueIsAnsweredBeforeTheBody) {
  RunningServer running(routes);
  Client client(running.port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.answer().status, 100);
  client.send("ok");
  EXPECT_EQ(client.answer().body, "ok");
  client.send(
      "POST /none HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.answer().status, 404) << "refused without asking for the body";
  EXPECT_TRUE(client.ended());
}

TEST(HttpServer, InflatesBodies) {
  RunningServer running(routes);
  Client client(running.port());
  std::string body;
  while (body.size() < 700'000) body += "cpu,host=web value=1\n";
  const Answer good = client.post("/echo", gzip(body), "Content-Encoding: gzip\r\n");
  EXPECT_TRUE(good.body == body);
  EXPECT_TRUE(good.has("X-Spare: yes"));
  EXPECT_EQ(client.post("/echo", gzip("again"), "Content-Encoding: gzip\r\n").body, "again");
  EXPECT_EQ(client.post("/echo", "as is", "Content-Encoding: identity\r\n").body, "as is");
}

TEST(HttpServer, BadEncodingsAreNamed) {
  HttpOptions options;
  options.inflated_bytes_max = 100'000;
  RunningServer running(routes, options);
  const std::string packed = gzip(std::string(50'000, 'x'));
  struct Case {
    const char *name, *encoding;
    std::string body;
    int status;
    const char* message;
  };
  const Case cases[] = {
      {"truncated", "gzip", packed.substr(0, packed.size() - 5), 400, "truncated"},
      {"nearly empty", "gzip", packed.substr(0, 3), 400, "truncated"},
      {"not gzip", "gzip", "cpu value=1\n", 400, "gzip"},
      {"at the limit", "gzip", gzip(std::string(100'000, 'x')), 200, "x"},
      {"bomb", "gzip", gzip(std::string(100'001, 'x')), 413, "inflates to more than 100000"},
      {"big bomb", "gzip", gzip(std::string(30'000'000, 'x')), 413, "inflates to more"},
      {"unknown", "br", "xx", 415, "gzip or deflate"},
  };
  for (const Case& c : cases) {
    Client client(running.port());
    const Answer answer =
        client.post("/echo", c.body, std::string("Content-Encoding: ") + c.encoding + "\r\n");
    EXPECT_EQ(answer.status, c.status) << c.name;
    EXPECT_NE(answer.body.find(c.message), std::string::npos) << c.name << ": " << answer.body;
  }
  EXPECT_EQ(running.counted("tocsin_http_refused_total", "reason=\"inflate\""), 5u);
}

TEST(HttpServer, GzipsLongTextForThoseWhoTakeIt) {
  RunningServer running(routes);
  Client client(running.port());
  const Answer packed = client.get("/long", "Accept-Encoding: br, gzip\r\n");
  EXPECT_TRUE(packed.has("Content-Encoding: gzip\r\n"));
  const auto text = gunzip(packed.body, 1 << 20);
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->size(), 200'002u);
  EXPECT_EQ(client.get("/long").body.size(), 200'002u);
  EXPECT_FALSE(client.get("/long", "Accept-Encoding: gzip;q=0\r\n").has("Content-Encoding"));
  EXPECT_FALSE(client.get("/hello", "Accept-Encoding: gzip\r\n").has("Content-Encoding"));
}

TEST(HttpServer, SizesAreLimited) {
  HttpOptions options;
  options.body_bytes_max = 1000;
  options.header_bytes_max = 2048;
  RunningServer running(routes, options);
  {
    Client client(running.port());
    EXPECT_EQ(client.post("/echo", std::string(1000, 'x')).status, 200);
    EXPECT_EQ(client.post("/echo", std::string(1001, 'x')).status, 413);
    EXPECT_TRUE(client.ended());
  }
  {
    Client client(running.port());
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                chunked(std::string(1001, 'x'), 300));
    EXPECT_EQ(client.answer().status, 413);
  }
  {
    Client client(running.port());
    EXPECT_EQ(client.get("/hello", "X: " + std::string(1500, 'x') + "\r\n").status, 200);
    EXPECT_EQ(client.get("/hello", "X: " + std::string(3000, 'x') + "\r\n").status, 431);
  }
  EXPECT_EQ(running.counted("tocsin_http_refused_total", "reason=\"body\""), 2u);
  EXPECT_EQ(running.counted("tocsin_http_refused_total", "reason=\"header\""), 1u);
}

TEST(HttpServer, LargeRefusedBodyStillGetsItsAnswer) {
  HttpOptions options;
  options.body_bytes_max = 1000;
  RunningServer running(routes, options);
  Client client(running.port());
  EXPECT_EQ(client.post("/echo", std::string(20'000'000, 'x')).status, 413);
}

TEST(HttpServer, MalformedRequestsGet400) {
  RunningServer running(routes);
  const std::string many_headers = [] {
    std::string out = "GET /hello HTTP/1.1\r\nHost: x\r\n";
    for (int i = 0; i < 5000; ++i) out += "A: b\r\n";
    return out + "\r\n";
  }();
  struct Case {
    const char* name;
    std::string bytes;
    int status;
  };
  const Case cases[] = {
      {"garbage", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 what\r\n\r\n", 20),
       400},
      {"zeros", std::string(100, '\0') + "\r\n\r\n", 400},
      {"no version", "GET /hello\r\n\r\n", 400},
      {"another version", "GET /hello HTTP/3.7\r\nHost: x\r\n\r\n", 505},
      {"no host", "GET /hello HTTP/1.1\r\n\r\n", 400},
      {"length is no number", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n", 400},
      {"negative length", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400},
      {"length beyond 64 bits",
       "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400},
      {"two lengths",
       "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"length and chunks",
       "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
       "0\r\n\r\n",
       400},
      {"unknown transfer encoding",
       "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"bad chunk",
       "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n", 400},
      {"header without colon", "GET /hello HTTP/1.1\r\nHost: x\r\nwhat\r\n\r\n", 400},
      {"too many headers", many_headers, 431},
      {"ends in the header", "GET /hello HTTP/1.1\r\nHos", 400},
      {"ends in the body", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", 400},
  };
  for (const Case& c : cases) {
    Client client(running.port());
    client.send(c.bytes);
    client.end_writing();
    const Answer answer = client.answer();
    EXPECT_EQ(answer.status, c.status) << c.name << ": " << answer.head << answer.body;
    EXPECT_TRUE(client.ended()) << c.name;
  }
  Client client(running.port());
  EXPECT_EQ(client.get("/hello").status, 200) << "the server is well";
}

TEST(HttpServer, HalfClosedClientGetsItsAnswer) {
  RunningServer running(routes);
  Client client(running.port());
  client.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  client.end_writing();
  EXPECT_EQ(client.answer().status, 200);
  EXPECT_TRUE(client.ended());
}

// Whoever works on an answer for long can see that nobody waits for it any more.
TEST(HttpServer, TheHandlerSeesThatItsClientWentAway) {
  std::promise<std::function<bool()>> asked;
  RunningServer running([&](Router& router) {
    router.add("GET", "/slow", [&](Request&& request, Respond respond) {
      static Respond kept;  // answered by nobody before the client is gone
      kept = std::move(respond);
      asked.set_value(client_gone(request));
    });
  });
  auto client = std::make_unique<Client>(running.port());
  client->send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::function<bool()> gone = asked.get_future().get();
  EXPECT_FALSE(gone());
  client.reset();
  while (!gone()) std::this_thread::yield();  // ctest's limit ends it if that is never told
  EXPECT_FALSE(client_gone(Request())()) << "without a server nobody goes away";
}

TEST(HttpServer, ConnectionHeaderIsObeyed) {
  RunningServer running(routes);
  {
    Client client(running.port());
    const Answer answer = client.get("/hello", "Connection: close\r\n");
    EXPECT_TRUE(answer.has("Connection: close"));
    EXPECT_TRUE(client.ended());
  }
  Client old(running.port());
  old.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.answer().status, 200);
  EXPECT_TRUE(old.ended());
}

TEST(HttpServer, SlowSendersGet408AndIdleOnesAreClosed) {
  HttpOptions options;
  options.idle_timeout = milliseconds(60);
  RunningServer running(routes, options);
  Client slow(running.port()), body(running.port()), idle(running.port());
  slow.send("GET /hel");
  body.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(slow.answer().status, 408);
  EXPECT_EQ(body.answer().status, 408);
  EXPECT_TRUE(idle.ended());
  EXPECT_EQ(running.counted("tocsin_http_refused_total", "reason=\"timeout\""), 2u);
}

TEST(HttpServer, ConnectionsPastTheLimitAreRefused) {
  HttpOptions options;
  options.connections_max = 3;
  RunningServer running(routes, options);
  std::vector<std::unique_ptr<Client>> kept;
  for (int i = 0; i < 3; ++i) {
    kept.push_back(std::make_unique<Client>(running.port()));
    EXPECT_EQ(kept.back()->get("/hello").status, 200);
  }
  for (int i = 0; i < 5; ++i) {
    Client extra(running.port());
    const Answer refused = extra.answer();
    EXPECT_EQ(refused.status, 503);
    EXPECT_TRUE(refused.has("Retry-After"));
  }
  EXPECT_EQ(running.counted("tocsin_http_refused_total", "reason=\"connections\""), 5u);
  EXPECT_EQ(kept[0]->get("/hello").status, 200);
}

TEST(HttpServer, BodiesHeldAreBoundedOverAllConnections) {
  HttpOptions options;
  options.held_bytes_max = 100'000;
  RunningServer running(routes, options);
  Client first(running.port()), second(running.port());
  first.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 90000\r\n\r\n");
  EXPECT_EQ(first.answer().status, 100);  // its lease is taken now
  const Answer refused = second.post("/echo", std::string(20'000, 'y'));
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.has("Retry-After: 1"));
  first.send(std::string(90'000, 'x'));
  EXPECT_EQ(first.answer().body.size(), 90'000u);
  Client third(running.port());
  EXPECT_EQ(third.post("/echo", std::string(200'000, 'z')).status, 200) << "alone it may";
}

TEST(HttpServer, AuthorizeIsAskedBeforeTheBodyIsRead) {
  RunningServer running([](Router& router) {
    routes(router);
    router.set_authorize([](Request& request) -> std::optional<Response> {
      if (request.headers.get("AUTHORIZATION") == "Token good") return std::nullopt;
      return Response::error_json(401, "no");
    });
  });
  Client client(running.port());
  EXPECT_EQ(client.get("/hello").status, 401);
  EXPECT_EQ(client.get("/hello", "Authorization: Token good\r\n").status, 200);
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(client.answer().status, 401);
}

TEST(HttpServer, AnswersMayNotSmuggleHeaders) {
  RunningServer running([](Router& router) {
    router.add("GET", "/bad", [](Request&&, Respond respond) {
      Response out = Response::empty(302);
      out.headers.add("Location", "/a\r\nSet-Cookie: b");
      respond(std::move(out));
    });
  });
  Client client(running.port());
  EXPECT_FALSE(client.get("/bad").has("\r\nSet-Cookie"));
}

TEST(HttpServer, SeveralServersShareAPort) {
  HttpOptions options;
  options.reuse_port = true;
  RunningServer first(routes, options);
  options.port = first.port();
  RunningServer second(routes, options);
  EXPECT_EQ(first.port(), second.port());
  for (int i = 0; i < 20; ++i) {
    Client client(first.port());
    EXPECT_EQ(client.get("/hello").status, 200);
  }
  options.reuse_port = false;
  Loop loop;
  Counters counters;
  const auto taken = HttpServer::listen(loop, first.router, options, counters);
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, ErrorCode::kUnavailable);
  options.address = "localhost";
  EXPECT_EQ(HttpServer::listen(loop, first.router, options, counters).error().code,
            ErrorCode::kInvalid);
}

TEST(HttpServer, AnswersAfterTheServerIsGoneDoNothing) {
  Respond kept;
  {
    RunningServer running([&](Router& router) {
      router.add("GET", "/later", [&](Request&&, Respond respond) { kept = std::move(respond); });
      router.add("GET", "/now", [](Request&&, Respond r) { r(Response::empty()); });
    });
    Client client(running.port());
    client.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    Client other(running.port());
    EXPECT_EQ(other.get("/now").status, 204);
    while (!kept) other.get("/now");
  }
  kept(Response::empty());
}

}  // namespace
}  // namespace tocsin::net
