#include "respond/jira.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/reader.h"
#include "respond/answer.h"
#include "respond/length.h"
#include "respond/mail.h"
#include "respond/url_text.h"

namespace tocsin::respond {
namespace {

constexpr size_t kSummaryMax = 255, kTextMax = 32'767;  // characters, as Jira documents them
constexpr int kFoundMax = 100;

DeliveryResult kept(DeliveryResult result, const TicketRef& ref) {
  result.external = ref.json();
  return result;
}

TicketRef ref_after(const Message& message, const std::string& issue) {
  return {issue, !message.notice.alert->acknowledged_by.empty()};
}

// A 404 of an issue that we made: somebody deleted it.
DeliveryResult judge_issue(const net::HttpAnswer& answer, TimeMs now, const std::string& issue) {
  DeliveryResult out = judge_status(answer, now);
  if (answer.status != 404) return out;
  out.outcome = Outcome::kFinal;
  out.answer = fmt::format("ticket {} is gone, or may not be seen: {}", issue, out.answer);
  return out;
}

bool plain_key(const std::string& text) { return is_plain_id(text); }

}  // namespace

TargetPtr JiraTarget::read(config::MapReader& m, const SecretSources& sources) {
  auto out = std::make_shared<JiraTarget>();
  SecretReader secrets(m, sources);
  out->url = read_base_url(m, "");
  out->credentials = read_credentials(m, secrets);
  const size_t edition = m.choice("edition", {"auto", "cloud", "server"}, "auto",
                                  "jira: auto is cloud under atlassian.net, server elsewhere.");
  out->cloud = edition == 1 || (edition == 0 && out->url.ends_with(".atlassian.net"));
  out->project = m.value<std::string>("project", "", "jira: key of the project.");
  out->issue_type = m.value<std::string>("issue_type", "Task", "jira: type of the issues.");
  out->labels = m.value<std::vector<std::string>>(
      "labels", {}, "jira, zendesk: labels (tags) of the tickets, beside those Tocsin needs.");
  out->priorities = m.value<std::map<std::string, std::string>>(
      "priorities", {}, "jira: priority by severity: {critical: Highest}.");
  out->per = read_ticket_labels(m);
  out->closes = m.value<bool>("close", true,
                              "jira, zendesk: whether the end of its last alert closes a ticket.");
  out->transition = m.value<std::string>(
      "transition", "", "jira: name of the transition that closes; else the first that does.");
  out->poll = read_poll(m);
  out->http = read_http(m);
  if (m.describing()) return out;
  if (out->url.empty() || !plain_key(out->project))
    m.problem("kind", "a jira receiver needs url and project, a project's key");
  for (const std::string& label : out->labels)
    if (label.find(' ') != std::string::npos)
      m.problem("labels", "\"" + cut_text(label, 60) + "\": Jira's labels have no blanks");
  return out;
}

std::string JiraTarget::turn_key(const Message& message) const {
  return ticket_mark(per, *message.notice.alert);
}

net::HttpRequest JiraTarget::request(std::string_view method, const std::string& path,
                                     std::string body) const {
  net::HttpRequest out = json_request(http, url + "/rest/api/2/" + path, std::move(body));
  out.method = method;
  credentials.apply(out);
  return out;
}

net::HttpRequest JiraTarget::search(const std::string& jql, int results) const {
  return request("GET", fmt::format("{}?jql={}&fields=status&maxResults={}",
                                    cloud ? "search/jql" : "search", url_text(jql), results));
}

std::string jira_issue(const JiraTarget& target, const Message& message) {
  const Notice& notice = message.notice;
  const std::string severity(to_text(notice.alert->latest->severity));
  JsonWriter json;
  json.begin_object().key("fields").begin_object();
  json.key("project").begin_object().member("key", target.project).end_object();
  json.key("issuetype").begin_object().member("name", target.issue_type).end_object();
  json.member("summary", cut_length(sentence(notice), kSummaryMax, LengthUnit::kRunes));
  json.member("description",
              cut_length(mail_text(message.links, notice), kTextMax, LengthUnit::kRunes));
  json.key("labels").begin_array().string("tocsin");
  json.string(ticket_mark(target.per, *notice.alert));
  for (const std::string& label : target.labels) json.string(label);
  json.end_array();
  const auto priority = target.priorities.find(severity);
  if (priority != target.priorities.end())
    json.key("priority").begin_object().member("name", priority->second).end_object();
  return json.end_object().end_object().take();
}

Step JiraTarget::begin(const Message& message) const {
  const std::string issue = TicketRef::parse(message.external).id;
  switch (message.notice.event) {
    case Event::kTest:  // no ticket: it looks whether the project can be seen
      return ask(request("GET", "project/" + project), [](const net::HttpAnswer& a, TimeMs now) {
        const JsonAnswer said(a.body);
        return end(judge_said(a, now, !said.text("key").empty(), "the answer is no project"));
      });
    case Event::kOpened:
      return issue.empty() ? look_up(message) : comment(message, issue);
    case Event::kUpdated:
      if (ticket_comment(message).empty()) return end(Outcome::kSent, "nothing new for the ticket");
      return issue.empty() ? look_up(message) : comment(message, issue);
    case Event::kResolved:
      return issue.empty() ? look_up(message) : comment(message, issue);
  }
  return end(Outcome::kFinal, "an event of no kind");
}

Step JiraTarget::look_up(const Message& message) const {
  const std::string jql = fmt::format(
      "project = \"{}\" AND labels = \"{}\" AND statusCategory != Done ORDER BY "
      "created DESC",
      project, ticket_mark(per, *message.notice.alert));
  return ask(search(jql, 1), [this, message](const net::HttpAnswer& answer, TimeMs now) {
    const JsonAnswer said(answer.body);
    DeliveryResult result =
        judge_said(answer, now, said.has("issues"), "the answer is not Jira's JSON");
    if (result.outcome != Outcome::kSent) return end(std::move(result));
    const std::string found = said.text("issues.0.key");
    if (plain_key(found)) return comment(message, found);
    if (message.notice.event == Event::kOpened) return create(message);
    return end(Outcome::kSent, "there is no open ticket to speak in");
  });
}

Step JiraTarget::create(const Message& message) const {
  return ask(request("POST", "issue", jira_issue(*this, message)),
             [message](const net::HttpAnswer& answer, TimeMs now) {
               const std::string key = JsonAnswer(answer.body).text("key");
               DeliveryResult result =
                   judge_said(answer, now, plain_key(key), "no issue's key in it");
               if (result.outcome != Outcome::kSent) return end(std::move(result));
               result.answer += ": " + key;
               return end(kept(std::move(result), ref_after(message, key)));
             });
}

Step JiraTarget::comment(const Message& message, const std::string& issue) const {
  JsonWriter json;
  json.begin_object().member("body",
                             cut_length(ticket_comment(message), kTextMax, LengthUnit::kRunes));
  return ask(request("POST", "issue/" + issue + "/comment", json.end_object().take()),
             [this, message, issue](const net::HttpAnswer& answer, TimeMs now) {
               DeliveryResult result = judge_issue(answer, now, issue);
               if (result.outcome != Outcome::kSent) return end(std::move(result));
               const bool over = message.notice.event == Event::kResolved;
               if (over && closes && message.others_open == 0)
                 return find_transition(message, issue);
               result.answer += ": " + issue;
               if (over && message.others_open > 0)
                 result.answer +=
                     fmt::format(", left open for {} other alerts", message.others_open);
               return end(kept(std::move(result), ref_after(message, issue)));
             });
}

// Transitions differ by project and state: Jira is asked which there are.
Step JiraTarget::find_transition(const Message& message, const std::string& issue) const {
  return ask(
      request("GET", "issue/" + issue + "/transitions"),
      [this, message, issue](const net::HttpAnswer& answer, TimeMs now) {
        const JsonAnswer said(answer.body);
        DeliveryResult result =
            judge_said(answer, now, said.has("transitions"), "the answer is not Jira's JSON");
        if (result.outcome != Outcome::kSent) return end(std::move(result));
        for (size_t i = 0; i < said.count("transitions"); ++i) {
          const std::string at = fmt::format("transitions.{}.", i);
          const std::string name = said.text(at + "name"), id = said.text(at + "id");
          const bool fits = transition.empty()
                                ? said.text(at + "to.statusCategory.key") == "done"
                                : name == transition || said.text(at + "to.name") == transition;
          if (fits && is_plain_id(id)) return move(issue, id, name);
        }
        result.answer += fmt::format(": {} has its comment, but no transition closes it", issue);
        return end(std::move(result));
      });
}

Step JiraTarget::move(const std::string& issue, const std::string& id,
                      const std::string& name) const {
  JsonWriter json;
  json.begin_object().key("transition").begin_object().member("id", id).end_object();
  return ask(request("POST", "issue/" + issue + "/transitions", json.end_object().take()),
             [issue, name](const net::HttpAnswer& answer, TimeMs now) {
               DeliveryResult result = judge_issue(answer, now, issue);
               if (result.outcome == Outcome::kSent)
                 result.answer += fmt::format(": {}, {}", issue, cut_text(name, 60));
               return end(std::move(result));
             });
}

Step JiraTarget::follow(const Links&, std::vector<Followed> open, TimeMs, Heard heard) const {
  const std::string jql = fmt::format(
      "project = \"{}\" AND labels = tocsin AND statusCategory = Done AND updated >= "
      "-1d ORDER BY updated DESC",
      project);
  return ask(search(jql, kFoundMax), [open = std::move(open), heard = std::move(heard)](
                                         const net::HttpAnswer& answer, TimeMs now) {
    const JsonAnswer said(answer.body);
    for (size_t i = 0; answer.ok() && i < said.count("issues"); ++i) {
      const std::string key = said.text(fmt::format("issues.{}.key", i));
      const std::string status = said.text(fmt::format("issues.{}.fields.status.name", i));
      for (const Followed& each : open)
        if (!key.empty() && TicketRef::parse(each.external).id == key)
          note_closed(each, "Jira", key, status, heard);
    }
    return end(judge_said(answer, now, said.has("issues"), "the answer is not Jira's JSON"));
  });
}

}  // namespace tocsin::respond
