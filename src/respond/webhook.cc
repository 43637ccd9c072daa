#include "respond/webhook.h"

#include <fmt/format.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/reader.h"

namespace tocsin::respond {
namespace {

constexpr size_t kPairsMax = 64;  // labels, annotations
constexpr size_t kValueMax = 4096;
constexpr std::string_view kNoEnd = "0001-01-01T00:00:00Z";  // Go's zero time: not ended

using Pairs = std::vector<Labels::Pair>;

Pairs bounded(Pairs pairs) {
  if (pairs.size() > kPairsMax) pairs.resize(kPairsMax);
  for (auto& [name, value] : pairs) value = cut_text(value, kValueMax);
  return pairs;
}

// Receivers of Alertmanager's body look for `alertname`.
Pairs label_pairs(const AlertView& alert) {
  return bounded(alert_labels(alert.latest).with("alertname", alert.opened->rule_id).to_pairs());
}

Pairs annotation_pairs(const Links& links, const Notice& notice) {
  const AlertView& alert = *notice.alert;
  std::map<std::string, std::string> out = alert.latest->annotations;
  out["summary"] = sentence(notice);
  if (const std::string text = description(notice); !text.empty()) out["description"] = text;
  if (const auto url = links.grafana_url(alert)) out["grafana_url"] = *url;
  if (notice.event == Event::kResolved) out["resolve_reason"] = alert.resolve_reason;
  if (notice.event == Event::kTest) out["test"] = "true";
  return bounded({out.begin(), out.end()});
}

void write_pairs(JsonWriter& json, std::string_view name, const Pairs& pairs) {
  json.key(name).begin_object();
  for (const auto& [key, value] : pairs) json.member(key, value);
  json.end_object();
}

Pairs group_labels(const AlertView& alert) {
  return bounded(alert.opened->scope.with("alertname", alert.opened->rule_id).to_pairs());
}

}  // namespace

TargetPtr WebhookTarget::read(config::MapReader& m, const SecretSources& sources) {
  auto out = std::make_shared<WebhookTarget>();
  SecretReader secrets(m, sources);
  out->url = read_url(m, secrets, "a webhook");
  out->signing_key = secrets.read("secret", "Key of X-Tocsin-Signature (HMAC-SHA256 of the body).");
  out->token = secrets.read("token", "Sent as Authorization: Bearer, or as the service wants it.");
  out->headers = read_headers(m);
  out->http = read_http(m);
  return out;
}

Step WebhookTarget::begin(const Message& message) const {
  return ask(
      webhook_request(*this, message.links, message.notice),
      [](const net::HttpAnswer& answer, TimeMs now) { return end(judge_webhook(answer, now)); });
}

namespace {

void write_alert(JsonWriter& json, const Links& links, const Notice& notice) {
  const AlertView& alert = *notice.alert;
  const bool resolved = notice.event == Event::kResolved;
  json.begin_object().member("status", resolved ? "resolved" : "firing");
  write_pairs(json, "labels", label_pairs(alert));
  write_pairs(json, "annotations", annotation_pairs(links, notice));
  const TimeMs end = alert.resolved_at.ms != 0 ? alert.resolved_at : alert.updated_at;
  json.member("startsAt", to_iso(alert.opened_at));
  json.member("endsAt", resolved ? to_iso(end) : std::string(kNoEnd));
  json.member("generatorURL", links.alert(alert.id));
  json.member("fingerprint", to_text(alert.key).substr(0, 16)).end_object();
}

// The alerts that a message is about, each as a notice of its own.
std::vector<Notice> each_alert(const Notice& notice) {
  if (notice.group == nullptr) return {notice};
  std::vector<Notice> out;
  for (const auto& alert : notice.group->alerts) {
    out.push_back(notice);
    out.back().alert = alert;
    out.back().event = alert->state == AlertState::kOpen ? Event::kOpened : Event::kResolved;
    out.back().news.clear();
  }
  return out;
}

// What all have alike.
Pairs common(const std::vector<Pairs>& all) {
  if (all.empty()) return {};
  Pairs out = all.front();
  for (const Pairs& each : all)
    std::erase_if(out, [&](const Labels::Pair& pair) {
      return std::find(each.begin(), each.end(), pair) == each.end();
    });
  return out;
}

}  // namespace

std::string webhook_body(const Links& links, const Notice& notice) {
  std::vector<Pairs> labels, annotations;
  JsonWriter json;
  json.begin_object().member("receiver", notice.receiver);
  json.member("status", notice.event == Event::kResolved ? "resolved" : "firing");
  json.key("alerts").begin_array();
  for (const Notice& each : each_alert(notice)) {
    labels.push_back(label_pairs(*each.alert));
    annotations.push_back(annotation_pairs(links, each));
    write_alert(json, links, each);
  }
  json.end_array();
  const AlertView& alert = *notice.alert;
  const Pairs group = notice.group ? bounded(notice.group->labels.to_pairs()) : group_labels(alert);
  write_pairs(json, "groupLabels", group);
  write_pairs(json, "commonLabels", common(labels));
  write_pairs(json, "commonAnnotations", common(annotations));
  json.member("externalURL", links.external_url).member("version", "4");
  json.member("groupKey", notice.group ? "{}/" + to_text(alert.id) + ":" + Labels(group).text()
                                       : "{}:" + Labels(group).text());
  json.member("truncatedAlerts", notice.group ? notice.group->truncated : 0);
  if (!notice.news.empty()) json.member("news", notice.news);
  return json.end_object().take();
}

std::string signature(std::string_view key, std::string_view body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data(), &length);
  std::string out = "sha256=";
  for (unsigned i = 0; i < length; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

net::HttpRequest webhook_request(const WebhookTarget& target, const Links& links,
                                 const Notice& notice) {
  net::HttpRequest out = json_request(target.http, target.url, webhook_body(links, notice));
  out.headers.add("X-Tocsin-Event", std::string(to_text(notice.event)));
  out.headers.add("X-Tocsin-Delivery", notice.key);
  if (!target.signing_key.empty())
    out.headers.add("X-Tocsin-Signature", signature(target.signing_key.reveal(), out.body));
  if (!target.token.empty()) out.headers.add("Authorization", "Bearer " + target.token.reveal());
  for (const auto& [name, value] : target.headers.pairs()) out.headers.set(name, value);
  return out;
}

supervisor::DeliveryResult judge_webhook(const net::HttpAnswer& answer, TimeMs now) {
  return judge_status(answer, now);
}

}  // namespace tocsin::respond
