#pragma once
// GET /api/cardinality as JSON; docs/http-api.md.

#include "base/json_writer.h"
#include "intake/series_guard_view.h"

namespace tocsin::server {

void write_cardinality(JsonWriter& json, const intake::CardinalityView& view);

}  // namespace tocsin::server
