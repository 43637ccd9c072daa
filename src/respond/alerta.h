#pragma once
// Alerta: POST /alert, its status afterwards. https://docs.alerta.io/api/reference.html

#include <string>
#include <vector>

#include "respond/http_options.h"
#include "respond/target.h"

namespace tocsin::respond {

class AlertaTarget : public HttpTarget {
 public:
  std::string url;  // base of the API: https://alerta.example.com/api
  Secret key;       // empty = none
  std::string environment;
  std::vector<std::string> services;
  HttpOptions http;

  static TargetPtr read(config::MapReader& m, const SecretSources& sources);
  std::string_view kind() const override { return "alerta"; }
  bool edits() const override { return true; }
  bool keeps_alerts() const override { return true; }
  Step begin(const Message& message) const override;

 private:
  net::HttpRequest request(std::string path, std::string body) const;
};

std::string alerta_alert(const AlertaTarget& target, const Message& message);
// 201: taken, its id is kept. 202: a blackout or heartbeat, so Alerta shows nothing; sent. 403 of a
// policy is final.
DeliveryResult judge_alerta(const net::HttpAnswer& answer, TimeMs now);

}  // namespace tocsin::respond
