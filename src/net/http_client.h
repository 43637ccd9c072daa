#pragma once
// HTTP requests to other systems: asynchronous, bounded, on Outbound's thread.
// Redirects are never followed (a 3xx is the answer); proxies of the environment are not used.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/address_list.h"
#include "net/http.h"
#include "net/outbound.h"

namespace tocsin::net {

struct HttpRequest {
  std::string method = "POST";
  std::string url;
  Headers headers;
  std::string body;
  DurationMs timeout = seconds(10);  // of the whole request, from its start on the wire
  AddressList allowed;
  std::string ca_file;  // PEM; empty = the system's
  std::string proxy;    // "http://proxy:3128"; empty = none
};

struct HttpAnswer {
  int status = 0;    // 0 = no answer; then `error` says why
  Headers headers;   // of the final answer; at most 16 KB
  std::string body;  // cut at 64 KB
  bool body_cut = false;
  std::string error;  // in words, without the URL's secrets
  DurationMs elapsed{};
  bool reused_connection = false;
  bool ok() const { return status >= 200 && status < 300; }
};

struct Url {
  std::string scheme, host, port;  // port is filled in from the scheme
  std::string origin() const { return scheme + "://" + host + ":" + port; }
};
// http and https with a host; no user or password in it (they would end up in logs).
// Messages do not repeat the URL.
Result<Url> parse_url(std::string_view text);
// Method and headers can go on the wire: tokens, and values without line breaks.
Result<void> check_request(const HttpRequest& request);
// Seconds or an HTTP date (RFC 9110, 10.2.3) as a span from `now`; within a day.
std::optional<DurationMs> parse_retry_after(std::string_view text, TimeMs now);

class HttpClient {
 public:
  using Callback = std::function<void(HttpAnswer)>;
  explicit HttpClient(Outbound& outbound) : outbound_(outbound) {}

  // Any thread. The callback runs exactly once, on Outbound's thread; on an error (kInvalid: URL,
  // method or header; kExhausted: too many waiting) it does not run.
  Result<void> send(HttpRequest request, Callback callback);

 private:
  Outbound& outbound_;
};

}  // namespace tocsin::net
