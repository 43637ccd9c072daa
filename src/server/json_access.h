#pragma once
// Users, tokens, sessions as JSON and back. Never a hash, never a secret.

#include <optional>
#include <vector>

#include "access/accounts.h"
#include "base/json_writer.h"
#include "server/params.h"
#include "server/views.h"

namespace tocsin::server {

void write_me(JsonWriter& json, const Who& who, const std::optional<access::User>& user);
void write_user(JsonWriter& json, const access::User& user);
void write_token(JsonWriter& json, const access::Token& token);
// {"sessions":[...]}; `current` is marked.
void write_sessions(JsonWriter& json, const std::vector<access::Session>& sessions,
                    std::string_view current);
void write_ended(JsonWriter& json, size_t count);  // {"ended":3}

// A whole user of a body: name, real_name, mail, role (viewer), view; no password.
Result<access::User> user_from(const Body& body);
// What is there of real_name, mail, role, view.
Result<access::Accounts::UserChange> user_change_from(const Body& body);

// 403 for what this one may not do; else as error_response().
net::Response not_allowed_response(const Error& error);

// 204, or 404 that names `what`.
Done<bool> done_or_missing(net::Respond respond, std::string what);

}  // namespace tocsin::server
