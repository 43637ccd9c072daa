#pragma once
// The one table of what each route needs (route_rules.cc): who may use it, how a change by it is
// called in the audit log, whether it keeps to what a restricted user may see. A route without a
// row is for administrators and is not for restricted users; a program test refuses it.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "net/router.h"
#include "vocabulary/who.h"

namespace tocsin::server {

enum class Need : uint8_t {
  kOpen,      // nothing: health, signing in
  kSignedIn,  // somebody, whatever they may do: their own profile
  kRead,
  kRespond,
  kConfigure,
  kWrite,
  kAdmin,
};
std::string_view to_text(Need need);  // "open", "signed in", "read", ...
bool meets(const Who& who, Need need);

struct RouteRule {
  std::string_view method, pattern;
  Need need = Need::kAdmin;
  // What a change is called in the audit log: "alert.acknowledge"; empty = not recorded (reads, and
  // what comes by the thousand: points, other systems' alerts).
  std::string_view action{};
  // Shows and changes only what `request.who->view` shows; others refuse restricted users.
  bool keeps_to_view = false;
  // The answer holds a secret that is shown once: it is not kept for a repeated request.
  bool shown_once = false;
};

std::span<const RouteRule> route_rules();
// By method and pattern; HEAD as GET. Nothing: there is no row.
const RouteRule* find_route_rule(std::string_view method, std::string_view pattern);
// The row, or what holds without one.
RouteRule rule_of(std::string_view method, std::string_view pattern);

// GET /api/v1/routes: every route of the router with its need; null where there is no row.
void register_route_list(net::Router& router);

}  // namespace tocsin::server
