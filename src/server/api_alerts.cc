#include <fmt/format.h>

#include <algorithm>

#include "server/json.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/restrict.h"
#include "server/routes.h"

namespace tocsin::server {

namespace {

using net::Request;
using net::Respond;

constexpr size_t kTextBytesMax = 10'000;
constexpr size_t kSearchedMax = 10'000;

bool unanswered(const AlertView& alert) {
  return alert.state == AlertState::kOpen && alert.acknowledged_by.empty() &&
         alert.silenced_by.empty() && !alert.covered_by && alert.shelf == nullptr;
}

// Open ones unanswered first, then by severity, then the youngest; then closed ones as they come.
bool before(const AlertEntry& a, const AlertEntry& b) {
  const bool a_open = a.alert->state == AlertState::kOpen;
  if (a_open != (b.alert->state == AlertState::kOpen)) return a_open;
  if (!a_open) return false;
  const auto rank = [](const AlertEntry& entry) {
    const AlertView& alert = *entry.alert;
    return std::tuple(!unanswered(alert), alert.latest->severity, -alert.opened_at.ms, alert.id);
  };
  return rank(a) < rank(b);
}

Result<AlertQuery> alert_query(const Request& request) {
  AlertQuery out;
  const std::string_view state = request.query.get("state", "open");
  if (state == "open")
    out.state = AlertQuery::State::kOpen;
  else if (state == "resolved")
    out.state = AlertQuery::State::kResolved;
  else if (state == "all")
    out.state = AlertQuery::State::kAll;
  else
    return fail(ErrorCode::kInvalid,
                "reading the parameter state failed: it is open, resolved or all");
  const auto severity = severity_param(request);
  if (!severity) return fail(severity.error());
  out.severity = *severity;
  const auto since = time_param(request, "since", kTimeMin);
  if (!since) return fail(since.error());
  out.since = *since;
  const auto limit = limit_param(request, 100, 1000);
  if (!limit) return fail(limit.error());
  out.limit = *limit;
  out.site = request.query.get("site");
  out.rule = request.query.get("rule");
  auto labels = label_params(request);
  if (!labels) return fail(labels.error());
  out.labels = std::move(*labels);
  if (const std::string_view from = request.query.get("before"); !from.empty()) {
    out.before = supervisor::parse_closed_cursor(from);
    if (!out.before)
      return fail(ErrorCode::kInvalid,
                  "reading the parameter before failed: it is what next of an answer says");
  }
  out.view = view_of(request);
  return out;
}

void list_alerts(Views& views, const Request& request, Respond respond) {
  auto query = alert_query(request);
  if (!query) return respond(error_response(query.error()));
  const size_t limit = query->limit;
  const LabelView view = query->view;
  // Of the open ones some are not shown.
  if (!view.everything() && query->state == AlertQuery::State::kOpen) query->limit = kSearchedMax;
  views.alerts(
      *query, reply<AlertPage>(std::move(respond), [limit, view](JsonWriter& json, AlertPage page) {
        std::vector<AlertEntry>& all = page.alerts;
        std::erase_if(all, [&](const AlertEntry& entry) { return !shows(view, *entry.alert); });
        std::stable_sort(all.begin(), all.end(), before);
        if (all.size() > limit) {
          all.resize(limit);
          page.complete = false;
        }
        json.begin_object().key("alerts").begin_array();
        for (const AlertEntry& entry : all) write_alert_summary(json, entry);
        json.end_array();
        json.member("complete", page.complete);
        json.key("next");
        page.next ? json.string(to_text(*page.next)) : json.null();
        json.end_object();
      }));
}

std::string named_alert(const Request& request) {
  return fmt::format("alert {}; it may have been removed after its time", request.param("id"));
}

void one_alert(Views& views, const Request& request, Respond respond) {
  const auto id = id_param(request);
  if (!id) return respond(missing_response(named_alert(request)));
  views.alert(*id, [view = view_of(request), named = named_alert(request),
                    respond = std::move(respond)](Result<std::optional<AlertDetails>> found) {
    if (found && *found && !shows(view, *(*found)->entry.alert)) found->reset();
    if (found && *found) *found = narrowed(std::move(**found), view);
    reply_found<AlertDetails>(respond, named, write_alert_details)(std::move(found));
  });
}

struct Verb {
  AlertAction::What what;
  std::string_view text_key;  // empty = none
  bool text_required;
};

Result<AlertAction> alert_action(const Verb& verb, const Id128& id, const Request& request) {
  const auto body = Body::parse(request.body);
  if (!body) return fail(body.error());
  const auto by = author(*body, request);
  if (!by) return fail(by.error());
  AlertAction out{verb.what, id, *by, {}, {}};
  if (verb.what == AlertAction::What::kShelve ||
      (verb.what == AlertAction::What::kAcknowledge && body->has("until"))) {
    const auto until = body->required_time("until");
    if (!until) return fail(until.error());
    out.until = *until;
  }
  if (verb.text_key.empty()) return out;
  const auto text = verb.text_required ? body->required_text(verb.text_key, kTextBytesMax)
                                       : body->text(verb.text_key, kTextBytesMax);
  if (!text) return fail(text.error());
  out.text = *text;
  return out;
}

void act(Views& views, const Verb& verb, const Request& request, Respond respond) {
  const auto id = id_param(request);
  if (!id) return respond(missing_response(named_alert(request)));
  auto action = alert_action(verb, *id, request);
  if (!action) return respond(error_response(action.error()));
  views.act(std::move(*action),
            reply_found<AlertEntry>(std::move(respond), named_alert(request), write_alert_summary));
}

void answer(Views& views, Answer what, const Request& request, Respond respond) {
  const std::string named = fmt::format("violation {} that is open", request.param("id"));
  const auto id = id_param(request);
  if (!id) return respond(missing_response(named));
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  const auto by = author(*body, request);
  if (!by) return respond(error_response(by.error()));
  views.answer({*id, what, *by}, [respond = std::move(respond), named](Result<bool> found) {
    if (!found) return respond(error_response(found.error()));
    if (!*found) return respond(missing_response(named));
    respond(net::Response::empty());
  });
}

}  // namespace

void register_alert_routes(net::Router& router, Views& views) {
  router.add("GET", "/api/alerts", [&views](Request&& request, Respond respond) {
    list_alerts(views, request, std::move(respond));
  });
  router.add("GET", "/api/alerts/:id", [&views](Request&& request, Respond respond) {
    one_alert(views, request, std::move(respond));
  });
  using What = AlertAction::What;
  const std::pair<const char*, Verb> verbs[] = {
      {"acknowledge", {What::kAcknowledge, "note", false}},
      {"unacknowledge", {What::kUnacknowledge, "", false}},
      {"resolve", {What::kResolve, "reason", false}},
      {"note", {What::kNote, "text", true}},
      {"shelve", {What::kShelve, "reason", true}},
      {"unshelve", {What::kUnshelve, "", false}},
  };
  for (const auto& [name, verb] : verbs)
    router.add("POST", std::string("/api/alerts/:id/") + name,
               [&views, done = verb](Request&& request, Respond respond) {
                 act(views, done, request, std::move(respond));
               });
  for (const auto& [name, verb] : {verbs[0], verbs[2]})
    router.add("POST", std::string("/api/alert-groups/:id/") + name,
               [&views, done = verb](Request&& request, Respond respond) {
                 act(views, done, request, std::move(respond));
               });
  for (const auto& [name, what] :
       {std::pair("accept", Answer::kAccepted), std::pair("keep", Answer::kKept)})
    router.add("POST", std::string("/api/violations/:id/") + name,
               [&views, said = what](Request&& request, Respond respond) {
                 answer(views, said, request, std::move(respond));
               });
  router.add("GET", "/api/alert-groups", [&views](Request&& request, Respond respond) {
    views.groups([view = view_of(request),
                  respond = std::move(respond)](Result<std::vector<AlertGroup>> groups) {
      if (groups) {
        for (AlertGroup& one : *groups) one = narrowed(one, view);
        std::erase(*groups, nullptr);
      }
      reply_list<AlertGroup>(respond, "groups", write_group)(std::move(groups));
    });
  });
  router.add("GET", "/api/alert-groups/:id", [&views](Request&& request, Respond respond) {
    const std::string named = fmt::format("alert group {}", request.param("id"));
    const auto id = id_param(request);
    if (!id) return respond(missing_response(named));
    views.group(*id, [view = view_of(request), named,
                      respond = std::move(respond)](Result<std::optional<AlertGroup>> found) {
      if (found && *found) **found = narrowed(**found, view);
      if (found && *found && **found == nullptr) found->reset();
      reply_found<AlertGroup>(respond, named, write_group)(std::move(found));
    });
  });
}

}  // namespace tocsin::server
