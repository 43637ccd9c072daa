#pragma once
// GET /api/v1/rules and /api/v1/alerts as Prometheus answers them.

#include "net/router.h"
#include "server/rule_groups.h"

namespace tocsin::server {

// `groups` outlives the router.
void register_rule_routes(net::Router& router, const RuleGroups& groups);

}  // namespace tocsin::server
