#include <fmt/format.h>

#include "server/json.h"
#include "server/marks.h"
#include "server/params.h"
#include "server/reply.h"

namespace tocsin::server {

namespace {

using net::Request;
using net::Respond;
using supervisor::OperatorMark;
using supervisor::Precision;

constexpr size_t kWordBytesMax = 20;

Result<MarkRequest> mark_request(OperatorMark::Of of, const Id128& id, const Request& request) {
  const auto body = Body::parse(request.body);
  if (!body) return fail(body.error());
  const auto word = body->required_text("mark", kWordBytesMax);
  if (!word) return fail(word.error());
  MarkRequest out{of, id, supervisor::parse_verdict(*word), {}};
  if (!out.verdict && *word != "none")
    return fail(ErrorCode::kInvalid,
                fmt::format("reading the body failed: \"mark\" is useful, noise or none, not "
                            "\"{}\"",
                            *word));
  auto by = author(*body, request);
  if (!by) return fail(by.error());
  out.by = std::move(*by);
  return out;
}

void mark(Marks& marks, OperatorMark::Of of, const Request& request, Respond respond) {
  const std::string named =
      of == OperatorMark::Of::kAlert
          ? fmt::format("alert {}", request.param("id"))
          : fmt::format("violation {} among those that are open or were last told",
                        request.param("id"));
  const auto id = id_param(request);
  if (!id) return respond(missing_response(named));
  auto asked = mark_request(of, *id, request);
  if (!asked) return respond(error_response(asked.error()));
  marks.mark(std::move(*asked), [respond = std::move(respond), named](Result<bool> found) {
    if (!found) return respond(error_response(found.error()));
    if (!*found) return respond(missing_response(named));
    respond(net::Response::empty());
  });
}

void write_label_object(JsonWriter& json, const Labels& labels) {
  json.begin_object();
  for (const auto& [name, value] : labels.pairs()) json.member(name, value);
  json.end_object();
}

void write_mark(JsonWriter& json, const OperatorMark& mark) {
  json.begin_object()
      .member("of", to_text(mark.of))
      .member("id", to_text(mark.id))
      .member("mark", to_text(mark.verdict));
  if (mark.of == OperatorMark::Of::kAlert) {
    json.member("rule", mark.rule).key("scope");
    write_label_object(json, mark.labels);
  } else {
    json.member("worker", mark.worker).member("direction", to_text(mark.direction)).key("series");
    write_series(json, mark.labels);
  }
  write_time(json, "opened_at", mark.opened);
  write_time(json, "ended_at", mark.ended);
  json.key("models").begin_array();
  for (const OperatorMark::Model& model : mark.models)
    json.begin_object().member("worker", model.worker).member("model", model.name).end_object();
  json.end_array().member("by", mark.by);
  write_time(json, "at", mark.at);
  json.end_object();
}

void write_precision(JsonWriter& json, const Precision& precision) {
  json.member("useful", precision.useful)
      .member("noise", precision.noise)
      .member("precision", precision.share());
}

void write_table(JsonWriter& json, const supervisor::PrecisionTable& table) {
  json.key("rules").begin_array();
  for (const auto& [rule, precision] : table.rules) {
    json.begin_object().member("rule", rule);
    write_precision(json, precision);
    json.end_object();
  }
  json.end_array().key("workers").begin_array();
  for (const auto& [worker, precision] : table.workers) {
    json.begin_object().member("worker", worker);
    write_precision(json, precision.all);
    json.key("models").begin_array();
    for (const auto& [model, of_model] : precision.models) {
      json.begin_object().member("model", model);
      write_precision(json, of_model);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void list(Marks& marks, const Request& request, Respond respond) {
  const auto limit = limit_param(request, 500, supervisor::kOperatorMarksMax);
  if (!limit) return respond(error_response(limit.error()));
  marks.list(reply<std::vector<OperatorMark>>(
      std::move(respond), [most = *limit](JsonWriter& json, const std::vector<OperatorMark>& all) {
        json.begin_object().member("total", all.size()).key("marks").begin_array();
        for (size_t i = 0; i < all.size() && i < most; ++i) write_mark(json, all[i]);
        json.end_array();
        write_table(json, supervisor::precision_of(all));
        json.end_object();
      }));
}

}  // namespace

void register_mark_routes(net::Router& router, Marks& marks) {
  router.add("GET", "/api/v1/marks", [&marks](Request&& request, Respond respond) {
    list(marks, request, std::move(respond));
  });
  router.add("POST", "/api/v1/alerts/:id/mark", [&marks](Request&& request, Respond respond) {
    mark(marks, OperatorMark::Of::kAlert, request, std::move(respond));
  });
  router.add("POST", "/api/v1/violations/:id/mark", [&marks](Request&& request, Respond respond) {
    mark(marks, OperatorMark::Of::kViolation, request, std::move(respond));
  });
}

}  // namespace tocsin::server
