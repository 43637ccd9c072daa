#pragma once
// Acting on an alert from within a message: links and Slack's buttons. Both say themselves who asks
// (a signature), so their routes are open to all.
//
//   GET  /act/:token          a page with a button; nothing is done (mail scanners follow links)
//   POST /act/:token          does it: 200, 404 not ours, 409 not in this state, 410 expired
//   POST /api/slack/actions   200 done or nothing to do, 401 not signed by Slack, 400 not its shape

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "net/router.h"
#include "server/views.h"

namespace tocsin::server {

struct WantedAct {
  Id128 alert;       // or a group
  std::string what;  // "acknowledge", "unacknowledge", "resolve", "silence", "note"
  std::string by;
  std::string text = {};          // kept with it; empty: that it came from a message
  DurationMs silence = hours(1);  // of "silence"
};

// Does it. False: there is no such alert. kRefused: not in this state, and why.
void carry_out(Views& views, const WantedAct& wanted, TimeMs now, Done<bool> done);

// The program's side: knows keys, secrets and people. Called from any thread.
struct ActDesk {
  // kInvalid: not ours; kRefused: expired.
  std::function<Result<WantedAct>(std::string_view token)> open_link;
  // nullopt: a button that asks for nothing. kRefused: not signed; kInvalid: not Slack's shape.
  std::function<Result<std::optional<WantedAct>>(const net::Request& request)> open_slack;
};

// All outlive the router.
void register_act_routes(net::Router& router, Views& views, const ActDesk& desk,
                         const Clock& clock);

}  // namespace tocsin::server
