#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>

#include "base/clock.h"
#include "base/json_writer.h"
#include "net/url.h"
#include "tocsin/access_command.h"
#include "tocsin/commands.h"
#include "tocsin/json_answer.h"

namespace tocsin {
namespace {

Result<std::unique_ptr<AccessApi>> open(const TokenOptions& options, bool make) {
  return AccessApi::open(options.data.empty() ? Settings{}.data : options.data, make);
}

Result<std::string> wanted_token(const TokenOptions& options) {
  JsonWriter json;
  json.begin_object().member("name", options.name).key("scopes").begin_array();
  json.string(options.scope).end_array();
  if (!options.view.empty()) json.member("view", options.view);
  if (!options.owner.empty()) json.member("owner", options.owner);
  if (!options.expires.empty()) {
    const auto span = parse_duration(options.expires);
    if (!span)
      return fail(ErrorCode::kInvalid,
                  "--expires: expected a span such as 90d, not \"" + options.expires + "\"");
    json.member("expires_at", (SystemClock().now() + *span).ms);
  }
  json.end_object();
  return json.take();
}

}  // namespace

int token_create(const TokenOptions& options) {
  const auto wanted = wanted_token(options);
  if (!wanted) return failed(wanted.error());
  auto api = open(options, true);
  if (!api) return failed(api.error());
  const auto answer = json_answer((*api)->call("POST", "/api/v1/tokens", *wanted));
  if (!answer) return failed(answer.error());
  std::printf("%s\n", text_of(*answer, "token").c_str());
  std::fprintf(stderr, "Keep it: it is shown only now. Use it as  Authorization: Token ...\n");
  return 0;
}

int token_list(const TokenOptions& options) {
  auto api = open(options, false);
  if (!api) return failed(api.error());
  const auto answer = json_answer((*api)->call("GET", "/api/v1/tokens", ""));
  if (!answer) return failed(answer.error());
  for (const boost::json::value& one : list_of(*answer, "tokens")) {
    std::string scopes;
    for (const boost::json::value& scope : list_of(one, "scopes"))
      scopes += (scopes.empty() ? "" : ",") + std::string(scope.as_string());
    if (scopes == "read,respond,configure,write,admin") scopes = "admin";
    std::printf("%-30s %-6s %s  used %s  expires %s  %s\n", text_of(one, "name").c_str(),
                scopes.c_str(), time_of(one, "created_at").c_str(),
                time_of(one, "last_used_at").c_str(), time_of(one, "expires_at").c_str(),
                text_of(one, "owner").c_str());
  }
  return 0;
}

int token_revoke(const TokenOptions& options) {
  auto api = open(options, false);
  if (!api) return failed(api.error());
  const auto answer = json_answer(
      (*api)->call("DELETE", "/api/v1/tokens/" + net::percent_encode(options.name), ""));
  return answer ? 0 : failed(answer.error());
}

}  // namespace tocsin
