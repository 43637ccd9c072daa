#include "server/json.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/restrict.h"
#include "server/route_rules.h"
#include "server/routes.h"

namespace tocsin::server {

namespace {

using net::Request;
using net::Respond;
using net::Response;

void list_inbox(Views& views, const Request& request, Respond respond) {
  const auto limit = limit_param(request, 100, 1000);
  if (!limit) return respond(error_response(limit.error()));
  views.inbox(*limit,
              reply_list<InboxMessage>(std::move(respond), "messages", write_inbox_message));
}

void test_receiver(Views& views, const Request& request, Respond respond) {
  const std::string name(request.param("name"));
  views.test_receiver(name, reply_found<Delivery>(std::move(respond), "receiver " + name,
                                                  [](JsonWriter& json, const Delivery& delivery) {
                                                    write_delivery(json, delivery, true);
                                                  }));
}

void answer_reload(const Respond& respond, const ReloadView& view) {
  JsonWriter json;
  json.begin_object();
  if (view.error.empty()) {
    json.member("version", view.version).key("rebuilding").begin_array();
    for (const std::string& worker : view.rebuilding) json.string(worker);
    json.end_array().end_object();
    return respond(json_response(json));
  }
  json.member("error", view.error).key("problems").begin_array();
  for (const ReloadView::Problem& problem : view.problems)
    json.begin_object()
        .member("place", problem.place)
        .member("message", problem.message)
        .end_object();
  json.end_array().end_object();
  Response out = json_response(json);
  out.status = 400;
  respond(std::move(out));
}

void ready(Views& views, Respond respond) {
  views.status([respond = std::move(respond)](Result<StatusView> status) {
    if (!status) return respond(error_response(status.error()));
    if (status->ready) return respond(Response::text(200, "ready\n"));
    const std::string stage = status->progress ? ": " + status->progress->stage : "";
    Response out = Response::text(503, "not ready" + stage + "\n");
    out.headers.add("Retry-After", "1");
    respond(std::move(out));
  });
}

// A restricted user's board counts the alerts that are shown, so those are asked for first.
void now(Views& views, const Request& request, Respond respond) {
  const LabelView view = view_of(request);
  if (view.everything()) return views.now(reply<NowView>(std::move(respond), write_now));
  AlertQuery open;
  open.limit = 10'000;
  views.alerts(open, [&views, view, respond](Result<AlertPage> page) {
    if (!page) return respond(error_response(page.error()));
    std::erase_if(page->alerts, [&](const AlertEntry& one) { return !shows(view, *one.alert); });
    views.now(reply<NowView>(
        respond, [view, alerts = std::move(page->alerts)](JsonWriter& json, const NowView& board) {
          write_now(json, narrowed(board, view, alerts));
        }));
  });
}

}  // namespace

void register_program_routes(net::Router& router, const ApiParts& parts) {
  Views& views = parts.views;
  router.add("GET", "/api/status", [&views](Request&& request, Respond respond) {
    views.status(reply<StatusView>(
        std::move(respond), [view = view_of(request)](JsonWriter& json, const StatusView& status) {
          write_status(json, narrowed(status, view));
        }));
  });
  router.add("GET", "/api/now", [&views](Request&& request, Respond respond) {
    now(views, request, std::move(respond));
  });
  router.add("GET", "/api/stream", [&hub = parts.hub](Request&& request, Respond respond) {
    hub.open(std::move(request), respond);
  });
  router.add("GET", "/api/senders", [&views](Request&&, Respond respond) {
    views.senders(reply_list<SenderView>(std::move(respond), "senders", write_sender));
  });
  router.add("GET", "/api/inbox", [&views](Request&& request, Respond respond) {
    list_inbox(views, request, std::move(respond));
  });
  router.add("GET", "/api/receivers", [&views](Request&&, Respond respond) {
    views.receivers(reply_list<ReceiverView>(std::move(respond), "receivers", write_receiver));
  });
  router.add("POST", "/api/receivers/:name/test", [&views](Request&& request, Respond respond) {
    test_receiver(views, request, std::move(respond));
  });
  router.add("POST", "/api/config/reload", [&views](Request&&, Respond respond) {
    views.reload([respond = std::move(respond)](Result<ReloadView> view) {
      if (!view) return respond(error_response(view.error()));
      answer_reload(respond, *view);
    });
  });
  router.add("GET", "/metrics", [&counters = parts.counters](Request&&, Respond respond) {
    respond(Response::text(200, counters.exposition(), "text/plain; version=0.0.4; charset=utf-8"));
  });
  router.add("GET", "/-/healthy",
             [](Request&&, Respond respond) { respond(Response::text(200, "healthy\n")); });
  router.add("GET", "/-/ready",
             [&views](Request&&, Respond respond) { ready(views, std::move(respond)); });
}

void register_api(net::Router& router, const ApiParts& parts) {
  register_alert_routes(router, parts.views);
  register_silence_routes(router, parts.views, parts.clock);
  register_series_routes(router, parts.views, parts.clock);
  register_cardinality_routes(router, parts.views);
  register_recent_routes(router, parts.views);
  register_program_routes(router, parts);
  register_route_list(router);
  if (parts.boards) register_board_routes(router, *parts.boards);
  if (parts.escalation) register_escalation_routes(router, *parts.escalation, parts.clock);
  if (parts.causes) register_causes_routes(router, parts.views, *parts.causes, parts.clock);
  if (parts.config) register_config_routes(router, *parts.config);
  if (parts.coverage) register_coverage_routes(router, *parts.coverage);
  if (parts.manager) register_manager_routes(router, *parts.manager, parts.clock);
  if (!parts.pages) return;
  router.set_fallback([pages = parts.pages](Request&& request, Respond respond) {
    respond(pages->answer(request));
  });
}

}  // namespace tocsin::server
