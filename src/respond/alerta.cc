#include "respond/alerta.h"

#include "base/json_writer.h"
#include "base/text.h"
#include "config/reader.h"
#include "respond/answer.h"
#include "respond/length.h"
#include "respond/mail.h"

namespace tocsin::respond {
namespace {

constexpr size_t kTextMax = 4000;
constexpr size_t kValueMax = 200;
constexpr int64_t kTimeoutS = 86'400;  // after it Alerta expires what nobody refreshed

std::string_view severity_word(const Notice& notice) {
  if (notice.event == Event::kResolved) return "normal";  // what closes it
  if (notice.event == Event::kTest) return "informational";
  switch (notice.alert->latest->severity) {
    case Severity::kCritical:
      return "critical";
    case Severity::kHigh:
      return "major";
    case Severity::kLow:
      return "minor";
  }
  return "minor";
}

// With event and environment Alerta's identity of an alert: all labels of the scope are in it.
std::string resource(const AlertView& alert) {
  std::string out;
  for (const auto& [name, value] : alert.opened->scope.pairs())
    out.append(out.empty() ? "" : ":").append(value);
  return out.empty() ? "tocsin" : cut_text(out, kValueMax);
}

// Alerta reads times with milliseconds only.
std::string with_ms(TimeMs time) {
  std::string out = to_iso(time);
  if (out.size() == 20) out.replace(19, 1, ".000Z");
  return out;
}

std::string first_value(const AlertView& alert) {
  if (alert.latest->violations.empty()) return {};
  return human_number(alert.latest->violations.front().violation.last.value);
}

}  // namespace

TargetPtr AlertaTarget::read(config::MapReader& m, const SecretSources& sources) {
  auto out = std::make_shared<AlertaTarget>();
  SecretReader secrets(m, sources);
  out->url = read_base_url(m, "");
  if (!m.describing() && out->url.empty())
    m.problem("kind", "an alerta receiver needs url, the base of Alerta's API");
  out->key = secrets.read("key", "The API key.");
  out->environment = m.value<std::string>("environment", "Production",
                                          "alerta: environment; Alerta allows those it knows.");
  out->services = m.value<std::vector<std::string>>(
      "services", {}, "alerta: services; the alert's rule if left out.");
  out->http = read_http(m);
  return out;
}

std::string alerta_alert(const AlertaTarget& target, const Message& message) {
  const Notice& notice = message.notice;
  const AlertView& alert = *notice.alert;
  JsonWriter json;
  json.begin_object().member("resource", resource(alert));
  json.member("event", cut_text(alert.opened->rule_id, kValueMax));
  json.member("environment", target.environment).member("severity", severity_word(notice));
  json.key("service").begin_array();
  if (target.services.empty()) json.string(cut_text(alert.opened->rule_id, kValueMax));
  for (const std::string& service : target.services) json.string(service);
  json.end_array().member("group", "Tocsin").member("value", first_value(alert));
  json.member("text", cut_length(sentence(notice), kTextMax, LengthUnit::kRunes));
  json.key("tags").begin_array();
  for (const auto& [name, value] : alert.opened->scope.pairs())
    json.string(cut_text(std::string(name) + "=" + std::string(value), kValueMax));
  json.end_array().key("attributes").begin_object();
  json.member("tocsin_alert", to_text(alert.id));
  json.member("moreInfo", message.links.page(alert));
  json.end_object().member("origin", "tocsin").member("type", "tocsinAlert");
  json.member("createTime",
              with_ms(notice.event == Event::kOpened ? alert.opened_at : notice.time));
  json.member("timeout", kTimeoutS);
  json.member("rawData",
              cut_length(mail_text(message.links, notice), kTextMax, LengthUnit::kRunes));
  return json.end_object().take();
}

DeliveryResult judge_alerta(const net::HttpAnswer& answer, TimeMs now) {
  const JsonAnswer said(answer.body);
  const bool good = said.text("status") == "ok";
  DeliveryResult out =
      judge_said(answer, now, good,
                 said.good() ? "status " + said.text("status") + " " + said.text("message")
                             : "the answer is not Alerta's JSON");
  if (answer.status == 403 && said.text("message").find("POLICY") != std::string::npos)
    out.outcome = Outcome::kFinal;
  if (out.outcome != Outcome::kSent) return out;
  if (answer.status == 202) out.answer += ": " + cut_text(said.text("message"), 100);
  if (const std::string id = said.text("id"); is_plain_id(id)) {
    JsonWriter json;
    out.external = json.begin_object().member("id", id).end_object().take();
  }
  return out;
}

net::HttpRequest AlertaTarget::request(std::string path, std::string body) const {
  net::HttpRequest out = json_request(http, url + path, std::move(body));
  if (!key.empty()) out.headers.add("Authorization", "Key " + key.reveal());
  return out;
}

Step AlertaTarget::begin(const Message& message) const {
  const auto judge = [](const net::HttpAnswer& answer, TimeMs now) {
    return end(judge_alerta(answer, now));
  };
  const AlertView& alert = *message.notice.alert;
  const std::string id = JsonAnswer(message.external).text("id");
  const bool taken = message.notice.event == Event::kUpdated && !alert.acknowledged_by.empty();
  if (!taken || !is_plain_id(id))
    return ask(request("/alert", alerta_alert(*this, message)), judge);
  JsonWriter json;
  json.begin_object().member("status", "ack");
  json.member("text", cut_text("acknowledged by " + alert.acknowledged_by, kValueMax));
  net::HttpRequest put = request("/alert/" + id + "/status", json.end_object().take());
  put.method = "PUT";
  return ask(std::move(put), judge);
}

}  // namespace tocsin::respond
