// Users, for administrators.

#include "access/password.h"
#include "server/access_parts.h"
#include "server/json_access.h"
#include "server/reply.h"

namespace tocsin::server {
namespace {

using net::Request;
using net::Respond;
using net::Response;

constexpr size_t kTextMax = 500;

std::string named_user(const Request& request) {
  return "user " + std::string(request.param("name"));
}

Response hashing_busy() {
  return error_response({ErrorCode::kExhausted,
                         "too many passwords are being hashed at once; try again in a moment",
                         {}});
}

// Without a password the user cannot sign in until one is set.
void add(const AccessParts& parts, const Request& request, Respond respond) {
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  auto user = user_from(*body);
  if (!user) return respond(error_response(user.error()));
  const auto password = body->text("password", kTextMax);
  if (!password) return respond(error_response(password.error()));
  const auto made = reply<access::User>(respond, write_user);
  const access::Actor actor = actor_of(request);
  if (password->empty()) return parts.accounts.add_user(std::move(*user), actor, made);
  if (auto good = access::check_password(*password, user->name); !good)
    return respond(error_response(good.error()));
  const bool taken = parts.hash(
      [parts, actor, user = std::move(*user), password = *password, made, respond]() mutable {
        auto hash = access::hash_password(password);
        if (!hash) return respond(error_response(hash.error()));
        user.password_hash = std::move(*hash);
        parts.accounts.add_user(std::move(user), actor, made);
      });
  if (!taken) respond(hashing_busy());
}

void change(const AccessParts& parts, const Request& request, Respond respond) {
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  auto wanted = user_change_from(*body);
  if (!wanted) return respond(error_response(wanted.error()));
  parts.accounts.change_user(std::string(request.param("name")), std::move(*wanted),
                             actor_of(request),
                             done_or_missing(std::move(respond), named_user(request)));
}

void set_password(const AccessParts& parts, const Request& request, Respond respond) {
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  const auto password = body->required_text("password", kTextMax);
  if (!password) return respond(error_response(password.error()));
  const std::string name(request.param("name"));
  if (!parts.accounts.user(name)) return respond(missing_response(named_user(request)));
  if (auto good = access::check_password(*password, name); !good)
    return respond(error_response(good.error()));
  const bool taken =
      parts.hash([parts, actor = actor_of(request), name, password = *password, respond] {
        auto hash = access::hash_password(password);
        if (!hash) return respond(error_response(hash.error()));
        parts.accounts.set_password(name, std::move(*hash), "", actor,
                                    done_or_missing(respond, "user " + name));
      });
  if (!taken) respond(hashing_busy());
}

}  // namespace

void register_user_routes(net::Router& router, const AccessParts& parts) {
  router.add("GET", "/api/v1/users", [parts](Request&&, const Respond& respond) {
    reply_list<access::User>(respond, "users", write_user)(parts.accounts.users());
  });
  router.add("POST", "/api/v1/users", [parts](Request&& request, Respond respond) {
    add(parts, request, std::move(respond));
  });
  router.add("PUT", "/api/v1/users/:name", [parts](Request&& request, Respond respond) {
    change(parts, request, std::move(respond));
  });
  router.add("DELETE", "/api/v1/users/:name", [parts](Request&& request, Respond respond) {
    parts.accounts.remove_user(std::string(request.param("name")), actor_of(request),
                               done_or_missing(std::move(respond), named_user(request)));
  });
  router.add("POST", "/api/v1/users/:name/password", [parts](Request&& request, Respond respond) {
    set_password(parts, request, std::move(respond));
  });
  router.add("GET", "/api/v1/users/:name/sessions",
             [parts](Request&& request, const Respond& respond) {
               JsonWriter json;
               write_sessions(json, parts.accounts.sessions(request.param("name")), "");
               respond(json_response(json));
             });
  router.add("DELETE", "/api/v1/users/:name/sessions",
             [parts](Request&& request, const Respond& respond) {
               parts.accounts.end_sessions(std::string(request.param("name")), "",
                                           actor_of(request), reply<size_t>(respond, write_ended));
             });
}

}  // namespace tocsin::server
