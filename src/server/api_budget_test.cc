#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "net/testing.h"
#include "server/budget.h"

namespace tocsin::server {
namespace {

namespace json = boost::json;
using net::testing::Client;
using net::testing::RunningServer;
using Verdict = BudgetView::Verdict;

constexpr TimeMs kNow{1795411000000};

struct FakeDesk final : BudgetDesk {
  BudgetView view;
  std::optional<Error> refusal;
  void budget(Done<BudgetView> done) override { done(view); }
  void replay(Done<bool> done) override {
    if (refusal) return done(fail(*refusal));
    done(true);
  }
};

struct BudgetApi : testing::Test {
  FakeDesk desk;
  RunningServer running{[this](net::Router& router) { register_budget_routes(router, desk); }};
  json::value get() {
    const auto answer = Client(running.port()).get("/api/v1/budget");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }
};

TEST_F(BudgetApi, SaysEveryMember) {
  desk.view.now = kNow;
  BudgetView::Worker worker;
  worker.id = "w";
  worker.place = "w.yaml:2";
  worker.tier = Tier::kKpi;
  worker.noise = "1 per week";
  worker.wanted = 1;
  worker.measured = 2.5;
  worker.verdict = Verdict::kOver;
  worker.series = 4;
  worker.episodes = 10;
  worker.since = kNow - days(7);
  worker.tails = 4, worker.tails_learning = 1, worker.tails_supported = 3;
  worker.rarest = 0.03, worker.edge = 0.7;
  worker.days = {0, 10};
  worker.most = {{Labels::of("a", {{"site", "rome"}}), 9}};
  worker.spenders = 2;
  desk.view.workers = {worker, {}};
  BudgetView::Rule rule;
  rule.id = "r";
  rule.severity = Severity::kHigh;
  rule.pages = {"1 per 30d", 1, 2, 30, Verdict::kOver, {2}, 0.9, 1, Verdict::kWithin};
  desk.view.rules = {rule};
  desk.view.replay.state = BudgetView::Replay::State::kDone;
  desk.view.replay.from = kNow - days(28);
  desk.view.replay.points = 77;
  const json::value all = get();
  const json::value& first = all.at("workers").at(0);
  EXPECT_EQ(first.at("noise").as_string(), "1 per week");
  EXPECT_EQ(first.at("verdict").as_string(), "over");
  EXPECT_EQ(first.at("tier").as_string(), "kpi");
  EXPECT_EQ(first.at("measured").as_double(), 2.5);
  EXPECT_EQ(first.at("tail").at("supported").as_int64(), 3);
  EXPECT_EQ(first.at("tail").at("edge").as_double(), 0.7);
  EXPECT_EQ(first.at("days").at(1).as_int64(), 10);
  EXPECT_EQ(first.at("most").at(0).at("series").at("labels").at("site").as_string(), "rome");
  EXPECT_EQ(first.at("most").at(0).at("episodes").as_int64(), 9);
  EXPECT_EQ(first.at("spenders").as_int64(), 2);
  const json::value& second = all.at("workers").at(1);
  for (const char* unknown : {"noise", "wanted", "measured", "since"})
    EXPECT_TRUE(second.at(unknown).is_null()) << unknown;
  EXPECT_EQ(second.at("verdict").as_string(), "none");
  const json::value& pages = all.at("rules").at(0).at("pages");
  EXPECT_EQ(pages.at("wanted").as_string(), "1 per 30d");
  EXPECT_EQ(pages.at("told").as_int64(), 2);
  EXPECT_EQ(pages.at("replayed").as_int64(), 1);
  EXPECT_EQ(pages.at("replay_verdict").as_string(), "within");
  EXPECT_EQ(all.at("rules").at(0).at("severity").as_string(), "high");
  const json::value& installation = all.at("installation").at("pages");
  EXPECT_TRUE(installation.at("wanted").is_null());
  EXPECT_TRUE(installation.at("replayed").is_null());
  EXPECT_EQ(all.at("replay").at("state").as_string(), "done");
  EXPECT_EQ(all.at("replay").at("points").as_int64(), 77);
  EXPECT_TRUE(all.at("replay").at("note").is_null());
}

TEST_F(BudgetApi, AReplayIsStartedOrRefused) {
  const auto post = [&] {
    return Client(running.port())
        .post("/api/v1/budget/replay", "", "Content-Type: application/json\r\n");
  };
  EXPECT_EQ(post().status, 200);
  desk.refusal = Error{ErrorCode::kRefused, "one is under way", {}};
  EXPECT_EQ(post().status, 409);
}

}  // namespace
}  // namespace tocsin::server
