// Signing in and out, the first user, one's own profile.

#include <fmt/format.h>

#include "access/password.h"
#include "base/json_writer.h"
#include "server/access_parts.h"
#include "server/assets.h"
#include "server/json_access.h"
#include "server/params.h"
#include "server/reply.h"

namespace tocsin::server {
namespace {

using net::Request;
using net::Respond;
using net::Response;

constexpr size_t kTextMax = 500;

bool over_https(const AccessParts& parts, const Request& request) {
  return parts.https || request.headers.get("X-Forwarded-Proto") == "https";
}

// SameSite=Lax: a link in a mail opens the page signed in, another site's form does not.
void set_cookie(Response& response, std::string_view value, DurationMs lasts, bool https) {
  response.headers.add(
      "Set-Cookie",
      fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}", access::kSessionCookie,
                  value, lasts.count / 1000, https ? "; Secure" : ""));
}

Response busy(std::string_view what, DurationMs wait, int status) {
  Response out = Response::error_json(status, what);
  out.headers.add("Retry-After", std::to_string((wait.count + 999) / 1000));
  add_security_headers(out, false);
  return out;
}

Response hashing_busy() {
  return busy("too many passwords are being checked at once; try again in a moment", seconds(2),
              503);
}

Response wrong_password() {
  Response out = Response::error_json(401, "no such user, or the password is wrong");
  add_security_headers(out, false);
  return out;
}

void begin_session(const AccessParts& parts, const Request& request, const std::string& user,
                   Respond respond) {
  parts.accounts.sign_in(user, request.remote_address,
                         std::string(request.headers.get("User-Agent")),
                         [parts, https = over_https(parts, request),
                          respond = std::move(respond)](Result<std::string> plain) {
                           if (!plain) return respond(error_response(plain.error()));
                           const auto who = parts.accounts.by_session(*plain);
                           if (!who) return respond(wrong_password());
                           JsonWriter json;
                           write_me(json, *who, parts.accounts.user(who->name));
                           Response out = json_response(json);
                           set_cookie(out, *plain, parts.accounts.lifetimes().session_max, https);
                           respond(std::move(out));
                         });
}

void login(const AccessParts& parts, Request&& request, Respond respond) {
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  const auto user = body->required_text("user", kTextMax);
  if (!user) return respond(error_response(user.error()));
  const auto password = body->required_text("password", kTextMax);
  if (!password) return respond(error_response(password.error()));
  if (const auto wait = parts.limiter.admit(*user, request.remote_address, parts.clock.now()))
    return respond(
        busy("too many tries to sign in; wait, or ask an administrator for a new "
             "password",
             *wait, 429));
  // The body holds the password: it goes no further than this.
  const auto asked = std::make_shared<Request>(std::move(request));
  asked->body.clear();
  const bool taken = parts.hash([parts, asked, user = *user, password = *password, respond] {
    const auto known = parts.accounts.user(user);
    const bool can = known && !known->password_hash.empty();
    const bool fits =
        access::password_fits(can ? known->password_hash : access::decoy_hash(), password);
    if (!can || !fits) {
      parts.accounts.note_refused(user, asked->remote_address);
      return respond(wrong_password());
    }
    parts.limiter.succeeded(user, asked->remote_address);
    begin_session(parts, *asked, user, respond);
  });
  if (!taken) respond(hashing_busy());
}

void tell_login(const AccessParts& parts, const Respond& respond) {
  JsonWriter json;
  json.begin_object()
      .member("setup", !parts.accounts.any_user())
      .member("needed", !parts.door.open_on_loopback())
      .end_object();
  respond(json_response(json));
}

void setup(const AccessParts& parts, Request&& request, Respond respond) {
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  const auto secret = body->required_text("secret", kTextMax);
  if (!secret) return respond(error_response(secret.error()));
  auto user = user_from(*body);
  if (!user) return respond(error_response(user.error()));
  const auto password = body->required_text("password", kTextMax);
  if (!password) return respond(error_response(password.error()));
  if (auto good = access::check_password(*password, user->name); !good)
    return respond(error_response(good.error()));
  if (const auto wait = parts.limiter.admit("set-up", request.remote_address, parts.clock.now()))
    return respond(busy("too many tries; wait", *wait, 429));
  // Before the work of hashing, which anybody could ask for otherwise.
  if (!parts.accounts.setup_fits(*secret))
    return respond(
        not_allowed_response({ErrorCode::kRefused,
                              "this set-up link is not valid: it was used, or the server was "
                              "started anew and printed another",
                              {}}));
  const auto asked = std::make_shared<Request>(std::move(request));
  asked->body.clear();
  const bool taken = parts.hash([parts, asked, secret = *secret, user = std::move(*user),
                                 password = *password, respond]() mutable {
    auto hash = access::hash_password(password);
    if (!hash) return respond(error_response(hash.error()));
    user.password_hash = std::move(*hash);
    parts.accounts.setup(secret, std::move(user), actor_of(*asked),
                         [parts, asked, respond](Result<access::User> made) {
                           if (!made) return respond(not_allowed_response(made.error()));
                           begin_session(parts, *asked, made->name, respond);
                         });
  });
  if (!taken) respond(hashing_busy());
}

// Nothing for tokens: they have no session and no password.
std::optional<Who> person(const Request& request, const Respond& respond) {
  if (request.who && request.who->kind == Who::Kind::kUser) return *request.who;
  respond(not_allowed_response({ErrorCode::kRefused,
                                "this is for people who signed in; a token has no password and no "
                                "session",
                                {}}));
  return std::nullopt;
}

void logout(const AccessParts& parts, const Request& request, Respond respond) {
  const auto answer = [https = over_https(parts, request), respond](const Result<bool>& done) {
    if (!done) return respond(error_response(done.error()));
    Response out = Response::empty();
    set_cookie(out, "", {}, https);
    respond(std::move(out));
  };
  if (!request.who || request.who->kind != Who::Kind::kUser) return answer(true);
  parts.accounts.end_session(request.who->name, request.who->session, actor_of(request), answer);
}

void own_sessions(const AccessParts& parts, const Request& request, const Respond& respond) {
  const auto who = person(request, respond);
  if (!who) return;
  JsonWriter json;
  write_sessions(json, parts.accounts.sessions(who->name), who->session);
  respond(json_response(json));
}

void end_own_sessions(const AccessParts& parts, const Request& request, const Respond& respond) {
  const auto who = person(request, respond);
  if (!who) return;
  parts.accounts.end_sessions(who->name, request.query.get("all") == "1" ? "" : who->session,
                              actor_of(request), reply<size_t>(respond, write_ended));
}

void own_password(const AccessParts& parts, Request&& request, const Respond& respond) {
  const auto who = person(request, respond);
  if (!who) return;
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  const auto old = body->required_text("old", kTextMax);
  if (!old) return respond(error_response(old.error()));
  const auto fresh = body->required_text("new", kTextMax);
  if (!fresh) return respond(error_response(fresh.error()));
  if (auto good = access::check_password(*fresh, who->name); !good)
    return respond(error_response(good.error()));
  if (const auto wait = parts.limiter.admit(who->name, request.remote_address, parts.clock.now()))
    return respond(busy("too many tries; wait", *wait, 429));
  const access::Actor actor = actor_of(request);
  const bool taken = parts.hash([parts, who = *who, actor, old = *old, fresh = *fresh, respond] {
    const auto known = parts.accounts.user(who.name);
    if (!known || !access::password_fits(known->password_hash, old))
      return respond(error_response(
          {ErrorCode::kInvalid, "changing the password failed: the old one is wrong", {}}));
    parts.limiter.succeeded(who.name, actor.address);
    auto hash = access::hash_password(fresh);
    if (!hash) return respond(error_response(hash.error()));
    parts.accounts.set_password(
        who.name, std::move(*hash), who.session, actor,
        [respond, name = who.name](Result<bool> done) {
          if (!done) return respond(error_response(done.error()));
          respond(*done ? Response::empty() : missing_response("user " + name));
        });
  });
  if (!taken) respond(hashing_busy());
}

void change_own(const AccessParts& parts, const Request& request, const Respond& respond) {
  const auto who = person(request, respond);
  if (!who) return;
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  auto change = user_change_from(*body);
  if (!change) return respond(error_response(change.error()));
  if (change->role || change->view)
    return respond(not_allowed_response(
        {ErrorCode::kRefused, "one's own role and view are changed by an administrator", {}}));
  parts.accounts.change_user(who->name, std::move(*change), actor_of(request),
                             done_or_missing(respond, "user " + who->name));
}

void me(const AccessParts& parts, const Request& request, const Respond& respond) {
  const Who who = request.who ? *request.who : Who{};
  JsonWriter json;
  write_me(json, who, who.kind == Who::Kind::kUser ? parts.accounts.user(who.name) : std::nullopt);
  respond(json_response(json));
}

}  // namespace

void register_access_routes(net::Router& router, const AccessParts& parts) {
  router.add("GET", "/api/me",
             [parts](Request&& request, const Respond& respond) { me(parts, request, respond); });
  router.add("PUT", "/api/me", [parts](Request&& request, const Respond& respond) {
    change_own(parts, request, respond);
  });
  router.add("GET", "/api/v1/login",
             [parts](Request&&, const Respond& respond) { tell_login(parts, respond); });
  router.add("POST", "/api/v1/login", [parts](Request&& request, Respond respond) {
    login(parts, std::move(request), std::move(respond));
  });
  router.add("POST", "/api/v1/setup", [parts](Request&& request, Respond respond) {
    setup(parts, std::move(request), std::move(respond));
  });
  router.add("POST", "/api/v1/logout", [parts](Request&& request, Respond respond) {
    logout(parts, request, std::move(respond));
  });
  router.add("POST", "/api/v1/me/password", [parts](Request&& request, const Respond& respond) {
    own_password(parts, std::move(request), respond);
  });
  router.add("GET", "/api/v1/me/sessions", [parts](Request&& request, const Respond& respond) {
    own_sessions(parts, request, respond);
  });
  router.add("DELETE", "/api/v1/me/sessions", [parts](Request&& request, const Respond& respond) {
    end_own_sessions(parts, request, respond);
  });
  router.add(
      "DELETE", "/api/v1/me/sessions/:id", [parts](Request&& request, const Respond& respond) {
        const auto who = person(request, respond);
        if (!who) return;
        parts.accounts.end_session(who->name, std::string(request.param("id")), actor_of(request),
                                   done_or_missing(respond, "session of yours like that"));
      });
  register_user_routes(router, parts);
  register_token_routes(router, parts);
  register_audit_routes(router, parts);
}

}  // namespace tocsin::server
