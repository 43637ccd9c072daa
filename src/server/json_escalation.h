#pragma once
// Escalations and trends as JSON.

#include "server/escalation_desk.h"
#include "server/json.h"

namespace tocsin::server {

void write_escalation(JsonWriter& json, const EscalationView& view);
void write_next(JsonWriter& json, const std::vector<EscalationNext>& next);  // an array
void write_preview(JsonWriter& json, const supervisor::EscalationPreview& preview);
void write_trends(JsonWriter& json, const supervisor::Trends& trends);

}  // namespace tocsin::server
