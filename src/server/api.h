#pragma once
// Every route of docs/http-api.md but the senders' (intake registers those), and who may use which.
//
//   server::Hub hub({}, counters);
//   server::register_api(router, {.views = views, .hub = hub, .counters = counters, ...});
//   router.set_authorize(server::authorizer(door, counters));

#include "access/door.h"
#include "base/clock.h"
#include "base/counters.h"
#include "net/router.h"
#include "server/assets.h"
#include "server/boards.h"
#include "server/causes_desk.h"
#include "server/config_desk.h"
#include "server/coverage.h"
#include "server/escalation_desk.h"
#include "server/hub.h"
#include "server/manager.h"
#include "server/views.h"

namespace tocsin::server {

// All outlive the router.
struct ApiParts {
  Views& views;
  Hub& hub;
  const Counters& counters;
  const Clock& clock;              // what "until now" means in a range without an end
  const Pages* pages = nullptr;    // nullptr: no pages, 404
  const Boards* boards = nullptr;  // nullptr: no such routes
  ConfigDesk* config = nullptr;    // likewise
  CoverageDesk* coverage = nullptr;
  ManagerDesk* manager = nullptr;
  CausesDesk* causes = nullptr;
  EscalationDesk* escalation = nullptr;
};

void register_api(net::Router& router, const ApiParts& parts);

// Refuses, for every route (also intake's), before the body is read:
//   401 no token where one is needed · 403 the token's scope is too small
//   403 a browser sent it from another site (Origin is not this Host)
//   415 a body for /api/ that is not application/json (forms of other sites cannot send that)
// Without a token: /-/healthy, /-/ready, /ping, /health. `door` outlives the router.
net::Authorize authorizer(const access::Door& door, Counters& counters);

}  // namespace tocsin::server
