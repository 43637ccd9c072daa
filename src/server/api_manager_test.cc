#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "net/testing.h"
#include "server/routes.h"

namespace tocsin::server {
namespace {

namespace json = boost::json;
using net::testing::Answer;
using net::testing::Client;
using net::testing::RunningServer;

struct FakeManager final : ManagerDesk {
  std::optional<WorkerDefinition> worker;
  std::optional<PreviewView> preview_view = PreviewView();
  std::optional<QualityView> quality_view;
  std::optional<ProposalsView> proposals_view;
  PreviewQuery asked;
  QualityQuery asked_quality;

  void definition(std::string id, Done<std::optional<WorkerDefinition>> done) override {
    done(worker && worker->id == id ? worker : std::nullopt);
  }
  void preview(PreviewQuery query, Done<std::optional<PreviewView>> done) override {
    asked = std::move(query);
    done(preview_view);
  }
  void quality(QualityQuery query, Done<std::optional<QualityView>> done) override {
    asked_quality = std::move(query);
    done(quality_view);
  }
  void propose(std::string, Labels, Done<std::optional<ProposalsView>> done) override {
    done(proposals_view);
  }
};

class ManagerApi : public ::testing::Test {
 protected:
  Client client() {
    if (!running_)
      running_ = std::make_unique<RunningServer>(
          [this](net::Router& router) { register_manager_routes(router, desk, clock_); });
    return Client(running_->port());
  }
  Answer get(std::string_view path) { return client().get(path); }
  Answer preview(std::string_view body) {
    return client().post("/api/v1/workers/w/preview", body, "Content-Type: application/json\r\n");
  }
  FakeManager desk;

 private:
  SystemClock clock_;
  std::unique_ptr<RunningServer> running_;
};

TEST_F(ManagerApi, Definition) {
  WorkerDefinition worker;
  worker.id = "w";
  worker.opens = "2 of 3";
  worker.models = {{"profile", "p", "by the week", 2, true, {1, 0.5}, {"p -1", "p -2"}}};
  desk.worker = worker;
  const auto got = json::parse(get("/api/v1/workers/w").body);
  EXPECT_TRUE(got.at("why_not").is_null());
  EXPECT_EQ(got.at("opens").as_string(), "2 of 3");
  const auto& model = got.at("models").at(0);
  EXPECT_EQ(model.at("periods").at(1).to_number<double>(), 0.5);
  EXPECT_EQ(model.at("curves").at(1).as_string(), "p -2");
  EXPECT_EQ(get("/api/v1/workers/v").status, 404);
}

TEST_F(ManagerApi, PreviewReadsWhatIsAsked) {
  const Answer answer = preview(R"({"series":["x{site=\"rome\"}","y"],"from":1000,"to":5000,
    "weeks":2,"width":100,"strategy":"any","score":5,"deviation_relative":0.1,
    "weights":{"0":0.5,"1.2":0},"models":["{kind: level}"]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(desk.asked.worker, "w");
  ASSERT_EQ(desk.asked.series.size(), 2U);
  EXPECT_EQ(desk.asked.series[0].get("site"), "rome");
  EXPECT_EQ(desk.asked.weeks, 2U);
  EXPECT_EQ(desk.asked.width, 100U);
  EXPECT_EQ(desk.asked.changes.strategy, "any");
  EXPECT_FALSE(desk.asked.changes.opens);
  EXPECT_EQ(desk.asked.changes.score, 5);
  EXPECT_EQ(desk.asked.changes.weights.at("1.2"), 0);
  EXPECT_EQ(desk.asked.changes.models->front(), "{kind: level}");
  const auto got = json::parse(answer.body);
  EXPECT_TRUE(got.at("file").is_null());
  EXPECT_TRUE(got.at("before").is_object());
}

TEST_F(ManagerApi, PreviewsThatAreRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"no series", R"({"from":1,"to":2})"},
      {"no range", R"({"series":["x"]})"},
      {"a range that ends before it begins", R"({"series":["x"],"from":2,"to":1})"},
      {"ten years", R"({"series":["x"],"from":1,"to":315360000000})"},
      {"a selector, not a series", R"({"series":["x{a=~\"b\"}"],"from":1,"to":2})"},
      {"nine weeks", R"({"series":["x"],"from":1,"to":2,"weeks":9})"},
      {"a weight that is text", R"({"series":["x"],"from":1,"to":2,"weights":{"0":"a"}})"},
      {"no models", R"({"series":["x"],"from":1,"to":2,"models":[]})"},
      {"a score that is text", R"({"series":["x"],"from":1,"to":2,"score":"high"})"},
      {"thirteen series",
       R"({"series":["a","b","c","d","e","f","g","h","i","j","k","l","m"],"from":1,"to":2})"},
  };
  for (const auto& [name, body] : cases) EXPECT_EQ(preview(body).status, 400) << name;
}

TEST_F(ManagerApi, Quality) {
  EXPECT_EQ(get("/api/v1/workers/w/quality?series=x&from=1000&to=2000").status, 404);
  QualityView view;
  view.parts.resize(1);
  view.parts[0].name = "band";
  view.parts[0].quality.points = 100;
  view.parts[0].quality.autocorrelation = {0.5, -0.25};
  view.parts[0].bars = {{-1, 0, 3, 0.5}};
  desk.quality_view = view;
  const auto got = json::parse(get("/api/v1/workers/w/quality?series=x&from=1000&to=2000").body);
  const auto& part = got.at("parts").at(0);
  EXPECT_TRUE(part.at("known").as_bool());
  EXPECT_EQ(part.at("autocorrelation").at(1).to_number<double>(), -0.25);
  EXPECT_EQ(part.at("histogram").at(0).at(2).as_int64(), 3);
  EXPECT_TRUE(got.at("cadence_s").is_null());
  EXPECT_EQ(desk.asked_quality.from, TimeMs{1000});
  EXPECT_EQ(get("/api/v1/workers/w/quality").status, 400);
}

TEST_F(ManagerApi, Proposals) {
  ProposalsView view;
  view.words = "level fits best";
  ProposalsView::Row row;
  row.name = "level";
  row.models = {"{kind: level}"};
  view.rows = {row};
  desk.proposals_view = view;
  const auto got = json::parse(get("/api/v1/workers/w/proposals?series=x").body);
  EXPECT_EQ(got.at("words").as_string(), "level fits best");
  EXPECT_EQ(got.at("proposals").at(0).at("models").at(0).as_string(), "{kind: level}");
  EXPECT_TRUE(got.at("proposals").at(0).at("rank").is_null()) << "not known until it has learned";
}

}  // namespace
}  // namespace tocsin::server
