#pragma once
// What the routes about people, tokens and the audit log need from the program.

#include <functional>
#include <vector>

#include "access/accounts.h"
#include "access/audit.h"
#include "access/door.h"
#include "access/login_limiter.h"
#include "access/replies.h"
#include "net/router.h"
#include "server/views.h"

namespace tocsin::server {

// All outlive the router.
struct AccessParts {
  access::Accounts& accounts;
  access::LoginLimiter& limiter;
  access::Replies& replies;
  const access::Door& door;
  const Clock& clock;
  bool https = false;  // the server's own; a proxy's is told by X-Forwarded-Proto
  // Runs the work where hashing a password keeps nobody waiting; false: too many wait already.
  std::function<bool(std::function<void()>)> hash;
  std::function<void(access::AuditFilter, Done<std::vector<access::AuditEntry>>)> read_audit;
  // Adds to the audit log, soon; any thread.
  std::function<void(access::AuditEntry)> record;
};

// Signing in and out, one's own profile, set-up, users, tokens, the audit log.
void register_access_routes(net::Router& router, const AccessParts& parts);
void register_user_routes(net::Router& router, const AccessParts& parts);
void register_token_routes(net::Router& router, const AccessParts& parts);
void register_audit_routes(net::Router& router, const AccessParts& parts);

// Around every handler: changes are recorded, a POST with an Idempotency-Key is done once.
net::Around watch_changes(const AccessParts& parts);

// Who acts, for the audit log.
access::Actor actor_of(const net::Request& request);

}  // namespace tocsin::server
