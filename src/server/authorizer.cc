#include <fmt/format.h>

#include "access/secret.h"
#include "base/json_writer.h"
#include "server/api.h"
#include "server/api_prometheus.h"
#include "server/route_rules.h"

namespace tocsin::server {

namespace {

// Slack posts a form, and says by its signature that it is Slack.
constexpr std::string_view kSlackActions = "/api/slack/actions";

bool reads(const net::Request& request) {
  return request.method == "GET" || request.method == "HEAD" || is_prometheus_read(request.path);
}

// "https://host:port" of Origin against "host:port" of Host. The scheme is left out: behind a proxy
// that ends TLS the server cannot know it.
bool same_site(const net::Request& request) {
  if (!request.headers.has("Origin")) return request.headers.get("Sec-Fetch-Site") != "cross-site";
  const std::string_view origin = request.headers.get("Origin");
  const size_t scheme = origin.find("://");
  return scheme != origin.npos && origin.substr(scheme + 3) == request.headers.get("Host");
}

// Neither of them is what a form of another site can send.
std::string_view wanted_type(const net::Request& request) {
  return request.route == "/api/v1/mail" ? "message/rfc822" : "application/json";
}

bool has_wanted_body(const net::Request& request) {
  const std::string_view length = request.headers.get("Content-Length");
  const bool has_body =
      request.headers.has("Transfer-Encoding") || (!length.empty() && length != "0");
  if (!has_body) return true;
  std::string_view type = request.headers.get("Content-Type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type == wanted_type(request);
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

net::Response unknown(const net::Request& request) {
  net::Response out = refusal(
      request, 401,
      "this needs to know who you are: sign in on the page, or send `Authorization: Token "
      "toc_...` (or Bearer, or as the password of Basic); make one with `tocsin token create`");
  // Lets a browser that opens the address itself ask for the token: any user name, the token as
  // the password. Requests of a page are left alone; the page has its own place to sign in.
  const std::string_view mode = request.headers.get("Sec-Fetch-Mode");
  if (mode.empty() || mode == "navigate")
    out.headers.add("WWW-Authenticate", "Basic realm=\"Tocsin\", charset=\"UTF-8\"");
  return out;
}

std::string described(const Who& who) {
  switch (who.kind) {
    case Who::Kind::kToken:
      return fmt::format("the token \"{}\" may {}", who.name, to_text(who.may));
    case Who::Kind::kUser:
      return fmt::format("{} ({}) may {}", who.name, who.role ? to_text(*who.role) : "no role",
                         to_text(who.may));
    case Who::Kind::kNobody:
    case Who::Kind::kHere:
    case Who::Kind::kCommand:
      break;
  }
  return "you may " + to_text(who.may);
}

// A proxy on this machine speaks for others: what it hands on is not from here.
bool forwarded(const net::Request& request) {
  for (const std::string_view name : {"X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"})
    if (request.headers.has(name)) return true;
  return false;
}

// A page of ours knows the token of its session from GET /api/me; a page of another site that makes
// the browser send the cookie along does not.
bool sent_by_our_page(const net::Request& request, const Who& who) {
  return who.kind != Who::Kind::kUser || reads(request) ||
         access::same_secret(request.headers.get("X-Tocsin-CSRF"), who.csrf);
}

// Says who it is and whether that is enough for this route.
std::optional<net::Response> ask_the_door(const access::Door& door, net::Request& request) {
  const RouteRule rule = rule_of(request.method, request.route);
  const access::Credentials credentials{
      request.headers.get("Authorization"), request.query.get("p"),
      request.headers.get("Cookie"),        request.remote_address,
      request.headers.get("Host"),          forwarded(request)};
  auto who = std::make_shared<const Who>(door.judge(credentials));
  request.who = who;
  request.user = who->name;
  if (!rule.action.empty()) request.audit = std::make_shared<AuditNote>();
  if (!meets(*who, rule.need)) {
    if (who->kind == Who::Kind::kNobody) return unknown(request);
    return refusal(request, 403,
                   fmt::format("{}; this needs {}: ask an administrator, or make another token "
                               "with `tocsin token create`",
                               described(*who), to_text(rule.need)));
  }
  if (rule.need != Need::kOpen && !sent_by_our_page(request, *who))
    return refusal(request, 403,
                   "the header X-Tocsin-CSRF is missing or of another session; reload the page "
                   "(GET /api/me tells it)");
  if (who->restricted() && !rule.keeps_to_view)
    return refusal(
        request, 403,
        fmt::format("{} may see only {}; this shows more than that", who->name, who->view.text()));
  return std::nullopt;
}

}  // namespace

net::Authorize authorizer(const access::Door& door, Counters& counters) {
  Counter& refused = counters.counter("tocsin_http_unauthorized_total", "",
                                      "Requests refused at the door: no token, too small a "
                                      "scope, or from another site.");
  const auto judge = [&door](net::Request& request) -> std::optional<net::Response> {
    // What a browser asks before it asks; no token comes along and nothing is told.
    if (request.method == "OPTIONS" && is_prometheus_read(request.path)) return std::nullopt;
    if (!reads(request) && !same_site(request))
      return refusal(request, 403,
                     "a page of another site sent this; open Tocsin's own page and do it there");
    if (auto refused_here = ask_the_door(door, request)) return refused_here;
    if (!reads(request) && request.path.starts_with("/api/") &&
        !request.path.starts_with("/api/v2/") && request.path != kSlackActions &&
        !has_wanted_body(request))
      return refusal(
          request, 415,
          fmt::format("a body has to be sent with Content-Type: {}", wanted_type(request)));
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
