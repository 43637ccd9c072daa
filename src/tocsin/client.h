#pragma once
// The command line's side of the HTTP API: one request at a time, waiting for the answer.

#include <string>

#include "base/counters.h"
#include "net/http_client.h"
#include "net/outbound.h"

namespace tocsin {

class Client {
 public:
  // url: "http://127.0.0.1:9640"; token empty = none.
  Client(std::string url, std::string token);
  // path with its query; errors say what was asked of whom. Answers of any status are answers.
  Result<net::HttpAnswer> call(std::string method, std::string path, std::string body,
                               std::string content_type, DurationMs timeout = seconds(60));
  // Until the span is over; nothing else happens meanwhile.
  void wait(DurationMs span);
  const std::string& url() const { return url_; }

 private:
  std::string url_, token_;
  Counters counters_;
  net::Outbound outbound_;
  net::HttpClient client_;
};

}  // namespace tocsin
