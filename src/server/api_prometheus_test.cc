#include "server/api_prometheus.h"

#include <gtest/gtest.h>

#include <map>

#include "net/url.h"

namespace tocsin::server {
namespace {

constexpr TimeMs kNow{1'795'411'000'000};

// Series in a table, each with a point every second from 0 to 100 s whose value is its number.
class Points final : public QueryContext, public promql::Source {
 public:
  Points() {
    options_.limits.stop = [this] { return stop; };
    add("up", {{"job", "b"}});
    add("up", {{"job", "a"}});
    add("logins_total", {{"site", "rome"}});
    add("wait_bucket", {{"le", "+Inf"}});
    add("wait_count", {});
  }
  void add(const char* name, std::vector<Labels::Pair> pairs) {
    (void)table.find_or_add(Labels::of(name, std::move(pairs)), 0).value();
  }
  query::SeriesIndex& index() override { return index_; }
  promql::Source& source() override { return *this; }
  const promql::Options& options() override { return options_; }
  std::vector<SeriesRef> with_points(std::vector<SeriesRef> series, TimeMs from,
                                     TimeMs to) override {
    return to < TimeMs{0} || from > TimeMs{100'000} ? std::vector<SeriesRef>() : series;
  }
  bool abandoned() const override { return gone; }
  Result<promql::Selected> select(const std::vector<LabelMatcher>& matchers, TimeMs from, TimeMs to,
                                  const promql::SelectHint&, size_t) override {
    if (failure) return fail(*failure);
    promql::Selected out;
    for (const SeriesRef ref : index_.find(matchers).series) {
      promql::SourceSeries& one = out.series.emplace_back();
      one.labels = &table.labels(ref);
      for (int64_t ms = 0; ms <= 100'000; ms += 1000)
        if (TimeMs{ms} >= from && TimeMs{ms} <= to)
          one.samples.push_back({TimeMs{ms}, static_cast<double>(ref.index)});
    }
    if (note) out.notes.push_back("minutes were read");
    return out;
  }
  SeriesTable table;
  std::optional<Error> failure;
  bool stop = false, gone = false, note = false;

 private:
  query::SeriesIndex index_{table};
  promql::Options options_;
};

class Inline final : public Queries {
 public:
  void submit(Job job) override {
    timeout = job.timeout;
    if (refusal) return job.fail(*refusal);
    job.run(points);
  }
  Points points;
  std::optional<Error> refusal;
  DurationMs timeout;
};

class PrometheusApi : public ::testing::Test {
 protected:
  PrometheusApi() {
    PrometheusFacts facts;
    facts.version = "1.2.3";
    facts.configuration = [] { return std::string("configuration 9a"); };
    facts.flags = [] { return Labels(std::vector<Labels::Pair>{{"query.timeout", "2m"}}); };
    facts.now = [] { return kNow; };
    facts.keep = days(30);
    register_prometheus_routes(router, queries, std::move(facts));
  }
  net::Response ask(net::Request request) {
    const net::Target target = net::split_target(request.raw_path);
    request.path = net::percent_decode(target.path);
    request.query = net::parse_query(target.query);
    request.raw_path = std::string(target.path);
    net::Response out;
    out.status = 0;
    router.dispatch(std::move(request), [&](net::Response response) { out = std::move(response); });
    return out;
  }
  net::Response get(std::string path, std::vector<net::Headers::Pair> headers = {}) {
    net::Request request;
    request.method = "GET";
    request.raw_path = "/api/v1/" + path;
    for (auto& [name, value] : headers) request.headers.add(name, value);
    return ask(std::move(request));
  }
  net::Response post(std::string path, std::string form) {
    net::Request request;
    request.method = "POST";
    request.raw_path = "/api/v1/" + path;
    request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    request.body = std::move(form);
    return ask(std::move(request));
  }
  Inline queries;
  net::Router router;
};

std::string success_with(std::string_view json) {
  return "{\"status\":\"success\",\"data\":" + std::string(json) + "}";
}
std::string error(std::string_view type, std::string_view text) {
  return "{\"status\":\"error\",\"errorType\":\"" + std::string(type) + "\",\"error\":\"" +
         std::string(text) + "\"}";
}

// Answers that a real Prometheus 2.42 gives, word for word.
TEST_F(PrometheusApi, AnswersAsPrometheusDoes) {
  struct Row {
    const char* path;
    int status;
    std::string body;
  };
  const std::string cannot = R"(invalid parameter \"%\": cannot parse \"x\" to a valid )";
  const auto named = [&](const char* name) {
    std::string text = cannot;
    return text.replace(text.find('%'), 1, name);
  };
  const Row rows[] = {
      {"query?query=1%2B1&time=4", 200,
       success_with(R"({"resultType":"scalar","result":[4,"2"]})")},
      {"query?query=%22a%22&time=4.5", 200,
       success_with(R"({"resultType":"string","result":[4.5,"a"]})")},
      {"query?query=up%7Bjob=%22a%22%7D&time=4.5", 200,
       success_with(R"({"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},)"
                    R"("value":[4.500,"1"]}]})")},
      {"query?query=up%7Bjob=%22a%22%7D%5B2s%5D&time=1970-01-01T00:00:04.5Z", 200,
       success_with(R"({"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a"},)"
                    R"("values":[[3,"1"],[4,"1"]]}]})")},
      {"query_range?query=vector(1)&start=1&end=2&step=500ms", 200,
       success_with(R"({"resultType":"matrix","result":[{"metric":{},)"
                    R"("values":[[1,"1"],[1.500,"1"],[2,"1"]]}]})")},
      {"query?query=nope&time=4", 200, success_with(R"({"resultType":"vector","result":[]})")},
      {"query?query=up%7B&time=4", 400,
       error("bad_data", R"(invalid parameter \"query\": 1:4: parse error: unexpected end of )"
                         "input inside braces")},
      {"query", 400,
       error("bad_data", R"(invalid parameter \"query\": 1:1: parse error: no expression found )"
                         "in input")},
      {"query?query=up&time=x", 400,
       error("bad_data", R"(invalid parameter \"time\": Invalid time value for 'time': cannot )"
                         R"(parse \"x\" to a valid timestamp)")},
      {"query?query=up&timeout=x", 400, error("bad_data", named("timeout") + "duration")},
      {"query_range?query=up&start=x", 400, error("bad_data", named("start") + "timestamp")},
      {"query_range?query=up&start=1&end=x", 400, error("bad_data", named("end") + "timestamp")},
      {"query_range?query=up&start=1&end=0&step=1", 400,
       error("bad_data", R"(invalid parameter \"end\": end timestamp must not be before start )"
                         "time")},
      {"query_range?query=up&start=1&end=2&step=x", 400,
       error("bad_data", named("step") + "duration")},
      {"query_range?query=up&start=1&end=2&step=0", 400,
       error("bad_data", R"(invalid parameter \"step\": zero or negative query resolution step )"
                         "widths are not accepted. Try a positive integer")},
      {"query_range?query=up%7B&start=1&end=2&step=1", 400,
       error("bad_data", "1:4: parse error: unexpected end of input inside braces")},
      {"query_range?query=up&start=0&end=11001&step=1", 400,
       error("bad_data",
             "exceeded maximum resolution of 11,000 points per timeseries. Try "
             "decreasing the query resolution (?step=XX)")},
      {"query_range?query=up%5B5m%5D&start=0&end=10&step=1", 400,
       error("bad_data", R"(invalid expression type \"range vector\" for range query, must be )"
                         "Scalar or instant Vector")},
      {"query?query=up%2Bon()up&time=4", 422,
       error("execution", R"(found duplicate series for the match group {} on the right )"
                          R"(hand-side of the operation: [{__name__=\"up\", job=\"b\"}, )"
                          R"({__name__=\"up\", job=\"a\"}];many-to-many matching not allowed: )"
                          "matching labels must be unique on one side")},
      {"labels", 200, success_with(R"(["__name__","job","le","site"])")},
      {"labels?match[]=up", 200, success_with(R"(["__name__","job"])")},
      {"labels?match[]=up%7B", 400,
       error("bad_data", "1:4: parse error: unexpected end of input inside braces")},
      {"labels?start=x", 400,
       error("bad_data", R"(invalid parameter \"start\": Invalid time value for 'start': cannot )"
                         R"(parse \"x\" to a valid timestamp)")},
      {"labels?start=200", 200, success_with("[]")},
      {"label/job/values", 200, success_with(R"(["a","b"])")},
      {"label/job/values?match[]=logins_total", 200, success_with("[]")},
      {"label/job/values?match[]=up&match[]=wait_count&start=5&end=9", 200,
       success_with(R"(["a","b"])")},
      {"label/nope/values", 200, success_with("[]")},
      {"label/a-b/values", 400, error("bad_data", R"(invalid label name: \"a-b\")")},
      {"series", 400, error("bad_data", "no match[] parameter provided")},
      {"series?match[]=up", 200,
       success_with(R"([{"__name__":"up","job":"a"},{"__name__":"up","job":"b"}])")},
      {"series?match[]=%7Ba=%22%22%7D", 400,
       error("bad_data", R"(invalid parameter \"match[]\": match[] must contain at least one )"
                         "non-empty matcher")},
      {"series?match[]=up%7B", 400,
       error("bad_data", R"(invalid parameter \"match[]\": 1:4: parse error: unexpected end of )"
                         "input inside braces")},
      {"labels?match[]=%7Ba=%22%22%7D", 400,
       error("bad_data", "match[] must contain at least one non-empty matcher")},
      {"query_exemplars?query=up&start=1&end=5", 200, success_with("[]")},
      {"query_exemplars?query=up&start=5&end=1", 400,
       error("bad_data", "end timestamp must not be before start timestamp")},
      {"query_exemplars?query=up(", 400,
       error("bad_data", "1:4: parse error: unclosed left parenthesis")},
      {"metadata?limit=x", 400, error("bad_data", "limit must be a number")},
      {"format_query?query=a%2Bb", 200, success_with(R"("a + b")")},
      {"format_query?query=a%2B", 400,
       error("bad_data", R"(invalid parameter \"query\": 1:3: parse error: unexpected end of )"
                         "input")},
  };
  for (const Row& row : rows) {
    const net::Response answer = get(row.path);
    EXPECT_EQ(answer.status, row.status) << row.path;
    EXPECT_EQ(answer.body, row.body) << row.path;
    EXPECT_EQ(answer.headers.get("Content-Type"), "application/json") << row.path;
  }
}

TEST_F(PrometheusApi, FormsAreReadLikeQueries) {
  EXPECT_EQ(post("query", "query=1%2B1&time=4").body,
            success_with(R"({"resultType":"scalar","result":[4,"2"]})"));
  EXPECT_EQ(post("query?time=9", "query=2&time=4").body,
            success_with(R"({"resultType":"scalar","result":[4,"2"]})"))
      << "the form goes before the query";
  EXPECT_EQ(
      post("series", "match[]=up{job=%22a%22}&match[]=logins_total").body,
      success_with(R"([{"__name__":"logins_total","site":"rome"},{"__name__":"up","job":"a"}])"));
  EXPECT_EQ(post("labels", "match%5B%5D=up").body, success_with(R"(["__name__","job"])"));
  net::Request json;
  json.method = "POST";
  json.raw_path = "/api/v1/query";
  json.headers.add("Content-Type", "application/json");
  json.body = R"({"query":"up"})";
  EXPECT_EQ(ask(std::move(json)).status, 400) << "no form, no query";
}

TEST_F(PrometheusApi, TimesAndSpans) {
  const std::pair<const char*, const char*> times[] = {
      {"1e3", "1000"},     {"1.0006", "1.001"},
      {"1.0004", "1"},     {"2026-01-01T00:00:00%2B02:00", "1767218400"},
      {"-4.02", "-4.020"}, {"2026-01-01T00:00:00.1234567Z", "1767225600.123"},
      {"", "1795411000"},
  };
  for (const auto& [text, seconds] : times)
    EXPECT_EQ(get("query?query=vector(1)&time=" + std::string(text)).body,
              success_with(R"({"resultType":"vector","result":[{"metric":{},"value":[)" +
                           std::string(seconds) + R"(,"1"]}]})"))
        << text;
  for (const char* text : {"0x10", "2026-01-01", "inf", "nan", "1h", "--1", "1e300",
                           "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"})
    EXPECT_EQ(get("query?query=1&time=" + std::string(text)).status, 400) << text;
  const std::pair<const char*, int64_t> timeouts[] = {
      {"5", 5000}, {"1.5", 1500}, {"1m30s", 90'000}, {"10ms", 10}, {"0", 1}};
  for (const auto& [text, ms] : timeouts) {
    EXPECT_EQ(get("query?query=1&timeout=" + std::string(text)).status, 200) << text;
    EXPECT_EQ(queries.timeout.count, ms) << text;
  }
  for (const char* text : {"1m30", "-1s", "1e300", "99999999999d"})
    EXPECT_EQ(get("query?query=1&timeout=" + std::string(text)).status, 400) << text;
}

TEST_F(PrometheusApi, LimitsOfListsAreSaid) {
  EXPECT_EQ(get("series?match[]=up&limit=1").body,
            R"({"status":"success","data":[{"__name__":"up","job":"a"}],)"
            R"("warnings":["results truncated due to limit"]})");
  EXPECT_EQ(get("label/job/values?limit=2").body, success_with(R"(["a","b"])"));
  EXPECT_EQ(get("label/job/values?limit=1").body,
            R"({"status":"success","data":["a"],"warnings":["results truncated due to limit"]})");
  EXPECT_EQ(get("labels?limit=0").body, get("labels").body);
}

TEST_F(PrometheusApi, TypesOfMetricsComeFromTheirNames) {
  EXPECT_EQ(get("metadata").body,
            success_with(R"({"logins_total":[{"type":"counter","help":"","unit":""}],)"
                         R"("up":[{"type":"unknown","help":"","unit":""}],)"
                         R"("wait":[{"type":"histogram","help":"","unit":""}]})"));
  EXPECT_EQ(get("metadata?metric=up&limit=1").body,
            success_with(R"({"up":[{"type":"unknown","help":"","unit":""}]})"));
  EXPECT_EQ(get("metadata?metric=nope").body, success_with("{}"));
}

TEST_F(PrometheusApi, NotesBecomeWarnings) {
  queries.points.note = true;
  EXPECT_EQ(get("query?query=nope&time=4").body,
            R"({"status":"success","data":{"resultType":"vector","result":[]},)"
            R"("warnings":["minutes were read"]})");
}

TEST_F(PrometheusApi, WhatGoesWrongHasItsType) {
  struct Row {
    const char* name;
    ErrorCode code;
    bool gone;
    int status;
    const char* type;
  };
  const Row rows[] = {
      {"a limit", ErrorCode::kExhausted, false, 422, "execution"},
      {"time is up", ErrorCode::kUnavailable, false, 503, "timeout"},
      {"nobody waits", ErrorCode::kUnavailable, true, 503, "canceled"},
      {"a broken disk", ErrorCode::kCorrupt, false, 500, "internal"},
  };
  for (const Row& row : rows) {
    queries.points.failure = Error{row.code, "why", ""};
    queries.points.gone = row.gone;
    const net::Response answer = get("query?query=up");
    EXPECT_EQ(answer.status, row.status) << row.name;
    EXPECT_NE(answer.body.find("\"errorType\":\"" + std::string(row.type) + "\""),
              std::string::npos)
        << row.name << answer.body;
  }
  queries.refusal = Error{ErrorCode::kExhausted, "100 wait already", ""};
  const net::Response full = get("query?query=up");
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.body, error("unavailable", "100 wait already"));
  EXPECT_EQ(full.headers.get("Retry-After"), "1");
  queries.refusal = Error{ErrorCode::kUnavailable, "query timed out in query queue", ""};
  EXPECT_EQ(get("labels").body, error("timeout", "query timed out in query queue"));
}

TEST_F(PrometheusApi, AListThatIsStoppedSaysSo) {
  queries.points.stop = true;
  EXPECT_EQ(get("series?match[]=up").status, 503);
  EXPECT_EQ(get("labels?match[]=up").status, 503);
}

TEST_F(PrometheusApi, StatusIsHonest) {
  EXPECT_EQ(
      get("status/buildinfo").body,
      success_with(R"({"version":"2.42.0","revision":"tocsin-1.2.3","branch":"","buildUser":"",)"
                   R"("buildDate":"","goVersion":""})"));
  EXPECT_EQ(get("status/config").body, success_with("{\"yaml\":\"# configuration 9a\\n\"}"));
  EXPECT_EQ(get("status/flags").body, success_with(R"({"query.timeout":"2m"})"));
  EXPECT_NE(get("status/runtimeinfo").body.find("\"storageRetention\":\"30d\""), std::string::npos);
  EXPECT_EQ(get("status/tsdb").body,
            success_with(R"({"headStats":{"numSeries":5,"numLabelPairs":8},)"
                         R"("seriesCountByMetricName":[{"name":"up","value":2},)"
                         R"({"name":"logins_total","value":1},{"name":"wait_bucket","value":1},)"
                         R"({"name":"wait_count","value":1}],"labelValueCountByLabelName":[)"
                         R"({"name":"__name__","value":4},{"name":"job","value":2},)"
                         R"({"name":"le","value":1},{"name":"site","value":1}]})"));
}

// Other pages may read with a token; without one only pages of this machine.
TEST_F(PrometheusApi, AccessFromOtherPages) {
  const char* header = "Access-Control-Allow-Origin";
  EXPECT_EQ(get("labels").headers.get(header), "");
  EXPECT_EQ(get("labels", {{"Origin", "http://localhost:3000"}}).headers.get(header), "*");
  EXPECT_EQ(get("labels", {{"Origin", "http://[::1]:3000"}}).headers.get(header), "*");
  EXPECT_EQ(get("labels?start=x", {{"Origin", "http://127.0.0.1"}}).headers.get(header), "*");
  for (const char* other : {"http://evil.example", "http://localhost.evil.example", "null"})
    EXPECT_EQ(get("labels", {{"Origin", other}}).headers.get(header), "") << other;
  EXPECT_EQ(get("labels", {{"Origin", "http://x.y"}}).headers.get("Vary"), "Origin");
  net::Request with_token;
  with_token.method = "GET";
  with_token.raw_path = "/api/v1/labels";
  with_token.user = "grafana";
  with_token.headers.add("Origin", "http://grafana.example");
  EXPECT_EQ(ask(std::move(with_token)).headers.get(header), "*");
  net::Request before;
  before.method = "OPTIONS";
  before.raw_path = "/api/v1/label/job/values";
  before.headers.add("Origin", "http://grafana.example");
  const net::Response allowed = ask(std::move(before));
  EXPECT_EQ(allowed.status, 204);
  EXPECT_EQ(allowed.headers.get("Access-Control-Allow-Methods"), "GET, POST, OPTIONS");
}

TEST(PrometheusReads, AreReadsByAnyMethod) {
  for (const char* path : {"/api/v1/query", "/api/v1/series", "/api/v1/label/job/values",
                           "/api/v1/status/buildinfo", "/api/v1/labels"})
    EXPECT_TRUE(is_prometheus_read(path)) << path;
  for (const char* path : {"/api/v1/write", "/api/v1/", "/api/v1/queryx", "/api/series", "/query"})
    EXPECT_FALSE(is_prometheus_read(path)) << path;
}

}  // namespace
}  // namespace tocsin::server
