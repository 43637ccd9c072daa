#include "tocsin/client.h"

#include <fmt/format.h>

#include <optional>

#include "base/clock.h"

namespace tocsin {

Client::Client(std::string url, std::string token)
    : url_(std::move(url)), token_(std::move(token)), outbound_({}, counters_), client_(outbound_) {
  while (url_.ends_with('/')) url_.pop_back();
}

Result<net::HttpAnswer> Client::call(std::string method, std::string path, std::string body,
                                     std::string content_type, DurationMs timeout) {
  net::HttpRequest request;
  request.method = std::move(method);
  request.url = url_ + path;
  request.timeout = timeout;
  request.body = std::move(body);
  if (!content_type.empty()) request.headers.add("Content-Type", std::move(content_type));
  if (!token_.empty()) request.headers.add("Authorization", "Token " + token_);
  std::optional<net::HttpAnswer> answer;
  if (auto sent =
          client_.send(std::move(request), [&](net::HttpAnswer got) { answer = std::move(got); });
      !sent)
    return fail(sent.error());
  while (!answer) outbound_.poll(seconds(1));
  if (answer->status == 0)
    return fail(ErrorCode::kUnavailable,
                fmt::format("cannot ask {}{}: {}; is the server running? (--url says where)", url_,
                            path, answer->error));
  return std::move(*answer);
}

void Client::wait(DurationMs span) {
  const SystemClock clock;
  const TimeMs until = clock.now() + span;
  for (TimeMs now = clock.now(); now < until; now = clock.now()) outbound_.poll(until - now);
}

}  // namespace tocsin
