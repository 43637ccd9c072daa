// Other systems' own ways to tell of alerts, for senders that can be given another address but not
// another shape.
#include <fmt/format.h>

#include "server/api_alertmanager.h"
#include "server/json.h"
#include "server/json_alertmanager.h"
#include "server/reply.h"
#include "wire/alert_json.h"

namespace tocsin::server {
namespace {

using net::Request;
using net::Respond;
using net::Response;
using Holds = ReportedBatch::Holds;

std::string told_by(const Request& request, std::string_view source) {
  return request.user.empty() ? std::string(source) : request.user;
}

Response busy(const Error& error) {
  Response out = error_response(error);
  if (out.status == 503) out.headers.add("Retry-After", "1");
  return out;
}

void take_webhook(AlertmanagerDesk& desk, const char* source, const Request& request,
                  Respond respond) {
  auto parsed = wire::parse_alert_webhook(request.body);
  if (!parsed) return respond(error_response(parsed.error()));
  const auto answer = [faults = parsed->faults,
                       refused = parsed->refused](const ReportCounts& counts) {
    JsonWriter json;
    json.begin_object()
        .member("opened", counts.opened)
        .member("updated", counts.updated)
        .member("refreshed", counts.refreshed)
        .member("resolved", counts.resolved)
        .member("ignored", counts.ignored)
        .member("refused", counts.refused + refused)
        .key("faults")
        .begin_array();
    for (const std::string& fault : faults) json.string(fault);
    json.end_array().end_object();
    return json_response(json);
  };
  if (parsed->alerts.empty()) return respond(answer({}));
  desk.report({source, told_by(request, source), std::move(parsed->alerts), Holds::kExpireAfter},
              [respond = std::move(respond), answer](const Result<ReportCounts>& counts) {
                respond(counts ? answer(*counts) : busy(counts.error()));
              });
}

Response pagerduty_answer(int status, std::string_view word, std::string_view message,
                          const std::vector<std::string>& errors, std::string_view dedup) {
  JsonWriter json;
  json.begin_object().member("status", word).member("message", message);
  if (!errors.empty()) {
    json.key("errors").begin_array();
    for (const std::string& one : errors) json.string(one);
    json.end_array();
  }
  if (!dedup.empty()) json.member("dedup_key", dedup);
  json.end_object();
  return Response::json(status, json.take());
}

Response pagerduty_failure(const Error& error) {
  Response out = pagerduty_answer(error_response(error).status == 503 ? 429 : 500, "throttle",
                                  error.message, {}, "");
  out.headers.add("Retry-After", "1");
  return out;
}

void take_pagerduty(AlertmanagerDesk& desk, const Request& request, Respond respond) {
  constexpr const char* kSource = "pagerduty";
  auto event = wire::parse_pagerduty(request.body);
  if (!event)
    return respond(pagerduty_answer(400, "invalid event", "Event object is invalid",
                                    {event.error().message}, ""));
  if (!event->faults.empty())
    return respond(
        pagerduty_answer(400, "invalid event", "Event object is invalid", event->faults, ""));
  ReportedAlert& alert = event->alert;
  // An event without a key is an alert of its own; so that a repeat is not, what it says is its
  // key.
  if (alert.dedup.empty())
    alert.dedup = to_text(hash128(alert.labels.text() + alert.annotations.text()));
  const Response accepted = pagerduty_answer(202, "success", "Event processed", {}, alert.dedup);
  const std::string by = told_by(request, kSource);
  if (event->action == wire::PagerdutyEvent::Action::kAcknowledge) {
    desk.acknowledge(reported_key(alert, kSource), by,
                     [respond = std::move(respond), accepted](const Result<bool>& done) {
                       respond(done ? accepted : pagerduty_failure(done.error()));
                     });
    return;
  }
  desk.report({kSource, by, {std::move(alert)}, Holds::kExpireAfter},
              [respond = std::move(respond), accepted](const Result<ReportCounts>& counts) {
                respond(counts ? accepted : pagerduty_failure(counts.error()));
              });
}

void take_sign(HeartbeatDesk& desk, const Request& request, Respond respond) {
  const std::string name(request.param("name"));
  desk.sign(name, request.user,
            [respond = std::move(respond), name](const Result<HeartbeatTaken>& taken) {
              if (!taken) return respond(busy(taken.error()));
              if (taken->known) return respond(Response::empty());
              std::string what = fmt::format("heartbeat \"{}\"", name.substr(0, 100));
              if (!taken->nearest.empty())
                what += fmt::format("; did you mean \"{}\"?", taken->nearest);
              respond(missing_response(what));
            });
}

}  // namespace

void register_heartbeat_routes(net::Router& router, HeartbeatDesk& desk) {
  for (const char* method : {"GET", "POST"})
    router.add(method, "/heartbeat/:name", [&desk](Request&& request, Respond respond) {
      take_sign(desk, request, std::move(respond));
    });
  router.add("GET", "/api/heartbeats", [&desk](Request&&, Respond respond) {
    desk.heartbeats(reply_list<HeartbeatView>(std::move(respond), "heartbeats", write_heartbeat));
  });
}

void register_hook_routes(net::Router& router, AlertmanagerDesk& desk) {
  for (const char* source : {"alertmanager", "grafana"})
    router.add("POST", std::string("/hook/") + source,
               [&desk, source](Request&& request, Respond respond) {
                 take_webhook(desk, source, request, std::move(respond));
               });
  router.add("POST", "/v2/enqueue", [&desk](Request&& request, Respond respond) {
    take_pagerduty(desk, request, std::move(respond));
  });
}

}  // namespace tocsin::server
