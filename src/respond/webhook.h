#pragma once
// Alertmanager's webhook body, version 4: what hundreds of receivers read already.
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config

#include <optional>
#include <string>
#include <string_view>

#include "respond/answer.h"
#include "respond/http_options.h"
#include "respond/target.h"

namespace tocsin::respond {

class WebhookTarget : public HttpTarget {
 public:
  std::string url;
  Secret signing_key;  // of X-Tocsin-Signature; empty = not signed
  Secret token;        // Authorization: Bearer; empty = none
  net::Headers headers;
  HttpOptions http;

  static TargetPtr read(config::MapReader& m, const SecretSources& sources);
  std::string_view kind() const override { return "webhook"; }
  Step begin(const Message& message) const override;
};

std::string webhook_body(const Links& links, const Notice& notice);
// With X-Tocsin-Signature (where a key is set), X-Tocsin-Delivery and X-Tocsin-Event.
net::HttpRequest webhook_request(const WebhookTarget& target, const Links& links,
                                 const Notice& notice);
// "sha256=" and the HMAC in 64 lower-case hexadecimal digits.
std::string signature(std::string_view key, std::string_view body);

supervisor::DeliveryResult judge_webhook(const net::HttpAnswer& answer, TimeMs now);

}  // namespace tocsin::respond
