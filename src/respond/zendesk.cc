#include "respond/zendesk.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json_writer.h"
#include "config/reader.h"
#include "respond/answer.h"
#include "respond/length.h"
#include "respond/mail.h"

namespace tocsin::respond {
namespace {

constexpr size_t kSubjectMax = 150;
constexpr size_t kTextMax = 60'000;
constexpr size_t kAskedMax = 100;  // ids in one show_many

bool is_over(const std::string& status) { return status == "solved" || status == "closed"; }

std::string_view priority(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return "urgent";
    case Severity::kHigh:
      return "high";
    case Severity::kLow:
      return "normal";
  }
  return "normal";
}

void write_comment(JsonWriter& json, const Message& message) {
  json.key("comment").begin_object();
  json.member("body", cut_length(ticket_comment(message), kTextMax, LengthUnit::kRunes));
  json.member("public", false).end_object();
}

}  // namespace

TargetPtr ZendeskTarget::read(config::MapReader& m, const SecretSources& sources) {
  auto out = std::make_shared<ZendeskTarget>();
  SecretReader secrets(m, sources);
  out->url = read_base_url(m, "");
  out->credentials = read_credentials(m, secrets);
  out->tags = m.value<std::vector<std::string>>("labels", {}, "Tags of the tickets.");
  out->per = read_ticket_labels(m);
  out->closes = m.value<bool>("close", true, "Whether the end of its last alert solves a ticket.");
  out->poll = read_poll(m);
  out->http = read_http(m);
  if (!m.describing() && out->url.empty())
    m.problem("kind", "a zendesk receiver needs url: https://example.zendesk.com");
  return out;
}

std::string ZendeskTarget::turn_key(const Message& message) const {
  return ticket_mark(per, *message.notice.alert);
}

net::HttpRequest ZendeskTarget::request(std::string_view method, const std::string& path,
                                        std::string body) const {
  net::HttpRequest out = json_request(http, url + "/api/v2/" + path, std::move(body));
  out.method = method;
  credentials.apply(out);
  return out;
}

std::string zendesk_ticket(const ZendeskTarget& target, const Message& message) {
  const Notice& notice = message.notice;
  JsonWriter json;
  json.begin_object().key("ticket").begin_object();
  json.member("subject", cut_length(sentence(notice), kSubjectMax, LengthUnit::kRunes));
  write_comment(json, message);
  json.member("type", "incident").member("priority", priority(notice.alert->latest->severity));
  json.member("external_id", ticket_mark(target.per, *notice.alert));
  json.key("tags").begin_array().string("tocsin");
  for (const std::string& tag : target.tags) json.string(tag);
  return json.end_array().end_object().end_object().take();
}

Step ZendeskTarget::begin(const Message& message) const {
  const std::string ticket = TicketRef::parse(message.external).id;
  if (message.notice.event == Event::kTest)  // no ticket: who are we there?
    return ask(request("GET", "users/me.json"), [](const net::HttpAnswer& answer, TimeMs now) {
      const std::string id = JsonAnswer(answer.body).text("user.id");
      return end(judge_said(answer, now, !id.empty() && id != "null", "we are nobody there"));
    });
  if (ticket_comment(message).empty()) return end(Outcome::kSent, "nothing new for the ticket");
  return ticket.empty() ? look_up(message) : speak(message, ticket);
}

Step ZendeskTarget::look_up(const Message& message) const {
  const std::string mark = ticket_mark(per, *message.notice.alert);
  return ask(request("GET", "tickets.json?external_id=" + mark),
             [this, message](const net::HttpAnswer& answer, TimeMs now) {
               const JsonAnswer said(answer.body);
               DeliveryResult result =
                   judge_said(answer, now, said.has("tickets"), "the answer is not Zendesk's JSON");
               if (result.outcome != Outcome::kSent) return end(std::move(result));
               for (size_t i = said.count("tickets"); i-- > 0;) {
                 const std::string id = said.text(fmt::format("tickets.{}.id", i));
                 const bool over = is_over(said.text(fmt::format("tickets.{}.status", i)));
                 if (is_plain_id(id) && !over) return speak(message, id);
               }
               if (message.notice.event == Event::kOpened) return create(message);
               return end(Outcome::kSent, "there is no open ticket to speak in");
             });
}

Step ZendeskTarget::create(const Message& message) const {
  net::HttpRequest made = request("POST", "tickets.json", zendesk_ticket(*this, message));
  made.headers.add("Idempotency-Key", message.notice.key);
  return ask(std::move(made), [message](const net::HttpAnswer& answer, TimeMs now) {
    const std::string id = JsonAnswer(answer.body).text("ticket.id");
    DeliveryResult result = judge_said(answer, now, is_plain_id(id), "no ticket's id in it");
    if (result.outcome != Outcome::kSent) return end(std::move(result));
    result.answer += ": ticket " + id;
    result.external = TicketRef{id, !message.notice.alert->acknowledged_by.empty()}.json();
    return end(std::move(result));
  });
}

Step ZendeskTarget::speak(const Message& message, const std::string& ticket) const {
  const bool over = message.notice.event == Event::kResolved;
  const bool solve = over && closes && message.others_open == 0;
  JsonWriter json;
  json.begin_object().key("ticket").begin_object();
  write_comment(json, message);
  if (solve) json.member("status", "solved");
  return ask(
      request("PUT", "tickets/" + ticket + ".json", json.end_object().end_object().take()),
      [message, ticket, solve](const net::HttpAnswer& answer, TimeMs now) {
        DeliveryResult result = judge_said(
            answer, now, is_plain_id(JsonAnswer(answer.body).text("ticket.id")), "no ticket in it");
        if (answer.status == 404 || answer.status == 422) {  // deleted, or closed for good
          result.outcome = Outcome::kFinal;
          result.answer = fmt::format("ticket {} takes nothing more: {}", ticket, result.answer);
        }
        if (result.outcome != Outcome::kSent) return end(std::move(result));
        result.answer += fmt::format(": ticket {}{}", ticket, solve ? ", solved" : "");
        result.external = TicketRef{ticket, !message.notice.alert->acknowledged_by.empty()}.json();
        return end(std::move(result));
      });
}

Step ZendeskTarget::follow(const Links&, std::vector<Followed> open, TimeMs, Heard heard) const {
  std::set<std::string> ids;
  for (const Followed& each : open)
    if (const std::string id = TicketRef::parse(each.external).id;
        !id.empty() && ids.size() < kAskedMax)
      ids.insert(id);
  if (ids.empty()) return end(Outcome::kSent, "no tickets");
  std::string asked;
  for (const std::string& id : ids) asked += (asked.empty() ? "" : ",") + id;
  return ask(request("GET", "tickets/show_many.json?ids=" + asked),
             [open = std::move(open), heard = std::move(heard)](const net::HttpAnswer& answer,
                                                                TimeMs now) {
               const JsonAnswer said(answer.body);
               for (size_t i = 0; answer.ok() && i < said.count("tickets"); ++i) {
                 const std::string id = said.text(fmt::format("tickets.{}.id", i));
                 const std::string status = said.text(fmt::format("tickets.{}.status", i));
                 if (!is_over(status)) continue;
                 for (const Followed& each : open)
                   if (TicketRef::parse(each.external).id == id)
                     note_closed(each, "Zendesk", id, status, heard);
               }
               return end(judge_said(answer, now, said.has("tickets"),
                                     "the answer is not Zendesk's JSON"));
             });
}

}  // namespace tocsin::respond
