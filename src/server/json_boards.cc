#include "server/json_boards.h"

namespace tocsin::server {

namespace {

std::string_view to_text(BoardPanel::Kind kind) {
  switch (kind) {
    case BoardPanel::Kind::kChart:
      return "chart";
    case BoardPanel::Kind::kValue:
      return "value";
    case BoardPanel::Kind::kText:
      return "text";
  }
  return "";
}

std::string_view to_text(BoardRow::Height height) {
  switch (height) {
    case BoardRow::Height::kSmall:
      return "small";
    case BoardRow::Height::kNormal:
      return "normal";
    case BoardRow::Height::kTall:
      return "tall";
  }
  return "";
}

void write_or_null(JsonWriter& json, std::string_view key, std::optional<double> value) {
  json.key(key);
  if (value)
    json.number(*value);
  else
    json.null();
}

void write_thresholds(JsonWriter& json, const std::vector<BoardThreshold>& thresholds) {
  json.key("thresholds").begin_array();
  for (const BoardThreshold& threshold : thresholds) {
    json.begin_object().member("value", threshold.value).key("severity");
    if (threshold.severity)
      json.string(tocsin::to_text(*threshold.severity));
    else
      json.null();
    json.member("text", threshold.text).end_object();
  }
  json.end_array();
}

void write_panel(JsonWriter& json, const BoardPanel& panel) {
  json.begin_object()
      .member("kind", to_text(panel.kind))
      .member("title", panel.title)
      .member("text", panel.text)
      .member("width", static_cast<int64_t>(panel.width))
      .member("unit", panel.unit);
  write_or_null(json, "min", panel.min);
  write_or_null(json, "max", panel.max);
  json.member("band", panel.band).member("alerts", panel.alerts).key("queries").begin_array();
  for (const BoardQuery& query : panel.queries)
    json.begin_object().member("expr", query.expr).member("legend", query.legend).end_object();
  json.end_array();
  write_thresholds(json, panel.thresholds);
  json.end_object();
}

void write_row(JsonWriter& json, const BoardRow& row) {
  json.begin_object()
      .member("title", row.title)
      .member("repeat", row.repeat)
      .member("height", to_text(row.height))
      .key("panels")
      .begin_array();
  for (const BoardPanel& panel : row.panels) write_panel(json, panel);
  json.end_array().end_object();
}

void write_head(JsonWriter& json, const Board& board) {
  json.member("id", board.id)
      .member("title", board.title)
      .member("description", board.description)
      .member("place", board.place);
}

}  // namespace

void write_board_summary(JsonWriter& json, const Board& board) {
  int64_t panels = 0;
  for (const BoardRow& row : board.rows) panels += static_cast<int64_t>(row.panels.size());
  json.begin_object();
  write_head(json, board);
  json.member("panels", panels).end_object();
}

void write_board(JsonWriter& json, const Board& board) {
  json.begin_object();
  write_head(json, board);
  json.member("span_ms", board.span.count).key("refresh_ms");
  if (board.refresh)
    json.integer(board.refresh->count);
  else
    json.null();
  json.key("variables").begin_array();
  for (const BoardVariable& variable : board.variables)
    json.begin_object()
        .member("name", variable.name)
        .member("label", variable.label)
        .member("from", variable.from)
        .member("standard", variable.standard)
        .end_object();
  json.end_array().key("rows").begin_array();
  for (const BoardRow& row : board.rows) write_row(json, row);
  json.end_array().end_object();
}

}  // namespace tocsin::server
