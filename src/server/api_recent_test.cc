#include <gtest/gtest.h>

#include <future>

#include "net/url.h"
#include "server/fake_views.h"
#include "server/json_recent.h"
#include "server/routes.h"

namespace tocsin::server {
namespace {

net::Response get(FakeViews& views, std::string_view query) {
  net::Router router;
  register_recent_routes(router, views);
  net::Request request;
  request.method = "GET";
  request.path = request.raw_path = "/api/series/last";
  request.query = net::parse_query(query);
  std::promise<net::Response> answer;
  router.dispatch(std::move(request), [&](net::Response response) { answer.set_value(response); });
  return answer.get_future().get();
}

TEST(Recent, Parameters) {
  FakeViews views;
  EXPECT_EQ(get(views, "match=up&points=60").status, 200);
  EXPECT_EQ(views.asked_recent.points, 60u);
  EXPECT_EQ(views.asked_recent.limit, 1000u);
  EXPECT_FALSE(views.asked_recent.reduce);
  EXPECT_EQ(get(views, "match=up&span=5m&reduce=p99&by=all&width=100").status, 200);
  EXPECT_EQ(views.asked_recent.points, 0u);
  EXPECT_EQ(views.asked_recent.span, minutes(5));
  EXPECT_EQ(views.asked_recent.reduce->quantile, 0.99);
  EXPECT_EQ(views.asked_recent.by, RecentQuery::By::kAll);
  EXPECT_GE(views.asked_recent.limit, 200'000u) << "a reduction of everything looks at everything";
  EXPECT_EQ(get(views, "match=up&span=5m&reduce=max&by=site").status, 200);
  EXPECT_EQ(views.asked_recent.by, RecentQuery::By::kLabel);
  EXPECT_EQ(views.asked_recent.label, "site");
  EXPECT_GE(views.asked_recent.limit, 200'000u);
  const std::pair<const char*, const char*> wrong[] = {
      {"match=up", "points"},
      {"match=up&points=5&span=5m", "points"},
      {"match=up&points=0", "points"},
      {"match=up&points=10001", "10000"},
      {"match=up&span=0", "span"},
      {"match=up&span=soon", "span"},
      {"match=up&span=400d", "366"},
      {"match=up&points=5&reduce=avg", "mean"},
      {"match=up&points=5&by=all", "reduce"},
      {"match=up&points=5&by=site", "reduce"},
      {"match=up&points=5&reduce=max&by=a-b", "series, all or a label"},
      {"match=up&points=5&reduce=max&by=0a", "series, all or a label"},
      {"match=up{&points=5", "selector"},
  };
  for (const auto& [query, named] : wrong) {
    const net::Response answer = get(views, query);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_NE(answer.body.find(named), std::string::npos) << query << answer.body;
  }
}

TEST(Recent, PointsOrValues) {
  const Labels up = Labels::of("up", {{"job", "a\"b"}});
  const std::string series =
      R"({"series":{"name":"up","labels":{"job":"a\"b"},"text":"up{job=\"a\\\"b\"}"},)";
  RecentView view;
  view.series.push_back({&up, {{TimeMs{1000}, 2.5}, {TimeMs{2000}, kUnknown}}, kUnknown, 0});
  view.series_count = 1;
  view.more = true;
  EXPECT_EQ(recent_text(view), R"({"series":[)" + series +
                                   R"("points":[[1000,2.5],[2000,null]]}],"series_count":1,)"
                                   R"("reduced":false,"more":true})");
  view.series[0].value = 7;
  view.series[0].count = 3;
  view.together.emplace();
  view.together->count = 3;
  view.more = false;
  EXPECT_EQ(recent_text(view), R"({"series":[)" + series +
                                   R"("value":7,"count":3}],"series_count":1,)"
                                   R"("all":{"value":null,"count":3},"reduced":false,)"
                                   R"("more":false})");
  EXPECT_EQ(recent_text(RecentView()),
            R"({"series":[],"series_count":0,"reduced":false,"more":false})");
}

}  // namespace
}  // namespace tocsin::server
