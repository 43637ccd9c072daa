#pragma once
// The HTTP API of Prometheus 2.42 under /api/v1/, for Grafana and for people: its parameters, its
// answers, its words. docs/http-api.md says what is there.

#include "net/router.h"
#include "server/queries.h"

namespace tocsin::server {

// What /api/v1/status/... says.
struct PrometheusFacts {
  std::string version;                         // of Tocsin
  std::function<std::string()> configuration;  // the YAML that runs
  std::function<Labels()> flags;               // name -> value
  TimeMs started_at;
  std::function<TimeMs()> now;
  DurationMs keep{};  // raw points
  std::string directory;
};

// `queries` outlives the router.
void register_prometheus_routes(net::Router& router, Queries& queries, PrometheusFacts facts);

// Paths that only read, whatever the method: forms come by POST, and an OPTIONS asks first.
bool is_prometheus_read(std::string_view path);

}  // namespace tocsin::server
