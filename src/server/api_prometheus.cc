#include "server/api_prometheus.h"

#include <fmt/format.h>

#include "promql/parse.h"
#include "promql/print.h"
#include "server/api_prometheus_params.h"
#include "server/api_prometheus_reply.h"
#include "server/api_prometheus_routes.h"
#include "server/json_prometheus.h"
#include "server/restrict.h"

namespace tocsin::server {
namespace prometheus {
namespace {

using net::Request;
using net::Respond;
using net::Response;

constexpr int64_t kPointsMax = 11'000;

// named: the error says which parameter it was. Ranges do without, as in Prometheus.
Result<promql::ExprPtr> parsed(std::string_view text, bool named = true) {
  auto expr = promql::parse(text);
  if (expr) return std::move(*expr);
  std::string why = expr.error().text(text);
  return named ? fail(wrong_parameter("query", why)) : fail(ErrorCode::kInvalid, std::move(why));
}

// Zero if none is given: then the configured one holds.
Result<DurationMs> timeout_of(const net::Params& values) {
  const std::string_view text = values.get("timeout");
  if (text.empty()) return DurationMs{};
  const auto span = parse_span(text);
  if (!span) return fail(wrong_parameter("timeout", span.error().message));
  return std::max(*span, milliseconds(1));
}

Response answer_of(const Result<promql::Answer>& answer, const QueryContext& context) {
  if (!answer) return failed(answer.error(), context.abandoned());
  std::string body = begin_success();
  append_value(body, answer->value);
  end_success(body, answer->warnings);
  return success(std::move(body));
}

void query(Queries& queries, TimeMs now, const Request& request, Respond respond) {
  const net::Params values = values_of(request);
  const auto at = time_of(values, "time", now);
  if (!at) return with_origin(request, respond)(refusal(at.error()));
  const auto timeout = timeout_of(values);
  if (!timeout) return with_origin(request, respond)(refusal(timeout.error()));
  submit(queries, request, std::move(respond), *timeout,
         [text = std::string(values.get("query")), at = *at,
          view = view_of(request)](QueryContext& context) {
           const auto expr = parsed(text);
           if (!expr) return refusal(expr.error());
           NarrowedSource shown(context.source(), view);
           return answer_of(promql::evaluate(**expr, promql::Instant{at}, shown, context.options()),
                            context);
         });
}

Result<promql::Range> range_of(const net::Params& values) {
  const auto start = time_of(values, "start");
  if (!start) return fail(start.error());
  const auto end = time_of(values, "end");
  if (!end) return fail(end.error());
  if (*end < *start)
    return fail(wrong_parameter("end", "end timestamp must not be before start time"));
  const auto step = parse_span(values.get("step"));
  if (!step) return fail(wrong_parameter("step", step.error().message));
  if (step->count <= 0)
    return fail(wrong_parameter("step",
                                "zero or negative query resolution step widths are not "
                                "accepted. Try a positive integer"));
  if ((*end - *start).count / step->count > kPointsMax)
    return fail(ErrorCode::kInvalid,
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the "
                "query resolution (?step=XX)");
  return promql::Range{*start, *end, *step};
}

void query_range(Queries& queries, const Request& request, Respond respond) {
  const net::Params values = values_of(request);
  const auto range = range_of(values);
  if (!range) return with_origin(request, respond)(refusal(range.error()));
  const auto timeout = timeout_of(values);
  if (!timeout) return with_origin(request, respond)(refusal(timeout.error()));
  submit(queries, request, std::move(respond), *timeout,
         [text = std::string(values.get("query")), range = *range,
          view = view_of(request)](QueryContext& context) {
           const auto expr = parsed(text, false);
           if (!expr) return refusal(expr.error());
           using promql::ValueType;
           if ((*expr)->type != ValueType::kScalar && (*expr)->type != ValueType::kVector)
             return failure("bad_data",
                            fmt::format("invalid expression type \"{}\" for range query, must be "
                                        "Scalar or instant Vector",
                                        promql::to_text((*expr)->type)));
           NarrowedSource shown(context.source(), view);
           return answer_of(promql::evaluate(**expr, range, shown, context.options()), context);
         });
}

void format_query(Queries& queries, const Request& request, Respond respond) {
  submit(queries, request, std::move(respond), {},
         [text = std::string(values_of(request).get("query"))](QueryContext&) {
           const auto expr = parsed(text);
           if (!expr) return refusal(expr.error());
           std::string body = begin_success();
           append_string(body, promql::pretty(**expr));
           end_success(body);
           return success(std::move(body));
         });
}

// Points carry no exemplars here: the question is checked, the answer is empty.
void query_exemplars(const Request& request, const Respond& respond) {
  const net::Params values = values_of(request);
  const auto answer = [&]() -> Response {
    const auto start = time_of(values, "start", kTimeMin);
    if (!start) return refusal(start.error());
    const auto end = time_of(values, "end", kTimeMax);
    if (!end) return refusal(end.error());
    if (*end < *start)
      return failure("bad_data", "end timestamp must not be before start timestamp");
    const std::string_view text = values.get("query");
    if (const auto expr = promql::parse(text); !expr)
      return failure("bad_data", expr.error().text(text));
    return success("{\"status\":\"success\",\"data\":[]}");
  };
  with_origin(request, respond)(answer());
}

}  // namespace

void add_read(net::Router& router, std::string_view path, bool by_form, net::Handler handler) {
  router.add("GET", path, handler);
  if (by_form) router.add("POST", path, handler);
  router.add("OPTIONS", path, [](Request&& request, Respond respond) {
    Response out = Response::empty(204);
    allow_origin(request, out);
    respond(std::move(out));
  });
}

}  // namespace prometheus

void register_prometheus_routes(net::Router& router, Queries& queries, PrometheusFacts facts) {
  using net::Request;
  using net::Respond;
  const auto now = facts.now;
  prometheus::add_read(router, "/api/v1/query", true,
                       [&queries, now](Request&& request, Respond respond) {
                         prometheus::query(queries, now(), request, std::move(respond));
                       });
  prometheus::add_read(router, "/api/v1/query_range", true,
                       [&queries](Request&& request, Respond respond) {
                         prometheus::query_range(queries, request, std::move(respond));
                       });
  prometheus::add_read(router, "/api/v1/format_query", true,
                       [&queries](Request&& request, Respond respond) {
                         prometheus::format_query(queries, request, std::move(respond));
                       });
  prometheus::add_read(
      router, "/api/v1/query_exemplars", true,
      [](Request&& request, Respond respond) { prometheus::query_exemplars(request, respond); });
  prometheus::register_lists(router, queries);
  prometheus::register_status(router, queries, std::move(facts));
}

bool is_prometheus_read(std::string_view path) {
  constexpr std::string_view kRoot = "/api/v1/";
  if (!path.starts_with(kRoot)) return false;
  path.remove_prefix(kRoot.size());
  for (const std::string_view known :
       {"query", "query_range", "query_exemplars", "format_query", "series", "labels", "metadata"})
    if (path == known) return true;
  return path.starts_with("label/") || path.starts_with("status/");
}

}  // namespace tocsin::server
