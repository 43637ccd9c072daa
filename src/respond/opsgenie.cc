#include "respond/opsgenie.h"

#include "base/json_writer.h"
#include "config/reader.h"
#include "respond/answer.h"
#include "respond/length.h"
#include "respond/mail.h"

namespace tocsin::respond {
namespace {

// Characters, as Opsgenie documents them.
constexpr size_t kMessageMax = 130;
constexpr size_t kDescriptionMax = 15'000;
constexpr size_t kEntityMax = 512;
constexpr size_t kNoteMax = 25'000;
constexpr size_t kTagsMax = 20, kTagMax = 50;
constexpr size_t kTeamsMax = 50;

std::string cut(std::string_view text, size_t max) {
  return cut_length(text, max, LengthUnit::kRunes);
}

std::string_view priority(const Notice& notice) {
  if (notice.event == Event::kTest) return "P5";
  switch (notice.alert->latest->severity) {
    case Severity::kCritical:
      return "P1";
    case Severity::kHigh:
      return "P2";
    case Severity::kLow:
      return "P4";
  }
  return "P4";
}

void write_tags(JsonWriter& json, const Notice& notice) {
  json.key("tags").begin_array().string("tocsin");
  size_t count = 1;
  for (const auto& [name, value] : notice.alert->opened->scope.pairs())
    if (count++ < kTagsMax) json.string(cut(std::string(name) + ":" + std::string(value), kTagMax));
  json.end_array();
}

std::string text_body(std::string_view member, std::string_view text, std::string_view user = {}) {
  JsonWriter json;
  json.begin_object().member(member, text).member("source", "Tocsin");
  if (!user.empty()) json.member("user", cut(user, 100));
  return json.end_object().take();
}

}  // namespace

TargetPtr OpsgenieTarget::read(config::MapReader& m, const SecretSources& sources) {
  auto out = std::make_shared<OpsgenieTarget>();
  SecretReader secrets(m, sources);
  const bool europe =
      m.choice("region", {"us", "eu"}, "us", "opsgenie: where the account is.") == 1;
  out->url = read_base_url(m, europe ? "https://api.eu.opsgenie.com" : "https://api.opsgenie.com");
  out->key = secrets.needed("key", "an opsgenie receiver", "The API key.");
  out->teams = m.value<std::vector<std::string>>(
      "teams", {}, "opsgenie: teams that respond; by the integration if left out.");
  if (out->teams.size() > kTeamsMax) m.problem("teams", "at most 50 teams");
  out->http = read_http(m);
  return out;
}

std::string opsgenie_alert(const Message& message, const std::vector<std::string>& teams) {
  const Notice& notice = message.notice;
  JsonWriter json;
  json.begin_object().member("message", cut(sentence(notice), kMessageMax));
  json.member("alias", to_text(notice.alert->id));
  json.member("description", cut(mail_text(message.links, notice), kDescriptionMax));
  json.member("entity", cut(scope_text(*notice.alert), kEntityMax));
  json.member("source", "Tocsin").member("priority", priority(notice));
  if (!teams.empty()) {
    json.key("responders").begin_array();
    for (const std::string& team : teams)
      json.begin_object().member("type", "team").member("name", team).end_object();
    json.end_array();
  }
  write_tags(json, notice);
  json.key("details").begin_object();
  for (const auto& [name, value] : facts(notice)) json.member(name, value);
  json.member("Link", message.links.page(*notice.alert));
  return json.end_object().end_object().take();
}

DeliveryResult judge_opsgenie(const net::HttpAnswer& answer, TimeMs now) {
  const JsonAnswer said(answer.body);
  return judge_said(answer, now, !said.text("requestId").empty(),
                    said.good() ? "no requestId in it" : "the answer is not Opsgenie's JSON");
}

// action: "" creates; "close", "acknowledge", "notes" of the alert with our alias.
net::HttpRequest OpsgenieTarget::request(const Message& message, std::string_view action,
                                         std::string body) const {
  std::string where = url + "/v2/alerts";
  if (!action.empty())
    where += "/" + to_text(message.notice.alert->id) + "/" + std::string(action) +
             "?identifierType=alias";
  net::HttpRequest out = json_request(http, std::move(where), std::move(body));
  out.headers.add("Authorization", "GenieKey " + key.reveal());
  return out;
}

Step OpsgenieTarget::begin(const Message& message) const {
  const Notice& notice = message.notice;
  const AlertView& alert = *notice.alert;
  const auto judge = [](const net::HttpAnswer& answer, TimeMs now) {
    return end(judge_opsgenie(answer, now));
  };
  const std::string said = cut(state_word(notice) + ": " + sentence(notice), kNoteMax);
  switch (notice.event) {
    case Event::kResolved:
      return ask(request(message, "close", text_body("note", said + "; " + alert.resolve_reason)),
                 judge);
    case Event::kUpdated:
      if (!alert.acknowledged_by.empty())
        return ask(request(message, "acknowledge", text_body("note", said, alert.acknowledged_by)),
                   judge);
      return ask(request(message, "notes", text_body("note", said)), judge);
    case Event::kOpened:
      return ask(request(message, "", opsgenie_alert(message, teams)), judge);
    case Event::kTest:
      break;
  }
  // A test opens an alert of the lowest priority and closes it again.
  net::HttpRequest close = request(message, "close", text_body("note", "It was a test."));
  return ask(request(message, "", opsgenie_alert(message, teams)),
             [close, judge](const net::HttpAnswer& answer, TimeMs now) {
               const Step opened = judge(answer, now);
               return opened.result.outcome == Outcome::kSent ? ask(close, judge) : opened;
             });
}

}  // namespace tocsin::respond
