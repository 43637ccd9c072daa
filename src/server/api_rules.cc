#include "server/api_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "promql/literals.h"
#include "server/api_prometheus_reply.h"
#include "server/json_rules.h"
#include "server/restrict.h"

namespace tocsin::server {
namespace {

using prometheus::failure;
using prometheus::success;
using prometheus::with_origin;

// `?type=alert` or `?type=record`; both without.
net::Response rules(const net::Request& request, const RuleGroupList& groups) {
  const std::string type(request.query.get("type"));
  if (!type.empty() && type != "alert" && type != "record")
    return failure("bad_data", fmt::format("invalid parameter \"type\": not supported value "
                                           "\"{}\"",
                                           type));
  JsonWriter json;
  write_rule_groups(json, groups, type != "record", type != "alert");
  return success(json.take());
}

net::Response alerts(RuleGroupList groups, const LabelView& view) {
  for (RuleGroupView& group : groups)
    for (RuleView& rule : group.rules)
      std::erase_if(rule.alerts,
                    [&](const RuleAlertView& alert) { return !view.shows(Labels(alert.labels)); });
  JsonWriter json;
  write_rule_alerts(json, groups);
  return success(json.take());
}

}  // namespace

void register_rule_routes(net::Router& router, const RuleGroups& groups) {
  router.add("GET", "/api/v1/rules", [&groups](net::Request&& request, net::Respond respond) {
    with_origin(request, std::move(respond))(rules(request, *groups.list()));
  });
  router.add("GET", "/api/v1/alerts", [&groups](net::Request&& request, net::Respond respond) {
    with_origin(request, std::move(respond))(alerts(*groups.list(), view_of(request)));
  });
}

}  // namespace tocsin::server
