#pragma once
// Causes and changes as JSON.

#include "base/json_writer.h"
#include "server/causes_desk.h"

namespace tocsin::server {

void write_causes(JsonWriter& json, const CausesView& view);
void write_change(JsonWriter& json, const supervisor::MarkedChange& change);

}  // namespace tocsin::server
