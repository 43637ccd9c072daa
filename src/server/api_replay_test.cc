#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "base/clock.h"
#include "net/testing.h"
#include "server/replays.h"

namespace tocsin::server {
namespace {

namespace json = boost::json;
using net::testing::Answer;
using net::testing::Client;
using net::testing::RunningServer;

constexpr TimeMs kNow{1'795'428'000'000};

class FakeReplays final : public Replays {
 public:
  void start(ReplayRequest request, Done<ReplayStarted> done) override {
    asked = request;
    if (refused) return done(fail(*refused));
    done(started);
  }
  std::vector<ReplayJob> list() const override { return jobs; }
  std::optional<ReplayJob> find(uint64_t id) const override {
    for (const ReplayJob& job : jobs)
      if (job.id == id) return job;
    return std::nullopt;
  }
  bool cancel(uint64_t id) override {
    cancelled = id;
    return true;
  }
  std::vector<OwnRule> rules() const override {
    return {{"hot", "rules.yaml:3", Severity::kHigh}, {"warm", "rules.yaml:9", Severity::kLow}};
  }
  std::optional<ReplayRequest> asked;
  std::optional<Error> refused;
  ReplayStarted started{{}, 7};
  std::vector<ReplayJob> jobs;
  uint64_t cancelled = 0;
};

class ReplayApi : public ::testing::Test {
 protected:
  Answer post(const std::string& path, const std::string& body = "") {
    Client client(running_.port());
    return client.post(path, body);
  }
  json::value get(const std::string& path) {
    Client client(running_.port());
    return json::parse(client.get(path).body);
  }
  FakeReplays replays;

 private:
  ManualClock clock_{kNow};
  RunningServer running_{
      [this](net::Router& router) { register_replay_routes(router, replays, clock_); }};
};

TEST_F(ReplayApi, ListsTheRulesOneCanChooseFrom) {
  const auto rules = get("/api/rules").at("rules");
  ASSERT_EQ(rules.as_array().size(), 2U);
  EXPECT_EQ(rules.at(0).at("id").as_string(), "hot");
  EXPECT_EQ(rules.at(0).at("severity").as_string(), "high");
  EXPECT_EQ(rules.at(1).at("place").as_string(), "rules.yaml:9");
}

TEST_F(ReplayApi, StartsWithStandards) {
  const Answer answer = post("/api/v1/replays", "{}");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(json::parse(answer.body).at("id").as_int64(), 7);
  EXPECT_EQ(replays.asked->to, kNow);
  EXPECT_EQ(replays.asked->from, kNow - days(7));
  EXPECT_TRUE(replays.asked->files.empty());
}

TEST_F(ReplayApi, StartsWithAllThatCanBeSaid) {
  EXPECT_EQ(post("/api/v1/replays", R"({"from":1795000000000,"to":"2026-11-20T00:00:00Z",
      "site":"rome","worker":"w","rules":["a","b"],"by":"ada",
      "files":{"rules.yaml":"rules: []","old.yaml":null}})")
                .status,
            202);
  const ReplayRequest& asked = *replays.asked;
  EXPECT_EQ(asked.from.ms, 1'795'000'000'000);
  EXPECT_EQ(asked.to, *parse_time("2026-11-20T00:00:00Z"));
  EXPECT_EQ(asked.site, "rome");
  EXPECT_EQ(asked.worker, "w");
  EXPECT_EQ(asked.rules, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(asked.files.at("rules.yaml"), "rules: []");
  EXPECT_EQ(asked.files.at("old.yaml"), std::nullopt);
  EXPECT_EQ(asked.by, "ada");
}

TEST_F(ReplayApi, RefusesWhatMakesNoSense) {
  for (const char* body :
       {R"({"from":1795428000000})", R"({"from":5,"to":4})", R"({"from":"yesterday"})",
        R"({"from":0})", R"({"rules":[]})", R"({"rules":[1]})", R"({"files":{"a":1}})",
        R"({"files":[]})", R"({"site":1})", "nothing"}) {
    EXPECT_EQ(post("/api/v1/replays", body).status, 400) << body;
    EXPECT_FALSE(replays.asked) << body;
  }
}

TEST_F(ReplayApi, SaysWhatIsWrongWithTheFilesAndThatOneIsUnderWay) {
  replays.started.problems = {{"rules.yaml", 3, 5, "unknown key"}};
  const Answer wrong = post("/api/v1/replays", "{}");
  EXPECT_EQ(wrong.status, 400);
  const auto problem = json::parse(wrong.body).at("problems").at(0);
  EXPECT_EQ(problem.at("file").as_string(), "rules.yaml");
  EXPECT_EQ(problem.at("line").as_int64(), 3);
  EXPECT_EQ(problem.at("column").as_int64(), 5);
  EXPECT_EQ(problem.at("message").as_string(), "unknown key");
  replays.refused = Error{ErrorCode::kRefused, "replay 3 is under way", ""};
  EXPECT_EQ(post("/api/v1/replays", "{}").status, 409);
}

TEST_F(ReplayApi, ListsShowsAndCancels) {
  ReplayJob job;
  job.id = 3;
  job.done = 0.5;
  job.request.from = TimeMs{1};
  job.request.to = TimeMs{2};
  job.request.files = {{"a.yaml", "x"}};
  job.running = "abc";
  job.started = kNow;
  replays.jobs = {job};
  const auto listed = get("/api/v1/replays").at("replays").at(0);
  EXPECT_EQ(listed.at("state").as_string(), "running");
  EXPECT_EQ(listed.at("done").to_number<double>(), 0.5);
  EXPECT_EQ(listed.at("files").at(0).as_string(), "a.yaml");
  EXPECT_TRUE(listed.at("ended_at").is_null());
  EXPECT_FALSE(listed.as_object().contains("result")) << "one asks for it by its id";
  EXPECT_TRUE(get("/api/v1/replays/3").at("result").is_null());
  EXPECT_EQ(post("/api/v1/replays/3/cancel").status, 204);
  EXPECT_EQ(replays.cancelled, 3U);
  replays.jobs[0].state = ReplayJob::State::kDone;
  replays.jobs[0].result = std::make_shared<const std::string>(R"({"points":5})");
  EXPECT_EQ(get("/api/v1/replays/3").at("result").at("points").as_int64(), 5);
  for (const char* path : {"/api/v1/replays/4/cancel", "/api/v1/replays/x/cancel"})
    EXPECT_EQ(post(path).status, 404) << path;
}

}  // namespace
}  // namespace tocsin::server
