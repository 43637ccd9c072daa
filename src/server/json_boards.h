#pragma once
// Boards as JSON, member by member as docs/http-api.md says.

#include "base/json_writer.h"
#include "server/boards.h"

namespace tocsin::server {

void write_board_summary(JsonWriter& json, const Board& board);
void write_board(JsonWriter& json, const Board& board);

}  // namespace tocsin::server
