#include <fmt/format.h>

#include "server/json.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/restrict.h"
#include "server/routes.h"

namespace tocsin::server {

namespace {

using net::Request;
using net::Respond;

void list_violations(Views& views, const Request& request, Respond respond) {
  const auto limit = limit_param(request, 200, 10'000);
  if (!limit) return respond(error_response(limit.error()));
  const auto since = time_param(request, "since", kTimeMin);
  if (!since) return respond(error_response(since.error()));
  views.violations(*limit, *since,
                   [view = view_of(request),
                    respond = std::move(respond)](Result<std::vector<ViolationRow>> rows) {
                     if (rows) keep_shown(*rows, view);
                     reply_list<ViolationRow>(respond, "violations",
                                              write_violation_row)(std::move(rows));
                   });
}

void list_series(Views& views, const Request& request, Respond respond) {
  const auto selector = selector_param(request);
  if (!selector) return respond(error_response(selector.error()));
  const auto limit = limit_param(request, 1000, 100'000);
  if (!limit) return respond(error_response(limit.error()));
  views.series(*selector, *limit,
               reply_list<SeriesRow>(std::move(respond), "series", write_series_row));
}

void range(Views& views, TimeMs now, const Request& request, Respond respond) {
  const auto selector = selector_param(request);
  if (!selector) return respond(error_response(selector.error()));
  const auto span = range_params(request, now);
  if (!span) return respond(error_response(span.error()));
  const auto width = width_param(request);
  if (!width) return respond(error_response(width.error()));
  views.range({*selector, span->from, span->to, *width},
              reply<RangeView>(std::move(respond), write_range));
}

void latest(Views& views, const Request& request, Respond respond) {
  const auto selector = selector_param(request);
  if (!selector) return respond(error_response(selector.error()));
  views.latest(*selector, reply_list<LatestRow>(std::move(respond), "series", write_latest));
}

void band(Views& views, TimeMs now, const Request& request, Respond respond) {
  const auto series = series_param(request);
  if (!series) return respond(error_response(series.error()));
  const auto span = range_params(request, now);
  if (!span) return respond(error_response(span.error()));
  const auto width = width_param(request);
  if (!width) return respond(error_response(width.error()));
  BandQuery query{*series, std::string(request.query.get("worker")), span->from, span->to, *width};
  std::string what = fmt::format("series {} that {} tests", series->text(),
                                 query.worker.empty() ? "a worker" : "worker " + query.worker);
  if (!view_of(request).shows(*series)) return respond(missing_response(what));
  views.band(std::move(query),
             reply_found<BandView>(std::move(respond), std::move(what), write_band));
}

}  // namespace

void register_series_routes(net::Router& router, Views& views, const Clock& clock) {
  router.add("GET", "/api/violations", [&views](Request&& request, Respond respond) {
    list_violations(views, request, std::move(respond));
  });
  router.add("GET", "/api/series", [&views](Request&& request, Respond respond) {
    list_series(views, request, std::move(respond));
  });
  router.add("GET", "/api/series/range", [&views, &clock](Request&& request, Respond respond) {
    range(views, clock.now(), request, std::move(respond));
  });
  router.add("GET", "/api/series/latest", [&views](Request&& request, Respond respond) {
    latest(views, request, std::move(respond));
  });
  router.add("GET", "/api/series/band", [&views, &clock](Request&& request, Respond respond) {
    band(views, clock.now(), request, std::move(respond));
  });
  router.add("GET", "/api/workers", [&views](Request&&, Respond respond) {
    views.workers(reply_list<WorkerView>(std::move(respond), "workers", write_worker));
  });
  router.add("GET", "/api/workers/:id", [&views](Request&& request, Respond respond) {
    const std::string id(request.param("id"));
    views.worker(
        id, reply_found<WorkerDetails>(std::move(respond), "worker " + id, write_worker_details));
  });
}

}  // namespace tocsin::server
