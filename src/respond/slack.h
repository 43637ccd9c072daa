#pragma once
// Slack: chat.postMessage when an alert opens, chat.update of the same message afterwards; or an
// incoming webhook, which can only post. https://docs.slack.dev/reference/methods/chat.postMessage

#include <optional>
#include <string>
#include <string_view>

#include "respond/http_options.h"
#include "respond/target.h"

namespace tocsin::respond {

class SlackTarget : public HttpTarget {
 public:
  Secret token;           // Web API; or
  Secret webhook_url;     // an incoming webhook: cannot update what it said
  std::string channel;    // id or #name; Web API only
  Secret signing_secret;  // of the app, for buttons that act; empty = none
  std::string api_url;    // https://slack.com/api
  HttpOptions http;
  bool can_update() const { return !token.empty(); }

  static TargetPtr read(config::MapReader& m, const SecretSources& sources);
  std::string_view kind() const override { return "slack"; }
  bool edits() const override { return can_update(); }
  // Slack takes about one message a second and channel, and bears short bursts.
  Pace pace() const override { return {10, seconds(1)}; }
  std::string_view no_updates() const override;
  Result<TargetPtr> for_address(const std::string& address) const override;
  Step begin(const Message& message) const override;
};

// Names one posted message; kept as the delivery's external ids.
struct SlackMessage {
  std::string channel;  // id, not the name: chat.update takes no other
  std::string ts;
  bool empty() const { return channel.empty() || ts.empty(); }
  std::string json() const;                          // {"channel":"C1","ts":"1.2"}
  static SlackMessage parse(std::string_view json);  // empty for anything else
};

// What chat.postMessage, chat.update and incoming webhooks take. channel and message may be empty.
// `buttons`: acknowledge, resolve and silence, whose presses Slack sends to /api/slack/actions.
std::string slack_body(const Links& links, const Notice& notice, const std::string& channel,
                       const SlackMessage& update, bool buttons = false);
// nullopt: there is nothing to send (an update of a message that is not known).
std::optional<net::HttpRequest> slack_request(const SlackTarget& target, const Links& links,
                                              const Notice& notice, const SlackMessage& known);

// HTTP 200 with ok:false is a failure: rate limits and faults on Slack's side are tried again,
// the rest (channel_not_found, invalid_auth ...) is final. A resolution whose message is gone is
// posted anew. web_api: false = an incoming webhook, which answers "ok".
supervisor::DeliveryResult judge_slack(bool web_api, Event event, const net::HttpAnswer& answer,
                                       TimeMs now);

// & < > as entities; at most bytes_max bytes, cut between characters.
std::string slack_text(std::string_view text, size_t bytes_max);

}  // namespace tocsin::respond
