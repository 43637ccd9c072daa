#include "respond/http_options.h"

#include <openssl/evp.h>

#include <map>
#include <vector>

#include "config/reader.h"

namespace tocsin::respond {
namespace {

using config::MapReader;

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(length));
  return out;
}

}  // namespace

void HttpOptions::apply(net::HttpRequest& request) const {
  request.timeout = timeout;
  request.allowed = allowed;
  request.ca_file = ca_file;
  request.proxy = proxy;
}

net::AddressList read_allowed(MapReader& m) {
  const auto ranges = m.value<std::vector<std::string>>(
      "allow_addresses", {},
      "Only addresses in these ranges are connected to (10.0.0.0/8). Metadata services of clouds "
      "never are.");
  bool good = true;
  for (size_t i = 0; i < ranges.size(); ++i) {
    const auto one = net::AddressList::parse({ranges[i]});
    if (one) continue;
    m.problem("allow_addresses", i, one.error().message);
    good = false;
  }
  return good ? net::AddressList::parse(ranges).value() : net::AddressList();
}

void check_url(MapReader& m, const std::string& key, const std::string& url) {
  if (m.describing() || url.empty()) return;
  if (const auto parsed = net::parse_url(url); !parsed) m.problem(key, parsed.error().message);
}

std::string read_ca_file(MapReader& m) {
  return m.value<std::string>("ca_file", "",
                              "PEM file of the authorities to trust instead of the system's.");
}

HttpOptions read_http(MapReader& m) {
  HttpOptions out;
  out.timeout = m.value<DurationMs>(
      "timeout", out.timeout, "Of one request; 100ms to 1m. mail: of one mail, 30s, 100ms to 5m.");
  if (out.timeout < milliseconds(100) || out.timeout > minutes(1))
    m.problem("timeout", "must be 100ms to 1m");
  out.allowed = read_allowed(m);
  out.ca_file = read_ca_file(m);
  out.proxy = m.value<std::string>("proxy", "", "HTTP proxy to go through, http://host:port.");
  check_url(m, "proxy", out.proxy);
  return out;
}

net::Headers read_headers(MapReader& m) {
  net::Headers out;
  const auto given = m.value<std::map<std::string, std::string>>(
      "headers", {}, "webhook, sms, voice: more headers to send; no secrets.");
  for (const auto& [name, value] : given) {
    net::HttpRequest probe;
    probe.url = "http://localhost/";
    probe.headers.add(name, value);
    if (const auto good = net::check_request(probe); !good)
      m.problem("headers", name, good.error().message);
    out.add(name, value);
  }
  return out;
}

std::string read_base_url(MapReader& m, const std::string& standard) {
  std::string out = m.value<std::string>("url", "", "Base of the service.");
  check_url(m, "url", out);
  if (out.empty()) out = standard;
  while (out.ends_with('/')) out.pop_back();
  return out;
}

std::string read_url(MapReader& m, SecretReader& secrets, const std::string& whose) {
  std::string out = m.value<std::string>(
      "url", "",
      "Where to send to: the URL of a webhook or gateway, the base of a service. pagerduty, "
      "opsgenie, telegram: the service's own if left out. A secret URL: url_file, url_env.");
  const Secret hidden = secrets.read("url", "The URL, where it is a secret.");
  if (!m.describing() && m.has("url") == SecretReader::given(m, "url"))
    m.problem("url", whose + " needs its url, or url_file or url_env: one of them");
  check_url(m, "url", out);
  if (hidden.empty()) return out;
  check_url(m, m.has("url_file") ? "url_file" : "url_env", hidden.reveal());
  return hidden.reveal();
}

void Credentials::apply(net::HttpRequest& request, std::string_view scheme) const {
  if (!token.empty())
    request.headers.add("Authorization", std::string(scheme) + " " + token.reveal());
  else if (!user.empty())
    request.headers.add("Authorization", "Basic " + base64(user + ":" + password.reveal()));
}

Credentials read_credentials(MapReader& m, SecretReader& secrets) {
  Credentials out;
  out.user =
      m.value<std::string>("user", "", "To sign in with: HTTP Basic; mail: AUTH PLAIN or LOGIN.");
  out.password = secrets.read("password", "Password of the user.");
  out.token = secrets.read("token", "Sent as Authorization: Bearer, or as the service wants it.");
  if (m.describing()) return out;
  if (out.user.empty() == SecretReader::given(m, "password"))
    m.problem("user", "user and password (password_file, password_env) go together");
  if (SecretReader::given(m, "token") && !out.user.empty())
    m.problem("user", "give a token, or user and password, not both");
  return out;
}

net::HttpRequest json_request(const HttpOptions& http, std::string url, std::string body) {
  net::HttpRequest out;
  out.url = std::move(url);
  out.body = std::move(body);
  out.headers.add("Content-Type", "application/json");
  out.headers.add("User-Agent", "Tocsin");
  http.apply(out);
  return out;
}

}  // namespace tocsin::respond
