#pragma once
// Opsgenie and Jira Service Management: the alert API, one alert per alias.
// https://docs.opsgenie.com/docs/alert-api

#include <string>
#include <string_view>
#include <vector>

#include "respond/http_options.h"
#include "respond/target.h"

namespace tocsin::respond {

class OpsgenieTarget : public HttpTarget {
 public:
  std::string url;  // https://api.opsgenie.com, in Europe https://api.eu.opsgenie.com
  Secret key;
  std::vector<std::string> teams;  // names of responders; empty = as the key's integration says
  HttpOptions http;

  static TargetPtr read(config::MapReader& m, const SecretSources& sources);
  std::string_view kind() const override { return "opsgenie"; }
  bool edits() const override { return true; }
  Step begin(const Message& message) const override;

 private:
  net::HttpRequest request(const Message& message, std::string_view action, std::string body) const;
};

std::string opsgenie_alert(const Message& message, const std::vector<std::string>& teams);
// Opsgenie answers 202 with a requestId before it looks at the alert; anything else is not sent.
DeliveryResult judge_opsgenie(const net::HttpAnswer& answer, TimeMs now);

}  // namespace tocsin::respond
