#pragma once
// SMS and voice through any HTTP gateway (kinds `sms` and `voice`): the request is written down in
// the configuration as values with references (template.h), one request per number.
//
// A delivery to several numbers is one conversation. Who has got it is kept as the delivery's
// external ids, so that a second attempt rings only those whom the first did not reach.

#include <string>
#include <vector>

#include "respond/http_options.h"
#include "respond/target.h"
#include "respond/template.h"

namespace tocsin::respond {

// What is sent, as a tree: texts are templates, the leaves of JSON may be literals.
struct BodyTree {
  enum class What { kText, kLiteral, kMap, kList };
  What what = What::kText;
  Template text;
  std::string literal;  // kLiteral: a complete JSON value
  std::vector<std::pair<std::string, BodyTree>> members;
  std::vector<BodyTree> items;
};

class GatewayTarget : public HttpTarget {
 public:
  enum class Body { kForm, kJson, kNone };
  bool voice = false;
  Template url;
  std::string method = "POST";
  Body body = Body::kForm;
  BodyTree fields;  // kForm: a map of texts
  net::Headers headers;
  std::string auth_header;  // of the token: "Authorization"
  std::string auth_scheme;  // "Bearer"; empty = the token alone
  Credentials credentials;
  Template text;  // {text} in the fields
  size_t text_max = 0;
  std::vector<std::string> to;
  std::string sent_path;                // into the answer's JSON; empty = the status decides
  std::vector<std::string> sent_among;  // what may stand there
  HttpOptions http;

  static TargetPtr read_sms(config::MapReader& m, const SecretSources& sources);
  static TargetPtr read_voice(config::MapReader& m, const SecretSources& sources);
  std::string_view kind() const override { return voice ? "voice" : "sms"; }
  Result<TargetPtr> for_address(const std::string& address) const override;
  Step begin(const Message& message) const override;

  Result<net::HttpRequest> request(const Message& message, const std::string& number) const;
  DeliveryResult judge(const net::HttpAnswer& answer, TimeMs now) const;

 private:
  void sign_in(net::HttpRequest& request) const;
  Step next(const Message& message, std::vector<std::string> told, TimeMs now) const;
};

// Besides the fields of every notice: {number}, {text}, and the credentials, for gateways that want
// them in the body.
std::span<const std::string_view> gateway_fields();

// "+" and 6 to 15 digits (E.164).
bool valid_number(std::string_view number);

}  // namespace tocsin::respond
