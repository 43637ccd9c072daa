#include <fmt/format.h>

#include "server/json_manager.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/routes.h"

namespace tocsin::server {

namespace {

using net::Request;
using net::Respond;

constexpr size_t kSeriesMax = 12;
constexpr size_t kSeriesBytesMax = 4096;
constexpr size_t kWeightsMax = 100;
constexpr size_t kModelsMax = 8;
constexpr size_t kModelBytesMax = 1000;
constexpr size_t kWordBytesMax = 50;
constexpr double kWeeksMax = 8;
constexpr double kWidthMax = 4000;

Result<Labels> read_series(const std::string& text) {
  net::Request asked;
  asked.query.add("series", text);
  return series_param(asked);
}

Result<std::optional<std::string>> optional_word(const Body& body, std::string_view key) {
  auto text = body.text(key, kWordBytesMax);
  if (!text) return fail(text.error());
  return text->empty() ? std::optional<std::string>() : std::optional(std::move(*text));
}

Result<WorkerChanges> read_changes(const Body& body) {
  WorkerChanges out;
  auto strategy = optional_word(body, "strategy"), opens = optional_word(body, "opens");
  if (!strategy) return fail(strategy.error());
  if (!opens) return fail(opens.error());
  out.strategy = std::move(*strategy);
  out.opens = std::move(*opens);
  for (const auto& [key, into] :
       {std::pair{"score", &out.score}, std::pair{"deviation_absolute", &out.deviation_absolute},
        std::pair{"deviation_relative", &out.deviation_relative}}) {
    const auto number = body.number(key);
    if (!number) return fail(number.error());
    *into = *number;
  }
  auto weights = body.numbers("weights", kWeightsMax);
  if (!weights) return fail(weights.error());
  out.weights = std::move(*weights);
  if (!body.has("models")) return out;
  auto models = body.required_texts("models", kModelsMax);
  if (!models) return fail(models.error());
  for (const std::string& model : *models)
    if (model.size() > kModelBytesMax)
      return fail(ErrorCode::kInvalid, "reading \"models\" of the body failed: one is too long");
  out.models = std::move(*models);
  return out;
}

Result<double> number_or(const Body& body, std::string_view key, double standard, double most) {
  const auto number = body.number(key);
  if (!number) return fail(number.error());
  const double out = number->value_or(standard);
  if (!(out >= 1 && out <= most))
    return fail(ErrorCode::kInvalid, fmt::format("reading \"{}\" of the body failed: it has to be "
                                                 "between 1 and {}",
                                                 key, most));
  return out;
}

Result<PreviewQuery> read_preview(const Request& request) {
  const auto body = Body::parse(request.body);
  if (!body) return fail(body.error());
  PreviewQuery out;
  out.worker = request.param("id");
  auto changes = read_changes(*body);
  if (!changes) return fail(changes.error());
  out.changes = std::move(*changes);
  const auto texts = body->required_texts("series", kSeriesMax);
  if (!texts) return fail(texts.error());
  for (const std::string& text : *texts) {
    if (text.size() > kSeriesBytesMax)
      return fail(ErrorCode::kInvalid, "reading \"series\" of the body failed: one is too long");
    auto labels = read_series(text);
    if (!labels) return fail(labels.error());
    out.series.push_back(std::move(*labels));
  }
  const auto from = body->required_time("from"), to = body->required_time("to");
  if (!from) return fail(from.error());
  if (!to) return fail(to.error());
  if (!(*from < *to) || *to - *from > days(366))
    return fail(ErrorCode::kInvalid,
                "reading the body failed: \"from\" has to be before \"to\", by a year at most");
  out.from = *from;
  out.to = *to;
  const auto width = number_or(*body, "width", 800, kWidthMax);
  if (!width) return fail(width.error());
  const auto weeks = number_or(*body, "weeks", 4, kWeeksMax);
  if (!weeks) return fail(weeks.error());
  out.width = static_cast<uint32_t>(*width);
  out.weeks = static_cast<uint32_t>(*weeks);
  return out;
}

void preview(ManagerDesk& desk, const Request& request, Respond respond) {
  auto query = read_preview(request);
  if (!query) return respond(error_response(query.error()));
  const std::string what = "worker or series in worker " + query->worker;
  desk.preview(std::move(*query),
               reply_found<PreviewView>(std::move(respond), what, write_preview));
}

void quality(ManagerDesk& desk, const Clock& clock, const Request& request, Respond respond) {
  auto series = series_param(request);
  if (!series) return respond(error_response(series.error()));
  const auto range = range_params(request, clock.now());
  if (!range) return respond(error_response(range.error()));
  const std::string what = "worker, or series of it, " + std::string(request.param("id"));
  desk.quality({std::string(request.param("id")), std::move(*series), range->from, range->to},
               reply_found<QualityView>(std::move(respond), what, write_quality));
}

void propose(ManagerDesk& desk, const Request& request, Respond respond) {
  auto series = series_param(request);
  if (!series) return respond(error_response(series.error()));
  const std::string what = "worker, or series of it, " + std::string(request.param("id"));
  desk.propose(std::string(request.param("id")), std::move(*series),
               reply_found<ProposalsView>(std::move(respond), what, write_proposals));
}

}  // namespace

void register_manager_routes(net::Router& router, ManagerDesk& desk, const Clock& clock) {
  router.add("GET", "/api/v1/workers/:id", [&desk](Request&& request, Respond respond) {
    const std::string id(request.param("id"));
    desk.definition(
        id, reply_found<WorkerDefinition>(std::move(respond), "worker " + id, write_definition));
  });
  router.add("POST", "/api/v1/workers/:id/preview", [&desk](Request&& request, Respond respond) {
    preview(desk, request, std::move(respond));
  });
  router.add("GET", "/api/v1/workers/:id/quality",
             [&desk, &clock](Request&& request, Respond respond) {
               quality(desk, clock, request, std::move(respond));
             });
  router.add("GET", "/api/v1/workers/:id/proposals", [&desk](Request&& request, Respond respond) {
    propose(desk, request, std::move(respond));
  });
}

}  // namespace tocsin::server
