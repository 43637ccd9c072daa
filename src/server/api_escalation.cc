// Who is called about an alert, and who would be; trends.

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "server/json_escalation.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/restrict.h"
#include "server/routes.h"

namespace tocsin::server {
namespace {

using net::Request;
using net::Respond;
using What = EscalationAction::What;

constexpr size_t kTextBytesMax = 10'000;
constexpr size_t kNameBytesMax = 300;
constexpr size_t kLabelsMax = 100;
constexpr DurationMs kTrendSpan = days(28);

std::string named_alert(const Request& request) {
  return fmt::format("alert {}; it may have been removed after its time", request.param("id"));
}

struct Verb {
  What what;
  std::string_view target_key;  // empty = none
};

Result<EscalationAction> action_of(const Verb& verb, const Id128& id, const Request& request) {
  const auto body = Body::parse(request.body);
  if (!body) return fail(body.error());
  const auto by = author(*body, request);
  if (!by) return fail(by.error());
  EscalationAction out;
  out.what = verb.what;
  out.alert = id;
  out.by = *by;
  const auto note = body->text("note", kTextBytesMax);
  if (!note) return fail(note.error());
  out.note = *note;
  if (verb.target_key.empty()) return out;
  const auto target = body->required_text(verb.target_key, kNameBytesMax);
  if (!target) return fail(target.error());
  out.target = *target;
  return out;
}

void act(EscalationDesk& desk, const Verb& verb, const Request& request, Respond respond) {
  const auto id = id_param(request);
  if (!id) return respond(missing_response(named_alert(request)));
  auto action = action_of(verb, *id, request);
  if (!action) return respond(error_response(action.error()));
  desk.act(std::move(*action),
           reply_found<EscalationView>(std::move(respond), named_alert(request), write_escalation));
}

Result<Severity> severity_of(const std::string& text) {
  constexpr std::array kWords = {Severity::kCritical, Severity::kHigh, Severity::kLow};
  for (const Severity severity : kWords)
    if (to_text(severity) == text) return severity;
  return fail(ErrorCode::kInvalid,
              fmt::format("reading \"severity\" failed: it is critical, high or low, not \"{}\"",
                          cut_text(text, 50)));
}

void preview(EscalationDesk& desk, const Request& request, TimeMs now, Respond respond) {
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  const auto labels = body->text_map("labels", kLabelsMax, kTextBytesMax);
  if (!labels) return respond(error_response(labels.error()));
  std::vector<Labels::Pair> pairs;
  std::string rule;
  for (const auto& [name, value] : *labels) {
    if (!value || name == "severity") continue;
    if (name == "rule" || (name == "alertname" && rule.empty()))
      rule = *value;
    else if (name != "alertname")
      pairs.emplace_back(name, *value);
  }
  // As an alert has them: its rule is also `alertname`.
  if (!rule.empty()) {
    pairs.emplace_back("rule", rule);
    pairs.emplace_back("alertname", rule);
  }
  const auto given = body->text("severity", kNameBytesMax);
  if (!given) return respond(error_response(given.error()));
  const auto label = labels->find("severity");
  const std::string fallback =
      label != labels->end() && label->second ? *label->second : "critical";
  const auto severity = severity_of(given->empty() ? fallback : *given);
  if (!severity) return respond(error_response(severity.error()));
  pairs.emplace_back("severity", std::string(to_text(*severity)));
  TimeMs at = now;
  if (body->has("time")) {
    const auto time = body->required_time("time");
    if (!time) return respond(error_response(time.error()));
    at = *time;
  }
  desk.preview(Labels(std::move(pairs)), *severity, at,
               reply<supervisor::EscalationPreview>(std::move(respond), write_preview));
}

void trends(EscalationDesk& desk, const Request& request, TimeMs now, Respond respond) {
  supervisor::TrendQuery query;
  const auto to = time_param(request, "to", now);
  if (!to) return respond(error_response(to.error()));
  const auto from = time_param(request, "from", *to - kTrendSpan);
  if (!from) return respond(error_response(from.error()));
  query.from = *from;
  query.to = *to;
  if (query.from >= query.to)
    return respond(error_response(
        {ErrorCode::kInvalid, "reading the period failed: \"from\" must lie before \"to\"", {}}));
  const std::string_view by = request.query.get("by", "rule");
  if (by == "site")
    query.by = supervisor::TrendQuery::By::kSite;
  else if (by == "severity")
    query.by = supervisor::TrendQuery::By::kSeverity;
  else if (by == "label")
    query.by = supervisor::TrendQuery::By::kLabel;
  else if (by != "rule")
    return respond(
        error_response({ErrorCode::kInvalid,
                        "reading the parameter by failed: it is rule, site, severity or label",
                        {}}));
  query.label = request.query.get("label");
  if (query.label.empty() == (query.by == supervisor::TrendQuery::By::kLabel))
    return respond(error_response(
        {ErrorCode::kInvalid,
         "reading the parameter label failed: it names the label of by=label, such as team",
         {}}));
  query.view = view_of(request);
  desk.trends(query, reply<supervisor::Trends>(std::move(respond), write_trends));
}

}  // namespace

void register_escalation_routes(net::Router& router, EscalationDesk& desk, const Clock& clock) {
  router.add("GET", "/api/alerts/:id/escalation", [&desk](Request&& request, Respond respond) {
    const auto id = id_param(request);
    if (!id) return respond(missing_response(named_alert(request)));
    desk.escalation(*id, reply_found<EscalationView>(std::move(respond), named_alert(request),
                                                     write_escalation));
  });
  const std::pair<const char*, Verb> verbs[] = {
      {"escalate", {What::kEscalate, ""}},
      {"assign", {What::kAssign, "person"}},
      {"call", {What::kCall, "who"}},
  };
  for (const auto& [name, verb] : verbs)
    router.add("POST", std::string("/api/alerts/:id/") + name,
               [&desk, done = verb](Request&& request, Respond respond) {
                 act(desk, done, request, std::move(respond));
               });
  router.add("POST", "/api/escalation/preview",
             [&desk, &clock](Request&& request, Respond respond) {
               preview(desk, request, clock.now(), std::move(respond));
             });
  router.add("GET", "/api/trends", [&desk, &clock](Request&& request, Respond respond) {
    trends(desk, request, clock.now(), std::move(respond));
  });
}

}  // namespace tocsin::server
