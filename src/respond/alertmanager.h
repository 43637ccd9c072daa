#pragma once
// Another Alertmanager: POST /api/v2/alerts. It forgets an alert whose end has come, so what is
// open is told again every `repeat`, its end always four repeats ahead.
// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml

#include <string>
#include <vector>

#include "respond/http_options.h"
#include "respond/target.h"

namespace tocsin::respond {

class AlertmanagerTarget : public HttpTarget {
 public:
  std::string url;  // base: http://alertmanager:9093
  Credentials credentials;
  DurationMs repeat = minutes(1);
  HttpOptions http;

  static TargetPtr read(config::MapReader& m, const SecretSources& sources);
  std::string_view kind() const override { return "alertmanager"; }
  bool keeps_alerts() const override { return true; }
  bool edits() const override { return true; }
  DurationMs follows() const override { return repeat; }
  Step begin(const Message& message) const override;
  Step follow(const Links& links, std::vector<Followed> open, TimeMs now,
              Heard heard) const override;

  // Times in it are those of `now`; `ended`: as over.
  struct Posted {
    std::shared_ptr<const AlertView> alert;
    bool ended = false;
    bool test = false;
  };
  net::HttpRequest request(const Links& links, const std::vector<Posted>& alerts, TimeMs now) const;

 private:
  Step follow_from(const Links& links, std::shared_ptr<const std::vector<Followed>> open,
                   size_t from, TimeMs now) const;
};

}  // namespace tocsin::respond
