#include <fmt/format.h>

#include "base/html.h"
#include "server/acts.h"
#include "server/assets.h"
#include "server/reply.h"

namespace tocsin::server {

namespace {

using net::Request;
using net::Respond;
using Done200 = std::function<void(Result<bool>)>;  // false: there is no such alert

constexpr DurationMs kSilence = hours(1);

std::string_view words(const std::string& what) {
  if (what == "resolve") return "Resolve";
  return what == "silence" ? "Silence for an hour" : "Acknowledge";
}

// A page that needs nothing but itself: it is opened on a telephone at night.
net::Response page(int status, std::string_view title, std::string_view body) {
  net::Response out = net::Response::text(
      status,
      fmt::format(
          "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width\">"
          "<meta name=\"robots\" content=\"noindex\"><title>{0} · Tocsin</title><style>"
          "body{{font:17px/1.5 system-ui,sans-serif;margin:0 auto;padding:24px;max-width:34em;"
          "color-scheme:light dark}}button{{font:inherit;padding:12px 22px;min-height:48px}}"
          "</style></head><body><main><h1>{0}</h1>{1}</main></body></html>\n",
          html_escaped(title), body),
      "text/html; charset=utf-8");
  out.headers.add("Cache-Control", "no-store");
  add_security_headers(out, true);
  out.headers.set("Referrer-Policy", "no-referrer");  // the address is the permission
  return out;
}

net::Response refused_page(const Error& error) {
  const bool expired = error.code == ErrorCode::kRefused;
  return page(expired ? 410 : 404, expired ? "This link has expired" : "Not a link of Tocsin",
              "<p>" + html_escaped(error.message) + "</p>");
}

std::string said_of(const AlertView& alert) {
  const Decision& said = alert.latest->summary.empty() ? *alert.opened : *alert.latest;
  std::string out = "<p><strong>" +
                    html_escaped(said.summary.empty() ? "rule " + said.rule_id : said.summary) +
                    "</strong></p><p>" + std::string(to_text(said.severity)) + ", " +
                    std::string(to_text(alert.state)) + " since " + to_iso(alert.opened_at);
  if (!alert.acknowledged_by.empty())
    out += ", acknowledged by " + html_escaped(alert.acknowledged_by);
  return out +
         fmt::format("</p><p><a href=\"/alerts/{}\">Open the alert</a></p>", to_text(alert.id));
}

void show(Views& views, const ActDesk& desk, const Request& request, Respond respond) {
  const auto wanted = desk.open_link(request.param("token"));
  if (!wanted) return respond(refused_page(wanted.error()));
  views.alert(wanted->alert, [respond = std::move(respond),
                              wanted = *wanted](Result<std::optional<AlertDetails>> found) {
    if (!found) return respond(error_response(found.error()));
    if (!*found)
      return respond(page(404, "This alert is gone", "<p>It was removed after its time.</p>"));
    const AlertView& alert = *(*found)->entry.alert;
    std::string body = said_of(alert);
    const bool over = alert.state != AlertState::kOpen;
    const bool taken = wanted.what == "acknowledge" && !alert.acknowledged_by.empty();
    if (!over && !taken)
      body += fmt::format("<form method=\"post\"><p><button>{}</button></p></form><p>As {}</p>",
                          words(wanted.what), html_escaped(wanted.by));
    respond(page(200, over ? "It is over" : taken ? "Somebody has it" : words(wanted.what), body));
  });
}

void silence(Views& views, const WantedAct& wanted, TimeMs now, Done200 done) {
  views.alert(wanted.alert, [&views, wanted, now,
                             done = std::move(done)](Result<std::optional<AlertDetails>> found) {
    if (!found) return done(fail(found.error()));
    if (!*found) return done(false);
    NewSilence made;
    const Decision& opened = *(*found)->entry.alert->opened;
    made.matchers.push_back(*LabelMatcher::make("rule", LabelMatcher::Op::kEqual, opened.rule_id));
    for (const auto& [name, value] : opened.scope.pairs())
      made.matchers.push_back(
          *LabelMatcher::make(std::string(name), LabelMatcher::Op::kEqual, std::string(value)));
    made.until = now + kSilence;
    made.comment = "for an hour, from a message";
    made.by = wanted.by;
    views.add_silence(std::move(made), [done](const Result<SilenceView>& view) {
      if (!view) return done(fail(view.error()));
      done(true);
    });
  });
}

void carry_out(Views& views, const WantedAct& wanted, TimeMs now, Done200 done) {
  if (wanted.what == "silence") return silence(views, wanted, now, std::move(done));
  const bool resolve = wanted.what == "resolve";
  AlertAction action{resolve ? AlertAction::What::kResolve : AlertAction::What::kAcknowledge,
                     wanted.alert, wanted.by, resolve ? "from a message" : ""};
  views.act(std::move(action),
            [done = std::move(done)](const Result<std::optional<AlertEntry>>& entry) {
              if (!entry) return done(fail(entry.error()));
              done(entry->has_value());
            });
}

void note_audit(const Request& request, const WantedAct& wanted) {
  if (!request.audit) return;
  request.audit->by = wanted.by;
  request.audit->target = to_text(wanted.alert);
  request.audit->after = wanted.what;
}

void act(Views& views, const ActDesk& desk, TimeMs now, const Request& request, Respond respond) {
  const auto wanted = desk.open_link(request.param("token"));
  if (!wanted) return respond(refused_page(wanted.error()));
  note_audit(request, *wanted);
  carry_out(views, *wanted, now,
            [respond = std::move(respond), what = wanted->what](Result<bool> done) {
              if (!done)
                return respond(page(done.error().code == ErrorCode::kRefused ? 409 : 503,
                                    "Nothing was changed",
                                    "<p>" + html_escaped(done.error().message) + "</p>"));
              if (!*done) return respond(page(404, "This alert is gone", ""));
              respond(page(200, "Done", fmt::format("<p>{}: done.</p>", words(what))));
            });
}

// Slack shows nothing of the answer; the message itself changes with the alert.
void press(Views& views, const ActDesk& desk, TimeMs now, const Request& request, Respond respond) {
  const auto wanted = desk.open_slack(request);
  if (!wanted) {
    const bool refused = wanted.error().code == ErrorCode::kRefused;
    return respond(net::Response::error_json(refused ? 401 : 400, wanted.error().message));
  }
  if (!*wanted) return respond(net::Response::text(200, ""));
  note_audit(request, **wanted);
  carry_out(views, **wanted, now, [respond = std::move(respond)](const Result<bool>& done) {
    if (done || done.error().code == ErrorCode::kRefused)
      return respond(net::Response::text(200, ""));
    respond(error_response(done.error()));
  });
}

}  // namespace

void register_act_routes(net::Router& router, Views& views, const ActDesk& desk,
                         const Clock& clock) {
  router.add("GET", "/act/:token", [&views, &desk](Request&& request, Respond respond) {
    show(views, desk, request, std::move(respond));
  });
  router.add("POST", "/act/:token", [&views, &desk, &clock](Request&& request, Respond respond) {
    act(views, desk, clock.now(), request, std::move(respond));
  });
  router.add("POST", "/api/slack/actions",
             [&views, &desk, &clock](Request&& request, Respond respond) {
               press(views, desk, clock.now(), request, std::move(respond));
             });
}

}  // namespace tocsin::server
