#pragma once
// Alertmanager's API v2: Prometheus, vmalert and Grafana send their alerts to it; amtool, karma and
// Grafana read and silence through it. Under /api/v2 and under /alertmanager/api/v2.

#include "base/clock.h"
#include "base/counters.h"
#include "net/router.h"
#include "server/alertmanager_desk.h"

namespace tocsin::server {

// All outlive the router.
void register_alertmanager_routes(net::Router& router, AlertmanagerDesk& desk, const Clock& clock,
                                  Counters& counters);
// Other systems' own ways to tell of alerts: POST /hook/alertmanager, /hook/grafana, /v2/enqueue.
void register_hook_routes(net::Router& router, AlertmanagerDesk& desk);
// A person tells of a trouble: POST /api/alerts.
void register_open_alert_route(net::Router& router, AlertmanagerDesk& desk);
// Signs of life: GET and POST /heartbeat/:name.
void register_heartbeat_routes(net::Router& router, HeartbeatDesk& desk);

}  // namespace tocsin::server
