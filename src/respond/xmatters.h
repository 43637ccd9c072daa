#pragma once
// xMatters: the trigger of an inbound integration or flow; its steps decide what happens.
// https://help.xmatters.com/xmapi/#trigger-an-integration

#include <string>
#include <vector>

#include "respond/http_options.h"
#include "respond/target.h"

namespace tocsin::respond {

class XMattersTarget : public HttpTarget {
 public:
  std::string url;  // .../api/integration/1/functions/ID/triggers?apiKey=...: a secret
  Credentials credentials;
  std::vector<std::string> recipients;  // people and groups; empty = as the flow says
  HttpOptions http;

  static TargetPtr read(config::MapReader& m, const SecretSources& sources);
  std::string_view kind() const override { return "xmatters"; }
  Result<TargetPtr> for_address(const std::string& address) const override;
  Step begin(const Message& message) const override;
};

std::string xmatters_body(const Message& message, const std::vector<std::string>& recipients);

}  // namespace tocsin::respond
