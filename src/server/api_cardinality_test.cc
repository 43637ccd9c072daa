#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "net/testing.h"
#include "server/api.h"
#include "server/fake_views.h"

namespace tocsin::server {
namespace {

namespace json = boost::json;
using net::testing::Answer;
using net::testing::Client;
using net::testing::RunningServer;

constexpr TimeMs kNow{1795411000000};

struct CardinalityApi : testing::Test {
  CardinalityApi() : clock(kNow), hub(HubOptions{}, counters) {
    running = std::make_unique<RunningServer>([this](net::Router& router) {
      register_api(router, {.views = views, .hub = hub, .counters = counters, .clock = clock});
    });
  }
  Answer get(const std::string& target) { return Client(running->port()).get(target); }

  Counters counters;
  ManualClock clock;
  FakeViews views;
  Hub hub;
  std::unique_ptr<RunningServer> running;
};

TEST_F(CardinalityApi, SaysEveryMember) {
  intake::CardinalityView& view = views.cardinality_view;
  view.now = kNow;
  view.series = 7;
  view.hours = {0, 7};
  view.limits = {{"", 100, 0, 7, 0}, {"service", 5, 2, 4, 3}};
  view.labels = {{"request_id", 4, 5, false, true, {}}};
  view.values = {{"service", "a", 4, "request_id", {}}};
  view.values[0].growth.last_hour = 3;
  view.values[0].growth.hours[23] = 3;
  view.values[0].growth.began = TimeMs{5};
  view.values[0].growth.growing = true;
  view.senders = {{"curl", 7, "", {}}};
  view.troubles.resize(1);
  view.troubles[0].label = "service";
  view.troubles[0].grew = "request_id";
  view.troubles[0].example = "m{a=\"\\\"\"}";
  view.recent = {{Labels::of("m", {{"a", "b"}}), kNow, "curl"}};
  const Answer answer = get("/api/cardinality");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value all = json::parse(answer.body);
  EXPECT_EQ(all.at("series").as_int64(), 7);
  EXPECT_TRUE(all.at("since").is_null());
  EXPECT_EQ(all.at("hours").at(1).as_int64(), 7);
  EXPECT_EQ(all.at("limits").at(1).at("fullest").as_int64(), 4);
  EXPECT_FALSE(all.at("labels").at(0).at("exact").as_bool());
  const json::value& value = all.at("values").at(0);
  EXPECT_EQ(value.at("growth").at("hours").as_array().size(), 24u);
  EXPECT_EQ(value.at("growth").at("hours").at(23).as_int64(), 3);
  EXPECT_EQ(value.at("growth").at("began").as_int64(), 5);
  EXPECT_TRUE(value.at("growth").at("last").is_null());
  EXPECT_EQ(value.at("grew").as_string(), "request_id");
  EXPECT_EQ(all.at("senders").at(0).at("name").as_string(), "curl");
  EXPECT_EQ(all.at("troubles").at(0).at("example").as_string(), "m{a=\"\\\"\"}");
  EXPECT_EQ(all.at("recent").at(0).at("series").at("text").as_string(), "m{a=\"b\"}");
}

TEST_F(CardinalityApi, QueriesAreReadAndChecked) {
  EXPECT_EQ(get("/api/cardinality").status, 200);
  EXPECT_EQ(views.asked_cardinality.limit, 20u);
  EXPECT_EQ(get("/api/cardinality?label=a%20b&sender=curl+1&limit=100").status, 200);
  EXPECT_EQ(views.asked_cardinality.label, "a b");
  EXPECT_EQ(views.asked_cardinality.sender, "curl 1");
  EXPECT_EQ(views.asked_cardinality.limit, 100u);
  const std::string long_name(1025, 'x');
  for (const std::string& bad :
       {std::string("limit=0"), std::string("limit=101"), std::string("limit=x"),
        "label=" + long_name, "sender=" + long_name}) {
    const Answer answer = get("/api/cardinality?" + bad);
    EXPECT_EQ(answer.status, 400) << bad;
    EXPECT_NE(answer.body.find("\"error\":"), std::string::npos) << answer.body;
  }
}

}  // namespace
}  // namespace tocsin::server
