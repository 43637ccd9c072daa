#pragma once
// Rule groups and their alerts as Prometheus' JSON, envelope included.

#include "base/json_writer.h"
#include "server/rule_groups.h"

namespace tocsin::server {

void write_rule_groups(JsonWriter& json, const RuleGroupList& groups, bool alerting,
                       bool recording);
void write_rule_alerts(JsonWriter& json, const RuleGroupList& groups);

}  // namespace tocsin::server
