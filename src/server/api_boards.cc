#include <algorithm>

#include "server/json_boards.h"
#include "server/reply.h"
#include "server/routes.h"

namespace tocsin::server {

namespace {

net::Response all(const BoardList& boards) {
  JsonWriter json;
  json.begin_object().key("boards").begin_array();
  for (const Board& board : boards) write_board_summary(json, board);
  json.end_array().end_object();
  return json_response(json);
}

net::Response one(const BoardList& boards, std::string_view id) {
  const auto found = std::find_if(boards.begin(), boards.end(),
                                  [&](const Board& board) { return board.id == id; });
  if (found == boards.end()) return missing_response("board " + std::string(id));
  JsonWriter json;
  write_board(json, *found);
  return json_response(json);
}

}  // namespace

void register_board_routes(net::Router& router, const Boards& boards) {
  router.add("GET", "/api/boards",
             [&boards](net::Request&&, net::Respond respond) { respond(all(*boards.list())); });
  router.add("GET", "/api/boards/:id", [&boards](net::Request&& request, net::Respond respond) {
    respond(one(*boards.list(), request.param("id")));
  });
}

}  // namespace tocsin::server
