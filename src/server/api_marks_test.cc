#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "net/testing.h"
#include "server/marks.h"

namespace tocsin::server {
namespace {

namespace json = boost::json;
using net::testing::Answer;
using net::testing::Client;
using net::testing::RunningServer;
using supervisor::OperatorMark;
using Verdict = OperatorMark::Verdict;

const Id128 kKnown{1, 2};
const std::string kPath = "/api/v1/alerts/" + to_text(kKnown) + "/mark";

class FakeMarks final : public Marks {
 public:
  void mark(MarkRequest request, Done<bool> done) override {
    asked = request;
    done(request.id == kKnown);
  }
  void list(Done<std::vector<OperatorMark>> done) override { done(all); }
  std::optional<MarkRequest> asked;
  std::vector<OperatorMark> all;
};

class MarksApi : public ::testing::Test {
 protected:
  Answer post(const std::string& path, const std::string& body) {
    Client client(running_.port());
    return client.post(path, body);
  }
  Answer get(const std::string& path) {
    Client client(running_.port());
    return client.get(path);
  }
  FakeMarks marks;

 private:
  RunningServer running_{[this](net::Router& router) { register_mark_routes(router, marks); }};
};

TEST_F(MarksApi, MarksAlertsAndViolationsAndTakesBack) {
  EXPECT_EQ(post(kPath, R"({"mark":"useful","by":"ada"})").status, 204);
  EXPECT_EQ(marks.asked->of, OperatorMark::Of::kAlert);
  EXPECT_EQ(marks.asked->id, kKnown);
  EXPECT_EQ(marks.asked->verdict, Verdict::kUseful);
  EXPECT_EQ(marks.asked->by, "ada");
  const std::string violation = "/api/v1/violations/" + to_text(kKnown) + "/mark";
  EXPECT_EQ(post(violation, R"({"mark":"noise","by":"ada"})").status, 204);
  EXPECT_EQ(marks.asked->of, OperatorMark::Of::kViolation);
  EXPECT_EQ(marks.asked->verdict, Verdict::kNoise);
  EXPECT_EQ(post(violation, R"({"mark":"none","by":"ada"})").status, 204);
  EXPECT_EQ(marks.asked->verdict, std::nullopt);
}

TEST_F(MarksApi, RefusesWhatIsUnknownOrUnclear) {
  const std::string other = "/api/v1/alerts/" + to_text(Id128{9, 9}) + "/mark";
  EXPECT_EQ(post(other, R"({"mark":"useful","by":"ada"})").status, 404);
  EXPECT_EQ(post("/api/v1/alerts/x/mark", R"({"mark":"useful","by":"ada"})").status, 404);
  marks.asked.reset();
  const std::pair<const char*, const char*> rows[] = {
      {R"({"by":"ada"})", "\"mark\""},
      {R"({"mark":"good","by":"ada"})", "useful, noise or none"},
      {R"({"mark":"useful"})", "\"by\""},
      {R"({"mark":7,"by":"ada"})", "\"mark\""},
      {"[]", "JSON object"},
  };
  for (const auto& [body, expected] : rows) {
    const Answer answer = post(kPath, body);
    EXPECT_EQ(answer.status, 400) << body;
    const auto words = json::parse(answer.body).at("error").as_string();
    EXPECT_NE(std::string_view(words).find(std::string_view(expected)), std::string_view::npos)
        << words;
  }
  EXPECT_FALSE(marks.asked) << "nothing of it was done";
}

TEST_F(MarksApi, ListsThemWithPrecision) {
  OperatorMark alert;
  alert.id = kKnown;
  alert.rule = "hot";
  alert.labels = Labels({Labels::Pair{"site", "rome"}});
  alert.opened = TimeMs{1000};
  alert.models = {{"flow", "level"}};
  alert.by = "ada";
  alert.at = TimeMs{5000};
  OperatorMark violation = alert;
  violation.of = OperatorMark::Of::kViolation;
  violation.verdict = Verdict::kNoise;
  violation.rule = "";
  violation.worker = "flow";
  violation.labels = Labels::of("heat", {{"site", "rome"}});
  violation.ended = TimeMs{2000};
  marks.all = {violation, alert};
  const auto found = json::parse(get("/api/v1/marks?limit=1").body);
  EXPECT_EQ(found.at("total").as_int64(), 2);
  ASSERT_EQ(found.at("marks").as_array().size(), 1U) << "the newest";
  EXPECT_EQ(found.at("marks").at(0).at("of").as_string(), "violation");
  EXPECT_EQ(found.at("marks").at(0).at("series").at("text").as_string(), "heat{site=\"rome\"}");
  EXPECT_EQ(found.at("rules").at(0).at("rule").as_string(), "hot");
  EXPECT_EQ(found.at("rules").at(0).at("precision").to_number<double>(), 1);
  const auto& worker = found.at("workers").at(0);
  EXPECT_EQ(worker.at("worker").as_string(), "flow");
  EXPECT_EQ(worker.at("precision").to_number<double>(), 0.5);
  EXPECT_EQ(worker.at("models").at(0).at("model").as_string(), "level");
  const auto all = json::parse(get("/api/v1/marks").body).at("marks");
  EXPECT_EQ(all.at(1).at("scope").at("site").as_string(), "rome");
  EXPECT_TRUE(all.at(1).at("ended_at").is_null());
  EXPECT_EQ(all.at(1).at("mark").as_string(), "useful");
  EXPECT_EQ(get("/api/v1/marks?limit=0").status, 400);
}

}  // namespace
}  // namespace tocsin::server
