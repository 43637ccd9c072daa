#include "respond/pagerduty.h"

#include "base/json_writer.h"
#include "config/reader.h"
#include "respond/answer.h"
#include "respond/length.h"

namespace tocsin::respond {
namespace {

constexpr size_t kSummaryMax = 1024;  // characters, as PagerDuty documents
constexpr size_t kSourceMax = 255;
constexpr size_t kViolationsShown = 20;

std::string_view severity_word(const Notice& notice) {
  if (notice.event == Event::kTest) return "info";
  switch (notice.alert->latest->severity) {
    case Severity::kCritical:
      return "critical";
    case Severity::kHigh:
      return "error";
    case Severity::kLow:
      return "warning";
  }
  return "warning";
}

void write_payload(JsonWriter& json, const Message& message) {
  const Notice& notice = message.notice;
  const AlertView& alert = *notice.alert;
  const std::string scope = scope_text(alert);
  json.key("payload").begin_object();
  json.member("summary", cut_length(sentence(notice), kSummaryMax, LengthUnit::kRunes));
  json.member("source",
              cut_length(scope.empty() ? "tocsin" : scope, kSourceMax, LengthUnit::kRunes));
  json.member("severity", severity_word(notice));
  json.member("timestamp", to_iso(alert.opened_at));
  json.member("class", cut_length(alert.opened->rule_id, kSourceMax, LengthUnit::kRunes));
  json.key("custom_details").begin_object();
  for (const auto& [name, value] : facts(notice)) json.member(name, value);
  if (const std::string text = description(notice); !text.empty()) json.member("Text", text);
  json.key("Series").begin_array();
  for (const std::string& line : violation_lines(alert, kViolationsShown)) json.string(line);
  json.end_array().end_object().end_object();
}

void write_links(JsonWriter& json, const Message& message) {
  const auto link = [&](const std::string& url, std::string_view words) {
    json.begin_object().member("href", url).member("text", words).end_object();
  };
  json.key("links").begin_array();
  link(message.links.page(*message.notice.alert), "The alert in Tocsin");
  if (const auto grafana = message.links.grafana_url(*message.notice.alert))
    link(*grafana, "Grafana");
  json.end_array();
}

std::string_view action_of(const Notice& notice) {
  if (notice.event == Event::kResolved) return "resolve";
  const bool taken = notice.event == Event::kUpdated && !notice.alert->acknowledged_by.empty();
  return taken ? "acknowledge" : "trigger";
}

}  // namespace

TargetPtr PagerDutyTarget::read(config::MapReader& m, const SecretSources& sources) {
  auto out = std::make_shared<PagerDutyTarget>();
  SecretReader secrets(m, sources);
  out->url = read_base_url(m, "https://events.pagerduty.com");
  out->routing_key = secrets.needed(
      "key", "a pagerduty receiver",
      "pagerduty: the integration key (Events API V2). opsgenie, alerta: the API key.");
  out->http = read_http(m);
  return out;
}

std::string pagerduty_event(const Message& message, std::string_view routing_key,
                            std::string_view action) {
  JsonWriter json;
  json.begin_object().member("routing_key", routing_key).member("event_action", action);
  json.member("dedup_key", to_text(message.notice.alert->id));
  if (action == "trigger") {
    json.member("client", "Tocsin");
    json.member("client_url", message.links.page(*message.notice.alert));
    write_links(json, message);
    write_payload(json, message);
  }
  return json.end_object().take();
}

DeliveryResult judge_pagerduty(const net::HttpAnswer& answer, TimeMs now) {
  const JsonAnswer said(answer.body);
  const std::string status = said.text("status");
  return judge_said(answer, now, status == "success",
                    status.empty() ? "the answer is not PagerDuty's JSON" : "status " + status);
}

// A test opens an incident and closes it again.
Step PagerDutyTarget::begin(const Message& message) const {
  const auto event = [this, message](std::string_view action) {
    return json_request(http, url + "/v2/enqueue",
                        pagerduty_event(message, routing_key.reveal(), action));
  };
  const auto judge = [](const net::HttpAnswer& answer, TimeMs now) {
    return end(judge_pagerduty(answer, now));
  };
  if (message.notice.event != Event::kTest) return ask(event(action_of(message.notice)), judge);
  return ask(event("trigger"), [event, judge](const net::HttpAnswer& answer, TimeMs now) {
    const Step opened = judge(answer, now);
    return opened.result.outcome == Outcome::kSent ? ask(event("resolve"), judge) : opened;
  });
}

}  // namespace tocsin::respond
