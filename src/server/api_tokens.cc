// API tokens: administrators make any, everybody else their own within what they may do. A token
// makes no tokens unless it is an administrator's: what is stolen does not grow roots.

#include <algorithm>

#include "server/access_parts.h"
#include "server/json_access.h"
#include "server/reply.h"

namespace tocsin::server {
namespace {

using net::Request;
using net::Respond;
using net::Response;

constexpr size_t kTextMax = 500, kViewMax = 4000, kScopesMax = 10;

bool administers(const Request& request) {
  return request.who && request.who->may.has(Permission::kAdmin);
}

bool owns(const Request& request, const access::Token& token) {
  return request.who && request.who->kind == Who::Kind::kUser && token.owner == request.who->name;
}

void list(const AccessParts& parts, const Request& request, const Respond& respond) {
  std::vector<access::Token> all = parts.accounts.tokens();
  if (!administers(request))
    std::erase_if(all, [&](const access::Token& one) { return !owns(request, one); });
  reply_list<access::Token>(respond, "tokens", write_token)(std::move(all));
}

Result<access::Accounts::NewToken> token_from(const Body& body, const Request& request) {
  access::Accounts::NewToken out;
  auto name = body.required_text("name", kTextMax);
  if (!name) return fail(name.error());
  out.name = std::move(*name);
  const auto scopes = body.required_texts("scopes", kScopesMax);
  if (!scopes) return fail(scopes.error());
  std::string joined;
  for (const std::string& one : *scopes) joined += one + ",";
  const auto may = access::parse_scopes(joined);
  if (!may) return fail(may.error());
  out.may = *may;
  const auto view = body.text("view", kViewMax);
  if (!view) return fail(view.error());
  auto parsed = LabelView::parse(*view);
  if (!parsed) return fail(parsed.error());
  out.view = std::move(*parsed);
  if (body.has("expires_at")) {
    const auto at = body.required_time("expires_at");
    if (!at) return fail(at.error());
    out.expires = *at;
  }
  auto owner = body.text("owner", kTextMax);
  if (!owner) return fail(owner.error());
  out.owner = std::move(*owner);
  if (administers(request)) return out;
  if (!request.who || request.who->kind != Who::Kind::kUser)
    return fail(ErrorCode::kRefused,
                "a token makes no other tokens; sign in, or use one of scope "
                "admin");
  if (!out.owner.empty() && out.owner != request.who->name)
    return fail(ErrorCode::kRefused, "only an administrator makes tokens for others");
  out.owner = request.who->name;
  for (const Permission one : kPermissions)
    if (out.may.has(one) && !request.who->may.has(one))
      return fail(ErrorCode::kRefused,
                  "a token of yours may do at most what you may: " + to_text(request.who->may));
  return out;
}

void add(const AccessParts& parts, const Request& request, const Respond& respond) {
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  auto wanted = token_from(*body, request);
  if (!wanted) return respond(not_allowed_response(wanted.error()));
  const std::string name = wanted->name;
  parts.accounts.add_token(
      std::move(*wanted), actor_of(request), [parts, name, respond](Result<std::string> plain) {
        if (!plain) return respond(error_response(plain.error()));
        JsonWriter json;
        json.begin_object().member("name", name).member("token", *plain).end_object();
        respond(json_response(json));
      });
}

void remove(const AccessParts& parts, const Request& request, const Respond& respond) {
  const std::string name(request.param("name"));
  const std::string what = "token \"" + name + "\"";
  if (!administers(request)) {
    const std::vector<access::Token> all = parts.accounts.tokens();
    const bool own = std::any_of(all.begin(), all.end(), [&](const access::Token& one) {
      return one.name == name && owns(request, one);
    });
    if (!own) return respond(missing_response(what + " of yours"));
  }
  parts.accounts.remove_token(name, actor_of(request), done_or_missing(respond, what));
}

}  // namespace

void register_token_routes(net::Router& router, const AccessParts& parts) {
  router.add("GET", "/api/v1/tokens",
             [parts](Request&& request, const Respond& respond) { list(parts, request, respond); });
  router.add("POST", "/api/v1/tokens",
             [parts](Request&& request, const Respond& respond) { add(parts, request, respond); });
  router.add("DELETE", "/api/v1/tokens/:name", [parts](Request&& request, const Respond& respond) {
    remove(parts, request, respond);
  });
}

}  // namespace tocsin::server
