#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "net/testing.h"
#include "server/api.h"
#include "server/fake_views.h"
#include "server/json_causes.h"

namespace tocsin::server {
namespace {

namespace json = boost::json;
using net::testing::Answer;
using net::testing::Client;
using net::testing::RunningServer;
using supervisor::ChangeKind;
using supervisor::MarkedChange;
using ::testing::HasSubstr;

constexpr TimeMs kNow{1'795'411'000'000};
const Id128 kAlert = hash128("alert");

// Answers in place.
class FakeDesk final : public CausesDesk {
 public:
  std::optional<std::string> kept_text;
  std::optional<CausesView> view;
  std::vector<MarkedChange> list;
  bool there = true;

  std::optional<CausesQuery> asked;
  supervisor::MarkedChangeFilter filter;
  std::optional<MarkedChange> added;
  std::string removed;

  void kept(Id128, Done<std::optional<std::string>> done) override { done(kept_text); }
  void rank(CausesQuery query, Done<std::optional<CausesView>> done) override {
    asked = std::move(query);
    done(view);
  }
  void changes(supervisor::MarkedChangeFilter wanted,
               Done<std::vector<MarkedChange>> done) override {
    filter = std::move(wanted);
    done(list);
  }
  void add_change(MarkedChange change, Done<MarkedChange> done) override {
    added = change;
    done(std::move(change));
  }
  void remove_change(std::string id, Done<bool> done) override {
    removed = std::move(id);
    done(there);
  }
};

struct CausesApi : testing::Test {
  CausesApi() : clock(kNow), hub(HubOptions{}, counters) {
    running = std::make_unique<RunningServer>([this](net::Router& router) {
      register_api(
          router,
          {.views = views, .hub = hub, .counters = counters, .clock = clock, .causes = &desk});
    });
  }
  Answer get(const std::string& target) { return Client(running->port()).get(target); }
  Answer post(const std::string& body) {
    return Client(running->port())
        .post("/api/v1/changes", body, "Content-Type: application/json\r\n");
  }
  static std::string of_alert(const std::string& rest = "") {
    return "/api/alerts/" + to_text(kAlert) + "/causes" + rest;
  }

  Counters counters;
  ManualClock clock;
  FakeViews views;
  FakeDesk desk;
  Hub hub;
  std::unique_ptr<RunningServer> running;
};

MarkedChange deploy() {
  MarkedChange out;
  out.id = "build-7";
  out.title = "cart 1.4";
  out.at = kNow - minutes(6);
  out.labels = Labels(std::vector<Labels::Pair>{{"service", "cart"}});
  out.by = "ci";
  out.made_at = kNow - minutes(6);
  return out;
}

CausesView causes() {
  CausesView out;
  out.computed_at = out.to = kNow;
  out.from = kNow - minutes(5);
  out.before_from = out.from - hours(2);
  out.reference = kNow - minutes(1);
  out.asked = 200'000;
  out.scored = 199'000;
  out.not_reached = 1'000;
  out.groups = {{"service", "cart", 0.9F, 40, 3}};
  CauseView cause;
  cause.series = Labels::of("cpu", {{"service", "cart"}});
  cause.unusual.strength = 0.81F;
  cause.unusual.deviations = 42.5F;
  cause.unusual.usual = 1.5;
  cause.unusual.now = 20;
  cause.kind = query::FigureKind::kResource;
  cause.score = 0.9F;
  cause.group = 0;
  cause.alike = 2;
  cause.began = kNow - minutes(2);
  cause.related = {{"service", "cart"}};
  cause.why = "far away";
  cause.points = {{kNow, 20}};
  CauseView change;
  change.change = deploy();
  change.score = 0.8F;
  change.began = deploy().at;
  change.why = "a deploy";
  out.causes = {cause, change};
  return out;
}

TEST_F(CausesApi, SaysEveryMember) {
  desk.view = causes();
  const Answer answer = get("/api/causes?from=1795410700000&to=1795411000000");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value all = json::parse(answer.body);
  EXPECT_EQ(all.at("series").as_int64(), 200'000);
  EXPECT_TRUE(all.at("partial").as_bool());
  EXPECT_EQ(all.at("groups").at(0).at("value").as_string(), "cart");
  const json::value& cause = all.at("causes").at(0);
  EXPECT_EQ(cause.at("type").as_string(), "series");
  EXPECT_EQ(cause.at("series").at("name").as_string(), "cpu");
  EXPECT_EQ(cause.at("kind").as_string(), "resource");
  EXPECT_EQ(cause.at("lead_ms").as_int64(), 60'000);
  EXPECT_DOUBLE_EQ(cause.at("strength").as_double(), 0.81);
  EXPECT_EQ(cause.at("related").at("service").as_string(), "cart");
  EXPECT_EQ(cause.at("points").at(0).at(0).as_int64(), kNow.ms);
  const json::value& change = all.at("causes").at(1);
  EXPECT_EQ(change.at("type").as_string(), "change");
  EXPECT_EQ(change.at("change").at("title").as_string(), "cart 1.4");
  EXPECT_TRUE(change.at("change").at("until").is_null());
  EXPECT_TRUE(change.at("group").is_null());
  EXPECT_EQ(desk.asked->from, kNow - minutes(5));
}

TEST_F(CausesApi, OfAnAlertAsKept) {
  EXPECT_EQ(get(of_alert()).status, 404);
  desk.kept_text = "";
  EXPECT_EQ(get(of_alert()).body, R"({"causes":null})");
  JsonWriter text;
  write_causes(text, causes());
  desk.kept_text = text.take();
  const Answer kept = get(of_alert());
  EXPECT_EQ(json::parse(kept.body).at("causes").at("scored").as_int64(), 199'000);
  EXPECT_FALSE(desk.asked);
  EXPECT_EQ(get("/api/alerts/none/causes").status, 404);
}

TEST_F(CausesApi, OfAnAlertForASpan) {
  desk.view = causes();
  EXPECT_EQ(get(of_alert("?from=1795410700000&to=1795411000000")).status, 200);
  EXPECT_EQ(desk.asked->alert, kAlert);
  desk.view.reset();
  EXPECT_EQ(get(of_alert("?from=1795410700000&to=1795411000000")).status, 404);
}

TEST_F(CausesApi, SpansThatAreRefused) {
  for (const char* query : {"from=5&to=5", "from=x", "from=0&to=1795411000000",
                            "from=1795410999999&to=1795411000000", "series=a{"})
    EXPECT_EQ(get(std::string("/api/causes?") + query).status, 400) << query;
}

TEST_F(CausesApi, AChangeIsAddedOnce) {
  const std::string body =
      R"({"kind":"deploy","title":"cart 1.4","at":1795410940000,"labels":{"service":"cart"},)"
      R"("link":"https://ci/7","by":"ci"})";
  ASSERT_EQ(post(body).status, 200);
  const MarkedChange first = *desk.added;
  EXPECT_EQ(first.at, TimeMs{1795410940000});
  EXPECT_EQ(first.labels.get("service"), "cart");
  EXPECT_EQ(first.made_at, kNow);
  EXPECT_EQ(first.id.size(), 32u);
  clock.set(kNow + minutes(1));
  ASSERT_EQ(post(body).status, 200);
  EXPECT_EQ(desk.added->id, first.id) << "the same content is the same change";
  ASSERT_EQ(post(R"({"id":"build-7","kind":"holiday","title":"Easter"})").status, 200);
  EXPECT_EQ(desk.added->id, "build-7");
  EXPECT_EQ(desk.added->at, kNow + minutes(1)) << "now, unless it says when";
}

TEST_F(CausesApi, ChangesThatAreRefused) {
  struct Row {
    const char* body;
    const char* says;
  };
  const Row rows[] = {
      {R"({})", "kind"},
      {R"({"kind":"rollout","title":"x"})", "deploy, setting, promotion, fixture or holiday"},
      {R"({"kind":"deploy"})", "title"},
      {R"({"kind":"deploy","title":"x","at":"soon"})", "at"},
      {R"({"kind":"deploy","title":"x","at":5,"until":4})", "until"},
      {R"({"kind":"deploy","title":"x","link":"javascript:go"})", "link"},
      {R"({"kind":"deploy","title":"x","labels":["a"]})", "labels"},
      {R"({"kind":"deploy","title":"x","labels":{"__name__":"a"}})", "__name__"},
      {R"([])", "object"},
  };
  for (const Row& row : rows) {
    const Answer answer = post(row.body);
    EXPECT_EQ(answer.status, 400) << row.body;
    EXPECT_THAT(answer.body, HasSubstr(row.says)) << row.body;
  }
  EXPECT_FALSE(desk.added);
}

TEST_F(CausesApi, ChangesAreListedAndRemoved) {
  desk.list = {deploy()};
  const Answer answer = get("/api/v1/changes?from=5&to=9&match=%7Bsite%3D%22madrid%22%7D&limit=7");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json::parse(answer.body).at("changes").at(0).at("id").as_string(), "build-7");
  EXPECT_EQ(desk.filter.from, TimeMs{5});
  EXPECT_EQ(desk.filter.to, TimeMs{9});
  EXPECT_EQ(desk.filter.limit, 7u);
  ASSERT_EQ(desk.filter.matchers.size(), 1u);
  EXPECT_EQ(desk.filter.matchers[0].label(), "site");
  const auto remove = [&] {
    Client client(running->port());
    client.send("DELETE /api/v1/changes/build-7 HTTP/1.1\r\nHost: x\r\n\r\n");
    return client.answer().status;
  };
  EXPECT_EQ(remove(), 204);
  EXPECT_EQ(desk.removed, "build-7");
  desk.there = false;
  EXPECT_EQ(remove(), 404);
}

}  // namespace
}  // namespace tocsin::server
