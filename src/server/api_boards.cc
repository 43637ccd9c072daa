#include <algorithm>

#include "server/json_boards.h"
#include "server/reply.h"
#include "server/restrict.h"
#include "server/routes.h"

namespace tocsin::server {

namespace {

// A board's own words may name what a restricted user does not see: whoever writes it says so.
bool shown(const Board& board, const LabelView& view) {
  return view.everything() || board.restricted;
}

net::Response all(const BoardList& boards, const LabelView& view) {
  JsonWriter json;
  json.begin_object().key("boards").begin_array();
  for (const Board& board : boards)
    if (shown(board, view)) write_board_summary(json, board);
  json.end_array().end_object();
  return json_response(json);
}

net::Response one(const BoardList& boards, std::string_view id, const LabelView& view) {
  const auto found = std::find_if(boards.begin(), boards.end(), [&](const Board& board) {
    return board.id == id && shown(board, view);
  });
  if (found == boards.end()) return missing_response("board " + std::string(id));
  JsonWriter json;
  write_board(json, *found);
  return json_response(json);
}

}  // namespace

void register_board_routes(net::Router& router, const Boards& boards) {
  router.add("GET", "/api/boards", [&boards](net::Request&& request, net::Respond respond) {
    respond(all(*boards.list(), view_of(request)));
  });
  router.add("GET", "/api/boards/:id", [&boards](net::Request&& request, net::Respond respond) {
    respond(one(*boards.list(), request.param("id"), view_of(request)));
  });
}

}  // namespace tocsin::server
