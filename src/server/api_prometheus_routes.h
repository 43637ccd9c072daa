#pragma once
// The parts of register_prometheus_routes, by subject.

#include "server/api_prometheus.h"

namespace tocsin::server::prometheus {

// GET, POST of a form if `by_form`, and OPTIONS.
void add_read(net::Router& router, std::string_view path, bool by_form, net::Handler handler);
void register_lists(net::Router& router, Queries& queries);
void register_status(net::Router& router, Queries& queries, PrometheusFacts facts);

}  // namespace tocsin::server::prometheus
