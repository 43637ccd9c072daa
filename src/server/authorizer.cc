#include <fmt/format.h>

#include "base/json_writer.h"
#include "server/api.h"
#include "server/api_prometheus.h"

namespace tocsin::server {

namespace {

bool reads(const net::Request& request) {
  return request.method == "GET" || request.method == "HEAD" || is_prometheus_read(request.path);
}

// What probes of load balancers and Telegraf's start-up may ask without saying who they are.
bool open_to_all(std::string_view path) {
  return path == "/-/healthy" || path == "/-/ready" || path == "/ping" || path == "/health";
}

access::Scope scope_of(const net::Request& request) {
  const std::string_view path = request.path;
  if (path == "/write" || path == "/query" || path.starts_with("/api/v2/"))
    return access::Scope::kWrite;
  // Whoever deploys tells of it, with the token that its points come with.
  if (path == "/api/v1/changes" && request.method == "POST") return access::Scope::kWrite;
  // The configuration's files may hold secrets (a webhook's address, say).
  if (path == "/api/v1/config" || path.starts_with("/api/v1/config/")) return access::Scope::kAdmin;
  return reads(request) ? access::Scope::kRead : access::Scope::kAdmin;
}

// "https://host:port" of Origin against "host:port" of Host. The scheme is left out: behind a proxy
// that ends TLS the server cannot know it.
bool same_site(const net::Request& request) {
  if (!request.headers.has("Origin")) return request.headers.get("Sec-Fetch-Site") != "cross-site";
  const std::string_view origin = request.headers.get("Origin");
  const size_t scheme = origin.find("://");
  return scheme != origin.npos && origin.substr(scheme + 3) == request.headers.get("Host");
}

bool has_json_body(const net::Request& request) {
  const std::string_view length = request.headers.get("Content-Length");
  const bool has_body =
      request.headers.has("Transfer-Encoding") || (!length.empty() && length != "0");
  if (!has_body) return true;
  std::string_view type = request.headers.get("Content-Type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type == "application/json";
}

// Version 2 of InfluxDB's API has its own shape of errors, which its clients show.
net::Response refusal(const net::Request& request, int status, std::string_view message) {
  if (!request.path.starts_with("/api/v2/")) return net::Response::error_json(status, message);
  JsonWriter json;
  json.begin_object()
      .member("code", status == 401 ? "unauthorized" : "forbidden")
      .member("message", message)
      .end_object();
  return net::Response::json(status, json.take());
}

std::optional<net::Response> ask_the_door(const access::Door& door, net::Request& request) {
  const access::Credentials credentials{request.headers.get("Authorization"),
                                        request.query.get("p"), request.remote_address,
                                        request.headers.get("Host")};
  access::Door::Visitor visitor = door.judge(credentials, scope_of(request));
  request.user = std::move(visitor.user);
  switch (visitor.verdict) {
    case access::Door::Verdict::kLetIn:
      return std::nullopt;
    case access::Door::Verdict::kNotAllowed:
      return refusal(request, 403, visitor.message);
    case access::Door::Verdict::kWhoAreYou:
      break;
  }
  net::Response out = refusal(request, 401, visitor.message);
  // Lets a browser ask for the token: any user name, the token as the password.
  out.headers.add("WWW-Authenticate", "Basic realm=\"Tocsin\", charset=\"UTF-8\"");
  return out;
}

}  // namespace

net::Authorize authorizer(const access::Door& door, Counters& counters) {
  Counter& refused = counters.counter("tocsin_http_unauthorized_total", "",
                                      "Requests refused at the door: no token, too small a "
                                      "scope, or from another site.");
  const auto judge = [&door](net::Request& request) -> std::optional<net::Response> {
    if (open_to_all(request.path)) return std::nullopt;
    // What a browser asks before it asks; no token comes along and nothing is told.
    if (request.method == "OPTIONS" && is_prometheus_read(request.path)) return std::nullopt;
    if (!reads(request) && !same_site(request))
      return refusal(request, 403,
                     "a page of another site sent this; open Tocsin's own page and do it there");
    if (auto refused_here = ask_the_door(door, request)) return refused_here;
    if (!reads(request) && request.path.starts_with("/api/") &&
        !request.path.starts_with("/api/v2/") && !has_json_body(request))
      return refusal(request, 415, "a body has to be sent with Content-Type: application/json");
    return std::nullopt;
  };
  return [judge, &refused](net::Request& request) {
    auto out = judge(request);
    if (out) {
      add_security_headers(*out, false);
      refused.add();
    }
    return out;
  };
}

}  // namespace tocsin::server
