// Likely causes of an alert and of a span.

#include <fmt/format.h>

#include "server/json_causes.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/restrict.h"
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

void rank(CausesDesk& desk, CausesQuery query, std::string what, const LabelView& view,
          Respond respond) {
  desk.rank(std::move(query), [view, what = std::move(what), respond = std::move(respond)](
                                  Result<std::optional<CausesView>> found) {
    if (found && *found) **found = narrowed(std::move(**found), view);
    reply_found<CausesView>(respond, what, write_causes)(std::move(found));
  });
}

void kept(CausesDesk& desk, const Id128& id, std::string what, const LabelView& view,
          Respond respond) {
  desk.kept(id, [view, what = std::move(what),
                 respond = std::move(respond)](Result<std::optional<std::string>> found) {
    if (found && *found && !(*found)->empty()) {
      auto shown = narrowed_causes(**found, view);
      if (!shown) return respond(error_response(shown.error()));
      **found = std::move(*shown);
    }
    reply_found<std::string>(respond, what, [](JsonWriter& json, const std::string& text) {
      json.begin_object().key("causes");
      text.empty() ? json.null() : json.raw(text);
      json.end_object();
    })(std::move(found));
  });
}

// What was kept; with from and to, what that span says now.
void of_alert(CausesDesk& desk, const Request& request, const Clock& clock, Respond respond) {
  const std::string what = named_alert(request);
  const auto id = id_param(request);
  if (!id) return respond(missing_response(what));
  const LabelView view = view_of(request);
  if (request.query.find("from") == nullptr && request.query.find("to") == nullptr)
    return kept(desk, *id, what, view, std::move(respond));
  auto query = span_query(request, clock.now());
  if (!query) return respond(error_response(query.error()));
  query->alert = *id;
  rank(desk, std::move(*query), what, view, std::move(respond));
}

// The alert has to be shown, before anything that is kept with it is.
void of_shown_alert(Views& views, CausesDesk& desk, Request request, const Clock& clock,
                    const Respond& respond) {
  const auto id = id_param(request);
  const LabelView& view = view_of(request);
  if (!id || view.everything()) return of_alert(desk, request, clock, respond);
  auto asked = std::make_shared<Request>(std::move(request));
  views.alert(*id,
              [&desk, &clock, asked, respond](const Result<std::optional<AlertDetails>>& found) {
                if (!found) return respond(error_response(found.error()));
                if (!*found || !shows(view_of(*asked), *(*found)->entry.alert))
                  return respond(missing_response(named_alert(*asked)));
                of_alert(desk, *asked, clock, respond);
              });
}

void of_span(CausesDesk& desk, const Request& request, const Clock& clock, Respond respond) {
  auto query = span_query(request, clock.now());
  if (!query) return respond(error_response(query.error()));
  if (request.query.find("series") != nullptr) {
    const auto series = series_param(request);
    if (!series) return respond(error_response(series.error()));
    query->about = *series;
  }
  rank(desk, std::move(*query), "such span", view_of(request), std::move(respond));
}

}  // namespace

void register_causes_routes(net::Router& router, Views& views, CausesDesk& desk,
                            const Clock& clock) {
  router.add("GET", "/api/alerts/:id/causes",
             [&views, &desk, &clock](Request&& request, const Respond& respond) {
               of_shown_alert(views, desk, std::move(request), clock, respond);
             });
  router.add("GET", "/api/causes", [&desk, &clock](Request&& request, Respond respond) {
    of_span(desk, request, clock, std::move(respond));
  });
  register_change_routes(router, desk, clock);
}

}  // namespace tocsin::server
