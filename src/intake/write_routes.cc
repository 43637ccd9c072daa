// The routes of InfluxDB's two write APIs and of what their clients ask beside.
#include <fmt/format.h>

#include <atomic>
#include <memory>

#include "base/id.h"
#include "base/json_writer.h"
#include "intake/influx_answer.h"
#include "intake/influx_query.h"
#include "intake/write_handlers.h"
#include "net/url.h"

namespace tocsin::intake {
namespace {

using net::Request;
using net::Respond;
using net::Response;

// In the form of a UUID, as InfluxDB's: clients only log it.
std::string request_id(uint64_t number, int64_t time_ns) {
  const std::string hex =
      to_text(IdBuilder().add(static_cast<int64_t>(number)).add(time_ns).finish());
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

Response ping(const Request& request, const IntakeShared& shared, uint64_t number) {
  Response response = Response::empty(204);
  if (request.query.get("verbose", "false") != "false") {
    JsonWriter json;
    json.begin_object().member("version", kInfluxVersion).end_object();
    response = Response::json(200, json.take());
  }
  const std::string id = request_id(number, shared.clock.monotonic_ns());
  response.headers.add("X-Influxdb-Version", std::string(kInfluxVersion));
  response.headers.add("X-Influxdb-Build", "OSS");
  response.headers.add("Request-Id", id);
  response.headers.add("X-Request-Id", id);
  response.headers.add("X-Tocsin-Version", shared.version);
  return response;
}

Response health(const IntakeShared& shared) {
  JsonWriter json;
  json.begin_object().member("name", "influxdb");
  json.member("message", "ready for queries and writes").member("status", "pass");
  json.key("checks").begin_array().end_array();
  json.member("version", kInfluxVersion).member("tocsin", shared.version).end_object();
  return Response::json(200, json.take());
}

// Every bucket exists; its id is made of its name.
Response buckets(const Request& request) {
  const std::string_view name = request.query.get("name", "tocsin");
  JsonWriter json;
  json.begin_object().key("buckets").begin_array().begin_object();
  json.member("id", fmt::format("{:016x}", hash64(name))).member("name", name);
  json.member("orgID", "0000000000000001").member("type", "user");
  json.key("retentionRules").begin_array().end_array();
  json.end_object().end_array().end_object();
  return Response::json(200, json.take());
}

Response query(InfluxQuery& queries, const Request& request) {
  if (const std::string* text = request.query.find("q")) return queries.answer(*text);
  const bool form =
      request.headers.get("Content-Type").starts_with("application/x-www-form-urlencoded");
  if (!form) return queries.answer("");
  return queries.answer(net::parse_query(request.body).get("q"));
}

}  // namespace

void register_write_routes(net::Router& router, const IntakeShared& shared,
                           std::function<Intake&()> here) {
  router.add("POST", "/write", [here](Request&& request, Respond respond) {
    here().write(Intake::Dialect::kV1, std::move(request), std::move(respond));
  });
  router.add("POST", "/api/v2/write", [here](Request&& request, Respond respond) {
    here().write(Intake::Dialect::kV2, std::move(request), std::move(respond));
  });
  const auto pings = std::make_shared<std::atomic<uint64_t>>(0);
  router.add("GET", "/ping", [&shared, pings](Request&& request, Respond respond) {
    respond(ping(request, shared, pings->fetch_add(1)));
  });
  router.add("GET", "/health", [&shared](Request&&, Respond respond) { respond(health(shared)); });
  router.add("GET", "/api/v2/buckets",
             [](Request&& request, Respond respond) { respond(buckets(request)); });
  const auto queries = std::make_shared<InfluxQuery>(shared.table);
  for (const char* method : {"GET", "POST"})
    router.add(method, "/query", [queries](Request&& request, Respond respond) {
      respond(query(*queries, request));
    });
}

}  // namespace tocsin::intake
