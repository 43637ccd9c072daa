// GET /api/me: who the server takes the asker for and what they may do; pages hide and disable by
// it what would be refused.

#include "base/json_writer.h"
#include "server/reply.h"
#include "server/routes.h"

namespace tocsin::server {
namespace {

void write_me(JsonWriter& json, const Who& who) {
  json.begin_object().member("kind", to_text(who.kind)).member("name", who.name).key("role");
  who.role ? json.string(to_text(*who.role)) : json.null();
  json.key("permissions").begin_array();
  for (const Permission one : kPermissions)
    if (who.may.has(one)) json.string(to_text(one));
  json.end_array().key("view");
  who.restricted() ? json.string(who.view.text()) : json.null();
  json.key("csrf");
  who.csrf.empty() ? json.null() : json.string(who.csrf);
  json.end_object();
}

}  // namespace

void register_me_route(net::Router& router) {
  router.add("GET", "/api/me", [](net::Request&& request, net::Respond respond) {
    JsonWriter json;
    write_me(json, request.who ? *request.who : Who{});
    respond(json_response(json));
  });
}

}  // namespace tocsin::server
