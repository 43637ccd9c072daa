#include "respond/xmatters.h"

#include "base/json_writer.h"
#include "config/reader.h"
#include "respond/answer.h"
#include "respond/length.h"

namespace tocsin::respond {
namespace {

constexpr size_t kPropertyMax = 20'000;  // characters of a text property
constexpr size_t kRecipientsMax = 100;

std::string_view priority(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return "HIGH";
    case Severity::kHigh:
      return "MEDIUM";
    case Severity::kLow:
      return "LOW";
  }
  return "LOW";
}

}  // namespace

TargetPtr XMattersTarget::read(config::MapReader& m, const SecretSources& sources) {
  auto out = std::make_shared<XMattersTarget>();
  SecretReader secrets(m, sources);
  out->url = read_url(m, secrets, "an xmatters receiver");
  out->credentials = read_credentials(m, secrets);
  out->recipients = m.value<std::vector<std::string>>(
      "recipients", {}, "xmatters: people and groups; as the flow says if left out.");
  if (out->recipients.size() > kRecipientsMax) m.problem("recipients", "at most 100 recipients");
  out->http = read_http(m);
  return out;
}

Result<TargetPtr> XMattersTarget::for_address(const std::string& address) const {
  if (address.empty() || address.size() > 200)
    return fail(ErrorCode::kInvalid, "an xMatters recipient has 1 to 200 bytes");
  auto out = std::make_shared<XMattersTarget>(*this);
  out->recipients = {address};
  return out;
}

// `status` is what a flow branches on: "active" or, at the end, "terminated".
std::string xmatters_body(const Message& message, const std::vector<std::string>& recipients) {
  const Notice& notice = message.notice;
  const AlertView& alert = *notice.alert;
  JsonWriter json;
  json.begin_object().key("properties").begin_object();
  const auto property = [&](std::string_view name, std::string_view value) {
    json.member(name, cut_length(value, kPropertyMax, LengthUnit::kRunes));
  };
  property("alert_id", to_text(alert.id));
  property("event", to_text(notice.event));
  property("status", notice.event == Event::kResolved ? "terminated" : "active");
  property("severity", to_text(alert.latest->severity));
  property("summary", sentence(notice));
  property("description", description(notice));
  property("rule", alert.opened->rule_id);
  property("scope", scope_text(alert));
  property("since", since_text(notice));
  property("acknowledged_by", alert.acknowledged_by);
  property("link", message.links.page(alert));
  for (const auto& [name, value] : alert.opened->scope.pairs())
    property("label_" + std::string(name), value);
  json.end_object();
  if (!recipients.empty()) {
    json.key("recipients").begin_array();
    for (const std::string& each : recipients) json.begin_object().member("id", each).end_object();
    json.end_array();
  }
  json.member("priority", priority(alert.latest->severity));
  return json.end_object().take();
}

Step XMattersTarget::begin(const Message& message) const {
  net::HttpRequest request = json_request(http, url, xmatters_body(message, recipients));
  credentials.apply(request);
  return ask(std::move(request), [](const net::HttpAnswer& answer, TimeMs now) {
    const JsonAnswer said(answer.body);
    return end(judge_said(answer, now, !said.text("requestId").empty(),
                          said.good() ? "no requestId in it" : "the answer is not xMatters' JSON"));
  });
}

}  // namespace tocsin::respond
