#include "tocsin/boards.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "config/reader.h"
#include "promql/parse.h"
#include "tocsin/board_query.h"

namespace tocsin {
namespace {

using config::MapReader;
using server::Board;
using server::BoardPanel;
using server::BoardRow;
using Names = std::vector<std::string_view>;

constexpr std::string_view kType = "board";

void read_variable(MapReader& m, Board& board) {
  server::BoardVariable out;
  out.name = m.required<std::string>(
      "name",
      "How queries name it: site=~\"$name\". `interval` is taken: the longer of a minute "
      "and the step, for rate().");
  out.label = m.value<std::string>("label", "", "Label whose values are offered; empty: the name.");
  out.from = m.required<std::string>(
      "from", "Selector of the series whose labels are read, such as payments_ok.");
  out.standard = m.value<std::string>("standard", "", "Value chosen at first; empty: all.");
  if (out.label.empty()) out.label = out.name;
  if (!m.describing()) {
    if (!m.refused("name") && (!is_variable_name(out.name) || out.name == kIntervalVariable))
      m.problem("name", fmt::format("expected letters, digits and _ (not \"interval\"), not \"{}\"",
                                    out.name));
    const auto same = [&](const auto& other) { return other.name == out.name; };
    if (std::any_of(board.variables.begin(), board.variables.end(), same))
      m.problem("name", fmt::format("the board has a variable \"{}\" already", out.name));
    if (!m.refused("from"))
      if (const auto parsed = promql::parse_selector(out.from); !parsed)
        m.problem("from", parsed.error().text(out.from));
  }
  board.variables.push_back(std::move(out));
}

void check_query(MapReader& m, std::string_view key, std::string_view expr,
                 const Names& variables) {
  if (m.describing() || m.refused(key)) return;
  if (const auto problem = query_problem(expr, variables)) m.problem(key, *problem);
}

void read_queries(MapReader& m, BoardPanel& out, const Names& variables) {
  const auto single = m.optional<std::string>(
      "query", "PromQL; in its strings $name stands for a variable's value (use =~).");
  const auto legend = m.value<std::string>(
      "legend", "", "Name of each series of `query`: {{label}} is a label's value.");
  if (single) {
    check_query(m, "query", *single, variables);
    out.queries.push_back({*single, legend});
  } else if (m.has("legend")) {
    m.problem("legend", "there is no `query` here; each of `queries` has a legend of its own");
  }
  m.list("queries", "board query", "Several, each with its legend.", [&](MapReader& q) {
    server::BoardQuery query;
    query.expr = q.required<std::string>("query", "PromQL, as in a panel.");
    query.legend = q.value<std::string>("legend", "", "Name of its series, as in a panel.");
    check_query(q, "query", query.expr, variables);
    out.queries.push_back(std::move(query));
  });
  if (out.queries.size() > kPanelQueriesMax)
    m.problem("queries", fmt::format("{} queries; a panel has at most {}", out.queries.size(),
                                     kPanelQueriesMax));
}

void read_threshold(MapReader& m, BoardPanel& out) {
  server::BoardThreshold threshold;
  threshold.value = m.required<double>("value", "Where the line is drawn.");
  const size_t severity = m.choice("severity", {"none", "critical", "high", "low"}, "none",
                                   "Whose colour it has; a line alone opens no alert.");
  if (severity == 1) threshold.severity = Severity::kCritical;
  if (severity == 2) threshold.severity = Severity::kHigh;
  if (severity == 3) threshold.severity = Severity::kLow;
  threshold.text = m.value<std::string>("text", "", "Written beside it.");
  out.thresholds.push_back(std::move(threshold));
}

void check_panel(MapReader& m, const BoardPanel& out) {
  if (m.describing()) return;
  const bool unread = m.refused("query") || m.refused("queries");
  if (out.kind == BoardPanel::Kind::kText) {
    if (out.text.empty() && !m.refused("text")) m.problem("text", "a panel of text has a text");
    if (!out.queries.empty())
      m.problem("kind", "a panel of text asks nothing; leave the query out");
  } else if (out.queries.empty() && !unread) {
    m.problem("query", "is missing: what does this panel show?");
  } else if (out.kind == BoardPanel::Kind::kValue && out.queries.size() > 1) {
    m.problem("queries", "a panel of kind value shows one query");
  }
  if (out.min && out.max && *out.min >= *out.max) m.problem("max", "must be above min");
}

BoardPanel read_panel(MapReader& m, const Names& variables) {
  BoardPanel out;
  out.kind = static_cast<BoardPanel::Kind>(
      m.choice("kind", {"chart", "value", "text"}, "chart",
               "Lines over time; the newest value in large figures; words."));
  out.title = m.value<std::string>("title", "", "Its head; $name stands for a variable's value.");
  out.text = m.value<std::string>("text", "", "What a panel of kind text says.");
  out.width = static_cast<uint32_t>(
      std::clamp<int64_t>(m.value<int64_t>("width", 4, "Columns of 12."), 1, 12));
  read_queries(m, out, variables);
  out.unit = m.value<std::string>(
      "unit", "", "s, ms, bytes, bits, ratio (shown as %), or any text behind the value.");
  out.min = m.optional<double>("min", "Lower end of the value axis; else by the values.");
  out.max = m.optional<double>("max", "Upper end of the value axis; else by the values.");
  out.band = m.value<bool>("band", false,
                           "Draw the band of the worker that tests a series, and its violations.");
  out.alerts = m.value<bool>("alerts", false, "Draw the alerts of the series' scopes.");
  m.list("thresholds", "board threshold", "Lines across a chart.",
         [&](MapReader& t) { read_threshold(t, out); });
  check_panel(m, out);
  return out;
}

void read_row(MapReader& m, Board& board, const Names& variables) {
  BoardRow out;
  out.title = m.value<std::string>("title", "", "Its head; $name stands for a variable's value.");
  out.repeat = m.value<std::string>(
      "repeat", "", "A variable: the row stands once for each value that is chosen.");
  out.height = static_cast<BoardRow::Height>(
      m.choice("height", {"small", "normal", "tall"}, "normal", "Of its panels."));
  m.list(
      "panels", "board panel", "From left to right; those past 12 columns go below.",
      [&](MapReader& p) { out.panels.push_back(read_panel(p, variables)); }, true);
  const bool known = std::find(variables.begin(), variables.end(), out.repeat) != variables.end();
  if (!out.repeat.empty() && !known) {
    const std::string_view near = nearest_word(out.repeat, variables);
    m.problem("repeat",
              fmt::format("there is no variable \"{}\"{}", out.repeat,
                          near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  }
  board.rows.push_back(std::move(out));
}

size_t panels_of(const Board& board) {
  size_t out = 0;
  for (const BoardRow& row : board.rows) out += row.panels.size();
  return out;
}

void read_board(MapReader& m, Board& out) {
  out.place = m.place().file_line();
  out.id = m.required<std::string>("id", "Unique; part of its address: /boards/ID.");
  out.title = m.value<std::string>("title", "", "Its headline; empty: the id.");
  out.description = m.value<std::string>("description", "", "One sentence for the list of boards.");
  out.span = m.value<DurationMs>("span", hours(6), "How far back its charts show at first.");
  out.restricted = m.value<bool>(
      "restricted", false,
      "Shown also to users and tokens that are restricted to a view; its charts show them their "
      "own series. Its titles and queries are shown as they are written.");
  out.refresh = m.optional<DurationMs>(
      "refresh", "How often it is asked again; else by its span: 10 s for 6 h.");
  m.list("variables", "board variable", "What readers choose.",
         [&](MapReader& v) { read_variable(v, out); });
  Names names;
  for (const server::BoardVariable& variable : out.variables) names.push_back(variable.name);
  m.list(
      "rows", "board row", "From top to bottom.", [&](MapReader& r) { read_row(r, out, names); },
      true);
  if (out.title.empty()) out.title = out.id;
  if (m.describing()) return;
  if (out.span < minutes(1)) m.problem("span", "must be at least 1m");
  if (out.refresh && *out.refresh < seconds(1)) m.problem("refresh", "must be at least 1s");
  if (panels_of(out) > kBoardPanelsMax)
    m.problem("rows",
              fmt::format("{} panels; a board has at most {}", panels_of(out), kBoardPanelsMax));
}

}  // namespace

std::shared_ptr<const server::BoardList> read_boards(const config::Folder& folder,
                                                     config::Problems& problems) {
  auto out = std::make_shared<server::BoardList>();
  std::map<std::string, std::string> places;
  folder.for_each("boards", kType, problems, [&](MapReader& m) {
    Board board;
    read_board(m, board);
    if (m.refused("id")) return;
    if (board.id.empty()) m.problem("id", "must not be empty");
    const auto [first, added] = places.emplace(board.id, board.place);
    if (!added)
      m.problem("id", fmt::format("\"{}\" stands in {} already", board.id, first->second));
    if (out->size() == kBoardsMax) m.problem("id", fmt::format("more than {} boards", kBoardsMax));
    out->push_back(std::move(board));
  });
  return out;
}

void describe_boards(config::Reference& reference) {
  if (!reference.begin_type(kType)) return;
  config::Problems none;
  MapReader m(reference, kType, none);
  Board ignored;
  read_board(m, ignored);
}

}  // namespace tocsin
