#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "net/testing.h"
#include "server/boards.h"
#include "server/routes.h"

namespace tocsin::server {
namespace {

namespace json = boost::json;
using net::testing::Answer;
using net::testing::Client;
using net::testing::RunningServer;

Board house() {
  Board board;
  board.id = "the house/1";
  board.title = "The \"house\"";
  board.place = "b.yaml:2";
  board.variables = {{"site", "site", "logins", ""}};
  BoardPanel panel;
  panel.title = "Accepted";
  panel.queries = {{"x{site=~\"$site\"}", "{{site}}"}};
  panel.min = 0;
  panel.band = true;
  panel.thresholds = {{5, Severity::kHigh, "few"}, {9, std::nullopt, ""}};
  board.rows = {{"Payments", "site", BoardRow::Height::kTall, {panel, panel}}};
  return board;
}

class BoardsApi : public ::testing::Test {
 protected:
  Answer get(std::string_view path) {
    if (!running_)
      running_ = std::make_unique<RunningServer>(
          [this](net::Router& router) { register_board_routes(router, boards); });
    Client client(running_->port());
    return client.get(path);
  }
  Boards boards;

 private:
  std::unique_ptr<RunningServer> running_;
};

TEST_F(BoardsApi, WithoutAny) { EXPECT_EQ(get("/api/boards").body, "{\"boards\":[]}"); }

TEST_F(BoardsApi, ListAndOne) {
  boards.set(std::make_shared<const BoardList>(BoardList{house()}));
  const auto listed = json::parse(get("/api/boards").body).at("boards").at(0);
  EXPECT_EQ(listed.at("id").as_string(), "the house/1");
  EXPECT_EQ(listed.at("title").as_string(), "The \"house\"");
  EXPECT_EQ(listed.at("panels").as_int64(), 2);
  const auto board = json::parse(get("/api/boards/the%20house%2F1").body);
  EXPECT_EQ(board.at("span_ms").as_int64(), 21'600'000);
  EXPECT_TRUE(board.at("refresh_ms").is_null());
  EXPECT_EQ(board.at("variables").at(0).at("from").as_string(), "logins");
  const auto& row = board.at("rows").at(0);
  EXPECT_EQ(row.at("repeat").as_string(), "site");
  EXPECT_EQ(row.at("height").as_string(), "tall");
  const auto& panel = row.at("panels").at(0);
  EXPECT_EQ(panel.at("kind").as_string(), "chart");
  EXPECT_EQ(panel.at("queries").at(0).at("expr").as_string(), "x{site=~\"$site\"}");
  EXPECT_EQ(panel.at("min").to_number<double>(), 0);
  EXPECT_TRUE(panel.at("max").is_null());
  EXPECT_EQ(panel.at("thresholds").at(0).at("severity").as_string(), "high");
  EXPECT_TRUE(panel.at("thresholds").at(1).at("severity").is_null());
}

TEST_F(BoardsApi, UnknownIs404AndAReloadChangesAll) {
  EXPECT_EQ(get("/api/boards/none").status, 404);
  boards.set(std::make_shared<const BoardList>(BoardList{house()}));
  EXPECT_EQ(get("/api/boards/the%20house%2F1").status, 200);
  boards.set(std::make_shared<const BoardList>());
  EXPECT_EQ(get("/api/boards/the%20house%2F1").status, 404);
}

}  // namespace
}  // namespace tocsin::server
