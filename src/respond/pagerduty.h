#pragma once
// PagerDuty: Events API v2, trigger, acknowledge and resolve of one dedup_key per alert.
// https://developer.pagerduty.com/docs/events-api-v2/trigger-events/

#include <string>

#include "respond/http_options.h"
#include "respond/target.h"

namespace tocsin::respond {

class PagerDutyTarget : public HttpTarget {
 public:
  std::string url;     // https://events.pagerduty.com
  Secret routing_key;  // of an integration "Events API V2"
  HttpOptions http;

  static TargetPtr read(config::MapReader& m, const SecretSources& sources);
  std::string_view kind() const override { return "pagerduty"; }
  bool edits() const override { return true; }
  Step begin(const Message& message) const override;
};

// `action`: "trigger", "acknowledge", "resolve".
std::string pagerduty_event(const Message& message, std::string_view routing_key,
                            std::string_view action);
// 202 with status "success" alone is sent; "invalid event" is final.
DeliveryResult judge_pagerduty(const net::HttpAnswer& answer, TimeMs now);

}  // namespace tocsin::respond
