#pragma once
// Chats that are told by one request per message: Microsoft Teams (a workflow's webhook, adaptive
// card), Mattermost and Discord (incoming webhooks), Telegram (Bot API). One table of what differs.
// What they said is not changed afterwards: an alert's end is a message of its own.

#include <string>
#include <string_view>

#include "respond/http_options.h"
#include "respond/target.h"

namespace tocsin::respond {

struct ChatKind;

class ChatTarget : public HttpTarget {
 public:
  explicit ChatTarget(const ChatKind& kind) : chat_(kind) {}
  std::string url;      // of the webhook; telegram: base of the API
  Secret token;         // telegram: the bot's
  std::string channel;  // telegram: chat id or @name; mattermost: another channel than the hook's
  HttpOptions http;

  std::string_view kind() const override;
  Pace pace() const override;
  Result<TargetPtr> for_address(const std::string& address) const override;
  Step begin(const Message& message) const override;
  std::string body(const Message& message) const;

 private:
  const ChatKind& chat_;
};

TargetPtr read_teams(config::MapReader& m, const SecretSources& sources);
TargetPtr read_mattermost(config::MapReader& m, const SecretSources& sources);
TargetPtr read_discord(config::MapReader& m, const SecretSources& sources);
TargetPtr read_telegram(config::MapReader& m, const SecretSources& sources);

// For tests: the target of a kind, without its configuration.
std::shared_ptr<ChatTarget> chat_target(std::string_view kind);

DeliveryResult judge_teams(const net::HttpAnswer& answer, TimeMs now);
DeliveryResult judge_mattermost(const net::HttpAnswer& answer, TimeMs now);
DeliveryResult judge_discord(const net::HttpAnswer& answer, TimeMs now);
DeliveryResult judge_telegram(const net::HttpAnswer& answer, TimeMs now);

}  // namespace tocsin::respond
