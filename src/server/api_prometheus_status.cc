// /api/v1/status/...: what clients of Prometheus ask about the server, as far as Tocsin has it.

#include "base/json_writer.h"
#include "promql/print.h"
#include "server/api_prometheus_reply.h"
#include "server/api_prometheus_routes.h"
#include "server/json_prometheus.h"

namespace tocsin::server::prometheus {
namespace {

using net::Request;
using net::Respond;
using net::Response;

// The version of Prometheus whose API and language this is; Grafana decides by it what it may ask.
constexpr std::string_view kCompatibleVersion = "2.42.0";
constexpr size_t kTop = 10;

Response answer(JsonWriter& json) {
  std::string body = begin_success();
  body += json.take();
  end_success(body);
  return success(std::move(body));
}

Response buildinfo(const PrometheusFacts& facts) {
  JsonWriter json;
  json.begin_object()
      .member("version", kCompatibleVersion)
      .member("revision", "tocsin-" + facts.version)
      .member("branch", "")
      .member("buildUser", "")
      .member("buildDate", "")
      .member("goVersion", "")
      .end_object();
  return answer(json);
}

Response runtimeinfo(const PrometheusFacts& facts) {
  JsonWriter json;
  json.begin_object()
      .member("startTime", to_iso(facts.started_at))
      .member("CWD", facts.directory)
      .member("storageRetention", promql::print_duration(facts.keep))
      .end_object();
  return answer(json);
}

// The files may hold secrets; they are not sent to everybody who may read.
Response config(const PrometheusFacts& facts) {
  JsonWriter json;
  json.begin_object().member("yaml", "# " + facts.configuration() + "\n").end_object();
  return answer(json);
}

Response flags(const PrometheusFacts& facts) {
  JsonWriter json;
  json.begin_object();
  const Labels flags = facts.flags();
  for (const auto& [name, value] : flags.pairs()) json.member(name, value);
  json.end_object();
  return answer(json);
}

void write_counts(JsonWriter& json, std::string_view key,
                  const std::vector<query::SeriesIndex::Count>& counts) {
  json.key(key).begin_array();
  for (const query::SeriesIndex::Count& one : counts)
    json.begin_object().member("name", one.text).member("value", one.count).end_object();
  json.end_array();
}

Response tsdb(QueryContext& context) {
  query::SeriesIndex& index = context.index();
  const size_t series = index.find(std::span<const LabelMatcher>()).series.size();
  JsonWriter json;
  json.begin_object()
      .key("headStats")
      .begin_object()
      .member("numSeries", series)
      .member("numLabelPairs", index.pair_count())
      .end_object();
  write_counts(json, "seriesCountByMetricName", index.largest_values(kNameLabel, kTop));
  write_counts(json, "labelValueCountByLabelName", index.largest_labels(kTop));
  json.end_object();
  return answer(json);
}

}  // namespace

void register_status(net::Router& router, Queries& queries, PrometheusFacts facts) {
  const auto shared = std::make_shared<const PrometheusFacts>(std::move(facts));
  const auto add = [&](std::string_view path, Response (*make)(const PrometheusFacts&)) {
    add_read(router, path, false, [shared, make](Request&& request, const Respond& respond) {
      with_origin(request, respond)(make(*shared));
    });
  };
  add("/api/v1/status/buildinfo", buildinfo);
  add("/api/v1/status/runtimeinfo", runtimeinfo);
  add("/api/v1/status/config", config);
  add("/api/v1/status/flags", flags);
  add_read(router, "/api/v1/status/tsdb", false, [&queries](Request&& request, Respond respond) {
    submit(queries, request, std::move(respond), {}, tsdb);
  });
}

}  // namespace tocsin::server::prometheus
