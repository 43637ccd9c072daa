#include <fmt/format.h>

#include <algorithm>

#include "base/html.h"
#include "server/acts.h"
#include "server/assets.h"
#include "server/reply.h"

namespace tocsin::server {

namespace {

using net::Request;
using net::Respond;

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

// What a link is about: an alert, or a group of them.
struct Subject {
  std::string said;  // HTML
  bool over = false, taken = false;
  Labels labels;  // what all of it has: rule, if it is one, and the scope
};

Subject subject_of(const AlertView& alert) {
  const Decision& opened = alert.opened;
  return {said_of(alert), alert.state != AlertState::kOpen, !alert.acknowledged_by.empty(),
          opened.scope.with("rule", opened.rule_id)};
}

Subject subject_of(const supervisor::GroupView& group) {
  Subject out;
  out.over = group.over;
  out.taken = std::all_of(group.alerts.begin(), group.alerts.end(), [](const auto& alert) {
    return alert->state != AlertState::kOpen || !alert->acknowledged_by.empty();
  });
  out.labels = group.labels;
  if (group.by_rule.size() == 1) out.labels = out.labels.with("rule", group.by_rule.front().first);
  out.said = fmt::format("<p><strong>{} alerts are open</strong></p><ul>", group.open);
  for (size_t i = 0; i < std::min<size_t>(group.alerts.size(), 10); ++i)
    out.said += "<li>" + html_escaped(group.alerts[i]->latest->summary) + "</li>";
  out.said += fmt::format("</ul><p><a href=\"/alerts?group={}\">Open the alerts</a></p>",
                          to_text(group.id));
  return out;
}

void find_subject(Views& views, const Id128& id, Done<std::optional<Subject>> done) {
  views.alert(id, [&views, id, done = std::move(done)](Result<std::optional<AlertDetails>> found) {
    if (!found) return done(fail(found.error()));
    if (*found) return done(std::optional(subject_of(*(*found)->entry.alert)));
    views.group(id, [done](const Result<std::optional<AlertGroup>>& group) {
      if (!group) return done(fail(group.error()));
      done(*group ? std::optional(subject_of(***group)) : std::nullopt);
    });
  });
}

void show(Views& views, const ActDesk& desk, const Request& request, Respond respond) {
  const auto wanted = desk.open_link(request.param("token"));
  if (!wanted) return respond(refused_page(wanted.error()));
  find_subject(
      views, wanted->alert,
      [respond = std::move(respond), wanted = *wanted](Result<std::optional<Subject>> found) {
        if (!found) return respond(error_response(found.error()));
        if (!*found)
          return respond(page(404, "This alert is gone", "<p>It was removed after its time.</p>"));
        std::string body = (*found)->said;
        const bool over = (*found)->over;
        const bool taken = wanted.what == "acknowledge" && (*found)->taken;
        if (!over && !taken)
          body += fmt::format("<form method=\"post\"><p><button>{}</button></p></form><p>As {}</p>",
                              words(wanted.what), html_escaped(wanted.by));
        respond(page(200,
                     over    ? "It is over"
                     : taken ? "Somebody has it"
                             : words(wanted.what),
                     body));
      });
}

void silence(Views& views, const WantedAct& wanted, TimeMs now, Done<bool> done) {
  find_subject(
      views, wanted.alert,
      [&views, wanted, now, done = std::move(done)](Result<std::optional<Subject>> found) {
        if (!found) return done(fail(found.error()));
        if (!*found) return done(false);
        NewSilence made;
        for (const auto& [name, value] : (*found)->labels.pairs())
          made.matchers.push_back(
              *LabelMatcher::make(std::string(name), LabelMatcher::Op::kEqual, std::string(value)));
        if (made.matchers.empty())
          return done(fail(ErrorCode::kRefused,
                           "these alerts have no label in common; silence them one by one"));
        made.until = now + wanted.silence;
        made.comment = wanted.text.empty()
                           ? fmt::format("for {}, from a message", to_text(wanted.silence))
                           : wanted.text;
        made.by = wanted.by;
        views.add_silence(std::move(made), [done](const Result<SilenceView>& view) {
          if (!view) return done(fail(view.error()));
          done(true);
        });
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

AlertAction::What action_of(const std::string& what) {
  if (what == "resolve") return AlertAction::What::kResolve;
  if (what == "unacknowledge") return AlertAction::What::kUnacknowledge;
  return what == "note" ? AlertAction::What::kNote : AlertAction::What::kAcknowledge;
}

}  // namespace

void carry_out(Views& views, const WantedAct& wanted, TimeMs now, Done<bool> done) {
  if (wanted.what == "silence") return silence(views, wanted, now, std::move(done));
  std::string text = wanted.text;
  if (text.empty() && wanted.what == "resolve") text = "from a message";
  AlertAction action{action_of(wanted.what), wanted.alert, wanted.by, std::move(text)};
  views.act(std::move(action),
            [done = std::move(done)](const Result<std::optional<AlertEntry>>& entry) {
              if (!entry) return done(fail(entry.error()));
              done(entry->has_value());
            });
}

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
