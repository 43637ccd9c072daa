#include "net/event_stream.h"

#include <gtest/gtest.h>

#include <future>

#include "net/testing.h"

namespace tocsin::net {
namespace {

using testing::Client;
using testing::RunningServer;

struct Streams {
  std::promise<std::shared_ptr<EventStream>> opened;
  std::promise<void> closed;
  size_t queue_bytes_max = 1024 * 1024;

  void routes(Router& router) {
    router.add("GET", "/stream", [this](Request&& request, Respond respond) {
      EventStreamOptions options;
      options.queue_bytes_max = queue_bytes_max;
      options.on_gap = [](uint64_t lost) {
        return "event: gap\ndata: " + std::to_string(lost) + "\n\n";
      };
      options.on_close = [this] { closed.set_value(); };
      auto stream = EventStream::open(request, std::move(options));
      if (!stream) return respond(Response::error_json(406, "no stream here"));
      opened.set_value(std::move(stream));
    });
  }
};

TEST(EventStream, SendsUntilTheReaderLeaves) {
  Streams streams;
  RunningServer running([&](Router& router) { streams.routes(router); });
  Client client(running.port());
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = client.take_until("\r\n\r\n");
  EXPECT_NE(head.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  const auto stream = streams.opened.get_future().get();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(stream->send("data: " + std::to_string(i) + "\n\n"));
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(client.take_until("\n\n"), "data: " + std::to_string(i) + "\n\n");
  client.close();
  streams.closed.get_future().wait();
  EXPECT_FALSE(stream->send("data: x\n\n"));
  EXPECT_TRUE(stream->closed());
  EXPECT_EQ(stream->lost(), 0u);
}

TEST(EventStream, ServerMayClose) {
  Streams streams;
  RunningServer running([&](Router& router) { streams.routes(router); });
  Client client(running.port());
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  client.take_until("\r\n\r\n");
  streams.opened.get_future().get()->close();
  EXPECT_TRUE(client.ended());
  streams.closed.get_future().wait();
}

TEST(EventStream, SilentStreamIsKeptOpenByComments) {
  Streams streams;
  HttpOptions options;
  options.stream_ping = milliseconds(20);
  RunningServer running([&](Router& router) { streams.routes(router); }, options);
  Client client(running.port());
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  client.take_until("\r\n\r\n");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.take_until("\n\n").front(), ':');
}

TEST(EventStream, SlowReaderLosesEventsAndIsTold) {
  Streams streams;
  streams.queue_bytes_max = 100'000;
  RunningServer running([&](Router& router) { streams.routes(router); });
  Client client(running.port(), 4096);
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  client.take_until("\r\n\r\n");
  const auto stream = streams.opened.get_future().get();
  const std::string event = "data: " + std::string(1000, 'x') + "\n\n";
  int sent = 0;
  while (stream->lost() < 10) {
    ASSERT_TRUE(stream->send(event));
    ASSERT_LT(++sent, 100'000) << "the queue has no bound";
  }
  // What was not lost arrives whole, the gaps name the rest. There may be several: the loop may
  // have written some of the queue between two events that did not fit.
  const std::string gap = "event: gap\ndata: ";
  int got = 0, gaps = 0;
  while (got + gaps < sent) {
    const std::string text = client.take_until("\n\n");
    if (text.starts_with(gap)) {
      gaps += std::stoi(text.substr(gap.size()));
    } else {
      ASSERT_EQ(text, event);
      ++got;
    }
  }
  EXPECT_EQ(got + gaps, sent);
  EXPECT_EQ(stream->lost(), static_cast<uint64_t>(gaps));
  stream->send("data: last\n\n");
  EXPECT_EQ(client.take_until("\n\n"), "data: last\n\n");
}

TEST(EventStream, IsRefusedForHeadAndWithoutAServer) {
  Streams streams;
  RunningServer running([&](Router& router) { streams.routes(router); });
  Client client(running.port());
  client.send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.answer(true).status, 406);
  Request request;
  EXPECT_EQ(EventStream::open(request, {}), nullptr);
}

TEST(EventStream, EndsWithTheServer) {
  Streams streams;
  std::shared_ptr<EventStream> stream;
  {
    RunningServer running([&](Router& router) { streams.routes(router); });
    Client client(running.port());
    client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    client.take_until("\r\n\r\n");
    stream = streams.opened.get_future().get();
  }
  EXPECT_FALSE(stream->send("data: x\n\n"));
  streams.closed.get_future().wait();
}

}  // namespace
}  // namespace tocsin::net
