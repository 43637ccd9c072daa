#pragma once
// The configuration's files and their history as JSON.

#include "base/json_writer.h"
#include "server/config_desk.h"

namespace tocsin::server {

void write_config_files(JsonWriter& json, const ConfigFilesView& view);
void write_config_check(JsonWriter& json, const ConfigCheckView& view);
void write_config_published(JsonWriter& json, const ConfigPublished& view);
void write_config_version(JsonWriter& json, const ConfigVersionView& view, bool with_diffs);

}  // namespace tocsin::server
