#include "server/json_access.h"

#include "server/json.h"
#include "server/reply.h"

namespace tocsin::server {
namespace {

constexpr size_t kTextMax = 500, kViewMax = 4000;

void write_view(JsonWriter& json, const LabelView& view) {
  json.key("view");
  view.everything() ? json.null() : json.string(view.text());
}

void write_permissions(JsonWriter& json, std::string_view key, Permissions may) {
  json.key(key).begin_array();
  for (const Permission one : kPermissions)
    if (may.has(one)) json.string(to_text(one));
  json.end_array();
}

Result<Role> role_from(const std::string& text) {
  if (const auto role = parse_role(text)) return *role;
  return fail(ErrorCode::kInvalid,
              "\"" + text + "\" is no role; there are viewer, responder, editor and admin");
}

}  // namespace

void write_me(JsonWriter& json, const Who& who, const std::optional<access::User>& user) {
  json.begin_object().member("kind", to_text(who.kind)).member("name", who.name);
  json.member("real_name", user ? user->real_name : "").member("mail", user ? user->mail : "");
  json.key("role");
  who.role ? json.string(to_text(*who.role)) : json.null();
  write_permissions(json, "permissions", who.may);
  write_view(json, who.view);
  json.key("csrf");
  who.csrf.empty() ? json.null() : json.string(who.csrf);
  json.end_object();
}

void write_user(JsonWriter& json, const access::User& user) {
  json.begin_object()
      .member("name", user.name)
      .member("real_name", user.real_name)
      .member("mail", user.mail)
      .member("role", to_text(user.role));
  write_view(json, user.view);
  json.member("can_sign_in", !user.password_hash.empty());
  write_time(json, "created_at", user.created);
  json.end_object();
}

void write_token(JsonWriter& json, const access::Token& token) {
  json.begin_object().member("name", token.name);
  write_permissions(json, "scopes", token.may);
  write_view(json, token.view);
  write_text_or_null(json, "owner", token.owner);
  write_time(json, "created_at", token.created);
  write_time(json, "expires_at", token.expires);
  write_time(json, "last_used_at", token.last_use.get());
  json.end_object();
}

void write_sessions(JsonWriter& json, const std::vector<access::Session>& sessions,
                    std::string_view current) {
  json.begin_object().key("sessions").begin_array();
  for (const access::Session& one : sessions) {
    json.begin_object()
        .member("id", one.id)
        .member("address", one.address)
        .member("agent", one.agent)
        .member("current", one.id == current);
    write_time(json, "created_at", one.created);
    write_time(json, "last_used_at", one.last_use.get());
    json.end_object();
  }
  json.end_array().end_object();
}

void write_ended(JsonWriter& json, size_t count) {
  json.begin_object().member("ended", count).end_object();
}

Result<access::Accounts::UserChange> user_change_from(const Body& body) {
  access::Accounts::UserChange out;
  for (const auto& [key, into] : {std::pair("real_name", &out.real_name), {"mail", &out.mail}}) {
    if (!body.has(key)) continue;
    auto text = body.text(key, kTextMax);
    if (!text) return fail(text.error());
    *into = std::move(*text);
  }
  if (body.has("role")) {
    const auto text = body.text("role", kTextMax);
    if (!text) return fail(text.error());
    const auto role = role_from(*text);
    if (!role) return fail(role.error());
    out.role = *role;
  }
  if (body.has("view")) {
    const auto text = body.text("view", kViewMax);
    if (!text) return fail(text.error());
    auto view = LabelView::parse(*text);
    if (!view) return fail(view.error());
    out.view = std::move(*view);
  }
  return out;
}

Result<access::User> user_from(const Body& body) {
  access::User out;
  auto name = body.required_text("name", kTextMax);
  if (!name) return fail(name.error());
  auto rest = user_change_from(body);
  if (!rest) return fail(rest.error());
  out.name = std::move(*name);
  out.real_name = rest->real_name.value_or("");
  out.mail = rest->mail.value_or("");
  out.role = rest->role.value_or(Role::kViewer);
  if (rest->view) out.view = std::move(*rest->view);
  return out;
}

net::Response not_allowed_response(const Error& error) {
  net::Response out = error_response(error);
  if (error.code == ErrorCode::kRefused) out.status = 403;
  return out;
}

Done<bool> done_or_missing(net::Respond respond, std::string what) {
  return [respond = std::move(respond), what = std::move(what)](const Result<bool>& done) {
    if (!done) return respond(error_response(done.error()));
    if (!*done) return respond(missing_response(what));
    respond(net::Response::empty());
  };
}

}  // namespace tocsin::server
