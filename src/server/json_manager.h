#pragma once
// The Worker Manager's views as JSON.

#include "base/json_writer.h"
#include "server/manager.h"

namespace tocsin::server {

void write_definition(JsonWriter& json, const WorkerDefinition& view);
void write_preview(JsonWriter& json, const PreviewView& view);
void write_quality(JsonWriter& json, const QualityView& view);
void write_proposals(JsonWriter& json, const ProposalsView& view);

}  // namespace tocsin::server
