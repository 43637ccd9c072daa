// Likely causes of an alert and of a span.

#include <fmt/format.h>

#include "server/json_causes.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/routes.h"

namespace tocsin::server {
namespace {

using net::Request;
using net::Respond;

constexpr DurationMs kSpanMin = seconds(1);
constexpr DurationMs kSpanMax = days(7);

std::string named_alert(const Request& request) {
  return fmt::format("alert {}; it may have been removed after its time", request.param("id"));
}

Result<CausesQuery> span_query(const Request& request, TimeMs now) {
  const auto range = range_params(request, now);
  if (!range) return fail(range.error());
  const DurationMs span = range->to - range->from;
  if (span < kSpanMin || span > kSpanMax)
    return fail(ErrorCode::kInvalid,
                "reading the range failed: causes are ranked for spans of a second to seven days");
  CausesQuery out;
  out.from = range->from;
  out.to = range->to;
  return out;
}

void rank(CausesDesk& desk, CausesQuery query, std::string what, Respond respond) {
  desk.rank(std::move(query),
            reply_found<CausesView>(std::move(respond), std::move(what), write_causes));
}

// What was kept; with from and to, what that span says now.
void of_alert(CausesDesk& desk, const Request& request, const Clock& clock, Respond respond) {
  const std::string what = named_alert(request);
  const auto id = id_param(request);
  if (!id) return respond(missing_response(what));
  if (request.query.find("from") != nullptr || request.query.find("to") != nullptr) {
    auto query = span_query(request, clock.now());
    if (!query) return respond(error_response(query.error()));
    query->alert = *id;
    return rank(desk, std::move(*query), what, std::move(respond));
  }
  desk.kept(*id, reply_found<std::string>(std::move(respond), what,
                                          [](JsonWriter& json, const std::string& kept) {
                                            json.begin_object().key("causes");
                                            if (kept.empty())
                                              json.null();
                                            else
                                              json.raw(kept);
                                            json.end_object();
                                          }));
}

void of_span(CausesDesk& desk, const Request& request, const Clock& clock, Respond respond) {
  auto query = span_query(request, clock.now());
  if (!query) return respond(error_response(query.error()));
  if (request.query.find("series") != nullptr) {
    const auto series = series_param(request);
    if (!series) return respond(error_response(series.error()));
    query->about = *series;
  }
  rank(desk, std::move(*query), "such span", std::move(respond));
}

}  // namespace

void register_causes_routes(net::Router& router, CausesDesk& desk, const Clock& clock) {
  router.add("GET", "/api/alerts/:id/causes", [&desk, &clock](Request&& request, Respond respond) {
    of_alert(desk, request, clock, std::move(respond));
  });
  router.add("GET", "/api/causes", [&desk, &clock](Request&& request, Respond respond) {
    of_span(desk, request, clock, std::move(respond));
  });
  register_change_routes(router, desk, clock);
}

}  // namespace tocsin::server
