#pragma once
// What receivers that are told by HTTP have in common, and how it is read.

#include <string>

#include "base/time.h"
#include "net/address_list.h"
#include "net/http_client.h"
#include "respond/secret.h"

namespace tocsin::respond {

struct HttpOptions {
  DurationMs timeout = seconds(10);
  net::AddressList allowed;
  std::string ca_file;
  std::string proxy;
  void apply(net::HttpRequest& request) const;
};

// Keys timeout, allow_addresses, ca_file, proxy.
HttpOptions read_http(config::MapReader& m);
net::AddressList read_allowed(config::MapReader& m);
std::string read_ca_file(config::MapReader& m);
net::Headers read_headers(config::MapReader& m);  // key headers
// A problem at `key` unless it is empty or an http(s) URL without a password in it.
void check_url(config::MapReader& m, const std::string& key, const std::string& url);
// Key url, of a service whose address is mostly this; without slashes at its end.
std::string read_base_url(config::MapReader& m, const std::string& standard);
// Key url, or the secret url_file, url_env: one of them. `whose`: "a webhook".
std::string read_url(config::MapReader& m, SecretReader& secrets, const std::string& whose);

// User and password, or a token: what goes into Authorization.
struct Credentials {
  std::string user;
  Secret password;
  Secret token;
  // `scheme` of the token: "Bearer". Nothing is added where nothing is configured.
  void apply(net::HttpRequest& request, std::string_view scheme = "Bearer") const;
};
// Keys user, password_file, password_env, token_file, token_env.
Credentials read_credentials(config::MapReader& m, SecretReader& secrets);

// A POST of JSON with the headers that all of them get.
net::HttpRequest json_request(const HttpOptions& http, std::string url, std::string body);

}  // namespace tocsin::respond
